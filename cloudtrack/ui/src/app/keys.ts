/** Keys of the page: those of the part that was drawn last are asked first. Off inside inputs, and off where the reader said so. */

import { useEffect, useRef } from "preact/hooks";
import { getSettings } from "./settings";

type Handler = (key: string, event: KeyboardEvent) => boolean;
const handlers: { current: Handler }[] = [];

/** Use keys while the component is shown; true from the handler where one was used. */
export function useKeys(handler: Handler): void {
  const held = useRef(handler);
  held.current = handler;
  useEffect(() => {
    handlers.unshift(held);
    return () => {
      handlers.splice(handlers.indexOf(held), 1);
    };
  }, []);
}

export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    const isControl = event.ctrlKey || event.metaKey;
    const wantsPalette = isControl && event.key.toLowerCase() === "k";
    if (!wantsPalette && (isControl || event.altKey || isTyping(event) || document.querySelector("dialog[open]"))) return;
    if (!wantsPalette && event.key !== "Escape" && !getSettings().keys) return;
    const key = wantsPalette ? "palette" : event.key;
    if (handlers.some((handler) => handler.current(key, event))) event.preventDefault();
  });
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
}

/** Every key, for the page that lists them. */
export const KEYS: { where: string; keys: [string, string][] }[] = [
  {
    where: "Everywhere",
    keys: [
      ["?", "this list"], ["Ctrl K", "go to anything"], ["/", "filter"], ["g e", "experiments"], ["g m", "models"], ["g r", "requests"], ["g a", "activity"],
      ["s", "share: copy the address"], ["r", "refresh"], ["t", "theme"], ["u", "undo"], ["Esc", "close, clear"],
    ],
  },
  {
    where: "Runs",
    keys: [
      ["1 … 5", "table, charts, parallel, scatter, side by side"], ["c", "compare the selected"], ["l", "follow what comes"], ["↑ ↓ j k", "walk"], ["Enter", "open"], ["Ctrl Enter", "open in a new tab"],
      ["x, Space", "select"], ["Shift ↑ ↓", "select a range"], ["Ctrl A", "select all that the filter lets through"], ["o", "sort by the column"], ["v", "show in charts"],
      ["p", "open or close child runs"], ["b", "baseline"], [".", "menu of the run"], ["Alt ← →", "width of a column (from its head)"], ["Alt Shift ← →", "move a column (from its head)"],
    ],
  },
  { where: "Experiments", keys: [["Enter", "open; of a folder: open or close"], ["p", "open or close a folder"], ["x, Space", "select"]] },
  { where: "A run or a version", keys: [["[ ]", "previous, next"], ["1 … 7", "tabs of a run"]] },
  { where: "Charts", keys: [["← →", "move the cursor"], ["↑ ↓", "change the line"], ["+ -", "zoom"], ["0", "whole"], ["Enter", "pin what it says"], ["d", "table of the data"], ["c", "copy the values"]] },
  { where: "Parallel coordinates", keys: [["Tab", "next axis"], ["↑ ↓", "move the brush"], ["Shift ↑ ↓", "widen the brush"], ["← →", "move the axis"], ["f", "flip"], ["Delete", "clear the brush"]] },
  { where: "Board of a model", keys: [["arrows", "walk the cards"], ["m", "move the version"], ["Enter", "open"]] },
  { where: "Scatter plot", keys: [["← →", "walk the runs"], ["Home, End", "first, last"], ["x, Space", "select"]] },
  { where: "Side by side", keys: [["b", "make it the baseline (from its head)"]] },
  { where: "Artifacts", keys: [["arrows", "walk the tree"], ["d", "download"], ["y", "copy the URI"]] },
];

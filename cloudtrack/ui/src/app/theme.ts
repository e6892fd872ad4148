/** Colours of the theme for what is drawn on canvas, and when they change. */

import { useEffect, useState } from "preact/hooks";
import { changeSettings, getSettings, onSettings, type Settings } from "./settings";

const ORDER: Settings["theme"][] = ["auto", "light", "dark", "contrast"];

export function nextTheme(): string {
  const theme = ORDER[(ORDER.indexOf(getSettings().theme) + 1) % ORDER.length] as Settings["theme"];
  changeSettings({ theme });
  return theme;
}

/** A number that changes with the theme: whatever draws on canvas draws anew. */
export function useTheme(): number {
  const [count, set] = useState(0);
  useEffect(() => {
    const again = (): void => set((before) => before + 1);
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", again);
    const stop = onSettings(again);
    return () => {
      system.removeEventListener("change", again);
      stop();
    };
  }, []);
  return count;
}

/** The styles that custom properties are read from; resolve `light-dark()` by asking for a colour that is used. */
export function inkStyles(): CSSStyleDeclaration {
  return getComputedStyle(document.documentElement);
}

let probe: HTMLElement | null = null;

/** A colour of the theme as the browser resolves it now, such as `rgb(36, 86, 199)`; `name` is a custom property. */
export function cssColor(name: string): string {
  if (!probe) {
    probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

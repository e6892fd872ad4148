/** The address as state: pages read their query here and change it. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Address, changed, current, go, href, listen, type Query } from "../lib/url";
import { layered } from "../lib/views";

export function useAddress(): Address {
  const [address, set] = useState(current);
  useEffect(() => {
    const stop = listen(() => set(current()));
    set(current());
    return stop;
  }, []);
  return address;
}

export type Patch = Record<string, string | null | undefined>;
/** Change keys of the query: as a new entry of the history, or in place of this one after a pause in typing. */
export type SetQuery = (patch: Patch, how?: "push" | "replace" | "typing") => void;

const TYPING_MS = 150;
let view: Query | null = null;

/** The saved view that the address names: a change writes it out, so that nothing of it comes back by itself. */
export function setView(query: Query | null): void {
  view = query;
}

export function useSetQuery(): SetQuery {
  const timer = useRef(0);
  const waiting = useRef<Patch>({});
  return useCallback((patch, how = "replace") => {
    const flush = (): void => {
      const { path, query } = current();
      const whole = view ? changed(layered(view, query), { v: null }) : query;
      go(href(path, changed(whole, waiting.current)), { replace: how !== "push" });
      waiting.current = {};
    };
    clearTimeout(timer.current);
    waiting.current = { ...waiting.current, ...patch };
    if (how === "typing") timer.current = setTimeout(flush, TYPING_MS) as unknown as number;
    else flush();
  }, []);
}

/** Which cards are drawn: those in sight or near it, and of the others the latest seen, at most so many together. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export const MOST_ALIVE = 24;
const NEAR = "300px 0px";

export function useAlive(): { alive: ReadonlySet<string>; watch: (element: HTMLElement | null, key: string) => void } {
  const [alive, setAlive] = useState<ReadonlySet<string>>(new Set());
  const near = useRef(new Set<string>());
  const keys = useRef(new WeakMap<Element, string>());
  const elements = useRef(new Map<string, HTMLElement>());
  const observer = useRef<IntersectionObserver | null>(null);
  observer.current ??= new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const key = keys.current.get(entry.target);
      if (key === undefined) continue;
      if (entry.isIntersecting && entry.target.isConnected) near.current.add(key);
      else near.current.delete(key);
    }
    setAlive((before) => chosen(before, near.current, elements.current));
  }, { rootMargin: NEAR });
  useEffect(() => () => observer.current?.disconnect(), []);

  const watch = useCallback((element: HTMLElement | null, key: string): void => {
    const known = elements.current.get(key);
    if (known === element || !observer.current) return;
    if (known) observer.current.unobserve(known);
    if (element) {
      keys.current.set(element, key);
      elements.current.set(key, element);
      observer.current.observe(element);
    } else {
      elements.current.delete(key);
      near.current.delete(key);
    }
  }, []);
  return { alive, watch };
}

/** Those near, then those that were alive as long as there is room, the latest seen last. */
function chosen(before: ReadonlySet<string>, near: ReadonlySet<string>, present: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  const now = [...near].slice(0, MOST_ALIVE);
  const others = [...before].filter((key) => !near.has(key) && present.has(key));
  const room = MOST_ALIVE - now.length;
  const next = [...(room > 0 ? others.slice(-room) : []), ...now];
  return next.length === before.size && next.every((key) => before.has(key)) ? before : new Set(next);
}

/** Canvas of the size of its box, as sharp as the screen, drawn anew where its data, its size or the theme change. */

import { type RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useTheme } from "../app/theme";

export interface Size {
  width: number;
  height: number;
}

/** How large an element is now, in CSS pixels; 0 by 0 before it is drawn. */
export function useBox(box: RefObject<HTMLElement | null>): Size {
  const [size, set] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const measure = (): void => {
      const next = { width: element.clientWidth, height: element.clientHeight };
      set((before) => (before.width === next.width && before.height === next.height ? before : next));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return size;
}

/** A canvas to put into the page; `draw` is called with a clear one where any of `deps` has changed. */
export function useCanvas(size: Size, draw: (context: CanvasRenderingContext2D, size: Size) => void, deps: readonly unknown[]): RefObject<HTMLCanvasElement | null> {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const ratio = useRatio();
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context || !size.width || !size.height) return;
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (element.width !== width) element.width = width;
    if (element.height !== height) element.height = height;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    draw(context, size);
  }, [size.width, size.height, theme, ratio, ...deps]);
  return canvas;
}

/** Pixels of the screen for each of CSS: changes with the zoom and the screen. */
function useRatio(): number {
  const [ratio, set] = useState(devicePixelRatio);
  useEffect(() => {
    const query = matchMedia(`(resolution: ${ratio}dppx)`);
    const change = (): void => set(devicePixelRatio);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, [ratio]);
  return ratio;
}

/** The value of before where the new one is the same, so that what is made of it is not made anew. */
export function useSame<T>(value: T, isSame: (a: T, b: T) => boolean): T {
  const held = useRef(value);
  if (held.current !== value && !isSame(held.current, value)) held.current = value;
  return held.current;
}

export function sameItems<T>(a: ArrayLike<T>, b: ArrayLike<T>): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

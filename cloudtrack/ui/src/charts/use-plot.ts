/** A plot that follows its picture, its element's size and the theme; uPlot itself comes when the first is drawn. */

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import { useTheme } from "../app/theme";
import { type Picture, Plot } from "./plot";

let loading: Promise<typeof uPlot> | null = null;

function library(): Promise<typeof uPlot> {
  loading ??= import("uplot").then((module) => module.default);
  loading.catch(() => {
    loading = null;
  });
  return loading;
}

/** The plot in an element, null until it is there; `drawn` is called after every drawing. Raises to the boundary what fails to load. */
export function useUPlot(host: RefObject<HTMLElement | null>, picture: Picture | null, drawn: (plot: Plot) => void): { readonly current: Plot | null } {
  const plot = useRef<Plot | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const theme = useTheme();
  const latest = useRef(picture);
  latest.current = picture;
  const told = useRef(drawn);
  told.current = drawn;
  const kind = picture ? `${picture.axis} ${picture.logX} ${picture.logY} ${picture.utc}` : "";

  useEffect(() => {
    const element = host.current;
    if (!element || !kind) return undefined;
    let isGone = false;
    const size = (): { width: number; height: number } => ({ width: Math.max(120, element.clientWidth), height: Math.max(90, element.clientHeight) });
    const watcher = new ResizeObserver(() => plot.current?.resize(size()));
    library().then((Chart) => {
      if (isGone || !latest.current) return;
      plot.current = new Plot(Chart, element, latest.current, size(), () => plot.current && told.current(plot.current));
      watcher.observe(element);
    }, setFailure);
    return () => {
      isGone = true;
      watcher.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [kind]);

  useEffect(() => {
    if (picture) plot.current?.show(picture);
  }, [picture]);

  useEffect(() => plot.current?.redraw(), [theme]);
  if (failure) throw failure;
  return plot;
}

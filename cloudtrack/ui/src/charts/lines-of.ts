/** The lines of one metric: of each run, or of each group of runs their mean. */

import type { ChartState } from "../lib/chart-state";
import type { Line } from "../lib/lines";
import { together } from "../lib/lines";
import { against, points, type Series, trace, type Trace } from "../lib/series";
import { smooth } from "../lib/smooth";

export interface ChartRun {
  id: string;
  name: string;
  color: string;
  dash: readonly number[];
  /** The group that it is in, where runs are in groups. */
  group: string | null;
}

export interface Group {
  name: string;
  color: string;
  dash: readonly number[];
}

/** `of` gives a run's series of the card's metric, and `across` that of the metric that x is. */
export function linesOf(runs: readonly ChartRun[], state: ChartState, of: (run: string) => Series | undefined, across: ((run: string) => Series | undefined) | null, groups: readonly Group[]): Line[] {
  const traced = runs.flatMap((run) => {
    const series = of(run.id);
    const other = across?.(run.id);
    if (!series?.raw || (across && !other)) return [];
    const place = (each: Trace): Trace => (other ? against(each, points(other)) : each);
    const isBucketed = Boolean(series.count);
    const plain = place(points(series));
    return plain.x.length ? [{ run, series, plain, full: isBucketed ? place(trace(series)) : plain }] : [];
  });
  if (groups.length) {
    return groups.flatMap(({ name, color, dash }) => {
      const members = traced.filter(({ run }) => run.group === name);
      if (members.length === 0) return [];
      const { x, mean, min, max, deviation } = together(members.map(({ plain }) => plain));
      const line = toLine(`group ${name}`, `${name} (${members.length})`, color, dash, { x, y: mean }, { x, y: mean }, state.smoothing);
      const band = state.groupBand === "range" ? { x, min, max } : { x, min: mean.map((value, at) => value - (deviation[at] as number)), max: mean.map((value, at) => value + (deviation[at] as number)) };
      return [{ ...line, band }];
    });
  }
  return traced.map(({ run, series, plain, full }) => {
    const line = toLine(run.id, run.name, run.color, run.dash, plain, full, state.smoothing);
    const { min, max } = series;
    if (state.band && min && max && !across) line.band = { x: Float64Array.from(series.x), min: Float64Array.from(min), max: Float64Array.from(max) };
    return line;
  });
}

function toLine(id: string, name: string, color: string, dash: readonly number[], plain: Trace, full: Trace, smoothing: number): Line {
  const isSmoothed = smoothing > 0;
  return { id, name, color, dash, x: plain.x, y: isSmoothed ? smooth(plain.x, plain.y, smoothing) : plain.y, raw: plain.y, full, isSmoothed, band: null };
}

/** Runs that have but a single point, and its value. */
export function singles(runs: readonly ChartRun[], of: (run: string) => Series | undefined): { run: ChartRun; value: number }[] {
  return runs.flatMap((run) => {
    const series = of(run.id);
    if (series?.raw !== 1) return [];
    const odd = series.nan ? Number.NaN : series.inf ? Number.POSITIVE_INFINITY : series["-inf"] ? Number.NEGATIVE_INFINITY : Number.NaN;
    return [{ run, value: series.last[0] ?? odd }];
  });
}

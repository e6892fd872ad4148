/** Lines as a chart draws them: where they lie, which is nearest, what they come to together. Pure. */

import { lowerBound, type Trace } from "./series";

export interface Line {
  /** The run's id, or a group's value. */
  id: string;
  name: string;
  color: string;
  dash: readonly number[];
  /** What the cursor walks: the smoothed values where there is smoothing. */
  x: Float64Array;
  y: Float64Array;
  /** As logged, at the same places as `x`. */
  raw: Float64Array;
  /** As logged with all its spikes: what is drawn, or the faint line behind where there is smoothing. */
  full: Trace;
  isSmoothed: boolean;
  /** From the least to the greatest value of each place, or as far as the standard deviation reaches from the mean. */
  band: { x: Float64Array; min: Float64Array; max: Float64Array } | null;
}

export interface Extent {
  min: number;
  max: number;
}

export interface Extents {
  x: Extent;
  y: Extent;
  /** Values that an axis of powers cannot show. */
  nonPositive: number;
  /** Values beyond the 1st and the 99th percentile, which are out of sight. */
  clipped: number;
}

const LEAST_SHARE = 0.01;

/** What the axes must hold; null where there is nothing. With `from` and `to` only what lies between. */
export function extents(lines: readonly Line[], options: { logX: boolean; logY: boolean; clip: boolean; zoom: Extent | null }): Extents | null {
  const { logX, logY, clip, zoom } = options;
  const x = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  const y = { ...x };
  const all: number[] = [];
  let nonPositive = 0;
  const take = (xs: Float64Array, ys: Float64Array, isCounted: boolean): void => {
    for (let at = 0; at < xs.length; at++) {
      const [px, py] = [xs[at] as number, ys[at] as number];
      if (Number.isNaN(py) || Number.isNaN(px)) continue;
      if ((logX && px <= 0) || (logY && py <= 0)) {
        if (isCounted) nonPositive += 1;
        continue;
      }
      if (px < x.min) x.min = px;
      if (px > x.max) x.max = px;
      if (zoom && (px < zoom.min || px > zoom.max)) continue;
      if (py < y.min) y.min = py;
      if (py > y.max) y.max = py;
      if (clip) all.push(py);
    }
  };
  for (const line of lines) {
    take(line.x, line.raw, true);
    take(line.x, line.y, false);
    take(line.full.x, line.full.y, false);
    if (line.band) {
      take(line.band.x, line.band.min, false);
      take(line.band.x, line.band.max, false);
    }
  }
  if (x.min > x.max) return nonPositive ? { x: { min: 1, max: 10 }, y: { min: 1, max: 10 }, nonPositive, clipped: 0 } : null;
  if (y.min > y.max) [y.min, y.max] = [logY ? 1 : 0, logY ? 10 : 1];
  let clipped = 0;
  if (clip && all.length > 2) {
    all.sort((a, b) => a - b);
    const low = all[Math.floor(all.length * LEAST_SHARE)] as number;
    const high = all[Math.ceil(all.length * (1 - LEAST_SHARE)) - 1] as number;
    if (high > low) {
      [y.min, y.max] = [low, high];
      clipped = lowerBound(all, low) + all.length - upperBound(all, high);
    }
  }
  return { x: zoom ?? widened(x, logX, 0), y: widened(y, logY, 0.04), nonPositive, clipped };
}

/** A little room at both ends; of a single value, some around it. */
function widened({ min, max }: Extent, isLog: boolean, share: number): Extent {
  if (isLog) {
    if (min === max) return { min: min / 2, max: max * 2 };
    const room = (max / min) ** share;
    return { min: min / room, max: max * room };
  }
  if (min === max) {
    const room = Math.abs(min) * 0.1 || 1;
    return { min: min - room, max: max + room };
  }
  return { min: min - (max - min) * share, max: max + (max - min) * share };
}

function upperBound(sorted: ArrayLike<number>, value: number): number {
  let at = lowerBound(sorted, value);
  while (at < sorted.length && (sorted[at] as number) <= value) at += 1;
  return at;
}

/** The place of a line's point that is nearest in x and has a value; -1 where it has none. */
export function nearest(line: Line, x: number): number {
  let [best, least] = [-1, Number.POSITIVE_INFINITY];
  const look = (at: number): boolean => {
    if (!Number.isFinite(line.y[at] as number)) return false;
    const distance = Math.abs((line.x[at] as number) - x);
    if (distance < least) [best, least] = [at, distance];
    return true;
  };
  if (!isMonotone(line.x)) {
    for (let at = 0; at < line.x.length; at++) look(at);
    return best;
  }
  const middle = lowerBound(line.x, x);
  for (let at = middle; at < line.x.length; at++) if (look(at)) break;
  for (let at = middle - 1; at >= 0; at--) if (look(at)) break;
  return best;
}

const monotone = new WeakMap<Float64Array, boolean>();

/** Whether a line never goes back in x, as it does over another metric; found out once for each. */
export function isMonotone(x: Float64Array): boolean {
  let known = monotone.get(x);
  if (known === undefined) {
    known = x.every((value, at) => at === 0 || value >= (x[at - 1] as number));
    monotone.set(x, known);
  }
  return known;
}

export interface Found {
  line: number;
  at: number;
}

/**
 * Of each line the point nearest in x, those nearest to `y` first; `distance` says how far two values of y are apart on the screen.
 * Lines that have ended more than `reach` before x, or begin more than that after it, are not there.
 */
export function around(lines: readonly Line[], x: number, y: number | null, reach: number, distance: (a: number, b: number) => number): Found[] {
  const found = lines.flatMap((line, number) => {
    const at = nearest(line, x);
    const isEnd = at === 0 || at === line.x.length - 1;
    return at < 0 || (isEnd && Math.abs((line.x[at] as number) - x) > reach) ? [] : [{ line: number, at, far: y === null ? 0 : Math.abs(distance(line.y[at] as number, y)) }];
  });
  return found.sort((a, b) => a.far - b.far);
}

const MOST_PLACES = 500;

export interface Together {
  x: Float64Array;
  mean: Float64Array;
  min: Float64Array;
  max: Float64Array;
  /** The standard deviation of a sample (n - 1); 0 of a single line. */
  deviation: Float64Array;
}

/** The mean of several lines at their places, and how far they lie apart; each line counts between its own ends. */
export function together(traces: readonly Trace[]): Together {
  const clean = traces.map(withoutGaps).filter(({ x }) => x.length > 0);
  let places = [...new Set(clean.flatMap(({ x }) => [...x]))].sort((a, b) => a - b);
  if (places.length > MOST_PLACES) {
    const [low, high] = [places[0] as number, places.at(-1) as number];
    places = Array.from({ length: MOST_PLACES }, (_, at) => low + ((high - low) * at) / (MOST_PLACES - 1));
  }
  const [x, mean, min, max, deviation] = Array.from({ length: 5 }, () => new Float64Array(places.length).fill(Number.NaN)) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  places.forEach((place, row) => {
    x[row] = place;
    let [middle, squares, count, low, high] = [0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const each of clean) {
      const value = between(each, place);
      if (value === null) continue;
      count += 1;
      const off = value - middle;
      middle += off / count;
      squares += off * (value - middle);
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (count) [mean[row], min[row], max[row], deviation[row]] = [middle, low, high, count > 1 ? Math.sqrt(squares / (count - 1)) : 0];
  });
  return { x, mean, min, max, deviation };
}

function withoutGaps({ x, y }: Trace): Trace {
  if (y.every(Number.isFinite)) return { x, y };
  const kept = Array.from(y.keys()).filter((at) => Number.isFinite(y[at] as number));
  return { x: Float64Array.from(kept, (at) => x[at] as number), y: Float64Array.from(kept, (at) => y[at] as number) };
}

function between({ x, y }: Trace, place: number): number | null {
  if (place < (x[0] as number) || place > (x.at(-1) as number)) return null;
  const right = lowerBound(x, place);
  if (x[right] === place || right === 0) return y[right] as number;
  const [x0, x1] = [x[right - 1] as number, x[right] as number];
  const share = (place - x0) / (x1 - x0);
  return (y[right - 1] as number) * (1 - share) + (y[right] as number) * share;
}

/** What a chart shows, in a sentence. */
export function summarised(key: string, lines: readonly Line[], isLow: boolean, print: (value: number) => string, xName: string): string {
  let best: { line: Line; at: number } | null = null;
  for (const line of lines) {
    for (let at = 0; at < line.raw.length; at++) {
      const value = line.raw[at] as number;
      if (!Number.isFinite(value)) continue;
      const known = best ? (best.line.raw[best.at] as number) : Number.NaN;
      if (!best || (isLow ? value < known : value > known)) best = { line, at };
    }
  }
  const many = `${lines.length} ${lines.length === 1 ? "line" : "lines"}`;
  if (!best) return `${many}, ${key}, no values`;
  return `${many}, ${key}, best ${best.line.name} ${print(best.line.raw[best.at] as number)} at ${xName} ${print(best.line.x[best.at] as number)}`;
}

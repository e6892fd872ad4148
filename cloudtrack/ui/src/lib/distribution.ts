/** How values are spread: quartiles of each category, and counts in bins of even numbers. Pure. */

import type { Column } from "./frame";
import { niceStep } from "./ticks";

export const NO_CATEGORY = "none";
const WHISKER = 1.5;
const [LEAST_BINS, MOST_BINS] = [5, 30];

/** Finite values of rows, which rows they are of, and how many rows have another value or none. */
export interface Sample {
  values: number[];
  rows: number[];
  odd: number;
  missing: number;
}

export function sampled(metric: Column, rows: ArrayLike<number>): Sample {
  const found: Sample = { values: [], rows: [], odd: 0, missing: 0 };
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number;
    const value = metric.numbers?.[row] ?? Number.NaN;
    if (!metric.present[row]) found.missing += 1;
    else if (!Number.isFinite(value)) found.odd += 1;
    else {
      found.values.push(value);
      found.rows.push(row);
    }
  }
  return found;
}

/** A box: the middle half of a category's values, whiskers to the last ones within 1.5 times its width, and those beyond. */
export interface Box {
  name: string;
  count: number;
  low: number;
  q1: number;
  median: number;
  q3: number;
  high: number;
  beyond: number[];
}

/** A box of each value of a category, numbers by size before texts, rows without one last. */
export function boxes({ values, rows }: Sample, category: Column): Box[] {
  const members = new Map<string, number[]>();
  rows.forEach((row, at) => {
    const name = category.present[row] ? String(category.at(row)) : NO_CATEGORY;
    const known = members.get(name);
    if (known) known.push(values[at] as number);
    else members.set(name, [values[at] as number]);
  });
  const rank = (name: string): number => (name === NO_CATEGORY ? 2 : Number(Number.isNaN(Number(name))));
  const names = [...members.keys()].sort((a, b) => rank(a) - rank(b) || Number(a) - Number(b) || (a < b ? -1 : 1));
  return names.map((name) => boxOf(name, members.get(name) as number[]));
}

function boxOf(name: string, values: number[]): Box {
  const sorted = [...values].sort((a, b) => a - b);
  const [q1, median, q3] = [quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)];
  const reach = WHISKER * (q3 - q1);
  const within = sorted.filter((value) => value >= q1 - reach && value <= q3 + reach);
  const [low, high] = [within[0] ?? q1, within.at(-1) ?? q3];
  return { name, count: sorted.length, low, q1, median, q3, high, beyond: sorted.filter((value) => value < low || value > high) };
}

/** A quantile of sorted numbers, in between two of them where it falls there. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [a, b] = [sorted[below] as number, sorted[Math.ceil(place)] as number];
  return a + (b - a) * (place - below);
}

export interface Histogram {
  /** Where the first bin begins; each holds its lower end and not its upper. */
  from: number;
  /** How wide a bin is; 0 where all values are the same. */
  step: number;
  counts: number[];
}

/** Counts in bins as wide as Freedman and Diaconis say, between 5 and 30 of them, from and to round numbers. */
export function histogram(values: readonly number[]): Histogram | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const [min, max] = [sorted[0] as number, sorted.at(-1) as number];
  const width = max - min;
  const wanted = (2 * (quantile(sorted, 0.75) - quantile(sorted, 0.25))) / Math.cbrt(sorted.length);
  const bins = Math.max(LEAST_BINS, Math.min(MOST_BINS, wanted > 0 ? Math.ceil(width / wanted) : MOST_BINS));
  const step = niceStep(width, bins);
  if (!(step > 0) || !Number.isFinite(step)) return { from: min, step: 0, counts: [sorted.length] };
  const first = binOf(min, step);
  const counts = new Array<number>(binOf(max, step) - first + 1).fill(0);
  for (const value of sorted) counts[binOf(value, step) - first] = (counts[binOf(value, step) - first] as number) + 1;
  return { from: edge(first, step), step, counts };
}

/** The bin of a value, such as 0.3 in bins of 0.1, whose quotient is just below 3. */
function binOf(value: number, step: number): number {
  const place = value / step;
  const whole = Math.round(place);
  return Math.abs(place - whole) < 1e-9 ? whole : Math.floor(place);
}

/** Where a bin begins, without the digits that products of fractions bring. */
export function edge(bin: number, step: number, from = 0): number {
  return Number((from + bin * step).toPrecision(12));
}

/** How much a param tells of a metric, and lines through points: of pairs that both have a value. */

import type { Column } from "./frame";

export const FEW = 20;

export interface Importance {
  name: string;
  /** 0, tells nothing, to 1. */
  value: number;
  method: "Spearman" | "eta squared";
  /** Of Spearman's: whether the metric grows with it (1) or falls (-1); 0 for categories. */
  direction: number;
  n: number;
}

/** Of numbers the absolute rank correlation, of texts eta squared; null where fewer than three pairs or no variation are. */
export function importance(name: string, column: Column, metric: Column, rows: ArrayLike<number>): Importance | null {
  const values = metric.numbers;
  if (!values) return null;
  if (column.numbers) {
    const pairs = paired(column.numbers, values, rows);
    const rho = spearman(pairs.x, pairs.y);
    return rho === null ? null : { name, value: Math.abs(rho), method: "Spearman", direction: Math.sign(rho), n: pairs.x.length };
  }
  const [groups, y]: [number[], number[]] = [[], []];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const [code, value] = [column.codes?.[row] as number, values[row] as number];
    if (code < 0 || !Number.isFinite(value)) continue;
    groups.push(code);
    y.push(value);
  }
  const share = etaSquared(groups, y);
  return share === null ? null : { name, value: share, method: "eta squared", direction: 0, n: y.length };
}

export function paired(x: Float64Array, y: Float64Array, rows: ArrayLike<number>): { x: number[]; y: number[]; rows: number[] } {
  const found: { x: number[]; y: number[]; rows: number[] } = { x: [], y: [], rows: [] };
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if (!Number.isFinite(x[row]) || !Number.isFinite(y[row])) continue;
    found.x.push(x[row] as number);
    found.y.push(y[row] as number);
    found.rows.push(row);
  }
  return found;
}

/** Ranks from 1, equal values sharing the mean of theirs. */
export function ranks(values: readonly number[]): Float64Array {
  const order = values.map((_, at) => at).sort((a, b) => (values[a] as number) - (values[b] as number));
  const found = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end] as number] === values[order[start] as number]) end += 1;
    for (let at = start; at < end; at++) found[order[at] as number] = (start + 1 + end) / 2;
    start = end;
  }
  return found;
}

export function spearman(x: readonly number[], y: readonly number[]): number | null {
  return pearson(ranks(x), ranks(y));
}

export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const fit = sums(x, y);
  return fit && fit.yy > 0 ? fit.xy / Math.sqrt(fit.xx * fit.yy) : null;
}

/** The share of the variance that lies between the groups; null with fewer than two groups, or as many as values. */
export function etaSquared(groups: readonly number[], values: readonly number[]): number | null {
  const members = new Map<number, { count: number; sum: number }>();
  groups.forEach((group, at) => {
    const known = members.get(group) ?? { count: 0, sum: 0 };
    members.set(group, { count: known.count + 1, sum: known.sum + (values[at] as number) });
  });
  if (members.size < 2 || members.size >= values.length) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const total = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  let between = 0;
  for (const { count, sum } of members.values()) between += count * (sum / count - mean) ** 2;
  return total > 0 ? between / total : null;
}

export interface Trend {
  slope: number;
  intercept: number;
  r2: number;
  n: number;
}

/** The line of least squares. */
export function trend(x: readonly number[], y: readonly number[]): Trend | null {
  const fit = sums(x, y);
  if (!fit) return null;
  const slope = fit.xy / fit.xx;
  return { slope, intercept: fit.meanY - slope * fit.meanX, r2: fit.yy > 0 ? fit.xy ** 2 / (fit.xx * fit.yy) : 1, n: x.length };
}

function sums(x: ArrayLike<number>, y: ArrayLike<number>): { xx: number; xy: number; yy: number; meanX: number; meanY: number } | null {
  const n = x.length;
  if (n < 3) return null;
  let [meanX, meanY] = [0, 0];
  for (let at = 0; at < n; at++) {
    meanX += (x[at] as number) / n;
    meanY += (y[at] as number) / n;
  }
  let [xx, xy, yy] = [0, 0, 0];
  for (let at = 0; at < n; at++) {
    const [dx, dy] = [(x[at] as number) - meanX, (y[at] as number) - meanY];
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  return xx > 0 ? { xx, xy, yy, meanX, meanY } : null;
}

/** Places of the points that no other is at least as good as in both and better in one; from best to worst in `x`. */
export function pareto(x: readonly number[], y: readonly number[], better: { x: "max" | "min"; y: "max" | "min" }): number[] {
  const [sx, sy] = [better.x === "max" ? -1 : 1, better.y === "max" ? -1 : 1];
  const order = x.map((_, at) => at).sort((a, b) => sx * ((x[a] as number) - (x[b] as number)) || sy * ((y[a] as number) - (y[b] as number)));
  const front: number[] = [];
  let [best, bestX] = [Number.POSITIVE_INFINITY, Number.NaN];
  for (const at of order) {
    const value = sy * (y[at] as number);
    const isEqual = value === best && x[at] === bestX; // the same point twice: both are on the front
    if (value < best || isEqual) front.push(at);
    if (value < best) [best, bestX] = [value, x[at] as number];
  }
  return front;
}

/** Whether a point is within a closed line. */
export function inside(polygon: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let within = false;
  for (let at = 0, before = polygon.length - 1; at < polygon.length; before = at++) {
    const [ax, ay] = polygon[at] as [number, number];
    const [bx, by] = polygon[before] as [number, number];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
}

export interface Bins {
  columns: number;
  rows: number;
  /** By cell, row after row from below. */
  counts: Float64Array;
  /** Means of the colour; NaN in empty cells. */
  means: Float64Array;
  most: number;
}

/** Points counted in cells; places are from 0 to 1. */
export function binned(x: ArrayLike<number>, y: ArrayLike<number>, colour: ArrayLike<number> | null, columns: number, rows: number): Bins {
  const [counts, sums, known] = [new Float64Array(columns * rows), new Float64Array(columns * rows), new Float64Array(columns * rows)];
  for (let at = 0; at < x.length; at++) {
    const column = Math.min(columns - 1, Math.floor((x[at] as number) * columns));
    const cell = Math.min(rows - 1, Math.floor((y[at] as number) * rows)) * columns + column;
    counts[cell] = (counts[cell] as number) + 1;
    const value = colour?.[at];
    if (value === undefined || Number.isNaN(value)) continue;
    sums[cell] = (sums[cell] as number) + value;
    known[cell] = (known[cell] as number) + 1;
  }
  return { columns, rows, counts, means: sums.map((sum, cell) => (known[cell] ? sum / (known[cell] as number) : Number.NaN)), most: counts.reduce((a, b) => Math.max(a, b), 0) };
}

/** The lines of a table of runs: runs under their parents, or under groups of equal value. */

import { type Column, column, type Frame } from "./frame";

export interface RunLine {
  kind: "run";
  row: number;
  depth: number;
  children: number;
}
export interface GroupLine {
  kind: "group";
  key: string;
  value: string;
  rows: Int32Array;
}
export type Line = RunLine | GroupLine;

const PARENT = "tags.mlflow.parentRunId";

/** Runs in their order; children stand below a parent that is there too, and are shown where it is open. */
export function nested(frame: Frame, rows: Int32Array, isOpen: (id: string) => boolean): Line[] {
  const parents = frame.columns.get(PARENT);
  if (!parents) return Array.from(rows, (row) => ({ kind: "run", row, depth: 0, children: 0 }));
  const places = new Map<string, number>();
  for (const row of rows) places.set(frame.ids[row] as string, row);
  const children = new Map<number, number[]>();
  const tops: number[] = [];
  for (const row of rows) {
    const parent = parents.present[row] ? places.get(String(parents.at(row))) : undefined;
    if (parent === undefined || parent === row) tops.push(row);
    else if (children.has(parent)) (children.get(parent) as number[]).push(row);
    else children.set(parent, [row]);
  }
  const lines: Line[] = [];
  const seen = new Set<number>();
  const add = (row: number, depth: number): void => {
    if (seen.has(row)) return;
    seen.add(row);
    const below = children.get(row) ?? [];
    lines.push({ kind: "run", row, depth, children: below.length });
    if (isOpen(frame.ids[row] as string)) for (const child of below) add(child, depth + 1);
  };
  for (const row of tops) add(row, 0);
  if (tops.length === 0) for (const row of rows) add(row, 0); // runs that are each other's parents: all are shown
  return lines;
}

/** Groups by a column's values, largest first, each with its runs below where it is open. */
export function grouped(frame: Frame, rows: Int32Array, by: string, isOpen: (key: string) => boolean): Line[] {
  const values = frame.columns.get(by);
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    const value = values?.at(row);
    const key = value === null || value === undefined ? "" : `=${value}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  const lines: Line[] = [];
  const sorted = [...groups].sort(([a, left], [b, right]) => right.length - left.length || (a < b ? -1 : 1));
  for (const [key, members] of sorted) {
    lines.push({ kind: "group", key, value: key ? key.slice(1) : "none", rows: Int32Array.from(members) });
    if (isOpen(key)) for (const row of members) lines.push({ kind: "run", row, depth: 1, children: 0 });
  }
  return lines;
}

export interface Summary {
  count: number;
  mean: number;
  min: number;
  max: number;
}

/** What the numbers of some rows come to; null where there are none. NaN is left out. */
export function summary(values: Column | undefined, rows: ArrayLike<number>): Summary | null {
  if (!values?.numbers) return null;
  let [count, sum, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const value = values.numbers[row] as number;
    if (!values.present[row] || Number.isNaN(value)) continue;
    count += 1;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return count ? { count, mean: sum / count, min, max } : null;
}

/** How long each run took, in ms, as a column; running ones until `now`. */
export function durations(frame: Frame, now: number): Column {
  const start = frame.columns.get("attributes.start_time");
  const end = frame.columns.get("attributes.end_time");
  const status = frame.columns.get("attributes.status");
  const values = frame.ids.map((_, row) => {
    if (!start?.present[row]) return null;
    const from = start.numbers?.[row] as number;
    if (end?.present[row]) return (end.numbers?.[row] as number) - from;
    return status?.at(row) === "RUNNING" ? now - from : null;
  });
  return column(values, "number");
}

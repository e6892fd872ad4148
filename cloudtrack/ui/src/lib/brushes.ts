/** Brushes on axes: which runs are within them, as the address says them, and as a filter. */

import { named, quoted } from "./filter";
import type { Column, Frame } from "./frame";
import { type Axis, placeOf, valueAt } from "./parallel";

export interface Brush {
  name: string;
  /** Numbers as text, or the first and the last category. */
  from: string;
  to: string;
}

/** A brush between two places of an axis. */
export function brushBetween(axis: Axis, a: number, b: number): Brush {
  const [x, y] = [valueAt(axis, a), valueAt(axis, b)];
  const [lo, hi] = [Math.min(x, y), Math.max(x, y)];
  const print = (value: number): string => (axis.kind === "category" ? (axis.categories[value] ?? "") : String(Number(value.toPrecision(6))));
  return { name: axis.name, from: print(lo), to: print(hi) };
}

/** What a brush lets through, in the units of `values`; null where it names no category that there is. */
export function rangeOf(axis: Axis, brush: Brush): { lo: number; hi: number } | null {
  const read = (text: string): number => (axis.kind === "category" ? axis.categories.indexOf(text) : Number(text));
  const [a, b] = [read(brush.from), read(brush.to)];
  if (Number.isNaN(a) || Number.isNaN(b) || (axis.kind === "category" && (a < 0 || b < 0))) return null;
  return { lo: Math.min(a, b), hi: Math.max(a, b) };
}

/** From where to where a brush is drawn. */
export function placesOf(axis: Axis, brush: Brush): { from: number; to: number } | null {
  const range = rangeOf(axis, brush);
  if (!range) return null;
  const half = axis.kind === "category" ? 0.5 : 0;
  const ends = [placeOf(axis, range.lo - half), placeOf(axis, range.hi + half)].map((place) => Math.max(0, Math.min(1, place))) as [number, number];
  return { from: Math.min(...ends), to: Math.max(...ends) };
}

/** The rows that are within a brush on each axis that has brushes; null where there are none. */
export function within(axes: readonly Axis[], brushes: readonly Brush[], rows: Int32Array): Int32Array | null {
  let found: Int32Array | null = null;
  for (const axis of axes) {
    const ranges = brushes.flatMap((brush) => (brush.name === axis.name ? (rangeOf(axis, brush) ?? []) : []));
    if (!ranges.length) continue;
    const { values } = axis;
    found = (found ?? rows).filter((row) => ranges.some(({ lo, hi }) => (values[row] as number) >= lo && (values[row] as number) <= hi));
  }
  return found;
}

export function parseBrushes(text: string | undefined): Brush[] {
  return (text ?? "").split(";").flatMap((each) => {
    const [name, from, to] = each.split("~").map(unescaped);
    return name && from !== undefined && to !== undefined ? [{ name, from, to }] : [];
  });
}

export function printBrushes(brushes: readonly Brush[]): string {
  return brushes.map(({ name, from, to }) => [name, from, to].map(escaped).join("~")).join(";");
}

function escaped(text: string): string {
  return text.replace(/[%~;]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function unescaped(text: string): string {
  return text.replace(/%(7E|3B|25)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

export const MOST_IN_FILTER = 60;

/** The brushes as a filter; null where an axis of texts has too many of them within. */
export function filterOf(axes: readonly Axis[], brushes: readonly Brush[], frame: Frame): string | null {
  const parts: string[] = [];
  for (const axis of axes) {
    const ranges = brushes.flatMap((brush) => (brush.name === axis.name ? (rangeOf(axis, brush) ?? []) : []));
    if (!ranges.length) continue;
    const part = axis.name.startsWith("params.") || axis.name.startsWith("tags.") ? textCondition(axis, ranges, frame.columns.get(axis.name) as Column) : numberCondition(axis, ranges);
    if (part === null) return null;
    parts.push(part);
  }
  return parts.join(" AND ");
}

type Range = { lo: number; hi: number };

function numberCondition(axis: Axis, ranges: readonly Range[]): string {
  const parts = ranges.map(({ lo, hi }) => `${named(axis.name)} BETWEEN ${lo} AND ${hi}`);
  return parts.length > 1 ? `(${parts.join(" OR ")})` : (parts[0] as string);
}

/** Params are texts: those that are within. */
function textCondition(axis: Axis, ranges: readonly Range[], column: Column): string | null {
  const texts = new Set<string>();
  for (let row = 0; row < axis.values.length; row++) {
    const value = axis.values[row] as number;
    if (ranges.some(({ lo, hi }) => value >= lo && value <= hi)) texts.add(String(column.at(row)));
    if (texts.size > MOST_IN_FILTER) return null;
  }
  const listed = [...texts].map(quoted);
  return listed.length === 1 ? `${named(axis.name)} = ${listed[0]}` : `${named(axis.name)} IN (${listed.join(", ")})`;
}

/** What a scatter plot shows, as the address and the runs say it. */

import { splitNames } from "../lib/columns";
import type { Column } from "../lib/frame";
import { type Axis, axisOf } from "../lib/parallel";
import { type Importance, importance, pareto } from "../lib/statistics";
import type { Runs } from "../pages/runs/model";

export type Way = "max" | "min";

export interface Points {
  x: Axis;
  y: Axis;
  colour: Axis | null;
  size: Axis | null;
  /** Rows of the frame that have a place on both axes. */
  rows: Int32Array;
  /** Rows without one. */
  missing: number;
}

/** The metric that everything is asked about: the one on the y axis, else the primary one, else the first. */
export function targetOf(runs: Runs): string | null {
  const chosen = runs.query.get("sy");
  if (chosen?.startsWith("metrics.") && runs.column(chosen)) return chosen;
  if (runs.primary && runs.column(`metrics.${runs.primary.key}`)) return `metrics.${runs.primary.key}`;
  return runs.frame.catalogue.find(({ name }) => /^metrics\.(?!system\/)[^@]*$/.test(name) && runs.column(name))?.name ?? null;
}

/** The params that the table has, by how much they tell of a metric. */
export function importances(runs: Runs, target: string | null, rows: Int32Array): Importance[] {
  const metric = target ? runs.column(target) : undefined;
  if (!metric) return [];
  return [...runs.frame.columns]
    .flatMap(([name, column]) => (name.startsWith("params.") ? (importance(name, column, metric, rows) ?? []) : []))
    .sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1));
}

/** Names of the columns of both axes, the colour and the size: what the address says, else what tells most. */
export function chosen(runs: Runs, told: readonly Importance[], target: string | null): { x: string; y: string; colour: string; size: string } {
  const { query } = runs;
  const others = [...told.map(({ name }) => name), ...runs.frame.catalogue.map(({ name }) => name).filter((name) => /^metrics\.[^@]*$/.test(name) && name !== target && runs.column(name))];
  const x = query.get("sx") ?? others[0] ?? "attributes.start_time";
  return { x, y: query.get("sy") ?? target ?? "duration", colour: query.get("sc") ?? others.find((name) => name !== x) ?? "none", size: query.get("sz") ?? "none" };
}

export function pointsOf(runs: Runs, rows: Int32Array, names: ReturnType<typeof chosen>, log: string | undefined): Points | null {
  const isLog = log === undefined ? null : new Set(splitNames(log));
  const axis = (name: string, by: Column | undefined, scale: boolean | null): Axis | null => axisOf(runs.frame, rows, name, { log: scale, isFlipped: false, colour: by });
  const [x, y] = [axis(names.x, runs.column(names.y), isLog?.has("x") ?? null), axis(names.y, runs.column(names.x), isLog?.has("y") ?? null)];
  if (!x || !y) return null;
  const placed = rows.filter((row) => !Number.isNaN(x.places[row]) && !Number.isNaN(y.places[row]));
  return { x, y, colour: axis(names.colour, runs.column(names.y), null), size: axis(names.size, undefined, false), rows: placed, missing: rows.length - placed.length };
}

/** Rows on the Pareto front; null where it is not asked for or an axis has no order. */
export function frontOf(points: Points, directions: { x: Way; y: Way } | null): Int32Array | null {
  if (!directions || points.x.kind === "category" || points.y.kind === "category") return null;
  const values = (axis: Axis): number[] => Array.from(points.rows, (row) => axis.values[row] as number);
  return Int32Array.from(pareto(values(points.x), values(points.y), directions), (at) => points.rows[at] as number);
}

export function parsePareto(text: string | undefined): { x: Way; y: Way } | null {
  if (!text) return null;
  const [x, y] = text.split(",");
  return { x: x === "min" ? "min" : "max", y: y === "min" ? "min" : "max" };
}

/** Lines of parallel coordinates on a canvas, and which line is under the pointer. */

import { cssColor } from "../app/theme";
import type { Axis } from "../lib/parallel";
import { isDarkTheme, STEPS, stepColour, stepOf } from "./colour-scale";

export interface Plot {
  axes: readonly Axis[];
  /** Where the axes stand, from the left. */
  x: readonly number[];
  top: number;
  bottom: number;
  /** Where lines go that have no value on an axis: below it. */
  none: number;
}

export const DENSE_FROM = 1000;
const BATCH = 700;

export function yOf(plot: Plot, place: number): number {
  return Number.isNaN(place) ? plot.none : plot.bottom - place * (plot.bottom - plot.top);
}

/** All rows, coloured by the last axis; above 1,000 so faint that what is dense stands out, in an order that hides no colour. */
export function drawLines(context: CanvasRenderingContext2D, plot: Plot, rows: ArrayLike<number>): void {
  const { axes } = plot;
  const colour = axes.at(-1);
  if (!colour || axes.length < 2) return;
  const isDark = isDarkTheme();
  const other = cssColor("--line-strong");
  context.globalAlpha = alphaOf(rows.length);
  context.lineWidth = rows.length > 100 ? 1 : 1.5;
  context.lineJoin = "bevel";
  const mixed = shuffled(rows);
  for (let start = 0; start < mixed.length; start += BATCH) {
    const buckets: number[][] = Array.from({ length: STEPS + 1 }, () => []);
    for (let at = start; at < Math.min(start + BATCH, mixed.length); at++) {
      const row = mixed[at] as number;
      const place = colour.places[row] as number;
      (buckets[stepOf(colour.isFlipped ? 1 - place : place) + 1] as number[]).push(row);
    }
    buckets.forEach((bucket, step) => {
      if (!bucket.length) return;
      context.strokeStyle = step === 0 ? other : stepColour(step - 1, isDark);
      context.beginPath();
      for (const row of bucket) trace(context, plot, row);
      context.stroke();
    });
  }
  context.globalAlpha = 1;
}

/** Lines that stand out: each with a rim of the ground's colour. */
export function drawMarked(context: CanvasRenderingContext2D, plot: Plot, rows: readonly number[], hovered: number | null): void {
  const [ground, accent, text] = [cssColor("--ground"), cssColor("--accent"), cssColor("--text")];
  for (const row of hovered === null ? rows : [...rows.filter((each) => each !== hovered), hovered]) {
    context.beginPath();
    trace(context, plot, row);
    context.lineWidth = 5;
    context.strokeStyle = ground;
    context.stroke();
    context.lineWidth = 2.5;
    context.strokeStyle = row === hovered ? text : accent;
    context.stroke();
  }
}

function trace(context: CanvasRenderingContext2D, plot: Plot, row: number): void {
  const { axes, x } = plot;
  context.moveTo(x[0] as number, yOf(plot, axes[0]?.places[row] as number));
  for (let at = 1; at < axes.length; at++) context.lineTo(x[at] as number, yOf(plot, (axes[at] as Axis).places[row] as number));
}

function alphaOf(count: number): number {
  return count > DENSE_FROM ? Math.max(0.1, 0.3 * Math.sqrt(DENSE_FROM / count)) : count > 200 ? 0.5 : count > 50 ? 0.7 : 0.9;
}

/** The same order at each drawing, and another than the table's. */
function shuffled(rows: ArrayLike<number>): Int32Array {
  const mixed = Int32Array.from(rows);
  let seed = 1;
  for (let at = mixed.length - 1; at > 0; at--) {
    seed = Math.imul(seed, 48271) & 0x7fffffff;
    const other = seed % (at + 1);
    [mixed[at], mixed[other]] = [mixed[other] as number, mixed[at] as number];
  }
  return mixed;
}

/** The row whose line is nearest to a point; null where none is within some pixels. */
export function lineAt(plot: Plot, rows: ArrayLike<number>, px: number, py: number, within = 7): number | null {
  const { axes, x } = plot;
  let left = 0;
  while (left < x.length - 2 && (x[left + 1] as number) < px) left += 1;
  const [a, b] = [axes[left], axes[left + 1]];
  const [x0, x1] = [x[left] as number, x[left + 1] as number];
  if (!a || !b || px < x0 - within || px > x1 + within) return null;
  const part = Math.max(0, Math.min(1, (px - x0) / (x1 - x0)));
  let [best, found]: [number, number | null] = [within, null];
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number;
    const [y0, y1] = [yOf(plot, a.places[row] as number), yOf(plot, b.places[row] as number)];
    const slope = (y1 - y0) / (x1 - x0);
    const distance = Math.abs(y0 + part * (y1 - y0) - py) / Math.sqrt(1 + slope * slope);
    if (distance < best) [best, found] = [distance, row];
  }
  return found;
}

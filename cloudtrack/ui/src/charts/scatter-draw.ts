/** Points, their trend, their front and cells of a heat map on a canvas. */

import { cssColor } from "../app/theme";
import { HUES } from "../lib/colors";
import type { Axis } from "../lib/parallel";
import { type Bins, type Trend } from "../lib/statistics";
import { isDarkTheme, STEPS, stepColour, stepOf } from "./colour-scale";
import type { Points } from "./scatter-data";

export interface Field {
  left: number;
  top: number;
  width: number;
  height: number;
}

const SMALL = 3;
const LARGE = 11;
const PLAIN = 4.5;

export function xy(field: Field, points: Points, row: number): [number, number] {
  return [field.left + (points.x.places[row] as number) * field.width, field.top + (1 - (points.y.places[row] as number)) * field.height];
}

/** The colour of each row; categories take the hues in their order, and after ten all the last. */
export function colourOf(colour: Axis | null): (row: number) => string {
  if (!colour) {
    const accent = cssColor("--accent");
    return () => accent;
  }
  const other = cssColor("--line-strong");
  if (colour.kind === "category") {
    const hues = HUES.map(cssColor);
    return (row) => (Number.isNaN(colour.values[row]) ? other : (hues[Math.min(hues.length - 1, colour.values[row] as number)] as string));
  }
  const isDark = isDarkTheme();
  const steps = Array.from({ length: STEPS }, (_, step) => stepColour(step, isDark));
  return (row) => steps[stepOf(colour.places[row] as number)] ?? other;
}

export function radiusOf(points: Points): (row: number) => number {
  const { size } = points;
  if (!size) return () => (points.rows.length > 2000 ? SMALL : PLAIN);
  return (row) => (Number.isNaN(size.places[row]) ? SMALL : SMALL + Math.sqrt(size.places[row] as number) * (LARGE - SMALL));
}

/** Points of a colour together; many are less opaque, so that dense places stand out. */
export function drawPoints(context: CanvasRenderingContext2D, field: Field, points: Points): void {
  const [colour, radius] = [colourOf(points.colour), radiusOf(points)];
  const buckets = new Map<string, number[]>();
  for (const row of points.rows) {
    const key = colour(row);
    const bucket = buckets.get(key);
    if (bucket) bucket.push(row);
    else buckets.set(key, [row]);
  }
  context.globalAlpha = points.rows.length > 2000 ? 0.45 : 0.8;
  for (const [key, rows] of buckets) {
    context.fillStyle = key;
    context.beginPath();
    for (const row of rows) {
      const [x, y] = xy(field, points, row);
      const size = radius(row);
      context.moveTo(x + size, y);
      context.arc(x, y, size, 0, 2 * Math.PI);
    }
    context.fill();
  }
  context.globalAlpha = 1;
}

export function drawCells(context: CanvasRenderingContext2D, field: Field, bins: Bins, share: (cell: number) => number): void {
  const isDark = isDarkTheme();
  const [width, height] = [field.width / bins.columns, field.height / bins.rows];
  for (let cell = 0; cell < bins.counts.length; cell++) {
    if (!bins.counts[cell]) continue;
    context.fillStyle = Number.isNaN(share(cell)) ? cssColor("--line-strong") : stepColour(stepOf(share(cell)), isDark);
    const [column, row] = [cell % bins.columns, Math.floor(cell / bins.columns)];
    context.fillRect(field.left + column * width, field.top + field.height - (row + 1) * height, Math.max(1, width - 1), Math.max(1, height - 1));
  }
}

/** Over places from 0 to 1, cut to the field. */
export function drawTrend(context: CanvasRenderingContext2D, field: Field, line: Trend): void {
  context.save();
  context.beginPath();
  context.rect(field.left, field.top, field.width, field.height);
  context.clip();
  context.beginPath();
  context.moveTo(field.left, field.top + (1 - line.intercept) * field.height);
  context.lineTo(field.left + field.width, field.top + (1 - line.intercept - line.slope) * field.height);
  context.strokeStyle = cssColor("--text-2");
  context.lineWidth = 2;
  context.setLineDash([8, 5]);
  context.stroke();
  context.restore();
}

/** The front as steps: what is on this side of it is beaten by a run on it. */
export function drawFront(context: CanvasRenderingContext2D, field: Field, points: Points, front: Int32Array): void {
  context.strokeStyle = cssColor("--bad");
  context.lineWidth = 2;
  context.beginPath();
  front.forEach((row, at) => {
    const [x, y] = xy(field, points, row);
    if (at === 0) context.moveTo(x, y);
    else {
      const [, before] = xy(field, points, front[at - 1] as number);
      context.lineTo(x, before);
      context.lineTo(x, y);
    }
  });
  context.stroke();
  for (const row of front) ring(context, ...xy(field, points, row), radiusOf(points)(row) + 2);
}

export function drawMarks(context: CanvasRenderingContext2D, field: Field, points: Points, selected: readonly number[], hovered: number | null): void {
  const radius = radiusOf(points);
  context.lineWidth = 2;
  context.strokeStyle = cssColor("--accent");
  for (const row of selected) ring(context, ...xy(field, points, row), radius(row) + 3);
  if (hovered === null) return;
  context.strokeStyle = cssColor("--text");
  context.lineWidth = 2.5;
  ring(context, ...xy(field, points, hovered), radius(hovered) + 4);
}

export function drawLasso(context: CanvasRenderingContext2D, lasso: readonly (readonly [number, number])[]): void {
  context.beginPath();
  lasso.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.globalAlpha = 0.14;
  context.fillStyle = cssColor("--accent");
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = cssColor("--accent");
  context.lineWidth = 1.5;
  context.stroke();
}

function ring(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
}

/** The row nearest to a point; null where none is within some pixels. */
export function pointAt(field: Field, points: Points, px: number, py: number, within = 12): number | null {
  let [best, found]: [number, number | null] = [within * within, null];
  for (const row of points.rows) {
    const [x, y] = xy(field, points, row);
    const distance = (x - px) ** 2 + (y - py) ** 2;
    if (distance < best) [best, found] = [distance, row];
  }
  return found;
}

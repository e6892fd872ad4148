/** A plot: uPlot's axes, and lines of our own on its canvas, each with its own places in x. */

import type uPlot from "uplot";
import { cssColor } from "../app/theme";
import { duration, moment, short } from "../lib/format";
import { type Extents, isMonotone, type Line } from "../lib/lines";
import { powerTicks } from "../lib/ticks";
import { lowerBound, type Trace } from "../lib/series";

export type AxisKind = "number" | "time" | "relative";

export interface Picture {
  lines: readonly Line[];
  extents: Extents;
  axis: AxisKind;
  logX: boolean;
  logY: boolean;
  utc: boolean;
  /** Ids of lines that keep their colour while all others are grey; null colours all. */
  bright: ReadonlySet<string> | null;
}

export interface Ticks {
  x: { at: number; text: string }[];
  y: { at: number; text: string }[];
}

const FAINT = 0.28;
const GREY = 0.5;
const BAND = 0.16;
const STRONG_PX = 1.6;
const THIN_PX = 1;
const THIN_FROM = 20;
const RELATIVE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500].concat([1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800].map((s) => s * 1000));

export class Plot {
  private readonly u: uPlot;
  private picture: Picture;
  ticks: Ticks = { x: [], y: [] };

  constructor(Chart: typeof uPlot, host: HTMLElement, picture: Picture, size: { width: number; height: number }, private readonly drawn: () => void) {
    this.picture = picture;
    this.u = new Chart(this.options(Chart, size), this.corners(), host);
  }

  private options(Chart: typeof uPlot, size: { width: number; height: number }): uPlot.Options {
    const { axis, logX, logY, utc } = this.picture;
    const styled = { stroke: () => cssColor("--text-2"), font: `11px ${getComputedStyle(document.body).fontFamily}`, grid: { stroke: () => cssColor("--line"), width: 0.5 }, ticks: { stroke: () => cssColor("--line"), size: 4 } };
    const isTime = axis === "time";
    const powers = {
      splits: (_u: uPlot, _axis: number, min: number, max: number) => powerTicks(min, max).map(({ at }) => at),
      filter: (_u: uPlot, splits: number[]) => splits,
      values: (u: uPlot, splits: number[], number: number) => this.powers(u, splits, number === 0 ? axis : "number", number === 0 ? "x" : "y"),
    };
    return {
      ...size,
      ms: 1,
      ...(utc && { tzDate: (ms: number) => Chart.tzDate(new Date(ms), "Etc/UTC") }),
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 22, 0, 0],
      scales: {
        x: { time: isTime, distr: logX ? 3 : 1, range: () => [this.picture.extents.x.min, this.picture.extents.x.max] },
        y: { distr: logY ? 3 : 1, range: () => [this.picture.extents.y.min, this.picture.extents.y.max] },
      },
      series: [{}, { paths: () => null, points: { show: false } }],
      axes: [
        { ...styled, size: isTime ? 40 : 28, space: 64, ...(axis === "relative" && { incrs: RELATIVE_STEPS }), values: (_u: uPlot, splits: number[], _axis: number, _space: number, step: number) => (isTime ? times(splits, step, utc) : splits.map((at) => this.label(at, axis))), ...(logX && powers) },
        { ...styled, size: 54, space: 34, values: (_u: uPlot, splits: number[]) => splits.map((at) => this.label(at, "number")), ...(logY && powers) },
      ],
      hooks: { draw: [() => this.draw()] },
    };
  }

  private powers(u: uPlot, splits: readonly number[], axis: AxisKind, scale: "x" | "y"): string[] {
    const { min = 1, max = 10 } = u.scales[scale] as uPlot.Scale;
    const named = new Set(powerTicks(min, max).flatMap((tick) => (tick.isNamed ? [tick.at] : [])));
    return splits.map((at) => (named.has(at) ? this.label(at, axis) : ""));
  }

  private label(at: number, axis: AxisKind): string {
    if (axis === "relative") return duration(at);
    return Math.abs(at) >= 1e4 && Number.isInteger(at) && Math.abs(at) < 1e9 ? at.toLocaleString("en-US") : short(Number(at.toPrecision(10)), 6);
  }

  private corners(): uPlot.AlignedData {
    const { x, y } = this.picture.extents;
    return [[x.min, x.max], [y.min, y.max]];
  }

  /** Show something else over the same kind of axes. */
  show(picture: Picture): void {
    this.picture = picture;
    this.u.setData(this.corners());
  }

  /** The same picture in the colours of now. */
  redraw(): void {
    this.u.redraw(false, true);
  }

  resize(size: { width: number; height: number }): void {
    this.u.setSize(size);
  }

  destroy(): void {
    this.u.destroy();
  }

  get canvas(): HTMLCanvasElement {
    return this.u.ctx.canvas;
  }

  /** Where the lines lie, in CSS pixels from the plot's corner. */
  get box(): { left: number; top: number; width: number; height: number } {
    const ratio = devicePixelRatio;
    const { left, top, width, height } = this.u.bbox;
    return { left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio };
  }

  /** A value's place inside the box, in CSS pixels. */
  toX(value: number): number {
    return this.u.valToPos(value, "x");
  }
  toY(value: number): number {
    return this.u.valToPos(value, "y");
  }
  fromX(px: number): number {
    return this.u.posToVal(px, "x");
  }
  fromY(px: number): number {
    return this.u.posToVal(px, "y");
  }

  private draw(): void {
    const { ctx, bbox } = this.u;
    this.ticks = { x: this.ticksOf(0), y: this.ticksOf(1) };
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    const { lines, bright } = this.picture;
    const ratio = devicePixelRatio;
    for (const line of lines) if (bright && !bright.has(line.id)) this.line(ctx, line, ratio, bbox, cssColor("--line-strong"), GREY);
    for (const line of lines) if (!bright || bright.has(line.id)) this.line(ctx, line, ratio, bbox, line.color, 1);
    ctx.restore();
    this.drawn();
  }

  private ticksOf(axis: number): Ticks["x"] {
    const of = this.u.axes[axis] as uPlot.Axis & { _splits?: number[]; _values?: (string | null)[] };
    return (of._splits ?? []).map((at, place) => ({ at, text: String(of._values?.[place] ?? "").replace(/\n/g, " ") }));
  }

  /** One line over everything, as where the pointer is near it. */
  highlight(ctx: CanvasRenderingContext2D, line: Line): void {
    const ratio = devicePixelRatio;
    const { width, height } = this.u.bbox;
    this.line(ctx, line, ratio, { left: 0, top: 0, width, height }, line.color, 1, STRONG_PX + 1.4);
  }

  private line(ctx: CanvasRenderingContext2D, line: Line, ratio: number, box: { left: number; top: number; width: number; height: number }, color: string, alpha: number, width = this.picture.lines.length > THIN_FROM ? THIN_PX : STRONG_PX): void {
    const [px, py] = this.places(box);
    ctx.strokeStyle = color;
    ctx.fillStyle = color;
    ctx.lineJoin = "round";
    if (line.band) {
      ctx.globalAlpha = BAND * alpha;
      band(ctx, line.band, px, py);
    }
    ctx.setLineDash(line.dash.map((each) => each * ratio));
    if (line.isSmoothed) {
      ctx.globalAlpha = FAINT * alpha;
      ctx.lineWidth = THIN_PX * ratio;
      this.stroke(ctx, line.full, px, py, ratio);
    }
    ctx.globalAlpha = alpha;
    ctx.lineWidth = width * ratio;
    this.stroke(ctx, line.isSmoothed ? line : line.full, px, py, ratio);
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
  }

  /** What turns values into pixels of the canvas; NaN for what an axis of powers cannot show. */
  private places(box: { left: number; top: number; width: number; height: number }): [(x: number) => number, (y: number) => number] {
    const { extents, logX, logY } = this.picture;
    const make = (low: number, high: number, isLog: boolean, start: number, length: number): ((value: number) => number) => {
      const [a, b] = isLog ? [Math.log10(low), Math.log10(high)] : [low, high];
      const slope = length / (b - a || 1);
      return isLog ? (value) => (value > 0 ? start + (Math.log10(value) - a) * slope : Number.NaN) : (value) => start + (value - a) * slope;
    };
    return [
      make(extents.x.min, extents.x.max, logX, box.left, box.width),
      make(extents.y.min, extents.y.max, logY, box.top + box.height, -box.height),
    ];
  }

  private stroke(ctx: CanvasRenderingContext2D, { x, y }: Trace, px: (x: number) => number, py: (y: number) => number, ratio: number): void {
    const [first, end] = this.inSight(x);
    let isDown = false;
    const alone: [number, number][] = [];
    ctx.beginPath();
    for (let at = first; at < end; at++) {
      const [left, top] = [px(x[at] as number), py(y[at] as number)];
      if (left !== left || top !== top) { // NaN: the line is parted here
        isDown = false;
        continue;
      }
      if (isDown) ctx.lineTo(left, top);
      else {
        ctx.moveTo(left, top);
        isDown = true;
        if (at + 1 >= x.length || Number.isNaN(py(y[at + 1] as number))) alone.push([left, top]);
      }
    }
    ctx.stroke();
    for (const [left, top] of alone) {
      ctx.beginPath();
      ctx.arc(left, top, 2.5 * ratio, 0, 2 * Math.PI);
      ctx.fill();
    }
  }

  private inSight(x: Float64Array): [number, number] {
    const { min, max } = this.picture.extents.x;
    if (!isMonotone(x)) return [0, x.length];
    return [Math.max(0, lowerBound(x, min) - 1), Math.min(x.length, lowerBound(x, max) + 2)];
  }
}

/** Times as long as the distance between them asks for; the day below the first of it. */
function times(splits: readonly (number | null)[], step_ms: number, utc: boolean): string[] {
  let day = "";
  return splits.map((at) => {
    if (at === null) return "";
    const text = moment(at, utc);
    const date = text.slice(0, 10);
    const isNew = date !== day;
    day = date;
    if (step_ms >= 86_400_000) return date;
    const time = step_ms < 1000 ? `${text.slice(14, 19)}.${String(at % 1000).padStart(3, "0")}` : step_ms < 60_000 ? text.slice(11, 19) : text.slice(11, 16);
    return isNew ? `${time}\n${date}` : time;
  });
}

function band(ctx: CanvasRenderingContext2D, { x, min, max }: NonNullable<Line["band"]>, px: (x: number) => number, py: (y: number) => number): void {
  const shown = Array.from(x.keys()).filter((at) => Number.isFinite(px(x[at] as number)) && Number.isFinite(py(min[at] as number)) && Number.isFinite(py(max[at] as number)));
  ctx.beginPath();
  for (const at of shown) ctx.lineTo(px(x[at] as number), py(max[at] as number));
  for (const at of shown.reverse()) ctx.lineTo(px(x[at] as number), py(min[at] as number));
  ctx.closePath();
  ctx.fill();
}

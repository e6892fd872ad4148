/** Axes of parallel coordinates and scatter plots: where each run stands on them. */

import type { Column, Frame } from "./frame";
import { joinNames, type Primary, splitNames, titleOf } from "./columns";
import { short } from "./format";
import { importance } from "./statistics";

export const MOST_AUTO_AXES = 8;
const MOST_PARAMS = 5;
const FEW_CATEGORIES = 8;
const MOST_CATEGORIES = 40;
const SOME_RUNS = 500;
const LOG_FROM = 100; // a positive axis whose ends are that far apart is logarithmic by itself

export interface Axis {
  name: string;
  title: string;
  kind: "number" | "category";
  isLog: boolean;
  isFlipped: boolean;
  /** Ends in the units of the values; of categories 0 and how many there are. */
  lo: number;
  hi: number;
  /** Texts from below, in the order of the mean of the colour. */
  categories: readonly string[];
  /** By row of the frame: the number, or which category; NaN where there is none that can be placed. */
  values: Float64Array;
  /** By row of the frame: 0 is below, 1 above; NaN as in `values`. Categories are spread within their band. */
  places: Float32Array;
  /** Rows that have no place. */
  missing: number;
}

/** Params that vary, then metrics, of which the primary one is the last. */
export function autoAxes(frame: Frame, rows: ArrayLike<number>, primary: Primary | null): string[] {
  const facts = [...frame.catalogue].sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  const there = (name: string): boolean => frame.columns.has(name);
  const params = facts.filter(({ name, distinct }) => name.startsWith("params.") && distinct > 1 && there(name) && isTelling(frame.columns.get(name) as Column, rows.length)).map(({ name }) => name);
  const metrics = facts.filter(({ name }) => /^metrics\.(?!system\/)[^@]*$/.test(name) && there(name)).map(({ name }) => name);
  const last = primary && there(`metrics.${primary.key}`) ? `metrics.${primary.key}` : metrics[0];
  const others = metrics.filter((name) => name !== last);
  const room = Math.max(MOST_PARAMS, MOST_AUTO_AXES - metrics.length);
  const chosen = params.length > room && last ? mostTelling(frame, params, last, rows) : params;
  const kept = chosen.slice(0, room).sort();
  return [...kept, ...others.slice(0, Math.max(0, MOST_AUTO_AXES - 1 - kept.length)), ...(last ? [last] : [])];
}

/** Params by how much they tell of a metric in some of the runs. */
function mostTelling(frame: Frame, params: readonly string[], metric: string, rows: ArrayLike<number>): string[] {
  const some = Array.from({ length: Math.min(rows.length, SOME_RUNS) }, (_, at) => rows[at] as number);
  const values = frame.columns.get(metric) as Column;
  const told = new Map(params.map((name) => [name, importance(name, frame.columns.get(name) as Column, values, some)?.value ?? 0]));
  return [...params].sort((a, b) => (told.get(b) as number) - (told.get(a) as number));
}

/** Not a text of its own for nearly each run, such as a path. */
function isTelling(column: Column, rows: number): boolean {
  return Boolean(column.numbers) || (column.dict?.length ?? 0) <= Math.max(FEW_CATEGORIES, Math.min(MOST_CATEGORIES, rows / 2));
}

/** An axis for a column; `log` as the reader chose, or null: by the values. */
export function axisOf(frame: Frame, rows: ArrayLike<number>, name: string, options: { log: boolean | null; isFlipped: boolean; colour: Column | undefined }): Axis | null {
  const column = frame.columns.get(name);
  if (!column) return null;
  const base = { name, title: titleOf(name), isFlipped: options.isFlipped };
  return column.numbers ? numberAxis(base, column.numbers, rows, options.log) : categoryAxis(base, column, rows, options.colour);
}

type Base = Pick<Axis, "name" | "title" | "isFlipped">;

function numberAxis(base: Base, numbers: Float64Array, rows: ArrayLike<number>, log: boolean | null): Axis {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [least, positive] = [Number.POSITIVE_INFINITY, true];
  for (let i = 0; i < rows.length; i++) {
    const value = numbers[rows[i] as number] as number;
    if (!Number.isFinite(value)) continue;
    if (value < lo) lo = value;
    if (value > hi) hi = value;
    if (value > 0 && value < least) least = value;
    positive &&= value > 0;
  }
  const isLog = hi > 0 && (log ?? (positive && hi / lo >= LOG_FROM));
  if (isLog) lo = least;
  const values = new Float64Array(numbers.length).fill(Number.NaN);
  const places = new Float32Array(numbers.length).fill(Number.NaN);
  const axis: Axis = { ...base, kind: "number", isLog, lo, hi, categories: [], values, places, missing: 0 };
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const value = numbers[row] as number;
    if (!Number.isFinite(value) || (isLog && value <= 0)) axis.missing += 1;
    else {
      values[row] = value;
      places[row] = placeOf(axis, value);
    }
  }
  return axis;
}

function categoryAxis(base: Base, column: Column, rows: ArrayLike<number>, colour: Column | undefined): Axis {
  const dict = column.dict ?? [];
  const sums = new Float64Array(dict.length);
  const counts = new Float64Array(dict.length);
  const seen = new Uint8Array(dict.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const code = column.codes?.[row] as number;
    if (code < 0) continue;
    seen[code] = 1;
    const value = colour?.numbers?.[row] as number;
    if (!Number.isFinite(value)) continue;
    sums[code] = (sums[code] as number) + value;
    counts[code] = (counts[code] as number) + 1;
  }
  const mean = (code: number): number => (counts[code] ? (sums[code] as number) / (counts[code] as number) : Number.NEGATIVE_INFINITY);
  const order = dict.map((_, code) => code).filter((code) => seen[code]).sort((a, b) => mean(a) - mean(b) || ((dict[a] as string) < (dict[b] as string) ? -1 : 1));
  const rank = new Float64Array(dict.length);
  order.forEach((code, place) => {
    rank[code] = place;
  });
  const length = column.present.length;
  const values = new Float64Array(length).fill(Number.NaN);
  const places = new Float32Array(length).fill(Number.NaN);
  const axis: Axis = { ...base, kind: "category", isLog: false, lo: 0, hi: order.length, categories: order.map((code) => dict[code] as string), values, places, missing: 0 };
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const code = column.codes?.[row] as number;
    if (code < 0) axis.missing += 1;
    else {
      values[row] = rank[code] as number;
      places[row] = placeOf(axis, (rank[code] as number) + jitter(row));
    }
  }
  return axis;
}

/** The same for the same row: from -0.28 to 0.28 of a band. */
function jitter(row: number): number {
  const mixed = Math.imul(row + 1, 0x9e3779b1) >>> 0;
  return (mixed / 0xffffffff - 0.5) * 0.56;
}

/** From 0, below, to 1. */
export function placeOf(axis: Axis, value: number): number {
  if (axis.kind === "category") return turned(axis, (value + 0.5) / axis.hi);
  if (axis.hi === axis.lo) return 0.5;
  const part = axis.isLog ? Math.log(value / axis.lo) / Math.log(axis.hi / axis.lo) : (value - axis.lo) / (axis.hi - axis.lo);
  return turned(axis, part);
}

/** The value at a place; of categories which of them. */
export function valueAt(axis: Axis, place: number): number {
  const part = turned(axis, Math.max(0, Math.min(1, place)));
  if (axis.kind === "category") return Math.min(axis.hi - 1, Math.floor(part * axis.hi));
  if (axis.isLog) return axis.lo * (axis.hi / axis.lo) ** part;
  return axis.lo + part * (axis.hi - axis.lo);
}

function turned(axis: Axis, part: number): number {
  return axis.isFlipped ? 1 - part : part;
}

export interface Tick {
  place: number;
  text: string;
}

/** What is written at an axis: categories, a few values themselves, round numbers or powers of ten. */
export function ticksOf(axis: Axis, most = 6): Tick[] {
  if (axis.kind === "category") {
    const step = Math.ceil(axis.categories.length / 12);
    return axis.categories.flatMap((text, at) => (at % step ? [] : [{ place: placeOf(axis, at), text }]));
  }
  if (!(axis.hi >= axis.lo)) return [];
  const seen = new Set<number>();
  for (const value of axis.values) {
    if (!Number.isNaN(value)) seen.add(value);
    if (seen.size > most) break;
  }
  const values = seen.size <= most ? [...seen] : axis.isLog ? powers(axis.lo, axis.hi, most) : round(axis.lo, axis.hi, most);
  const ticks = [...values].map((value) => ({ place: placeOf(axis, value), text: short(value, 3) })).sort((a, b) => a.place - b.place);
  return ticks.filter((tick, at) => at === 0 || tick.place - (ticks[at - 1] as Tick).place > 0.05);
}

function round(lo: number, hi: number, most: number): number[] {
  const raw = (hi - lo) / (most - 1);
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((each) => each * size >= raw * 0.8) ?? 10) * size;
  const values = [];
  for (let at = Math.ceil(lo / step - 1e-9); at * step <= hi + step * 1e-9; at++) values.push(Number((at * step).toPrecision(12)));
  return values;
}

/** Powers of ten; where there are few, some multiples of them too. */
function powers(lo: number, hi: number, most: number): number[] {
  const [first, last] = [Math.floor(Math.log10(lo)), Math.ceil(Math.log10(hi))];
  const step = Math.max(1, Math.ceil((last - first) / most));
  const decades = Math.log10(hi / lo);
  const factors = decades <= 1.5 ? [1, 2, 5] : decades <= 3 ? [1, 3] : [1];
  const values: number[] = [];
  for (let at = first; at <= last; at += step) values.push(...factors.map((factor) => Number(`${factor}e${at}`)));
  return values.filter((value) => value >= lo && value <= hi);
}

/** Which axes are logarithmic, as the address says it: null for what the values say. */
export function parseLog(text: string | undefined): ((name: string) => boolean) | null {
  if (text === undefined) return null;
  const names = new Set(splitNames(text));
  return (name) => names.has(name);
}

export function printLog(axes: readonly Axis[], toggled: string): string {
  const names = axes.filter((axis) => axis.kind === "number" && axis.isLog !== (axis.name === toggled)).map(({ name }) => name);
  return names.length ? joinNames(names) : "none";
}

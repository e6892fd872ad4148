/** What the address says about charts, and how it is said. Pure. */

import { type OwnState, parseCards } from "./card-state";
import { joinNames, splitNames } from "./columns";
import type { Extent } from "./lines";
import type { Query } from "./url";

export const AXES = ["step", "time", "relative"] as const;
export const SIZES = ["S", "M", "L"] as const;
export const MOST_SMOOTHING = 0.99;

export interface ChartState {
  /** What x is in requests. */
  axis: (typeof AXES)[number];
  /** The metric that x is, where it is one. */
  metric: string | null;
  logX: boolean;
  logY: boolean;
  smoothing: number;
  /** Of each run between the least and the greatest of what a drawn point stands for. */
  band: boolean;
  /** What the band of a group is. */
  groupBand: "range" | "deviation";
  clip: boolean;
  zoom: Extent | null;
  find: string;
  /** Keys of cards that stand before all others, in order. */
  pins: readonly string[];
  hidden: readonly string[];
  size: (typeof SIZES)[number];
  /** What cards have of their own, by key. */
  own: ReadonlyMap<string, OwnState>;
}

export function chartState(query: Query): ChartState {
  return {
    ...axisOf(query.get("x") ?? "step"),
    ...logOf(query.get("log") ?? ""),
    smoothing: smoothingOf(query.get("sm")),
    band: query.get("band") === "1",
    groupBand: query.get("band") === "std" ? "deviation" : "range",
    clip: query.get("clip") === "1",
    zoom: parseZoom(query.get("zoom")),
    find: query.get("find") ?? "",
    pins: splitNames(query.get("ch")),
    hidden: splitNames(query.get("hide")),
    size: SIZES.find((each) => each === query.get("size")) ?? "M",
    own: parseCards(query.get("card")),
  };
}

/** What holds for one card: the page's, but for what it has of its own. With its own x it has its own zoom, too. */
export function cardState(page: ChartState, key: string): ChartState {
  const own = page.own.get(key);
  if (!own) return page;
  return {
    ...page,
    ...(own.x !== undefined && { ...axisOf(own.x), zoom: parseZoom(own.zoom?.replace(":", "~")) }),
    ...(own.log !== undefined && logOf(own.log)),
    ...(own.sm !== undefined && { smoothing: smoothingOf(own.sm) }),
  };
}

function axisOf(x: string): Pick<ChartState, "axis" | "metric"> {
  const axis = AXES.find((each) => each === x);
  return { axis: axis ?? "step", metric: axis ? null : x.replace(/^metrics\./, "") };
}

function logOf(log: string): Pick<ChartState, "logX" | "logY"> {
  return { logX: log.includes("x"), logY: log.includes("y") };
}

function smoothingOf(text: string | undefined): number {
  const smoothing = Number(text ?? 0);
  return smoothing > 0 ? Math.min(MOST_SMOOTHING, smoothing) : 0;
}

export function parseZoom(text: string | undefined): Extent | null {
  const [min, max] = (text ?? "").split("~").map(Number);
  return text && Number.isFinite(min) && Number.isFinite(max) && (min as number) < (max as number) ? { min: min as number, max: max as number } : null;
}

/** A zoom in few digits; null where it is none. */
export function printZoom({ min, max }: Extent): string | null {
  const width = max - min;
  if (!(width > 0)) return null;
  const digits = Math.max(0, 3 - Math.floor(Math.log10(width)));
  return `${Number(min.toFixed(Math.min(digits, 12)))}~${Number(max.toFixed(Math.min(digits, 12)))}`;
}

export interface Section {
  title: string;
  keys: string[];
}

/** Keys as sections: pinned ones, those without a prefix, then by what stands before the first `/`; the primary metric first among its like. */
export function sections(keys: readonly string[], state: Pick<ChartState, "find" | "pins" | "hidden">, primary: string | null = null): Section[] {
  const words = state.find.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = keys.filter((key) => !state.hidden.includes(key) && words.every((word) => key.toLowerCase().includes(word)));
  const pinned = state.pins.filter((key) => shown.includes(key));
  const found = new Map<string, string[]>();
  const rank = (key: string): number => (key === primary ? 0 : 1);
  for (const key of shown.filter((each) => !pinned.includes(each)).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))) {
    const title = prefixOf(key);
    found.set(title, [...(found.get(title) ?? []), key]);
  }
  const order = (title: string): number => (primary !== null && title === prefixOf(primary) ? 0 : title === "system" ? 2 : 1);
  const rest = [...found].sort(([a], [b]) => order(a) - order(b) || (a < b ? -1 : 1)).map(([title, under]) => ({ title, keys: under }));
  return pinned.length ? [{ title: "pinned", keys: pinned }, ...rest] : rest;
}

function prefixOf(key: string): string {
  const slash = key.indexOf("/");
  return slash > 0 ? key.slice(0, slash) : "";
}

/** The pins with a key before another, or at their end. */
export function pinnedBefore(pins: readonly string[], key: string, before: string | null): string {
  const next = pins.filter((each) => each !== key);
  const place = before === null ? -1 : next.indexOf(before);
  next.splice(place < 0 ? next.length : place, 0, key);
  return joinNames(next);
}

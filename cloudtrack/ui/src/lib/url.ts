/** The address: the only place that reads or writes `location`. A page is a path and a query, both behind the `#`. */

import { canonicalFromMlflow } from "./mlflow-urls";

export type Query = ReadonlyMap<string, string>;

export interface Address {
  /** Decoded segments of the path. */
  readonly path: readonly string[];
  readonly query: Query;
}

/** The order of keys in every address, so that equal pictures have equal addresses. Unknown keys come last, untouched. */
const ORDER = [
  "v", "q", "state", "sort", "dir", "cols", "pin", "group", "sel", "vis", "view", "base", "runs", "x", "log", "sm", "band",
  "clip", "zoom", "card", "ch", "find", "hide", "size", "pc", "brush", "flip", "plog", "sx", "sy", "sc", "sz", "slog", "pareto", "trend", "imp", "all", "only", "as", "with", "at",
];

/** The address of a hash such as `#/experiments/1?q=metrics.loss+%3C+1`. Broken percent signs are kept as they are. */
export function parse(hash: string): Address {
  const text = hash.replace(/^#?\/?/, "");
  const mark = text.indexOf("?");
  const path = mark < 0 ? text : text.slice(0, mark);
  const query = new Map<string, string>();
  if (mark >= 0) {
    for (const [key, value] of new URLSearchParams(text.slice(mark + 1))) query.set(key, value);
  }
  return { path: path.split("/").filter((part) => part !== "").map(decode), query };
}

/** A link to a path and a query; empty values are left out. */
export function href(path: readonly string[], query?: Query | Record<string, string | null | undefined>): string {
  const pairs = query instanceof Map ? [...query] : Object.entries(query ?? {});
  const kept = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "") as [string, string][];
  kept.sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0));
  const text = kept.map(([key, value]) => `${encodeKey(key)}=${encodeValue(value)}`).join("&");
  return `#/${path.map(encodeSegment).join("/")}${text ? `?${text}` : ""}`;
}

/** The query with some keys changed; null and "" take a key away. */
export function changed(query: Query, patch: Record<string, string | null | undefined>): Map<string, string> {
  const next = new Map(query);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined || value === "") next.delete(key);
    else next.set(key, value);
  }
  return next;
}

/** Where the page is now. */
export function current(): Address {
  return parse(location.hash);
}

/** Go there: a new entry of the history, or in place of this one. */
export function go(to: string, options: { replace?: boolean } = {}): void {
  if (to === location.hash) return;
  if (options.replace) history.replaceState(history.state, "", to);
  else history.pushState(null, "", to);
  for (const listener of listeners) listener();
}

/** Keep something with this entry of the history, such as where it is scrolled to. */
export function remember(state: unknown): void {
  history.replaceState(state, "", location.hash || "#/");
}

export function remembered(): unknown {
  return history.state;
}

/** The whole address, for the clipboard. */
export function whole(): string {
  return location.href;
}

/** Reload the page: there is a new build. */
export function reload(): void {
  location.reload();
}

/** Where the API is: beside the page, wherever that lies. */
export function relative(path: string): string {
  return new URL(path, document.baseURI).href;
}

/** The server's own address, as a client of it would be told. */
export function serverUri(): string {
  return relative("./").replace(/\/$/, "");
}

const listeners = new Set<() => void>();

/** Call it at every change of the address; gives what ends that. MLflow's own addresses are put right first. */
export function listen(listener: () => void): () => void {
  if (listeners.size === 0) {
    addEventListener("popstate", announce);
    addEventListener("hashchange", announce);
    settle();
  }
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function announce(): void {
  settle();
  for (const listener of listeners) listener();
}

/** An address of MLflow's becomes our own, without an entry in the history. */
function settle(): void {
  const ours = canonicalFromMlflow(current());
  if (ours) history.replaceState(history.state, "", href(ours.path, ours.query));
}

function rank(key: string): number {
  const place = ORDER.indexOf(key);
  return place < 0 ? ORDER.length : place;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A segment: what a hash may hold unescaped stays readable. */
function encodeSegment(part: string): string {
  return encodeURIComponent(part).replace(/%(2C|3A|40|3D|2B|24)/g, decodeURIComponent);
}

function encodeKey(key: string): string {
  return encodeURIComponent(key);
}

function encodeValue(value: string): string {
  return encodeURIComponent(value).replace(/%(2C|3A|40|2F|24|3B)/g, decodeURIComponent).replace(/%20/g, "+");
}

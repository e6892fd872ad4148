/** Histories of metrics for all cards of a page: asked for in few requests, kept, made finer where one zooms, extended while runs go on. */

import { get } from "../api/client";
import { ApiError } from "../api/errors";
import { border, decode, extended, type Series, type SeriesWire } from "../lib/series";
import type { Extent } from "../lib/lines";

export type Axis = "step" | "time" | "relative";

/** Of one request: what keeps 500 rows of each below the server's limit of all rows. */
const MOST_SERIES = 60;
export const ROWS = 500;
/** A line that was drawn exactly and has grown this long is asked for anew in buckets. */
const MOST_ROWS = 2 * ROWS;
const AT_ONCE = 3;
/** Of one series the server gives no more rows. */
const MOST_BUCKETS = 10_000;

/** Where a card's series come from: over which axis, and between which ends it wants them finer. */
export interface Source {
  axis: Axis;
  zoom: Extent | null;
}

interface Wanted {
  key: string;
  source: Source;
  cards: number;
}

interface Asked extends Source {
  runs: string[];
  keys: string[];
}

export class SeriesStore {
  private runs: readonly string[] = [];
  private readonly kept = new Map<string, Series>();
  private readonly wanted = new Map<string, Wanted>();
  private readonly asked = new Set<string>();
  private readonly errors = new Map<string, ApiError>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private planned = 0;

  /** What is shown now: cards get the series of these runs. */
  show(runs: readonly string[]): void {
    this.runs = runs;
    this.plan();
  }

  /** A card is drawn that shows a key; call what it gives when it is gone. */
  want(key: string, source: Source, listener: () => void): () => void {
    const at = name(source.axis, source.zoom, "", key);
    const one = this.wanted.get(at) ?? { key, source, cards: 0 };
    one.cards += 1;
    this.wanted.set(at, one);
    const all = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, all.add(listener));
    this.plan();
    return () => {
      all.delete(listener);
      one.cards -= 1;
      if (one.cards === 0) this.wanted.delete(at);
    };
  }

  /** A series as far as it is known: that of the zoom, or the whole until it is there. */
  series(run: string, key: string, { axis, zoom }: Source): Series | undefined {
    return (zoom && this.kept.get(name(axis, zoom, run, key))) || this.kept.get(name(axis, null, run, key));
  }

  error(key: string): ApiError | undefined {
    return this.errors.get(key);
  }

  retry(key: string): void {
    this.errors.delete(key);
    this.plan();
  }

  /** Ask for what has come since, of runs that go on; true where something was new. */
  async tick(running: readonly string[]): Promise<boolean> {
    const axes = new Map<Axis, Set<string>>();
    for (const { key, source } of this.wanted.values()) axes.set(source.axis, (axes.get(source.axis) ?? new Set()).add(key));
    let isNew = false;
    for (const [axis, keys] of axes) if (await this.extend(axis, running, [...keys])) isNew = true;
    if (isNew) this.plan();
    return isNew;
  }

  private async extend(axis: Axis, running: readonly string[], keys: readonly string[]): Promise<boolean> {
    let isNew = false;
    for (const [runs, some] of batches(running, keys)) {
      const known = runs.flatMap((run) => some.map((key) => this.kept.get(name(axis, null, run, key))));
      const full = known.filter((each): each is Series => Boolean(each?.raw));
      const from = border(full);
      const answer = await get<{ series: SeriesWire[] }>("cloudtrack/metrics/series", { run_ids: runs, keys: some, x: axis, buckets: ROWS, from });
      for (const wire of answer.series) {
        const at = name(axis, null, wire.run_id, wire.key);
        const old = this.kept.get(at);
        let next = decode(wire);
        if (old && !old.raw && next.raw && from !== null) {
          this.kept.delete(at); // its first points: there may be more before
          isNew = true;
          continue;
        }
        if (old?.raw && from !== null) next = extended(old, next, from);
        if (old && old.raw === next.raw && old.last.at(-1) === next.last.at(-1)) continue;
        isNew = true;
        if (next.x.length > MOST_ROWS) this.kept.delete(at);
        else this.kept.set(at, next);
        this.forgetZooms(axis, wire.run_id, wire.key);
        this.tell(wire.key);
      }
    }
    return isNew;
  }

  private forgetZooms(axis: Axis, run: string, key: string): void {
    const end = `\n${run}\n${key}`;
    for (const at of this.kept.keys()) if (at.endsWith(end) && at !== name(axis, null, run, key)) this.kept.delete(at);
  }

  /** Ask for what is missing, once all cards of this turn have said what they want. */
  private plan(): void {
    if (this.planned) return;
    this.planned = setTimeout(() => {
      this.planned = 0;
      void this.load();
    }) as unknown as number;
  }

  private async load(): Promise<void> {
    const groups = new Map<string, Asked>();
    for (const { key, source: { axis, zoom } } of this.wanted.values()) {
      if (this.errors.has(key)) continue;
      for (const of of zoom ? [null, zoom] : [null]) {
        const missing = this.runs.filter((run) => this.isMissing(axis, of, run, key));
        if (missing.length === 0) continue;
        const at = name(axis, of, missing.join(), "");
        const group = groups.get(at) ?? { axis, zoom: of, runs: missing, keys: [] };
        if (!group.keys.includes(key)) group.keys.push(key);
        groups.set(at, group);
      }
    }
    const queue = [...groups.values()].flatMap(({ axis, zoom, runs, keys }) => [...batches(runs, keys)].map(([some, of]): Asked => ({ axis, zoom, runs: [...some], keys: [...of] })));
    for (const each of queue) for (const run of each.runs) for (const key of each.keys) this.asked.add(name(each.axis, each.zoom, run, key));
    const worker = async (): Promise<void> => {
      for (let each = queue.shift(); each; each = queue.shift()) await this.fetch(each);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  /** Whether to ask: not for what is known or asked for; of a zoom only where the whole does not have every point. */
  private isMissing(axis: Axis, zoom: Extent | null, run: string, key: string): boolean {
    const at = name(axis, zoom, run, key);
    if (this.kept.has(at) || this.asked.has(at)) return false;
    return !zoom || this.kept.get(name(axis, null, run, key))?.exact === false;
  }

  private async fetch({ axis, runs, keys, zoom }: Asked): Promise<void> {
    const range = zoom ? { from: Math.floor(zoom.min), to: Math.ceil(zoom.max) } : {};
    try {
      const answer = await get<{ series: SeriesWire[] }>("cloudtrack/metrics/series", { run_ids: runs, keys, x: axis, buckets: ROWS, ...range });
      for (const wire of answer.series) this.kept.set(name(axis, zoom, wire.run_id, wire.key), decode(wire));
      if (!zoom && [...this.wanted.values()].some(({ source }) => source.zoom)) this.plan();
    } catch (error) {
      const failure = error instanceof ApiError ? error : new ApiError(0, "PAGE_ERROR", String(error));
      for (const key of keys) this.errors.set(key, failure);
    }
    for (const run of runs) for (const key of keys) this.asked.delete(name(axis, zoom, run, key));
    for (const key of keys) this.tell(key);
  }

  private tell(key: string): void {
    for (const listener of this.listeners.get(key) ?? []) listener();
  }
}

/** Every point of one series over an axis, however many there are: ranges that do not come whole are halved. */
export async function wholeSeries(run: string, key: string, axis: Axis, from?: number, to?: number): Promise<Series[]> {
  const answer = await get<{ series: SeriesWire[] }>("cloudtrack/metrics/series", { run_ids: [run], keys: [key], x: axis, buckets: MOST_BUCKETS, from, to });
  const found = decode(answer.series[0] as SeriesWire);
  const [first, last] = [from ?? found.x[0] ?? 0, to ?? found.x.at(-1) ?? 0];
  if (found.exact || first >= last) return [found];
  const middle = Math.floor((first + last) / 2);
  return [...(await wholeSeries(run, key, axis, from, middle)), ...(await wholeSeries(run, key, axis, middle + 1, to))];
}

/** Runs and keys in rectangles of at most so many series as one request may ask for. */
export function* batches(runs: readonly string[], keys: readonly string[]): Generator<[readonly string[], readonly string[]]> {
  const wide = Math.min(runs.length, MOST_SERIES);
  if (wide === 0) return;
  const high = Math.max(1, Math.floor(MOST_SERIES / wide));
  for (let run = 0; run < runs.length; run += wide) {
    for (let key = 0; key < keys.length; key += high) yield [runs.slice(run, run + wide), keys.slice(key, key + high)];
  }
}

function name(axis: Axis, zoom: Extent | null, run: string, key: string): string {
  return `${axis} ${zoom ? `${zoom.min}~${zoom.max}` : ""}\n${run}\n${key}`;
}

/** What all views of a list of runs look at: one table, one filter, one order, one selection, all said by the address. */

import { useCallback, useMemo, useRef, useState } from "preact/hooks";
import { get } from "../../api/client";
import { ApiError } from "../../api/errors";
import type { Experiment } from "../../api/types";
import { record } from "../../api/types";
import { columnsOf, parseAdded } from "../../lib/added-cards";
import { type SetQuery, useSetQuery } from "../../app/address";
import { type Live, useLoaded, usePoll } from "../../app/data";
import { autoColumns, better, chosenColumns, type Primary, primaryOf, splitNames } from "../../lib/columns";
import { containing, isFreeText, matching, type Plan, plan } from "../../lib/filter";
import { FilterError } from "../../lib/filter-parser";
import { type Column, type Frame, frame as decode, hasNewColumns, merged, type TableWire } from "../../lib/frame";
import { durations } from "../../lib/group";
import { lengthenAll } from "../../lib/ids";
import { ordered } from "../../lib/order";
import { has, parseSelection, printSelection, type Selection, selectedOf, withIds } from "../../lib/selection";
import { parseSort, type Sorting } from "../../lib/sorting";
import type { Query } from "../../lib/url";

export interface Runs {
  experiments: readonly string[];
  experiment: Experiment | null;
  primary: Primary | null;
  frame: Frame;
  /** Rows that the filter lets through, in their order. */
  rows: Int32Array;
  /** Whether the server has filtered, or a table that is cut off was filtered here. */
  where: "here" | "server";
  filterError: FilterError | null;
  columns: readonly string[];
  sort: readonly Sorting[];
  selection: Selection;
  selected: readonly string[];
  /** Rows that charts draw: the first ten of the order, the selected ones, or those picked by hand. */
  visible: readonly number[];
  query: Query;
  setQuery: SetQuery;
  select: (ids: Iterable<string>, on: boolean) => void;
  column: (name: string) => Column | undefined;
  isBetterLow: (column: string) => boolean;
  refresh: () => Promise<boolean>;
  /** Ask for the whole table and its experiments anew. */
  reload: () => Promise<unknown>;
  live: Live;
  /** Asked for what is new though nothing runs, as the reader wanted. */
  isFollowed: boolean;
  follow: (on: boolean) => void;
  /** New runs that wait for a click, so that nothing jumps under the pointer. */
  news: number;
  takeNews: () => void;
}

export const FIRST_VISIBLE = 10;

export function useRuns(experiments: readonly string[], query: Query): { runs: Runs | null; error: ApiError | null; retry: () => Promise<unknown> } {
  const setQuery = useSetQuery();
  const q = query.get("q") ?? "";
  const parsed = useMemo(() => parseQuery(q), [q]);
  const state = query.get("state") ?? "active";
  const extra = useMemo(() => namedColumns(query, parsed.plan), [query, parsed.plan]);
  const remote = parsed.plan?.remote ? q : "";
  const table = useTable(experiments, state, remote, extra);
  const experiment = table.experiments[0] ?? null;
  const primary = useMemo(() => primaryOf(record(experiment?.tags)["cloudtrack.primary_metric"]), [experiment]);
  const full = table.frame;
  const lastFound = useRef<Int32Array>(new Int32Array());
  const [isFollowed, follow] = useState(false);
  const live = usePoll(Boolean(full && (isFollowed || isRunning(full))), table.poll);

  const runs = useMemo((): Runs | null => {
    if (!full) return null;
    const extended = withDurations(full);
    const auto = autoColumns(extended.catalogue, primary, extended.rows);
    const columns = chosenColumns(query.get("cols"), auto);
    const sort = parseSort(query);
    const isWaiting = !remote && parsed.plan?.columns.some((name) => table.missing.includes(name));
    const found = isWaiting ? lastFound.current.filter((row) => row < extended.rows) : filtered(extended, q, parsed, Boolean(remote));
    lastFound.current = found; // what was found stays until the columns of a new filter are there
    const keys = sort.flatMap(({ id, descending }) => {
      const column = extended.columns.get(id);
      return column ? [{ column, descending }] : [];
    });
    const rows = ordered(found, keys);
    const selection = parseSelection(query.get("sel"));
    const ids = Array.from(rows, (row) => extended.ids[row] as string);
    const selected = selection.all ? selectedOf(selection, ids) : extended.ids.filter((id) => has(selection, id));
    const isLow = (column: string): boolean =>
      (primary && column === `metrics.${primary.key}` ? primary.direction : better(column)) === "min";
    return {
      experiments, experiment, primary, frame: extended, rows, where: remote ? "server" : "here", filterError: parsed.error,
      columns, sort, selection, selected, visible: visibleRows(query.get("vis"), extended, rows, selected), query, setQuery,
      select: (these, on) => setQuery({ sel: printSelection(withIds(selection, these, on)) }),
      column: (name) => extended.columns.get(name),
      isBetterLow: isLow, refresh: table.refresh, reload: table.reload, live, isFollowed, follow, news: table.news, takeNews: table.takeNews,
    };
  }, [full, primary, query, parsed, experiments, experiment, live, table.news, table.missing.join()]);
  // While the server answers another question what was found before stays, and so does the bar that asks.
  const last = useRef<Runs | null>(null);
  if (runs) last.current = runs;
  const shown = runs ?? (last.current && { ...last.current, query, filterError: parsed.error });
  return { runs: shown, error: table.error, retry: table.refresh };
}

/** The table of some experiments, kept up to date by what changed since. */
function useTable(experiments: readonly string[], state: string, filter: string, extra: readonly string[]) {
  const base = `${experiments.join(",")} ${state} ${filter}`;
  const [kept, setKept] = useState<{ base: string; frame: Frame; cursor: string; columns: readonly string[]; experiments: readonly Experiment[] } | null>(null);
  const [waiting, setWaiting] = useState<{ frame: Frame; cursor: string; count: number } | null>(null);
  const known = kept?.base === base ? kept : null;
  const missing = extra.filter((name) => !known?.columns.includes(name) && !known?.frame.columns.has(name));
  const asked = useRef<readonly string[]>([]);
  asked.current = known ? [...new Set([...known.columns, ...extra])] : extra;
  const params = { experiment_ids: experiments, state: state === "active" ? "" : state, filter };
  const loaded = useLoaded<Frame>(known && missing.length === 0 ? `have ${base}` : `runs ${base} ${missing.join(" ")}`, async (signal) => {
    if (known && missing.length === 0) return known.frame;
    const columns = asked.current;
    const wire = await get<TableWire>("cloudtrack/runs/table", { ...params, columns: columns.length ? ["auto", ...columns] : "" }, signal);
    if (!wire.experiments?.length) throw new ApiError(404, "RESOURCE_DOES_NOT_EXIST", `there is no experiment ${experiments.join(", ")} that you may read`);
    const next = decode(wire);
    setKept({ base, frame: next, cursor: wire.cursor, columns, experiments: wire.experiments });
    setWaiting(null);
    return next;
  });
  const latest = useRef(kept);
  latest.current = known;

  const poll = useCallback(async (): Promise<boolean> => {
    const now = latest.current;
    if (!now) return false;
    const columns = now.columns.length ? ["auto", ...now.columns] : "";
    const wire = await get<TableWire>("cloudtrack/runs/table", { ...params, columns, since: now.cursor });
    if (wire.cursor === now.cursor && wire.delta) return false;
    if (wire.delta && hasNewColumns(now.frame, wire)) {
      const whole = await get<TableWire>("cloudtrack/runs/table", { ...params, columns });
      setKept({ ...now, frame: decode(whole), cursor: whole.cursor });
      return true;
    }
    const next = wire.delta ? merged(now.frame, wire) : decode(wire);
    const fresh = next.ids.filter((id) => !now.frame.ids.includes(id)).length;
    if (fresh && scrolledAway()) setWaiting({ frame: next, cursor: wire.cursor, count: fresh });
    else setKept({ ...now, frame: next, cursor: wire.cursor });
    return true;
  }, [base]);

  const refresh = useCallback(async (): Promise<boolean> => {
    if (!latest.current) return loaded.refresh();
    return poll();
  }, [poll, loaded.refresh]);

  return {
    frame: known?.frame ?? null,
    experiments: known?.experiments ?? [],
    error: known ? null : loaded.error,
    missing,
    poll, refresh,
    reload: async () => {
      const wire = await get<TableWire>("cloudtrack/runs/table", { ...params, columns: asked.current.length ? ["auto", ...asked.current] : "" });
      setKept({ base, frame: decode(wire), cursor: wire.cursor, columns: asked.current, experiments: wire.experiments ?? [] });
    },
    news: waiting?.count ?? 0,
    takeNews: () => {
      if (waiting && known) setKept({ ...known, frame: waiting.frame, cursor: waiting.cursor });
      setWaiting(null);
    },
  };
}

function scrolledAway(): boolean {
  return (document.querySelector(".grid")?.scrollTop ?? 0) > 0;
}

interface Parsed {
  plan: Plan | null;
  text: string;
  error: FilterError | null;
}

function parseQuery(q: string): Parsed {
  if (!q.trim()) return { plan: null, text: "", error: null };
  if (isFreeText(q)) return { plan: null, text: q, error: null };
  try {
    return { plan: plan(q), text: "", error: null };
  } catch (error) {
    if (error instanceof FilterError) return { plan: null, text: "", error };
    throw error;
  }
}

function filtered(frame: Frame, _q: string, { plan: planned, text }: Parsed, byServer: boolean): Int32Array {
  if (text) return containing(frame, text);
  return matching(frame, byServer ? null : (planned?.expression ?? null));
}

/** Columns that the address names besides those that a table has by itself. */
function namedColumns(query: Query, planned: Plan | null): string[] {
  const names = new Set<string>(planned && !planned.remote ? planned.columns : []);
  for (const { id } of parseSort(query)) names.add(id);
  for (const key of ["group", "sx", "sy", "sc", "sz"]) names.add(query.get(key) ?? "");
  for (const key of ["cols", "pc", "imp"]) for (const name of chosenColumns(query.get(key), [])) names.add(name);
  for (const card of splitNames(query.get("ch")).map(parseAdded)) for (const name of card ? columnsOf(card) : []) names.add(name);
  return [...names].filter((name) => /^(metrics|params|tags)\../.test(name)).sort();
}

function visibleRows(vis: string | undefined, frame: Frame, rows: Int32Array, selected: readonly string[]): number[] {
  if (!vis || vis === "first10") return [...rows.slice(0, FIRST_VISIBLE)];
  const wanted = new Set(vis === "sel" ? selected : lengthenAll(vis));
  return frame.ids.flatMap((id, row) => (wanted.has(id) ? [row] : []));
}

function isRunning(frame: Frame): boolean {
  const status = frame.columns.get("attributes.status");
  return Boolean(status?.dict?.some((each, code) => each === "RUNNING" && status.codes?.includes(code)));
}

function withDurations(frame: Frame): Frame {
  const columns = new Map(frame.columns);
  columns.set("duration", durations(frame, Date.now()));
  return { ...frame, columns };
}

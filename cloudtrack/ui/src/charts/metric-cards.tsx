/** The metrics of some runs as cards: all of them, or those of the system. */

import { useMemo } from "preact/hooks";
import { useSetQuery } from "../app/address";
import { useGet, usePoll } from "../app/data";
import { Failure } from "../app/failure";
import { LiveBadge } from "../app/live";
import { Skeleton } from "../app/parts";
import { type TableWire, frame } from "../lib/frame";
import type { Query } from "../lib/url";
import "../styles/charts.css";
import { Cards } from "./cards";
import { ChartControls } from "./controls";
import { ImageSection } from "./image-cards";
import { useBoard } from "./use-board";

export const SYSTEM = "system/";

export interface CardRun {
  id: string;
  name: string;
}

export interface MetricCardsProps {
  experiments: readonly string[];
  runs: readonly CardRun[];
  /** "system/" for those metrics alone; null for all others. */
  prefix?: "system/" | null;
  query: Query;
  /** Whether one of the runs still goes on. */
  running: boolean;
}

export function MetricCards({ experiments, runs, prefix = null, query, running }: MetricCardsProps) {
  const setQuery = useSetQuery();
  const table = useRunFacts(experiments, runs, running);
  const shown = useMemo(() => runs.map(({ id, name }, place) => ({ id, name, place, color: table.color(id) })), [runs, table.facts]);
  const board = useBoard(shown, query, setQuery, [], table.running, table.facts);
  const keys = useMemo(() => (table.facts ? metricKeys(table.facts.catalogue.map((fact) => fact.name)).filter((key) => key.startsWith(SYSTEM) === (prefix === SYSTEM)) : []), [table.facts, prefix]);
  if (table.error && !table.facts) return <Failure error={table.error} retry={table.refresh} what="The list of metrics" />;
  if (!table.facts) return <Skeleton rows={8} what="the list of metrics" />;
  return (
    <div class="chart-page">
      <div class="chart-bar">
        <ChartControls state={board.state} keys={keys} setQuery={setQuery} />
        <LiveBadge live={table.live} />
      </div>
      <Cards board={board} keys={keys} query={query} setQuery={setQuery} />
      {prefix !== SYSTEM && <ImageSection runs={board.runs} />}
    </div>
  );
}

/** Metrics among the names of a table's catalogue. */
export function metricKeys(columns: readonly string[]): string[] {
  return columns.flatMap((name) => (name.startsWith("metrics.") && !/@(min|max|last|best)$/.test(name) ? [name.slice(8)] : []));
}

/** What the table of runs knows of these: which metrics there are, which runs go on; asked again while some do. */
export function useRunFacts(experiments: readonly string[], runs: readonly CardRun[], running: boolean) {
  const filter = `attributes.run_id IN (${runs.map(({ id }) => `'${id}'`).join(", ")})`;
  const table = useGet<TableWire>(experiments.length && runs.length ? "cloudtrack/runs/table" : null, { experiment_ids: experiments, filter, state: "all", columns: ["auto", "tags.mlflow.runColor"] });
  const decoded = useMemo(() => (table.data ? frame(table.data) : null), [table.data]);
  const facts = table.data && decoded ? { catalogue: table.data.catalogue, frame: decoded } : null;
  const kept = useMemo(() => facts, [decoded]);
  const at = (id: string, column: string): string | null => {
    const row = decoded?.ids.indexOf(id) ?? -1;
    return row < 0 ? null : ((decoded?.columns.get(column)?.at(row) as string | null | undefined) ?? null);
  };
  const going = runs.flatMap(({ id }) => (at(id, "attributes.status") === "RUNNING" ? [id] : []));
  const live = usePoll(running && (!decoded || going.length > 0), table.refresh);
  return {
    facts: kept,
    error: table.error,
    refresh: table.refresh,
    live,
    running: going,
    color: (id: string) => at(id, "tags.mlflow.runColor"),
  };
}

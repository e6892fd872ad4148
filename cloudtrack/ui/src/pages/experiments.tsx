/** All experiments: how many runs, the best, the last activity. */

import { useMemo, useState } from "preact/hooks";
import { post } from "../api/client";
import { type ExperimentRow, number } from "../api/types";
import { useSetQuery } from "../app/address";
import { useUiConfig } from "../app/config";
import { useGet, usePoll } from "../app/data";
import { ask } from "../app/dialog";
import { Empty, Failure } from "../app/failure";
import { Crumbs, Heading } from "../app/frame";
import { LiveBadge } from "../app/live";
import { Button, Skeleton, Snippet } from "../app/parts";
import { useSettings } from "../app/settings";
import { grouped } from "../lib/format";
import { quickStart } from "../lib/snippets";
import { go, href, type Query, serverUri } from "../lib/url";
import { useTitle } from "../app/title";
import { parseSort } from "../lib/sorting";
import { ExperimentsTable } from "./experiments/table";

export interface ExperimentsWire {
  experiments: ExperimentRow[];
  next?: string | null;
  total?: number;
}

const ORDERS: Record<string, (row: ExperimentRow) => number | string> = {
  name: (row) => row.name.toLowerCase(),
  runs: (row) => row.runs.total,
  best: (row) => number(row.best?.value) ?? Number.NEGATIVE_INFINITY,
  last: (row) => row.last_activity ?? 0,
  created: (row) => row.creation_time,
};

export function ExperimentsPage({ query }: { query: Query }) {
  const setQuery = useSetQuery();
  const config = useUiConfig();
  const { starred } = useSettings();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const state = query.get("state");
  const table = useGet<ExperimentsWire>("cloudtrack/experiments/table", { state });
  const isRunning = Boolean(table.data?.experiments.some((each) => each.runs.running > 0));
  const live = usePoll(isRunning, table.refresh);
  useTitle("Experiments", isRunning);
  const rows = useMemo(() => found(table.data?.experiments ?? [], query, starred), [table.data, query, starred]);
  const readOnly = config?.read_only ? "this page is read-only" : "";
  return (
    <>
      <Crumbs parts={[{ title: "Experiments" }]} />
      <div class="title-row">
        <Heading title="Experiments" />
        <LiveBadge live={live} />
        <span class="grow" />
        <Button icon="add" onClick={() => create(table.refresh)} disabled={readOnly}>New experiment</Button>
      </div>
      {table.error && <Failure error={table.error} retry={table.refresh} what="The list of experiments" />}
      {table.isLoading && <Skeleton rows={10} what="the experiments" />}
      {table.data && table.data.experiments.length === 0 && !state && <FirstSteps />}
      {table.data && (table.data.experiments.length > 0 || state) && (
        <>
          <div class="toolbar">
            <input type="search" aria-label="Find an experiment" placeholder="name or tag" value={query.get("q") ?? ""} onInput={(event) => setQuery({ q: event.currentTarget.value }, "typing")} />
            <select aria-label="State" value={state ?? "active"} onChange={(event) => setQuery({ state: event.currentTarget.value === "active" ? null : event.currentTarget.value })}>
              <option value="active">Active</option>
              <option value="deleted">In the trash</option>
              <option value="all">All</option>
            </select>
            <Button icon="folder" pressed={query.get("as") === "tree"} title="Names with / as folders" onClick={() => setQuery({ as: query.get("as") === "tree" ? null : "tree" })}>Folders</Button>
            <span class="note">{grouped(rows.length)} of {grouped(table.data.total ?? table.data.experiments.length)}</span>
            {table.data.next && <span class="note">only the first {grouped(table.data.experiments.length)} are shown</span>}
            {chosen.size > 1 && <a class="button main" href={href(["experiments", [...chosen].join(",")])}>Open {chosen.size} together</a>}
          </div>
          {rows.length === 0 ? <Empty title="No experiment has that name or tag" /> : (
            <ExperimentsTable rows={rows} query={query} refresh={table.refresh} readOnly={readOnly} chosen={chosen} choose={setChosen} />
          )}
        </>
      )}
    </>
  );
}

function found(all: readonly ExperimentRow[], query: Query, starred: readonly string[]): ExperimentRow[] {
  const words = (query.get("q") ?? "").trim().toLowerCase();
  const rows = all.filter((row) => !words || row.name.toLowerCase().includes(words) || Object.entries(row.tags).some(([key, value]) => `${key}: ${value}`.toLowerCase().includes(words)));
  const [sort] = parseSort(query);
  const order = sort ? ORDERS[sort.id] : undefined;
  const way = sort && !sort.descending ? 1 : -1;
  const stars = (row: ExperimentRow): number => (starred.includes(row.experiment_id) ? 0 : 1);
  return rows.sort((a, b) => {
    if (!order) return stars(a) - stars(b) || (b.last_activity ?? b.creation_time) - (a.last_activity ?? a.creation_time);
    const [left, right] = [order(a), order(b)];
    return left === right ? 0 : left < right ? -way : way;
  });
}

function create(refresh: () => Promise<boolean>): void {
  ask("New experiment", [{ name: "name", label: "Name", required: true }], "Create", async ({ name }) => {
    const { experiment_id } = await post<{ experiment_id: string }>("mlflow/experiments/create", { name: name?.trim() });
    await refresh();
    go(href(["experiments", experiment_id]));
  });
}

function FirstSteps() {
  return (
    <Empty title="Nothing is recorded here yet">
      <p>Run this, and the first run is here:</p>
      <Snippet label="quick start" text={quickStart(serverUri(), "first steps")} />
      <p>Or, with MLflow's own client: <code>export MLFLOW_TRACKING_URI={serverUri()}</code></p>
    </Empty>
  );
}

/** One metric of some runs, as large as the page. */

import { useMemo } from "preact/hooks";
import { get } from "../api/client";
import type { Run } from "../api/types";
import { useSetQuery } from "../app/address";
import { useLoaded } from "../app/data";
import { Empty, Failure } from "../app/failure";
import { Crumbs, Heading } from "../app/frame";
import { LiveBadge } from "../app/live";
import { Skeleton } from "../app/parts";
import { ShareMenu } from "../app/share";
import { LineCard } from "../charts/line-card";
import { metricKeys, useRunFacts } from "../charts/metric-cards";
import { ChartControls } from "../charts/controls";
import { Swatch } from "../charts/tooltip";
import { useBoard } from "../charts/use-board";
import { counted } from "../lib/format";
import { lengthenAll, shortenAll } from "../lib/ids";
import { href, type Query } from "../lib/url";
import "../styles/charts.css";
import { useTitle } from "../app/title";

export default function MetricPage({ name, query }: { name: string; query: Query }) {
  const ids = useMemo(() => lengthenAll(query.get("runs")), [query.get("runs")]);
  const runs = useLoaded<Run[]>(ids.length ? `runs ${ids.join()}` : null, (signal) => found(ids, signal));
  useTitle(`${name}${runs.data ? ` · ${counted(ids.length, "run")}` : ""}`);
  return (
    <>
      <Crumbs parts={[{ title: "Experiments", to: "#/experiments" }, ...crumb(runs.data ?? [], ids), { title: name }]} />
      <div class="title-row">
        <Heading title={name} />
        <span class="grow" />
        <ShareMenu />
      </div>
      {ids.length === 0 && <Empty title="No runs are named"><p>Open this page from the menu of a chart, or put <code>?runs=</code> and the ids of runs into the address.</p></Empty>}
      {runs.error && <Failure error={runs.error} retry={runs.refresh} what="run" />}
      {runs.isLoading && <Skeleton rows={10} what="the runs" />}
      {runs.data && <Whole name={name} runs={runs.data} query={query} />}
    </>
  );
}

function Whole({ name, runs, query }: { name: string; runs: readonly Run[]; query: Query }) {
  const setQuery = useSetQuery();
  const named = useMemo(() => runs.map(({ info }) => ({ id: info.run_id, name: info.run_name ?? info.run_id })), [runs]);
  const table = useRunFacts([...new Set(runs.map(({ info }) => info.experiment_id))], named, runs.some(({ info }) => info.status === "RUNNING"));
  const shown = useMemo(() => named.map((run, place) => ({ ...run, place, color: table.color(run.id) })), [named, table.facts]);
  const board = useBoard(shown, query, setQuery, [], table.running, table.facts);
  const keys = metricKeys(table.facts?.catalogue.map((fact) => fact.name) ?? []);
  return (
    <div class="metric-page">
      <div class="chart-bar">
        <ChartControls state={board.state} keys={keys} setQuery={setQuery} single />
        <LiveBadge live={table.live} />
      </div>
      <article class="card whole" data-key={name}><LineCard name={name} board={board} keys={keys} heading="h2" /></article>
      <ul class="legend">
        {board.runs.map((run, at) => (
          <li key={run.id}><Swatch color={run.color} dash={run.dash} /> <a href={href(["experiments", runs[at]?.info.experiment_id ?? "", "runs", run.id])}>{run.name}</a></li>
        ))}
      </ul>
    </div>
  );
}

async function found(ids: readonly string[], signal: AbortSignal): Promise<Run[]> {
  const answers = await Promise.all(ids.map((run_id) => get<{ run: Run }>("mlflow/runs/get", { run_id }, signal)));
  return answers.map(({ run }) => run);
}

/** The list of runs that the metric's runs are in, where it is one. */
function crumb(runs: readonly Run[], ids: readonly string[]): { title: string; to: string }[] {
  const experiments = [...new Set(runs.map(({ info }) => info.experiment_id))];
  return experiments.length ? [{ title: counted(ids.length, "run"), to: href(["experiments", experiments.join(",")], { sel: shortenAll(ids), view: "charts" }) }] : [];
}

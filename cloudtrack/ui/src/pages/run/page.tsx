/** One run: its head, and a tab at a time. */

import { useEffect } from "preact/hooks";
import { Boundary, Empty, Failure } from "../../app/failure";
import { Crumbs, Heading } from "../../app/frame";
import { useKeys } from "../../app/keys";
import { lazy } from "../../app/lazy";
import { Skeleton, Tabs } from "../../app/parts";
import { visit } from "../../app/recent";
import type { RunTab } from "../../lib/routes";
import { go, href, type Query } from "../../lib/url";
import { useTitle } from "../../app/title";
import { RunHead } from "./head";
import { listLink, runLink, type RunView, useRun } from "./model";
import { Overview } from "./overview";
import "../../styles/run.css";

const Cards = lazy(async () => ({ default: (await import("../../charts/metric-cards")).MetricCards }));
const Files = lazy(async () => ({ default: (await import("../../preview/artifacts")).Artifacts }));
const Logs = lazy(() => import("./logs"));
const Models = lazy(() => import("./models"));
const Activity = lazy(() => import("./activity"));

const TABS: { id: RunTab; title: string }[] = [
  { id: "overview", title: "Overview" },
  { id: "metrics", title: "Metrics" },
  { id: "system", title: "System" },
  { id: "artifacts", title: "Artifacts" },
  { id: "logs", title: "Logs" },
  { id: "models", title: "Models" },
  { id: "activity", title: "Activity" },
];

export default function RunPage({ experiment, run: id, tab, path, query }: { experiment: string; run: string; tab: RunTab; path: string; query: Query }) {
  const { view, error, retry } = useRun(id, query);
  const own = view?.run.info.experiment_id;
  const name = view?.name ?? "";
  const link = (to: RunTab): string => runLink(experiment, id, query, ...(to === "overview" ? [] : [to]));
  useTitle(name ? `${name} · ${view?.experiment?.name ?? "run"}` : "Run", view?.running);
  useEffect(() => {
    if (own && own !== experiment) go(href(["experiments", own, "runs", id, ...(tab === "overview" ? [] : [tab]), ...(path ? path.split("/") : [])], new Map(query)), { replace: true });
  }, [own, experiment]);
  useEffect(() => {
    if (name) visit(name, "run", href(["experiments", experiment, "runs", id]));
  }, [name]);
  useKeys((key) => {
    const chosen = TABS[Number(key) - 1];
    if (chosen) go(link(chosen.id));
    else if (key === "r") void retry().catch(() => undefined);
    else return false;
    return true;
  });
  const crumbs = [
    { title: "Experiments", to: "#/experiments" },
    { title: view?.experiment?.name ?? experiment, to: listLink(experiment, query) },
    { title: name || id },
  ];
  if (!view) {
    return (
      <>
        <Crumbs parts={crumbs} />
        <Heading title="Run" />
        {error ? <Failure error={error} retry={retry} what="run" /> : <Skeleton rows={14} what="the run" />}
      </>
    );
  }
  return (
    <>
      <Crumbs parts={crumbs} />
      <RunHead view={view} />
      {error && <Failure error={error} retry={retry} what="The run" />}
      <Tabs label="Parts of the run" current={tab} tabs={TABS.map((each) => ({ ...each, to: link(each.id) }))} />
      <Boundary key={tab} what="This tab">
        <Tab view={view} tab={tab} path={path} />
      </Boundary>
    </>
  );
}

function Tab({ view, tab, path }: { view: RunView; tab: RunTab; path: string }) {
  const experiment = view.run.info.experiment_id;
  const isSystem = (key: string): boolean => key.startsWith("system/");
  const charted = { experiments: [experiment], runs: [{ id: view.id, name: view.name }], query: view.query, running: view.running };
  switch (tab) {
    case "metrics":
      return view.metrics.some(({ key }) => !isSystem(key)) ? <Cards {...charted} prefix={null} /> : <NoMetrics />;
    case "system":
      return view.metrics.some(({ key }) => isSystem(key)) ? <Cards {...charted} prefix="system/" /> : (
        <Empty title="No system metrics"><p>Metrics whose name begins with <code>system/</code> are shown here, such as those that MLflow logs by itself.</p></Empty>
      );
    case "artifacts":
      return (
        <Files
          source={{ run_id: view.id }} path={path} uri={`runs:/${view.id}`} memory={experiment}
          linkTo={(to) => runLink(experiment, view.id, view.query, "artifacts", ...(to ? to.split("/") : []))}
        />
      );
    case "logs": return <Logs view={view} />;
    case "models": return <Models view={view} />;
    case "activity": return <Activity view={view} />;
    default: return <Overview view={view} />;
  }
}

export function NoMetrics() {
  return <Empty title="No metrics yet"><p>Log one with <code>ct.log_metric("loss", 0.5, step=1)</code>.</p></Empty>;
}

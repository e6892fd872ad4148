/** The runs of one experiment or several: one selection, and many views of it. */

import { post } from "../../api/client";
import { record } from "../../api/types";
import { ask } from "../../app/dialog";
import { lazy } from "../../app/lazy";
import { useKeys } from "../../app/keys";
import { Failure, Empty, Boundary } from "../../app/failure";
import { Button, Menu, Popover, Skeleton, Snippet } from "../../app/parts";
import { Icon, type IconName } from "../../app/icons";
import { useUiConfig } from "../../app/config";
import { Crumbs, Heading } from "../../app/frame";
import { ShareMenu } from "../../app/share";
import { LiveBadge } from "../../app/live";
import { titleOf, sameParams } from "../../lib/columns";
import { leaves, matching } from "../../lib/filter";
import { parseFilter } from "../../lib/filter-parser";
import { counted, grouped } from "../../lib/format";
import { type Query, serverUri } from "../../lib/url";
import { quickStart } from "../../lib/snippets";
import { ColumnPicker } from "./column-picker";
import { exportRuns } from "./actions";
import { FilterBar } from "./filter-bar";
import { type Runs, useRuns } from "./model";
import { useTitle } from "../../app/title";
import { compare, SelectionBar } from "./selection-bar";
import { RunsTable } from "./table";
import { saveView, useView, ViewsMenu } from "./views";

const NOTE = "mlflow.note.content";
const Markdown = lazy(async () => ({ default: (await import("../../app/markdown")).MarkdownView }));
const Charts = lazy(() => import("../../charts/charts-view"));
const Parallel = lazy(() => import("../../charts/parallel-view"));
const Scatter = lazy(() => import("../../charts/scatter-view"));
const Side = lazy(() => import("../compare/side-view"));

const VIEWS: { id: string; title: string; icon: IconName }[] = [
  { id: "table", title: "Table", icon: "table" },
  { id: "charts", title: "Charts", icon: "chart" },
  { id: "parallel", title: "Parallel", icon: "parallel" },
  { id: "scatter", title: "Scatter", icon: "scatter" },
  { id: "side", title: "Side by side", icon: "side" },
];

export function RunsPage({ experiments, query }: { experiments: string[]; query: Query }) {
  const viewed = useView(experiments[0] ?? "", query);
  return viewed ? <ViewedPage experiments={experiments} query={viewed} /> : <Skeleton rows={14} what="the saved view" />;
}

function ViewedPage({ experiments, query }: { experiments: string[]; query: Query }) {
  const { runs, error, retry } = useRuns(experiments, query);
  const config = useUiConfig();
  const name = runs?.experiment?.name ?? "";
  const title = experiments.length > 1 ? counted(experiments.length, "experiment") : name;
  useTitle(title || "Runs", runs?.live.state === "live");
  useKeys((key) => {
    const view = VIEWS[Number(key) - 1];
    if (view) runs?.setQuery({ view: view.id === "table" ? null : view.id }, "push");
    else if (key === "c" && runs) compare(runs);
    else if (key === "r") void retry().catch(() => undefined);
    else if (key === "l" && runs) runs.follow(!runs.isFollowed);
    else if (key === "Escape" && runs?.selected.length) runs.setQuery({ sel: null });
    else return false;
    return true;
  });
  if (!runs) {
    return (
      <>
        <Crumbs parts={[{ title: "Experiments", to: "#/experiments" }, { title: title || "…" }]} />
        <Heading title={title || "Runs"} />
        {error ? <Failure error={error} retry={retry} what="experiment" /> : <Skeleton rows={14} what="the table of runs" />}
      </>
    );
  }
  const readOnly = config?.read_only ? "this page is read-only" : "";
  return (
    <>
      <Crumbs parts={[{ title: "Experiments", to: "#/experiments" }, { title }]} />
      <div class="title-row">
        <Heading title={title} />
        <LiveBadge live={runs.live} />
        <span class="grow" />
        <ShareMenu tooLong={() => saveView(runs, experiments[0] ?? "")} />
        <Menu label="More" items={[
          { title: "Export CSV", onClick: () => exportRuns(runs, "csv") },
          { title: "Export JSON", onClick: () => exportRuns(runs, "json") },
          { title: "Copy as Markdown", onClick: () => exportRuns(runs, "markdown") },
          { title: "Copy as Python", onClick: () => exportRuns(runs, "python") },
          experiments.length === 1 ? { title: "Describe this experiment", disabled: readOnly, onClick: () => describe(runs) } : null,
          { title: runs.isFollowed ? "Stop following" : "Follow what comes (l)", onClick: () => runs.follow(!runs.isFollowed) },
        ]} />
      </div>
      <Note runs={runs} />
      {error && <Failure error={error} retry={retry} what="The table" />}
      <FilterBar runs={runs} />
      <Toolbar runs={runs} />
      {runs.news > 0 && <Button kind="main" class="news" onClick={runs.takeNews}>{counted(runs.news, "new run")}</Button>}
      <Boundary key={query.get("view")} what="This view">
        <View runs={runs} />
      </Boundary>
      <SelectionBar runs={runs} readOnly={readOnly} />
    </>
  );
}

/** What the experiment is about; its Markdown is drawn by a part that is fetched for it. */
function Note({ runs }: { runs: Runs }) {
  const text = record(runs.experiment?.tags)[NOTE];
  if (!text || runs.experiments.length > 1) return null;
  return <details class="note-of"><summary>{text.split("\n")[0]}</summary><Markdown text={text} /></details>;
}

function describe(runs: Runs): void {
  const text = record(runs.experiment?.tags)[NOTE] ?? "";
  ask("Describe this experiment", [{ name: "text", label: "Description", value: text, lines: 8, hint: "Markdown" }], "Save", async ({ text: value }) => {
    await post("mlflow/experiments/set-experiment-tag", { experiment_id: runs.experiments[0], key: NOTE, value });
    await runs.reload();
  });
}

function View({ runs }: { runs: Runs }) {
  if (runs.frame.rows === 0 && runs.where === "here") return <NoRuns runs={runs} />;
  if (runs.rows.length === 0) return <NoMatch runs={runs} />;
  switch (runs.query.get("view")) {
    case "charts": return <Charts runs={runs} />;
    case "parallel": return <Parallel runs={runs} />;
    case "scatter": return <Scatter runs={runs} />;
    case "side": return <Side runs={runs} />;
    default: return <RunsTable runs={runs} />;
  }
}

function Toolbar({ runs }: { runs: Runs }) {
  const view = runs.query.get("view") ?? "table";
  const same = sameParams(runs.frame);
  return (
    <div class="toolbar">
      <div class="views" role="group" aria-label="View">
        {VIEWS.map(({ id, title, icon }, at) => (
          <button key={id} type="button" aria-pressed={view === id} title={`${title} (${at + 1})`} onClick={() => runs.setQuery({ view: id === "table" ? null : id }, "push")}>
            <Icon name={icon} /> <span>{title}</span>
          </button>
        ))}
      </div>
      <ColumnPicker runs={runs} />
      <GroupPicker runs={runs} />
      <ViewsMenu runs={runs} />
      <label class="state">
        <span class="unseen">State</span>
        <select value={runs.query.get("state") ?? "active"} onChange={(event) => runs.setQuery({ state: event.currentTarget.value === "active" ? null : event.currentTarget.value, sel: null })}>
          <option value="active">Active</option>
          <option value="deleted">In the trash</option>
          <option value="all">All</option>
        </select>
      </label>
      {same.length > 0 && (
        <details class="same">
          <summary>same in all {grouped(runs.frame.rows)}: {same.slice(0, 3).map(({ name, value }) => `${name}=${value}`).join(", ")}{same.length > 3 ? `, … ${same.length - 3} more` : ""}</summary>
          <dl>{same.map(({ name, value }) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
        </details>
      )}
    </div>
  );
}

function GroupPicker({ runs }: { runs: Runs }) {
  const now = runs.query.get("group");
  const choices = runs.frame.catalogue.filter((fact) => /^(params|tags)\./.test(fact.name) && !/^tags\.mlflow\.(runName|parentRunId|log-model)/.test(fact.name) && fact.distinct > 1 && fact.distinct <= 200);
  return (
    <Popover label="Group" button={<><Icon name="folder" /> {now ? `by ${titleOf(now)}` : "Group"}</>}>
      {(close) => (
        <ul class="menu">
          <li><Button kind="quiet" onClick={() => { runs.setQuery({ group: null }); close(); }}>No groups</Button></li>
          {["attributes.status", "attributes.user_id", ...choices.map((fact) => fact.name)].slice(0, 40).map((name) => (
            <li key={name}><Button kind="quiet" onClick={() => { runs.setQuery({ group: name }); close(); }}>{titleOf(name)}</Button></li>
          ))}
        </ul>
      )}
    </Popover>
  );
}

function NoRuns({ runs }: { runs: Runs }) {
  if (runs.query.get("state") === "deleted") return <Empty title="Nothing is in the trash" />;
  return (
    <Empty title="No runs yet">
      <p>Record the first one:</p>
      <Snippet label="quick start" text={quickStart(serverUri(), runs.experiment?.name ?? "first steps")} />
    </Empty>
  );
}

/** The filter in words, each condition with how many it lets through by itself, and a way to take it away. */
function NoMatch({ runs }: { runs: Runs }) {
  const q = runs.query.get("q") ?? "";
  let conditions: { text: string; count: number; without: string }[] = [];
  try {
    const expression = parseFilter(q);
    if (expression && runs.where === "here") {
      const parts = expression.kind === "and" ? expression.parts : [expression];
      const texts = parts.map((part) => {
        const found = leaves(part);
        return q.slice(Math.min(...found.map((each) => each.start)), Math.max(...found.map((each) => each.end)));
      });
      conditions = parts.map((part, at) => ({
        text: texts[at] as string, count: matching(runs.frame, part).length, without: texts.filter((_, other) => other !== at).join(" AND "),
      }));
    }
  } catch {
    // words or a broken filter: the bar says it
  }
  return (
    <Empty title="No run matches">
      {conditions.length > 0 ? (
        <ul class="conditions">
          {conditions.map(({ text, count, without }) => (
            <li key={text}>
              <code>{text}</code> <span>{counted(count, "run")} by itself</span>
              <Button icon="close" label={`Remove ${text}`} onClick={() => runs.setQuery({ q: without })} />
            </li>
          ))}
        </ul>
      ) : (
        <p>Nothing has “{q}”.</p>
      )}
      <p><Button onClick={() => runs.setQuery({ q: null })}>Clear the filter</Button></p>
    </Empty>
  );
}


/** All experiments: how many runs, the best, the last activity. */

import { useMemo, useState } from "preact/hooks";
import { post } from "../api/client";
import { type ExperimentRow, number } from "../api/types";
import { useSetQuery } from "../app/address";
import { useUiConfig } from "../app/config";
import { useGet, usePoll } from "../app/data";
import { ask, attempt } from "../app/dialog";
import { Empty, Failure } from "../app/failure";
import { Crumbs, Heading } from "../app/frame";
import { Icon } from "../app/icons";
import { LiveBadge } from "../app/live";
import { Button, Menu, Num, RelTime, Skeleton, Snippet } from "../app/parts";
import { changeSettings, getSettings, useSettings } from "../app/settings";
import { toast } from "../app/toasts";
import { Sparkline } from "../charts/sparkline";
import { Grid, type GridColumn } from "../grid/grid";
import { primaryOf } from "../lib/columns";
import { counted, grouped } from "../lib/format";
import { quickStart } from "../lib/snippets";
import { go, href, type Query, serverUri } from "../lib/url";
import { useTitle } from "../app/title";
import { parseSort, printSort } from "../lib/sorting";

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
  useTitle("Experiments");
  const setQuery = useSetQuery();
  const config = useUiConfig();
  const { starred } = useSettings();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const state = query.get("state");
  const table = useGet<ExperimentsWire>("cloudtrack/experiments/table", { state });
  const live = usePoll(Boolean(table.data?.experiments.some((each) => each.runs.running > 0)), table.refresh);
  const rows = useMemo(() => found(table.data?.experiments ?? [], query, starred), [table.data, query, starred]);
  const readOnly = config?.read_only ? "this page is read-only" : "";
  const open = (at: number, inNewTab: boolean): void => {
    const to = href(["experiments", rows[at]?.experiment_id ?? ""]);
    if (inNewTab) window.open(to, "_blank", "noopener");
    else go(to);
  };
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
            <span class="note">{grouped(rows.length)} of {grouped(table.data.total ?? table.data.experiments.length)}</span>
            {table.data.next && <span class="note">only the first {grouped(table.data.experiments.length)} are shown</span>}
            {chosen.size > 1 && <a class="button main" href={href(["experiments", [...chosen].join(",")])}>Open {chosen.size} together</a>}
          </div>
          {rows.length === 0 ? <Empty title="No experiment has that name or tag" /> : (
            <Grid
              label="Experiments"
              columns={columnsOf(rows, chosen, starred, table.refresh, readOnly)}
              rows={rows.length}
              rowHeight={34}
              rowKey={(at) => rows[at]?.experiment_id ?? ""}
              rowTone={(at) => (chosen.has(rows[at]?.experiment_id ?? "") ? "selected" : "")}
              isSelected={(at) => chosen.has(rows[at]?.experiment_id ?? "")}
              onSelect={(at) => {
                const next = new Set(chosen);
                const id = rows[at]?.experiment_id ?? "";
                if (!next.delete(id)) next.add(id);
                setChosen(next);
              }}
              onOpen={open}
              sort={parseSort(query)}
              onSort={(id) => {
                const now = parseSort(query).find((each) => each.id === id);
                setQuery(printSort(now ? (now.descending ? [{ id, descending: false }] : []) : [{ id, descending: true }]));
              }}
            />
          )}
        </>
      )}
    </>
  );
}

function columnsOf(rows: readonly ExperimentRow[], chosen: ReadonlySet<string>, starred: readonly string[], refresh: () => Promise<boolean>, readOnly: string): GridColumn[] {
  const at = (row: number): ExperimentRow => rows[row] as ExperimentRow;
  return [
    { id: "select", title: "", width: 34, pinned: true, cell: (row) => <span class={`tick ${chosen.has(at(row).experiment_id) ? "on" : ""}`}>{chosen.has(at(row).experiment_id) && <Icon name="check" />}</span> },
    {
      id: "name", title: "name", width: 300, pinned: true, sortable: true,
      cell: (row) => (
        <span class="run-name">
          <a href={href(["experiments", at(row).experiment_id])} tabIndex={-1} title={at(row).name}>{at(row).name}</a>
          {at(row).lifecycle_stage === "deleted" && <small> in the trash</small>}
        </span>
      ),
    },
    {
      id: "runs", title: "runs", width: 150, sortable: true, align: "right",
      cell: (row) => {
        const { total, running, failed } = at(row).runs;
        return <span class="num">{grouped(total)}{running > 0 && <small class="running"> {running} running</small>}{failed > 0 && <small class="failed" title="failed in 7 days"> {failed} failed</small>}</span>;
      },
    },
    { id: "activity", title: "30 days", width: 110, cell: (row) => <Sparkline values={at(row).activity} label={`${counted(at(row).activity.reduce((a, b) => a + b, 0), "run")} in 30 days`} /> },
    {
      id: "best", title: "best", width: 190, sortable: true,
      cell: (row) => {
        const { best, experiment_id } = at(row);
        if (!best) return <span class="none">–</span>;
        return <a href={href(["experiments", experiment_id, "runs", best.run_id])} tabIndex={-1}>{best.key} <Num value={number(best.value)} /></a>;
      },
    },
    { id: "last", title: "last activity", width: 130, sortable: true, cell: (row) => <RelTime ms={at(row).last_activity} /> },
    { id: "created", title: "created", width: 120, sortable: true, cell: (row) => <RelTime ms={at(row).creation_time} /> },
    { id: "tags", title: "tags", width: 260, cell: (row) => Object.entries(at(row).tags).filter(([key]) => !/^(mlflow|cloudtrack)\./.test(key)).map(([key, value]) => <span key={key} class="chip" title={`${key}: ${value}`}>{key}: {value}</span>) },
    {
      id: "menu", title: "", width: 80,
      cell: (row) => (
        <span class="row-actions">
          <Button kind="quiet" icon="star" class={starred.includes(at(row).experiment_id) ? "starred" : ""} pressed={starred.includes(at(row).experiment_id)} label={`Star ${at(row).name}`} onClick={() => star(at(row).experiment_id)} />
          <Menu label={`Actions on ${at(row).name}`} items={actions(at(row), refresh, readOnly)} />
        </span>
      ),
    },
  ];
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

function star(id: string): void {
  const { starred } = getSettings();
  changeSettings({ starred: starred.includes(id) ? starred.filter((each) => each !== id) : [...starred, id] });
}

function create(refresh: () => Promise<boolean>): void {
  ask("New experiment", [{ name: "name", label: "Name", required: true }], "Create", async ({ name }) => {
    const { experiment_id } = await post<{ experiment_id: string }>("mlflow/experiments/create", { name: name?.trim() });
    await refresh();
    go(href(["experiments", experiment_id]));
  });
}

function actions(row: ExperimentRow, refresh: () => Promise<boolean>, readOnly: string) {
  const id = row.experiment_id;
  const isDeleted = row.lifecycle_stage === "deleted";
  const primary = primaryOf(row.tags["cloudtrack.primary_metric"]);
  return [
    {
      title: "Rename", disabled: readOnly,
      onClick: () => ask("Rename experiment", [{ name: "name", label: "Name", value: row.name, required: true }], "Rename", async ({ name }) => {
        await post("mlflow/experiments/update", { experiment_id: id, new_name: name?.trim() });
        await refresh();
      }),
    },
    {
      title: "Tag", disabled: readOnly,
      onClick: () => ask("Tag experiment", [{ name: "key", label: "Key", required: true }, { name: "value", label: "Value" }], "Set tag", async ({ key, value }) => {
        await post("mlflow/experiments/set-experiment-tag", { experiment_id: id, key: key?.trim(), value });
        await refresh();
      }),
    },
    {
      title: "Primary metric", disabled: readOnly,
      onClick: () => ask("Primary metric", [
        { name: "key", label: "Metric", value: primary?.key ?? "", required: true, hint: "what the best run is told by" },
        { name: "direction", label: "Better is", value: primary?.direction ?? "max", options: [{ value: "max", title: "more" }, { value: "min", title: "less" }] },
      ], "Set", async ({ key, direction }) => {
        await post("mlflow/experiments/set-experiment-tag", { experiment_id: id, key: "cloudtrack.primary_metric", value: JSON.stringify({ key: key?.trim(), direction }) });
        await refresh();
      }),
    },
    isDeleted
      ? { title: "Restore", disabled: readOnly, onClick: () => void attempt(async () => { await post("mlflow/experiments/restore", { experiment_id: id }); await refresh(); toast(`${row.name} restored`); }) }
      : {
        title: "Move to trash", danger: true, disabled: readOnly,
        onClick: () => void attempt(async () => {
          await post("mlflow/experiments/delete", { experiment_id: id });
          await refresh();
          toast(`${row.name} moved to the trash`, { undo: () => void attempt(async () => { await post("mlflow/experiments/restore", { experiment_id: id }); await refresh(); }) });
        }),
      },
  ];
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

/** What the tabs of a run's page look at: the run, its experiment, and the versions that came from it. */

import { get } from "../../api/client";
import type { ApiError } from "../../api/errors";
import { type Experiment, number, record, type Run } from "../../api/types";
import { useUiConfig } from "../../app/config";
import { type Live, useGet, useLoaded, usePoll } from "../../app/data";
import { better, type Primary, primaryOf } from "../../lib/columns";
import { frame, type TableWire } from "../../lib/frame";
import { LIST_KEYS } from "../../lib/routes";
import { href, type Query } from "../../lib/url";

export interface Summary {
  min: number | string;
  min_step: number;
  max: number | string;
  max_step: number;
  mean: number | string;
  count: number;
}

export interface RunWire {
  run: Run;
  heartbeat_time: number | null;
  summaries: Record<string, Summary>;
}

export interface VersionWire {
  name: string;
  version: string;
  current_stage: string;
  aliases?: string[];
  status?: string;
  source: string;
  model_id?: string;
  creation_timestamp?: number;
  user_id?: string;
}

export interface LoggedModel {
  info: { model_id: string; name: string; status: string; creation_timestamp_ms?: number; model_type?: string };
  data?: { metrics?: { key: string; value: number | string; dataset_name?: string }[]; params?: { key: string; value: string }[] };
}

export interface RunView {
  run: Run;
  id: string;
  name: string;
  tags: Record<string, string>;
  running: boolean;
  deleted: boolean;
  /** A run that is said to be running, of which nothing has been heard for ten minutes. */
  stale: boolean;
  metrics: MetricRow[];
  experiment: Experiment | null;
  primary: Primary | null;
  versions: VersionWire[];
  live: Live;
  /** Why nothing can be changed; empty where it can. */
  readOnly: string;
  refresh: () => Promise<unknown>;
  query: Query;
}

export interface MetricRow {
  key: string;
  last: number;
  min: number;
  max: number;
  count: number;
  /** Of the best value. */
  step: number;
  isLow: boolean;
}

export const SILENT_MS = 10 * 60_000;
const MOST_MODELS = 50;

export function useRun(id: string, query: Query): { view: RunView | null; error: ApiError | null; retry: () => Promise<unknown> } {
  const config = useUiConfig();
  const page = useGet<RunWire>("cloudtrack/runs/page", { run_id: id });
  const run = page.data?.run;
  const running = run?.info.status === "RUNNING" && run.info.lifecycle_stage !== "deleted";
  const live = usePoll(Boolean(running), page.refresh);
  const experiment = useGet<{ experiment: Experiment }>(run ? "mlflow/experiments/get" : null, { experiment_id: run?.info.experiment_id ?? "" });
  const versions = useGet<{ model_versions?: VersionWire[] }>("cloudtrack/model-versions/versions-from", { run_id: id });
  const primary = primaryOf(record(experiment.data?.experiment.tags)["cloudtrack.primary_metric"]);
  const refresh = async (): Promise<unknown> => Promise.all([page.refresh(), versions.refresh()]);
  if (!page.data || !run) return { view: null, error: page.error, retry: page.refresh };
  return {
    view: {
      run, id, name: run.info.run_name || id, tags: record(run.data.tags), running: Boolean(running), deleted: run.info.lifecycle_stage === "deleted",
      stale: Boolean(running) && Date.now() - lastSign(page.data) > SILENT_MS,
      metrics: metricRows(page.data, primary), experiment: experiment.data?.experiment ?? null, primary,
      versions: versions.data?.model_versions ?? [], live, readOnly: config?.read_only ? "this page is read-only" : "", refresh, query,
    },
    error: page.error, retry: page.refresh,
  };
}

/** When the run was last heard of, in ms since the epoch: its heartbeat, or what it logged last where it sends none. */
function lastSign({ run, heartbeat_time }: RunWire): number {
  return heartbeat_time ?? Math.max(run.info.start_time ?? 0, ...(run.data.metrics ?? []).map((metric) => metric.timestamp));
}

function metricRows({ run, summaries }: RunWire, primary: Primary | null): MetricRow[] {
  return (run.data.metrics ?? []).map(({ key, value }) => {
    const found = Object.hasOwn(summaries, key) ? (summaries[key] as Summary) : null;
    const isLow = (primary?.key === key ? primary.direction : better(`metrics.${key}`)) === "min";
    return {
      key, last: number(value) ?? Number.NaN, min: number(found?.min) ?? Number.NaN, max: number(found?.max) ?? Number.NaN,
      count: found?.count ?? 1, step: (isLow ? found?.min_step : found?.max_step) ?? 0, isLow,
    };
  });
}

/** The models that the run says it made. */
export function useModels(run: Run) {
  const ids = [...new Set((run.outputs?.model_outputs ?? []).map((each) => each.model_id))].slice(-MOST_MODELS);
  return useLoaded<LoggedModel[]>(ids.length ? `models ${ids.join(" ")}` : null, (signal) =>
    Promise.all(ids.map(async (id) => (await get<{ model: LoggedModel }>(`mlflow/logged-models/${encodeURIComponent(id)}`, {}, signal)).model)));
}

export interface Relative {
  id: string;
  name: string;
  status: string;
}

/** Child runs, and the parent. */
export function useFamily(view: RunView): { children: Relative[]; parent: Relative | null } {
  const parentId = view.tags["mlflow.parentRunId"];
  const children = useGet<TableWire>("cloudtrack/runs/table", {
    experiment_ids: [view.run.info.experiment_id], columns: ["tags.mlflow.parentRunId"], filter: `tags.mlflow.parentRunId = '${view.id.replace(/'/g, "")}'`,
  });
  const parent = useGet<{ run: Run }>(parentId ? "mlflow/runs/get" : null, { run_id: parentId ?? "" });
  const table = children.data ? frame(children.data) : null;
  const column = (name: string, row: number): string => String(table?.columns.get(name)?.at(row) ?? "");
  return {
    children: (table?.ids ?? []).map((id, row) => ({ id, name: column("attributes.run_name", row) || id, status: column("attributes.status", row) })),
    parent: parent.data ? { id: parent.data.run.info.run_id, name: parent.data.run.info.run_name ?? "", status: parent.data.run.info.status } : null,
  };
}

/** A run's address, with what of this one's belongs to the list. */
export function runLink(experiment: string, run: string, query: Query, ...below: string[]): string {
  return href(["experiments", experiment, "runs", run, ...below], new Map([...query].filter(([key]) => LIST_KEYS.includes(key))));
}

export function listLink(experiment: string, query: Query): string {
  return href(["experiments", experiment], new Map([...query].filter(([key]) => LIST_KEYS.includes(key))));
}

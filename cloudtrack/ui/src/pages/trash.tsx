/** What was deleted: back with one click, or gone for good after its name was typed. */

import { get, post } from "../api/client";
import { ApiError } from "../api/errors";
import { useUiConfig } from "../app/config";
import { useLoaded } from "../app/data";
import { ask, attempt, Form, show } from "../app/dialog";
import { Empty, Failure } from "../app/failure";
import { Crumbs, Heading } from "../app/frame";
import { Button, RelTime, Skeleton, Status } from "../app/parts";
import { toast } from "../app/toasts";
import { Grid } from "../grid/grid";
import { counted } from "../lib/format";
import { frame, type TableWire } from "../lib/frame";
import { go, href, type Query } from "../lib/url";
import type { ExperimentRow } from "../api/types";
import { useSetQuery } from "../app/address";
import { useTitle } from "../app/title";

interface DeletedRun {
  id: string;
  name: string;
  status: string;
  start: number | null;
  user: string;
  experiment: ExperimentRow;
}
interface Trash {
  experiments: ExperimentRow[];
  runs: DeletedRun[];
  isWhole: boolean;
}

const AT_ONCE = 100;
const ROW = 34;
const MOST_SHOWN = 14;

export default function TrashPage({ query }: { query: Query }) {
  useTitle("Trash");
  const config = useUiConfig();
  const setQuery = useSetQuery();
  const found = useLoaded<Trash>("trash", load);
  const readOnly = config?.read_only ? "this page is read-only" : "";
  const words = (query.get("q") ?? "").toLowerCase();
  const has = (...texts: string[]): boolean => texts.some((text) => text.toLowerCase().includes(words));
  const experiments = found.data?.experiments.filter((each) => has(each.name)) ?? [];
  const runs = found.data?.runs.filter((each) => has(each.name, each.id, each.experiment.name)) ?? [];
  const restore = (what: string, name: string, body: Record<string, string>): void => void attempt(async () => {
    await post(`mlflow/${what}/restore`, body);
    await found.refresh();
    toast(`${name} restored`, { undo: () => void attempt(async () => { await post(`mlflow/${what}/delete`, body); await found.refresh(); }) });
  });
  const run = (row: number): DeletedRun => runs[row] as DeletedRun;
  const experiment = (row: number): ExperimentRow => experiments[row] as ExperimentRow;
  return (
    <>
      <Crumbs parts={[{ title: "Trash" }]} />
      <div class="title-row"><Heading title="Trash" /></div>
      {found.error && <Failure error={found.error} retry={found.refresh} what="The trash" />}
      {found.isLoading && <Skeleton rows={8} what="what was deleted" />}
      {found.data && !found.data.experiments.length && !found.data.runs.length && (
        <Empty title="The trash is empty"><p>Runs and experiments that are deleted wait here until somebody restores them or removes them for good.</p></Empty>
      )}
      {found.data && (found.data.experiments.length > 0 || found.data.runs.length > 0) && (
        <div class="toolbar">
          <input type="search" aria-label="Find in the trash" placeholder="name" value={query.get("q") ?? ""} onInput={(event) => setQuery({ q: event.currentTarget.value }, "typing")} />
          <span class="note">{counted(experiments.length, "experiment")}, {counted(runs.length, "run")}</span>
          {!found.data.isWhole && <span class="note">only the runs of the first experiments are shown</span>}
        </div>
      )}
      {experiments.length > 0 && (
        <section class="trash-part" aria-labelledby="trash-experiments">
          <h2 id="trash-experiments">Experiments</h2>
          <div class="small-grid" style={heightOf(experiments.length)}>
            <Grid
              label="Deleted experiments" rows={experiments.length} rowHeight={ROW} rowKey={(row) => experiment(row).experiment_id}
              onOpen={(row) => go(href(["experiments", experiment(row).experiment_id], { state: "all" }))}
              columns={[
                { id: "name", title: "name", width: 300, pinned: true, cell: (row) => <a href={href(["experiments", experiment(row).experiment_id], { state: "all" })} tabIndex={-1} title={experiment(row).name}>{experiment(row).name}</a> },
                // nothing else changes an experiment that is in the trash
                { id: "deleted", title: "deleted", width: 130, cell: (row) => <RelTime ms={experiment(row).last_update_time} /> },
                {
                  id: "actions", title: "", width: 260,
                  cell: (row) => (
                    <span class="row-actions">
                      <Button icon="undo" disabled={readOnly} onClick={() => restore("experiments", experiment(row).name, { experiment_id: experiment(row).experiment_id })}>Restore</Button>
                      <Button kind="danger" disabled={readOnly} onClick={() => askToPurgeExperiment(experiment(row), found.refresh)}>Remove for good</Button>
                    </span>
                  ),
                },
              ]}
            />
          </div>
        </section>
      )}
      {runs.length > 0 && (
        <section class="trash-part" aria-labelledby="trash-runs">
          <h2 id="trash-runs">Runs</h2>
          <div class="small-grid" style={heightOf(runs.length)}>
            <Grid
              label="Deleted runs" rows={runs.length} rowHeight={ROW} rowKey={(row) => run(row).id} onOpen={(row) => go(runAddress(run(row)))}
              columns={[
                { id: "name", title: "name", width: 240, pinned: true, cell: (row) => <a href={runAddress(run(row))} tabIndex={-1} title={run(row).name}>{run(row).name}</a> },
                { id: "experiment", title: "experiment", width: 200, cell: (row) => <span title={run(row).experiment.name}>{run(row).experiment.name}</span> },
                { id: "status", title: "status", width: 110, cell: (row) => <Status status={run(row).status} /> },
                { id: "start", title: "start", width: 110, cell: (row) => <RelTime ms={run(row).start} /> },
                { id: "user", title: "user", width: 110, cell: (row) => <span>{run(row).user}</span> },
                {
                  id: "actions", title: "", width: 260,
                  cell: (row) => (
                    <span class="row-actions">
                      <Button icon="undo" disabled={readOnly} onClick={() => restore("runs", run(row).name, { run_id: run(row).id })}>Restore</Button>
                      <Button kind="danger" disabled={readOnly} onClick={() => void attempt(() => askToPurge(run(row), found.refresh))}>Remove for good</Button>
                    </span>
                  ),
                },
              ]}
            />
          </div>
        </section>
      )}
    </>
  );
}

function runAddress(run: DeletedRun): string {
  return href(["experiments", run.experiment.experiment_id, "runs", run.id]);
}

function heightOf(rows: number): { height: string } {
  return { height: `${(Math.min(MOST_SHOWN, rows) + 1) * ROW + 2}px` };
}

/** Deleted experiments, and deleted runs of those that are not: the others come back with their experiment. */
async function load(signal: AbortSignal): Promise<Trash> {
  const { experiments, next } = await get<{ experiments: ExperimentRow[]; next?: string }>("cloudtrack/experiments/table", { state: "all" }, signal);
  const active = experiments.filter((each) => each.lifecycle_stage !== "deleted");
  const groups = Array.from({ length: Math.ceil(active.length / AT_ONCE) }, (_, at) => active.slice(at * AT_ONCE, (at + 1) * AT_ONCE));
  const tables = await Promise.all(groups.map((group) => get<TableWire>("cloudtrack/runs/table", {
    experiment_ids: group.map((each) => each.experiment_id), state: "deleted", columns: ["attributes.user_id"],
  }, signal)));
  const byId = new Map(active.map((each) => [each.experiment_id, each]));
  return {
    experiments: experiments.filter((each) => each.lifecycle_stage === "deleted"),
    runs: tables.flatMap((wire) => runsOf(wire, byId)),
    isWhole: !next && tables.every((wire) => !wire.truncated),
  };
}

function runsOf(wire: TableWire, byId: ReadonlyMap<string, ExperimentRow>): DeletedRun[] {
  const table = frame(wire);
  const at = (name: string, row: number) => table.columns.get(`attributes.${name}`)?.at(row) ?? null;
  return table.ids.flatMap((id, row) => {
    const experiment = byId.get(String(at("experiment_id", row)));
    if (!experiment) return [];
    const start = at("start_time", row);
    return [{ id, name: String(at("run_name", row) ?? id), status: String(at("status", row)), start: typeof start === "number" ? start : null, user: String(at("user_id", row) ?? ""), experiment }];
  });
}

/** The dialog says which versions hold the run's files; the server has the last word. */
async function askToPurge(run: DeletedRun, refresh: () => Promise<unknown>): Promise<void> {
  const { model_versions: versions = [] } = await get<{ model_versions?: { name: string; version: string; current_stage: string }[] }>("cloudtrack/model-versions/versions-from", { run_id: run.id });
  show((close) => (
    <Form
      title={`Remove ${run.name} for good`} action="Remove for good" danger onClose={close}
      fields={[{ name: "name", label: `Type the run's name: ${run.name}`, mustBe: run.name }]}
      act={async () => {
        await purge("runs", { run_id: run.id, confirm: run.id });
        await refresh();
        toast(`${run.name} is gone`);
      }}
    >
      <p>Its params, metrics and files cannot be brought back.</p>
      {versions.length > 0 && (
        <p class="problem">
          {counted(versions.length, "version")} came from it: {versions.slice(0, 20).map((each, at) => (
            <>{at > 0 && ", "}<a href={href(["models", each.name, "versions", each.version])} onClick={close}>{each.name} v{each.version}</a> ({each.current_stage})</>
          ))}. Remove these first.
        </p>
      )}
    </Form>
  ));
}

function askToPurgeExperiment(experiment: ExperimentRow, refresh: () => Promise<unknown>): void {
  ask(`Remove ${experiment.name} for good`, [{ name: "name", label: `Type the experiment's name: ${experiment.name}`, mustBe: experiment.name }], "Remove for good", async () => {
    await purge("experiments", { experiment_id: experiment.experiment_id, confirm: experiment.experiment_id });
    await refresh();
    toast(`${experiment.name} is gone`);
  }, { danger: true, text: "With it go all of its runs: their params, metrics and files cannot be brought back." });
}

async function purge(what: "runs" | "experiments", body: Record<string, string>): Promise<void> {
  try {
    await post(`cloudtrack/${what}/purge`, body);
  } catch (error) {
    if (error instanceof ApiError && error.code === "ENDPOINT_NOT_FOUND") throw new Error("this server removes nothing for good: use the command line on the store itself");
    throw error;
  }
}

/** What can be done with runs: rename, tag, trash and back, export. */

import { post } from "../../api/client";
import { ask, attempt, show, Dialog } from "../../app/dialog";
import { Button, copy } from "../../app/parts";
import { toast } from "../../app/toasts";
import { csv, json, markdown, python, save, type Sheet } from "../../lib/export";
import { counted } from "../../lib/format";
import { titleOf } from "../../lib/columns";
import { named } from "../../lib/filter";
import type { Runs } from "./model";

const AT_ONCE = 6;

/** Do something to each of some runs, a few at a time; those that fail are said. */
export async function forEach(ids: readonly string[], act: (id: string) => Promise<unknown>): Promise<void> {
  const failed: string[] = [];
  let reason = "";
  const queue = [...ids];
  const worker = async (): Promise<void> => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      try {
        await act(id);
      } catch (error) {
        failed.push(id);
        reason = error instanceof Error ? error.message : String(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, worker));
  if (failed.length) throw new Error(`${failed.length} of ${counted(ids.length, "run")} failed: ${reason}`);
}

export function trash(runs: Runs, ids: readonly string[]): void {
  void attempt(async () => {
    await forEach(ids, (id) => post("mlflow/runs/delete", { run_id: id }));
    runs.select(ids, false);
    await runs.refresh();
    toast(`${counted(ids.length, "run")} moved to the trash`, {
      undo: () => void attempt(async () => {
        await forEach(ids, (id) => post("mlflow/runs/restore", { run_id: id }));
        await runs.refresh();
      }),
    });
  });
}

export function restore(runs: Runs, ids: readonly string[]): void {
  void attempt(async () => {
    await forEach(ids, (id) => post("mlflow/runs/restore", { run_id: id }));
    await runs.refresh();
    toast(`${counted(ids.length, "run")} restored`);
  });
}

export function tagRuns(runs: Runs, ids: readonly string[]): void {
  ask(`Tag ${counted(ids.length, "run")}`, [{ name: "key", label: "Key", required: true }, { name: "value", label: "Value" }], "Set tag", async ({ key, value }) => {
    await forEach(ids, (id) => post("mlflow/runs/set-tag", { run_id: id, key: key?.trim(), value }));
    await runs.refresh();
    toast(`tag ${key} set on ${counted(ids.length, "run")}`);
  });
}

export function renameRun(runs: Runs, id: string): void {
  const row = runs.frame.ids.indexOf(id);
  const before = String(runs.column("attributes.run_name")?.at(row) ?? "");
  ask("Rename run", [{ name: "name", label: "Name", value: before, required: true }], "Rename", async ({ name }) => {
    await post("mlflow/runs/update", { run_id: id, run_name: name });
    await runs.refresh();
  });
}

/** The shown columns of the shown rows. */
export function sheet(runs: Runs): Sheet {
  const names = ["attributes.run_name", ...runs.columns];
  return {
    names: ["run_id", ...names.map(titleOf)],
    rows: Array.from(runs.rows, (row) => [runs.frame.ids[row] as string, ...names.map((name) => runs.column(name)?.at(row) ?? null)]),
  };
}

export function exportRuns(runs: Runs, how: "csv" | "json" | "markdown" | "python"): void {
  const name = `runs-${runs.experiments.join("-")}`;
  if (how === "csv") save(`${name}.csv`, "text/csv", csv(sheet(runs)));
  if (how === "json") save(`${name}.json`, "application/json", json(sheet(runs)));
  if (how === "markdown") copy(markdown(sheet(runs)), "Markdown table");
  if (how === "python") {
    const [first] = runs.sort;
    const order = first && /^(metrics|params|tags|attributes)\./.test(first.id) ? `${named(first.id)} ${first.descending ? "DESC" : "ASC"}` : "";
    copy(python(runs.experiments, runs.query.get("q") ?? "", order), "Python");
  }
}

/** The menu of one run, for the keyboard; the same is on its page. */
export function runMenu(runs: Runs, id: string): void {
  show((close) => (
    <Dialog title="Run" onClose={close}>
      <ul class="menu">
        {([
          ["Rename", () => renameRun(runs, id)],
          ["Tag", () => tagRuns(runs, [id])],
          ["Copy run id", () => copy(id, "Run id")],
          ["Copy runs:/ URI", () => copy(`runs:/${id}`, "URI")],
          ["Move to trash", () => trash(runs, [id])],
        ] as [string, () => void][]).map(([title, act]) => (
          <li key={title}>
            <Button kind="quiet" onClick={() => { close(); act(); }}>{title}</Button>
          </li>
        ))}
      </ul>
    </Dialog>
  ));
}

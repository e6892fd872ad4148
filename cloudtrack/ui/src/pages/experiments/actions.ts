/** What can be done with an experiment. */

import { post } from "../../api/client";
import type { ExperimentRow } from "../../api/types";
import { ask, attempt } from "../../app/dialog";
import { changeSettings, getSettings } from "../../app/settings";
import { toast } from "../../app/toasts";
import { primaryOf } from "../../lib/columns";

export function star(id: string): void {
  const { starred } = getSettings();
  changeSettings({ starred: starred.includes(id) ? starred.filter((each) => each !== id) : [...starred, id] });
}

export function actions(row: ExperimentRow, refresh: () => Promise<boolean>, readOnly: string) {
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

/** Small changes of models and versions: descriptions, tags, aliases, names; and deleting, which wants the name typed. */

import { get, post, write } from "../../api/client";
import { rollBack } from "../../api/registry";
import { ask, attempt } from "../../app/dialog";
import { toast } from "../../app/toasts";
import { go, href } from "../../lib/url";

type Done = () => Promise<unknown> | void;

/** A registered model, or with a version one of its versions. */
export interface Owner {
  name: string;
  version?: string;
}

function kind({ version }: Owner): string {
  return version === undefined ? "registered-models" : "model-versions";
}

export function describe(owner: Owner, done: Done): void {
  void attempt(async () => {
    const found = await get<{ registered_model?: { description?: string }; model_version?: { description?: string } }>(`mlflow/${kind(owner)}/get`, { ...owner });
    const text = (found.registered_model ?? found.model_version)?.description ?? "";
    ask("Description", [{ name: "description", label: "Description", value: text, lines: 10, hint: "Markdown" }], "Save", async ({ description }) => {
      await write("PATCH", `mlflow/${kind(owner)}/update`, { ...owner, description });
      await done();
    });
  });
}

export function addTag(owner: Owner, done: Done, tag: { key: string; value: string } = { key: "", value: "" }): void {
  ask("Tag", [{ name: "key", label: "Key", value: tag.key, required: true }, { name: "value", label: "Value", value: tag.value }], "Set tag", async ({ key, value }) => {
    await post(`mlflow/${kind(owner)}/set-tag`, { ...owner, key: key?.trim(), value });
    await done();
  });
}

export function removeTag(owner: Owner, key: string, value: string, done: Done): void {
  void attempt(async () => {
    await write("DELETE", `mlflow/${kind(owner)}/delete-tag`, { ...owner, key });
    await done();
    toast(`tag ${key} removed`, { undo: () => void attempt(async () => { await post(`mlflow/${kind(owner)}/set-tag`, { ...owner, key, value }); await done(); }) });
  });
}

export function addAlias(name: string, version: string, known: Record<string, number>, done: Done): void {
  ask("Alias", [{ name: "alias", label: "Alias", required: true, suggestions: Object.keys(known), hint: "one that is elsewhere moves here" }], "Set alias", async ({ alias }) => {
    await post("mlflow/registered-models/alias", { name, alias: alias?.trim(), version });
    await done();
  });
}

export function removeAlias(name: string, version: string, alias: string, done: Done): void {
  void attempt(async () => {
    await write("DELETE", "mlflow/registered-models/alias", { name, alias });
    await done();
    toast(`alias ${alias} removed`, { undo: () => void attempt(async () => { await post("mlflow/registered-models/alias", { name, alias, version }); await done(); }) });
  });
}

export function rename(name: string): void {
  ask("Rename model", [{ name: "name", label: "Name", value: name, required: true }], "Rename", async ({ name: next }) => {
    await post("mlflow/registered-models/rename", { name, new_name: next?.trim() });
    go(href(["models", next?.trim() ?? name]));
  });
}

export function setPrimary(name: string, keys: readonly string[], now: { key: string; direction: string } | null, done: Done): void {
  ask("Primary metric", [
    { name: "key", label: "Metric", value: now?.key ?? "", required: true, suggestions: keys, hint: "what versions are compared by" },
    { name: "direction", label: "Better is", value: now?.direction ?? "max", options: [{ value: "max", title: "more" }, { value: "min", title: "less" }] },
  ], "Set", async ({ key, direction }) => {
    await post("mlflow/registered-models/set-tag", { name, key: "cloudtrack.primary_metric", value: JSON.stringify({ key: key?.trim(), direction }) });
    await done();
  });
}

export function deleteModel(name: string): void {
  ask("Delete model", [{ name: "name", label: `Type ${name} to delete it`, mustBe: name }], "Delete for good", async () => {
    await write("DELETE", "mlflow/registered-models/delete", { name });
    go(href(["models"]));
    toast(`${name} deleted; its history is kept`);
  }, { danger: true, text: "All its versions, stages and aliases go. Runs and files stay. Who loads it by name finds nothing." });
}

export function deleteVersion(name: string, version: string): void {
  const word = `${name}/${version}`;
  ask("Delete version", [{ name: "name", label: `Type ${word} to delete it`, mustBe: word }], "Delete for good", async () => {
    await write("DELETE", "mlflow/model-versions/delete", { name, version });
    go(href(["models", name]));
    toast(`v${version} deleted; its number is not used again`);
  }, { danger: true, text: "Its stage and its aliases go with it. Its run and its files stay." });
}

/** Give a stage back to the version before: says which is there now, and refuses where it is another by then. */
export function giveBack(name: string, stage: string, holder: number, done: Done): void {
  ask(`Roll back ${stage}`, [{ name: "comment", label: "Comment", lines: 2 }], "Roll back", async ({ comment }) => {
    const { model_version: version } = await rollBack(name, stage, holder, comment?.trim() ?? "");
    toast(`v${version.version} is in ${stage} again`);
    await done();
  }, { text: `v${holder} leaves ${stage} and is archived; the version that was there before comes back.` });
}

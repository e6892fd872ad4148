/** What can be done with the selected runs. */

import { attempt } from "../../app/dialog";
import { Button, Menu } from "../../app/parts";
import { counted } from "../../lib/format";
import { shortenAll } from "../../lib/ids";
import { go, href } from "../../lib/url";
import { exportRuns, renameRun, restore, tagRuns, trash } from "./actions";
import type { Runs } from "./model";

export const MOST_COMPARED = 50;
const MOST_ZIPPED = 100;

export function SelectionBar({ runs, readOnly }: { runs: Runs; readOnly: string }) {
  const { selected } = runs;
  if (!selected.length) return null;
  const isDeleted = runs.query.get("state") === "deleted";
  return (
    <div class="selection" role="toolbar" aria-label="Selected runs">
      <strong>{counted(selected.length, "run")} selected</strong>
      <Button kind="main" onClick={() => compare(runs)} disabled={whyNotCompare(selected.length)}>Compare</Button>
      <Button onClick={() => runs.setQuery({ vis: "sel", view: "charts" }, "push")}>Charts</Button>
      <Button icon="tag" onClick={() => tagRuns(runs, selected)} disabled={readOnly}>Tag</Button>
      {selected.length === 1 && <Button icon="edit" onClick={() => renameRun(runs, selected[0] as string)} disabled={readOnly}>Rename</Button>}
      {selected.length === 1 && !isDeleted && <Button icon="models" onClick={() => register(runs, selected[0] as string)} disabled={readOnly}>Register</Button>}
      {isDeleted
        ? <Button icon="undo" onClick={() => restore(runs, selected)} disabled={readOnly}>Restore</Button>
        : <Button icon="trash" kind="danger" onClick={() => trash(runs, selected)} disabled={readOnly}>Move to trash</Button>}
      <Menu label="Export" icon="download" items={[
        { title: "CSV of the table", onClick: () => exportRuns(runs, "csv") },
        { title: "JSON of the table", onClick: () => exportRuns(runs, "json") },
        { title: "Copy as Markdown", onClick: () => exportRuns(runs, "markdown") },
        { title: "Copy as Python", onClick: () => exportRuns(runs, "python") },
        { title: "Artifacts as zip", onClick: () => download(runs), disabled: selected.length > MOST_ZIPPED ? `at most the artifacts of ${MOST_ZIPPED} runs are downloaded at once` : undefined },
      ]} />
      <Button kind="quiet" icon="close" onClick={() => runs.setQuery({ sel: null })}>Clear</Button>
    </div>
  );
}

export function whyNotCompare(count: number): string | undefined {
  if (count < 2) return "select two runs or more";
  return count > MOST_COMPARED ? `at most ${MOST_COMPARED} runs are compared at once` : undefined;
}

/** Open the selected runs side by side; the list comes along, so that one gets back to it. */
export function compare(runs: Runs): void {
  if (whyNotCompare(runs.selected.length)) return;
  go(href(["compare"], { runs: shortenAll(runs.selected), base: runs.query.get("base"), at: runs.experiments.join(",") }));
}

function register(runs: Runs, id: string): void {
  void attempt(async () => (await import("../run/register")).openRegister({ id, refresh: runs.refresh }));
}

function download(runs: Runs): void {
  const names = runs.column("attributes.run_name");
  const chosen = runs.selected.map((id) => ({ id, name: String(names?.at(runs.frame.ids.indexOf(id)) ?? id) }));
  void attempt(async () => (await import("../../preview/zip-dialog")).openZip(chosen));
}

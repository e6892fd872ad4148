/** Two folders of files beside each other, by what a listing says; each file's difference on demand. */

import { useMemo, useState } from "preact/hooks";
import { useLoaded } from "../../app/data";
import { Failure } from "../../app/failure";
import { Button, Skeleton } from "../../app/parts";
import { countOf, diffFolders, type FileChange, type FileState } from "../../lib/dirdiff";
import { bytes, counted } from "../../lib/format";
import { FileDiff } from "./file-diff";
import { type Place, readTree, resolved } from "./files";
import "../../styles/compare.css";

const PAGE = 200;
const WORDS: Record<FileState, string> = { added: "added", removed: "removed", changed: "changed", same: "same", unknown: "same size" };
const MARKS: Record<FileState, string> = { added: "+", removed: "−", changed: "~", same: "=", unknown: "?" };

/** Files below the folders in `except` are left out, as they are told elsewhere. */
export function DirDiff({ left, right, except = [] }: { left: Place; right: Place; except?: readonly string[] }) {
  const key = JSON.stringify([left, right, except]);
  const { data, error, refresh } = useLoaded(`folders ${key}`, async (signal) => {
    const [a, b] = await Promise.all([readTree(left, signal), readTree(right, signal)]);
    const found = diffFolders(a.files, b.files, left.path, right.path).filter(({ path }) => !except.some((folder) => path.startsWith(`${folder}/`)));
    const changes = await resolved(found, left, right, signal);
    return { changes, isCut: a.truncated || b.truncated };
  });
  const [all, setAll] = useState(false);
  const [open, setOpen] = useState<string | null>(null);
  const [most, setMost] = useState(PAGE);
  const shown = useMemo(() => (data?.changes ?? []).filter(({ state }) => all || state !== "same"), [data, all]);
  if (error) return <Failure error={error} retry={refresh} what="folder" />;
  if (!data) return <Skeleton rows={4} what="the lists of files" />;
  const same = countOf(data.changes, "same");
  if (!data.changes.length) return <p class="note">Neither has {except.length ? "other files" : "files"}.</p>;
  return (
    <div class="dir-diff">
      <p class="actions">
        <span>{summary(data.changes)}</span>
        {same > 0 && <Button pressed={all} onClick={() => setAll(!all)}>{counted(same, "equal file")}: {all ? "hide" : "show"}</Button>}
      </p>
      {data.isCut && <p class="problem">There are more files than are listed; those are not compared.</p>}
      {shown.length > 0 && (
        <div class="wide-scroll" tabIndex={0} role="group" aria-label={`Files of ${left.name} and ${right.name}`}>
          <table class="sides files">
            <thead><tr><th scope="col">file</th><th scope="col">state</th><th scope="col" class="right">{left.name}</th><th scope="col" class="right">{right.name}</th></tr></thead>
            <tbody>
              {shown.slice(0, most).flatMap((change) => [
                <tr key={change.path} class={`file-${change.state}`}>
                  <th scope="row">
                    <button type="button" class="link" aria-expanded={open === change.path} onClick={() => setOpen(open === change.path ? null : change.path)}>{change.path}</button>
                  </th>
                  <td><span class={`file-state is-${change.state}`}><i aria-hidden="true">{MARKS[change.state]}</i> {WORDS[change.state]}</span></td>
                  <td class="right num">{sizeOf(change.left?.size)}</td>
                  <td class="right num">{sizeOf(change.right?.size)}</td>
                </tr>,
                open === change.path && <tr key={`open ${change.path}`} class="opened"><td colSpan={4}><FileDiff left={left} right={right} path={change.path} state={change.state} /></td></tr>,
              ])}
            </tbody>
          </table>
        </div>
      )}
      {shown.length > most && <Button onClick={() => setMost(most + PAGE)}>{counted(shown.length - most, "more file")}: show</Button>}
    </div>
  );
}

function sizeOf(size: number | null | undefined): string {
  return size === null || size === undefined ? "–" : bytes(size);
}

function summary(changes: readonly FileChange[]): string {
  const said = (["changed", "added", "removed", "unknown"] as const).flatMap((state) => {
    const count = countOf(changes, state);
    return count ? [`${count} ${state === "unknown" ? "of the same size, not compared" : WORDS[state]}`] : [];
  });
  return said.length ? `${counted(changes.length, "file")}: ${said.join(", ")}.` : `All ${counted(changes.length, "file")} are the same.`;
}

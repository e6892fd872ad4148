/** Where a run comes from: commit, command, machine, packages, and what was changed since the commit. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useGet } from "../../app/data";
import { Dialog, show } from "../../app/dialog";
import { Failure } from "../../app/failure";
import { lazy } from "../../app/lazy";
import { Button, CopyButton, Skeleton } from "../../app/parts";
import { save } from "../../lib/export";
import type { RunView } from "./model";
import { commitLink } from "./source-link";

const TextView = lazy(async () => ({ default: (await import("../../preview/text-view")).TextView }));

export function Environment({ view }: { view: RunView }) {
  const { tags } = view;
  const commit = tags["mlflow.source.git.commit"];
  const to = commit ? commitLink(tags["mlflow.source.git.repoURL"], commit) : null;
  const isKept = tags["cloudtrack.git.dirty"] === "true" && !tags["cloudtrack.git.patch"];
  const facts: [string, ComponentChildren][] = [
    ["commit", commit && <>{to ? <a href={to} target="_blank" rel="noopener noreferrer"><code>{commit}</code></a> : <code>{commit}</code>} {tags["mlflow.source.git.branch"]}</>],
    ["repository", tags["mlflow.source.git.repoURL"]],
    ["source", tags["mlflow.source.name"]],
    ["command", tags["cloudtrack.command"] && <><code>{tags["cloudtrack.command"]}</code> <CopyButton text={tags["cloudtrack.command"]} label="Copy the command" /></>],
    ["host", tags["cloudtrack.host"]],
    ["Python", tags["cloudtrack.python"]],
    ["not in git", tags["cloudtrack.git.untracked"] && <span class="untracked">{tags["cloudtrack.git.untracked"]}</span>],
  ];
  const known = facts.filter(([, value]) => value);
  if (!known.length) return null;
  return (
    <section aria-labelledby="environment-head">
      <h2 id="environment-head">Environment</h2>
      <dl class="facts">{known.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      <p class="actions">
        {isKept && <Button icon="file" onClick={() => openSource(view.id, "code.patch", "Changes since the commit")}>Code patch</Button>}
        {tags["cloudtrack.python"] && <Button icon="file" onClick={() => openSource(view.id, "packages.txt", "Packages")}>Packages</Button>}
        <OtherTags tags={tags} />
      </p>
    </section>
  );
}

function OtherTags({ tags }: { tags: Record<string, string> }) {
  const [open, setOpen] = useState(false);
  const system = Object.entries(tags).filter(([key]) => /^(mlflow|cloudtrack)\./.test(key));
  if (!system.length) return null;
  return (
    <>
      <Button expanded={open} onClick={() => setOpen(!open)}>System tags</Button>
      {open && <dl class="system-tags">{system.map(([key, value]) => <div key={key}><dt>{key}</dt><dd>{value}</dd></div>)}</dl>}
    </>
  );
}

function openSource(run: string, name: string, title: string): void {
  show((close) => <Dialog wide title={title} onClose={close}><SourceFile run={run} name={name} /></Dialog>);
}

function SourceFile({ run, name }: { run: string; name: string }) {
  const file = useGet<{ text: string; size: number; truncated: boolean }>("cloudtrack/runs/source", { run_id: run, name });
  if (file.error) return file.error.status === 404 ? <p class="note">None was recorded for this run.</p> : <Failure error={file.error} retry={file.refresh} what="file" />;
  if (!file.data) return <Skeleton rows={10} what={name} />;
  const { text, truncated } = file.data;
  return (
    <div class="source-file">
      <TextView text={text} label={name} tone={name.endsWith(".patch") ? patchTone : undefined}>
        {truncated && <span class="note">the beginning</span>}
        <Button icon="download" onClick={() => save(name, "text/plain", text)}>Download</Button>
      </TextView>
    </div>
  );
}

/** How a line of a patch is drawn. */
function patchTone(line: string): string {
  if (/^(diff |index |--- |\+\+\+ |new file|deleted file|rename |similarity )/.test(line)) return "about";
  if (line.startsWith("@@")) return "hunk";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "";
}

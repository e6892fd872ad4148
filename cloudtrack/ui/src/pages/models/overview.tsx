/** What a version is: how to load it, its signature, its files, and the run that made it. */

import type { ComponentChildren } from "preact";
import type { Lineage, MlModel, Version } from "../../api/registry";
import { number, record } from "../../api/types";
import { type Data, useGet } from "../../app/data";
import { Boundary, Failure } from "../../app/failure";
import { MarkdownView } from "../../app/markdown";
import { Button, Chip, CopyButton, Num, RelTime, Skeleton } from "../../app/parts";
import { bytes } from "../../lib/format";
import { href } from "../../lib/url";
import { addTag, describe, removeTag } from "./edits";
import { LoadIt } from "./load-it";
import { MlModelView, SignatureTable } from "./mlmodel";
import type { Rights } from "./model";

interface FileOf {
  path: string;
  is_dir: boolean;
  size?: number;
  sha256?: string;
}

export function Overview({ version, rights, refresh, isNewest }: { version: Version; rights: Rights; refresh: () => Promise<void>; isNewest: boolean }) {
  const { name, version: number } = version;
  const owner = { name, version: number };
  const model = useGet<MlModel>("cloudtrack/models/mlmodel", owner);
  const tree = useGet<{ files: FileOf[]; truncated: boolean }>("cloudtrack/artifacts/tree", { ...owner, recursive: true });
  const lineage = useGet<{ lineage: Lineage }>("cloudtrack/model-versions/lineage", owner);
  const tags = Object.entries(record(version.tags));
  return (
    <div class="panes two">
      <LoadIt version={version} model={model.data} isNewest={isNewest} />
      <Pane title="About">
        <div class="about">
          {version.description ? <MarkdownView text={version.description} /> : <p class="none">no description</p>}
          <Button kind="quiet" icon="edit" label="Edit the description" disabled={rights.edit} onClick={() => describe(owner, refresh)} />
        </div>
        <p class="tags">
          {tags.map(([key, value]) => <Chip key={key} title={`${key}: ${value}`} onRemove={rights.edit ? undefined : () => removeTag(owner, key, value, refresh)} removeLabel={`Remove the tag ${key}`}>{key}: {value}</Chip>)}
          <Button kind="quiet" icon="tag" disabled={rights.edit} onClick={() => addTag(owner, refresh)}>Add tag</Button>
        </p>
        <Facts version={version} lineage={lineage.data?.lineage ?? null} files={tree.data?.files ?? []} />
      </Pane>
      <Asked title="Signature" data={model} what="MLmodel">{(found) => <SignatureTable model={found} />}</Asked>
      <Asked title="The run that made it" data={lineage} what="The run">{({ lineage: found }) => <Made lineage={found} />}</Asked>
      <Asked title="Files" data={tree} what="The list of files">{(found) => <Files owner={owner} files={found.files.filter((each) => !each.is_dir)} isCut={found.truncated} />}</Asked>
      <Asked title="Input example" data={model} what="MLmodel">{(found) => (found.input_example ? <pre class="sample" tabIndex={0} aria-label="Input example">{found.input_example.text}</pre> : <p class="none">None. Log one with <code>input_example=features.head(2)</code>.</p>)}</Asked>
      <Asked title="Requirements" data={model} what="MLmodel">{(found) => (found.requirements ? <pre class="sample" tabIndex={0} aria-label="Requirements">{found.requirements.text}</pre> : <p class="none">The model names no requirements.</p>)}</Asked>
      <Asked title="MLmodel" data={model} what="MLmodel">{(found) => <MlModelView model={found} />}</Asked>
    </div>
  );
}

function Pane({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="pane" aria-label={title}>
      <h2>{title}</h2>
      <Boundary what={title}>{children}</Boundary>
    </section>
  );
}

/** A pane of an answer of its own: what fails in it leaves the others alone. */
function Asked<T>({ title, data, what, children }: { title: string; data: Data<T>; what: string; children: (found: T) => ComponentChildren }) {
  return (
    <Pane title={title}>
      {data.error && !data.data && <Failure error={data.error} retry={data.refresh} what={what} />}
      {data.isLoading && <Skeleton rows={3} />}
      {data.data && children(data.data)}
    </Pane>
  );
}

function Facts({ version, lineage, files }: { version: Version; lineage: Lineage | null; files: readonly FileOf[] }) {
  const size = files.reduce((sum, each) => sum + (each.size ?? 0), 0);
  return (
    <dl class="pairs">
      <div><dt>registered</dt><dd><RelTime ms={version.creation_timestamp} /> by {version.user_id || "somebody"}</dd></div>
      <div><dt>source</dt><dd><code>{version.source}</code></dd></div>
      {version.run_link && <div><dt>run link</dt><dd>{/^https?:\/\//.test(version.run_link) ? <a href={version.run_link} rel="noreferrer">{version.run_link}</a> : version.run_link}</dd></div>}
      {files.length > 0 && <div><dt>size</dt><dd>{bytes(size)} in {files.length} {files.length === 1 ? "file" : "files"}</dd></div>}
      {version.digest && <div><dt>digest</dt><dd><code title={version.digest}>{version.digest.slice(0, 16)}…</code> <CopyButton text={`models:/${version.name}@sha256:${version.digest}`} label="Copy the URI of these bytes" /></dd></div>}
      {lineage?.environment.python && <div><dt>Python</dt><dd>{lineage.environment.python}</dd></div>}
    </dl>
  );
}

function Made({ lineage }: { lineage: Lineage }) {
  const { run, model } = lineage;
  if (!run) return <p class="none">No run is known, or it is not for you to read.</p>;
  const metrics = Object.entries({ ...lineage.metrics, ...model?.metrics });
  const params = Object.entries({ ...lineage.params, ...model?.params });
  return (
    <>
      <p><a href={href(["experiments", run.experiment_id, "runs", run.run_id])}>{run.run_name || run.run_id}</a> by {run.user_id || "somebody"}, <RelTime ms={run.start_time} /></p>
      {metrics.length > 0 && <table class="plain"><caption class="unseen">Metrics</caption><thead><tr><th>metric</th><th class="right">last</th></tr></thead><tbody>{metrics.map(([key, value]) => <tr key={key}><th scope="row">{key}</th><td class="right"><Num value={number(value)} /></td></tr>)}</tbody></table>}
      {params.length > 0 && <table class="plain"><caption class="unseen">Params</caption><thead><tr><th>param</th><th>value</th></tr></thead><tbody>{params.map(([key, value]) => <tr key={key}><th scope="row">{key}</th><td class="words">{value}</td></tr>)}</tbody></table>}
    </>
  );
}

function Files({ owner, files, isCut }: { owner: { name: string; version: string }; files: readonly FileOf[]; isCut: boolean }) {
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Files and their hashes">
        <table class="plain">
          <thead><tr><th>path</th><th class="right">size</th><th>SHA-256</th></tr></thead>
          <tbody>
            {files.map((file) => (
              <tr key={file.path}>
                <th scope="row"><a href={href(["models", owner.name, "versions", owner.version, "artifacts", ...file.path.split("/")])}>{file.path}</a></th>
                <td class="right num">{file.size === undefined ? "–" : bytes(file.size)}</td>
                <td>{file.sha256 ? <><code title={file.sha256}>{file.sha256.slice(0, 12)}…</code> <CopyButton text={file.sha256} label={`Copy the SHA-256 of ${file.path}`} /></> : <span class="none">–</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {isCut && <p class="note">There are more files than are listed.</p>}
    </>
  );
}

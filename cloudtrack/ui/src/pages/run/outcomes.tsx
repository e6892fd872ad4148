/** What a run read and what it made: datasets, logged models, versions of registered models. */

import { Failure } from "../../app/failure";
import { Chip, RelTime, Status } from "../../app/parts";
import { counted } from "../../lib/format";
import { href } from "../../lib/url";
import { type RunView, runLink, useModels } from "./model";

export function Datasets({ view }: { view: RunView }) {
  const uses = view.run.inputs?.dataset_inputs ?? [];
  if (!uses.length) return null;
  return (
    <section aria-labelledby="datasets-head">
      <h2 id="datasets-head">Datasets</h2>
      <div class="wide-table" role="group" aria-labelledby="datasets-head" tabIndex={0}>
        <table class="plain-rows">
          <thead><tr><th scope="col">name</th><th scope="col">used for</th><th scope="col">rows</th><th scope="col">columns</th><th scope="col">from</th><th scope="col">digest</th></tr></thead>
          <tbody>
            {uses.map(({ dataset, tags }, at) => (
              <tr key={at}>
                <th scope="row">{dataset.name}</th>
                <td>{tags?.find((tag) => tag.key === "mlflow.data.context")?.value ?? "–"}</td>
                <td class="num">{rowsOf(dataset.profile)}</td>
                <td class="num" title={columnsOf(dataset.schema).join(", ")}>{columnsOf(dataset.schema).length || "–"}</td>
                <td>{dataset.source_type ?? "–"}</td>
                <td><code>{dataset.digest}</code></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function LoggedModels({ view }: { view: RunView }) {
  const models = useModels(view.run);
  if (models.error) return <Failure error={models.error} retry={models.refresh} what="list of models" />;
  if (!models.data?.length) return null;
  return (
    <section aria-labelledby="logged-head">
      <h2 id="logged-head">Logged models</h2>
      <ul class="lines-list">
        {models.data.map(({ info, data }) => (
          <li key={info.model_id}>
            <a href={runLink(view.run.info.experiment_id, view.id, view.query, "artifacts", ...info.name.split("/"))}>{info.name}</a>
            <Status status={info.status.replace("LOGGED_MODEL_", "").replace("UPLOAD_", "")} />
            <code class="note">{info.model_id}</code>
            {data?.metrics?.length ? <span class="note">{counted(data.metrics.length, "metric")}</span> : null}
            <RelTime ms={info.creation_timestamp_ms} />
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Versions({ view }: { view: RunView }) {
  if (!view.versions.length) return null;
  return (
    <section aria-labelledby="versions-head">
      <h2 id="versions-head">Registered versions</h2>
      <ul class="lines-list">
        {view.versions.map((each) => (
          <li key={`${each.name}/${each.version}`}>
            <a href={href(["models", each.name, "versions", each.version])}>{each.name} v{each.version}</a>
            <Chip kind={`stage ${each.current_stage}`}>{each.current_stage}</Chip>
            {(each.aliases ?? []).map((alias) => <Chip key={alias} kind="alias">@{alias}</Chip>)}
            <RelTime ms={each.creation_timestamp} />
            {each.user_id && <span class="note">by {each.user_id}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function rowsOf(profile: string | undefined): string {
  const rows = (parsed(profile) as { num_rows?: number } | null)?.num_rows;
  return rows === undefined ? "–" : rows.toLocaleString("en-US");
}

function columnsOf(schema: string | undefined): string[] {
  const columns = (parsed(schema) as { mlflow_colspec?: { name?: string }[] } | null)?.mlflow_colspec;
  return Array.isArray(columns) ? columns.map((each) => String(each.name ?? "")) : [];
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/** What a run made: logged models, versions of registered models. */

import { Failure } from "../../app/failure";
import { Chip, RelTime, Status } from "../../app/parts";
import { counted } from "../../lib/format";
import { href } from "../../lib/url";
import { type RunView, runLink, useModels } from "./model";

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

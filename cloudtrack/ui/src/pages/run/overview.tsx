/** All that is known of a run at a glance. */

import { useState } from "preact/hooks";
import { post } from "../../api/client";
import { attempt } from "../../app/dialog";
import { Empty } from "../../app/failure";
import { MarkdownView } from "../../app/markdown";
import { Button, Chip } from "../../app/parts";
import { toast } from "../../app/toasts";
import { Datasets } from "./datasets";
import { Environment } from "./environment";
import { tagRun } from "./head";
import { MetricsTable } from "./metrics-table";
import type { RunView } from "./model";
import { LoggedModels, Versions } from "./outcomes";
import { ParamsTable } from "./params-table";

const NOTE = "mlflow.note.content";

export function Overview({ view }: { view: RunView }) {
  const params = view.run.data.params ?? [];
  return (
    <div class="overview">
      <Description view={view} />
      <div class="overview-tables">
        <section aria-labelledby="metrics-head">
          <h2 id="metrics-head">Metrics</h2>
          {view.metrics.length ? <MetricsTable view={view} /> : <Empty title="No metrics yet"><p>Log one with <code>ct.log_metric("loss", 0.5, step=1)</code>.</p></Empty>}
        </section>
        <section aria-labelledby="params-head">
          <h2 id="params-head">Params</h2>
          {params.length ? <ParamsTable params={params} /> : <Empty title="No params"><p>Log one with <code>ct.log_param("lr", 0.1)</code>.</p></Empty>}
        </section>
      </div>
      <Tags view={view} />
      <Datasets view={view} />
      <LoggedModels view={view} />
      <Versions view={view} />
      <Environment view={view} />
    </div>
  );
}

function Description({ view }: { view: RunView }) {
  const [text, setText] = useState<string | null>(null);
  const note = view.tags[NOTE] ?? "";
  if (text === null) {
    if (!note) return <p><Button kind="quiet" icon="edit" disabled={view.readOnly} onClick={() => setText("")}>Describe this run</Button></p>;
    return (
      <section class="description" aria-label="Description">
        <MarkdownView text={note} />
        <Button kind="quiet" icon="edit" label="Edit the description" disabled={view.readOnly} onClick={() => setText(note)} />
      </section>
    );
  }
  const save = (event: Event): void => {
    event.preventDefault();
    void attempt(async () => {
      await post("mlflow/runs/set-tag", { run_id: view.id, key: NOTE, value: text });
      await view.refresh();
      setText(null);
    });
  };
  return (
    <form class="description-form" onSubmit={save}>
      <label class="field">
        <span>Description, in Markdown</span>
        <textarea rows={8} value={text} ref={(area) => { if (area && document.activeElement !== area && !text) area.focus(); }} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      {text && <MarkdownView text={text} />}
      <p class="actions"><Button type="submit" kind="main">Save</Button><Button onClick={() => setText(null)}>Cancel</Button></p>
    </form>
  );
}

function Tags({ view }: { view: RunView }) {
  const own = Object.entries(view.tags).filter(([key]) => !/^(mlflow|cloudtrack)\./.test(key));
  const remove = (key: string, value: string): void => void attempt(async () => {
    await post("mlflow/runs/delete-tag", { run_id: view.id, key });
    await view.refresh();
    toast(`tag ${key} removed`, {
      undo: () => void attempt(async () => {
        await post("mlflow/runs/set-tag", { run_id: view.id, key, value });
        await view.refresh();
      }),
    });
  });
  return (
    <section aria-labelledby="tags-head">
      <h2 id="tags-head">Tags</h2>
      <p class="tags">
        {own.map(([key, value]) => (
          <Chip key={key} title={`${key}: ${value}`} onRemove={view.readOnly ? undefined : () => remove(key, value)} removeLabel={`Remove the tag ${key}`}>
            <button type="button" class="chip-text" onClick={() => !view.readOnly && tagRun(view, key, value)} title="Change">{value ? `${key}: ${value}` : key}</button>
          </Chip>
        ))}
        <Button kind="quiet" icon="add" disabled={view.readOnly} onClick={() => tagRun(view)}>Tag</Button>
      </p>
    </section>
  );
}

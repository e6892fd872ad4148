/** A run's head: its name, what it is doing, where it came from, and what can be done with it. */

import { useState } from "preact/hooks";
import { post } from "../../api/client";
import { ask, attempt } from "../../app/dialog";
import { Heading } from "../../app/frame";
import { useKeys } from "../../app/keys";
import { LiveBadge } from "../../app/live";
import { Button, Chip, copy, Menu, Popover, RelTime, Status, Took } from "../../app/parts";
import { ShareMenu } from "../../app/share";
import { toast } from "../../app/toasts";
import { counted } from "../../lib/format";
import { href } from "../../lib/url";
import { type RunView, runLink, useFamily } from "./model";
import { Neighbours } from "./neighbours";
import { openRegister } from "./register";
import { commitLink } from "./source-link";

export function RunHead({ view }: { view: RunView }) {
  const { run, tags } = view;
  const { info } = run;
  const [wanted, setWanted] = useState<-1 | 0 | 1>(0);
  useKeys((key) => {
    if (key !== "[" && key !== "]") return false;
    setWanted(key === "[" ? -1 : 1);
    return true;
  });
  const isStaged = (stage: string): boolean => stage !== "None" && stage !== "Archived";
  return (
    <>
      <div class="title-row">
        {/^#[0-9a-f]{6}$/i.test(tags["mlflow.runColor"] ?? "") && <span class="swatch" style={{ background: tags["mlflow.runColor"] }} title="Colour in charts" />}
        <Name view={view} />
        <Status status={info.status} />
        {view.stale && <Chip kind="stale" title="It says that it runs, and nothing has been heard of it for ten minutes">stale?</Chip>}
        {view.deleted && <Chip>in the trash</Chip>}
        {view.versions.filter((each) => isStaged(each.current_stage)).map((each) => (
          <a key={`${each.name}/${each.version}`} class={`chip stage ${each.current_stage}`} href={href(["models", each.name, "versions", each.version])}>{each.name} v{each.version} {each.current_stage}</a>
        ))}
        <LiveBadge live={view.live} />
        <span class="grow" />
        <Button kind="quiet" icon="left" label="Previous run in the list ([)" onClick={() => setWanted(-1)} />
        <Button kind="quiet" icon="right" label="Next run in the list (])" onClick={() => setWanted(1)} />
        <ShareMenu more={[{ title: "Copy the run id", text: view.id }, { title: "Copy the runs:/ URI", text: `runs:/${view.id}` }]} />
        <RunMenu view={view} />
      </div>
      {wanted !== 0 && <Neighbours view={view} way={wanted} onDone={() => setWanted(0)} />}
      <dl class="run-facts">
        <div><dt>started</dt><dd><RelTime ms={info.start_time} /></dd></div>
        <div><dt>took</dt><dd><Took start={info.start_time ?? null} end={info.end_time ?? null} running={view.running} /></dd></div>
        {info.user_id && <div><dt>by</dt><dd>{info.user_id}</dd></div>}
        {tags["mlflow.source.name"] && <div><dt>source</dt><dd title={tags["mlflow.source.name"]}>{tags["mlflow.source.name"].split("/").at(-1)}</dd></div>}
        <Commit tags={tags} />
        <Family view={view} />
      </dl>
    </>
  );
}

function Name({ view }: { view: RunView }) {
  const [text, setText] = useState<string | null>(null);
  if (text === null) {
    return (
      <>
        <Heading title={view.name} />
        <Button kind="quiet" icon="edit" label="Rename" disabled={view.readOnly} onClick={() => setText(view.run.info.run_name ?? "")} />
      </>
    );
  }
  const save = (event: Event): void => {
    event.preventDefault();
    const name = text.trim();
    if (!name || name === view.run.info.run_name) return setText(null);
    void attempt(async () => {
      await rename(view, name);
      setText(null);
    });
  };
  return (
    <form class="name-form" onSubmit={save} onKeyDown={(event) => event.key === "Escape" && setText(null)}>
      <h1 class="unseen">{view.name}</h1>
      <input type="text" aria-label="Name of the run" value={text} ref={(input) => { if (input && document.activeElement !== input) input.select(); }} onInput={(event) => setText(event.currentTarget.value)} />
      <Button type="submit" kind="main">Rename</Button>
      <Button onClick={() => setText(null)}>Cancel</Button>
    </form>
  );
}

async function rename(view: RunView, name: string): Promise<void> {
  const before = view.run.info.run_name;
  await post("mlflow/runs/update", { run_id: view.id, run_name: name });
  await view.refresh();
  toast(`renamed to ${name}`, {
    undo: () => void attempt(async () => {
      await post("mlflow/runs/update", { run_id: view.id, run_name: before });
      await view.refresh();
    }),
  });
}

function RunMenu({ view }: { view: RunView }) {
  const { id, readOnly } = view;
  const change = (route: string, told: string, undo?: string) => () => void attempt(async () => {
    await post(route, { run_id: id });
    await view.refresh();
    toast(told, undo ? { undo: change(undo, "run restored") } : {});
  });
  return (
    <Menu
      label="More" items={[
        { title: "Rename", disabled: readOnly, onClick: () => ask("Rename run", [{ name: "name", label: "Name", value: view.run.info.run_name, required: true }], "Rename", ({ name }) => rename(view, name?.trim() ?? "")) },
        { title: "Tag", disabled: readOnly, onClick: () => tagRun(view) },
        { title: "Register a model", disabled: readOnly, onClick: () => openRegister(view) },
        { title: "Copy run id", onClick: () => copy(id, "Run id") },
        { title: "Copy runs:/ URI", onClick: () => copy(`runs:/${id}`, "URI") },
        view.deleted
          ? { title: "Restore", disabled: readOnly, onClick: change("mlflow/runs/restore", "run restored") }
          : { title: "Move to trash", danger: true, disabled: readOnly, onClick: change("mlflow/runs/delete", "run moved to the trash", "mlflow/runs/restore") },
      ]}
    />
  );
}

export function tagRun(view: RunView, key = "", value = ""): void {
  const fields = [{ name: "key", label: "Key", value: key, required: true }, { name: "value", label: "Value", value }];
  ask(key ? `Tag ${key}` : "Tag run", fields, "Set tag", async (given) => {
    await post("mlflow/runs/set-tag", { run_id: view.id, key: given.key?.trim(), value: given.value });
    await view.refresh();
  });
}

function Commit({ tags }: { tags: Record<string, string> }) {
  const commit = tags["mlflow.source.git.commit"];
  if (!commit) return null;
  const to = commitLink(tags["mlflow.source.git.repoURL"], commit);
  const short = <code>{commit.slice(0, 8)}</code>;
  return (
    <div>
      <dt>commit</dt>
      <dd>{to ? <a href={to} target="_blank" rel="noopener noreferrer">{short}</a> : short}{tags["cloudtrack.git.dirty"] === "true" && <small> with changes</small>}</dd>
    </div>
  );
}

function Family({ view }: { view: RunView }) {
  const { children, parent } = useFamily(view);
  const link = (id: string): string => runLink(view.run.info.experiment_id, id, view.query);
  return (
    <>
      {parent && <div><dt>parent</dt><dd><a href={link(parent.id)}>{parent.name || parent.id}</a></dd></div>}
      {children.length > 0 && (
        <div>
          <dt>children</dt>
          <dd>
            <Popover label="Child runs" kind="quiet" button={counted(children.length, "run")}>
              {(close) => (
                <ul class="menu">
                  {children.slice(0, 200).map((child) => (
                    <li key={child.id}><a class="button quiet" href={link(child.id)} onClick={close}><Status status={child.status} wordless /> {child.name}</a></li>
                  ))}
                </ul>
              )}
            </Popover>
          </dd>
        </div>
      )}
    </>
  );
}


/** A registered model: what is where now, its versions, its board, its past. */

import { useMemo } from "preact/hooks";
import type { Board } from "../../api/registry";
import { useUiConfig } from "../../app/config";
import { useGet } from "../../app/data";
import { Failure } from "../../app/failure";
import { Crumbs, Heading } from "../../app/frame";
import { useKeys } from "../../app/keys";
import { MarkdownView } from "../../app/markdown";
import { Button, Chip, Menu, RelTime, Skeleton, Tabs } from "../../app/parts";
import { visit } from "../../app/recent";
import { ShareMenu } from "../../app/share";
import type { ModelTab } from "../../lib/routes";
import { cardsOf, isHeld } from "../../lib/stage-rules";
import { href, type Query } from "../../lib/url";
import { useTitle } from "../../app/title";
import { ActivityList } from "./activity-list";
import { BoardView } from "./board";
import { StageChip } from "./chips";
import { addTag, deleteModel, describe, giveBack, removeTag, rename, setPrimary } from "./edits";
import { type ModelBoard, type Rights, useBoard, useRights } from "./model";
import { RulesView } from "./rules";
import { TimelineView } from "./timeline";
import { VersionsTable } from "./versions-table";
import "../../styles/models.css";

const CUT = 300;

export default function ModelPage({ name, tab, query }: { name: string; tab: ModelTab; query: Query }) {
  useTitle(`${name} · Models`);
  useMemo(() => visit(name, "model", href(["models", name])), [name]);
  const board = useBoard(name);
  const rights = useRights(name);
  useKeys((key) => {
    if (key !== "r") return false;
    board.refresh().catch(() => undefined);
    return true;
  });
  const tabs = [["versions", "Versions"], ["board", "Board"], ["timeline", "Timeline"], ["activity", "Activity"]] as const;
  return (
    <>
      <Crumbs parts={[{ title: "Models", to: href(["models"]) }, { title: name }]} />
      <div class="title-row">
        <Heading title={name} />
        <span class="grow" />
        <ShareMenu more={[{ title: "Copy the model's name", text: name }]} />
        <Actions name={name} board={board} rights={rights} />
      </div>
      {board.error && !board.data && <Failure error={board.error} retry={board.refresh} what="model" />}
      {board.isLoading && <Skeleton rows={8} what="the versions" />}
      {board.data && (
        <>
          <About board={board.data} rights={rights} refresh={board.refresh} />
          <Now board={board.data} rights={rights} refresh={board.refresh} />
          <Tabs label="Parts of the model" current={tab} tabs={tabs.map(([id, title]) => ({ id, title, to: href(["models", name, ...(id === "versions" ? [] : [id])]) }))} />
          {tab === "versions" && <VersionsTable board={board.data} more={board.more} rights={rights} refresh={board.refresh} query={query} />}
          {tab === "board" && <><BoardView board={board.data} rights={rights} refresh={board.refresh} /><RulesView board={board.data} rights={rights} /></>}
          {tab === "timeline" && <TimelineView name={name} query={query} />}
          {tab === "activity" && <ActivityList path="cloudtrack/models/activity" params={{ name }} />}
        </>
      )}
    </>
  );
}

function Actions({ name, board, rights }: { name: string; board: ModelBoard; rights: Rights }) {
  return (
    <Menu label="Actions on the model" items={[
      { title: "Edit the description", disabled: rights.edit, onClick: () => describe({ name }, board.refresh) },
      { title: "Tag", disabled: rights.edit, onClick: () => addTag({ name }, board.refresh) },
      { title: "Primary metric", disabled: rights.edit, onClick: () => setPrimary(name, board.data?.metrics ?? [], board.data?.primary_metric ?? null, board.refresh) },
      { title: "Rename", disabled: rights.manage, onClick: () => rename(name) },
      { title: "Delete", danger: true, disabled: rights.manage, onClick: () => deleteModel(name) },
    ]} />
  );
}

function About({ board: { model }, rights, refresh }: { board: Board; rights: Rights; refresh: () => Promise<unknown> }) {
  const { name } = model;
  const whole = useGet<{ registered_model: { description?: string } }>(model.description.length >= CUT ? "mlflow/registered-models/get" : null, { name });
  const text = whole.data?.registered_model.description ?? model.description;
  const tags = Object.entries(model.tags).filter(([key]) => !/^(mlflow|cloudtrack)\./.test(key));
  return (
    <div class="about">
      {text ? <MarkdownView text={text} /> : <p class="none">no description</p>}
      <Button kind="quiet" icon="edit" label="Edit the description" disabled={rights.edit} onClick={() => describe({ name }, refresh)} />
      <span class="tags">
        {tags.map(([key, value]) => <Chip key={key} title={`${key}: ${value}`} onRemove={rights.edit ? undefined : () => removeTag({ name }, key, value, refresh)} removeLabel={`Remove the tag ${key}`}>{key}: {value}</Chip>)}
        <Button kind="quiet" icon="tag" label="Add a tag" disabled={rights.edit} onClick={() => addTag({ name }, refresh)} />
      </span>
    </div>
  );
}

/** Who is in which stage, since when, put there by whom; and the way back. */
function Now({ board, rights, refresh }: { board: Board; rights: Rights; refresh: () => Promise<unknown> }) {
  const config = useUiConfig();
  const { name } = board.model;
  const cards = cardsOf(board);
  return (
    <ul class="now" aria-label="What is where now">
      {[...board.stages].reverse().filter((stage) => isHeld(stage.name)).map(({ name: stage }) => {
        const holders = cards.filter((card) => card.stage === stage);
        const last = holders[0];
        return (
          <li key={stage}>
            <StageChip stage={stage} />
            {last ? (
              <span>
                {holders.map((card) => <span key={card.version}><a href={href(["models", name, "versions", String(card.version)])}>v{card.version}</a> </span>)}
                {last.staged && <>since <RelTime ms={last.staged.time} /> by {last.staged.user || "somebody"}{last.staged.comment && <>: “{last.staged.comment}”</>}</>}
              </span>
            ) : <span class="none">no version</span>}
            {last && <Button kind="quiet" icon="undo" disabled={rights.move || (holders.length > 1 ? "several versions are there: move them one by one" : "")} label={`Roll back ${stage}`} onClick={() => giveBack(name, stage, last.version, refresh)}>Roll back</Button>}
          </li>
        );
      })}
      {board.requests.length > 0 && <li><a href={href(["requests"], { q: name })}>{board.requests.length} open {board.requests.length === 1 ? "request" : "requests"}</a>{config?.user && board.requests.some((each) => each.user_id === config.user) && <small>yours among them</small>}</li>}
    </ul>
  );
}

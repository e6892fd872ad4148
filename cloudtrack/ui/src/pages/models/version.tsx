/** One version of a model: what it is, how to load it, where it comes from, what was said of it. */

import { useMemo, useState } from "preact/hooks";
import type { Board, Card, Version } from "../../api/registry";
import { useGet } from "../../app/data";
import { Failure } from "../../app/failure";
import { Crumbs, Heading } from "../../app/frame";
import { useKeys } from "../../app/keys";
import { Button, Menu, RelTime, Skeleton, Status, Tabs } from "../../app/parts";
import { visit } from "../../app/recent";
import { ShareMenu } from "../../app/share";
import type { VersionTab } from "../../lib/routes";
import { cardsOf, isHeld } from "../../lib/stage-rules";
import { go, href, type Query } from "../../lib/url";
import { Artifacts } from "../../preview/artifacts";
import { useTitle } from "../../app/title";
import { ActivityList } from "./activity-list";
import { AliasChip, StageChip } from "./chips";
import { Comments } from "./comments";
import { addAlias, addTag, deleteVersion, describe, giveBack, removeAlias } from "./edits";
import { LineageView } from "./lineage";
import { type Rights, useBoard, useRights } from "./model";
import { Overview } from "./overview";
import { RequestLine } from "./requests";
import { moveVersion } from "./stage-dialog";
import "../../styles/models.css";

export default function VersionPage({ name, version, tab, path }: { name: string; version: string; tab: VersionTab; path: string; query: Query }) {
  useTitle(`v${version} · ${name}`);
  useMemo(() => visit(`${name} v${version}`, "version", href(["models", name, "versions", version])), [name, version]);
  const told = useGet<{ model_version: Version }>("mlflow/model-versions/get", { name, version });
  const board = useBoard(name);
  const own = useGet<Board>(board.data && !cardsOf(board.data).some((each) => String(each.version) === version) ? "cloudtrack/models/board" : null, { name, cursor: Number(version) + 1, limit: 1 });
  const card = cardsOf(board.data ?? EMPTY).concat(own.data?.versions ?? []).find((each) => String(each.version) === version);
  const rights = useRights(name);
  const [changes, setChanges] = useState(0);
  const refresh = async (): Promise<void> => {
    await Promise.all([told.refresh(), board.refresh(), own.data ? own.refresh() : null]);
    setChanges((count) => count + 1);
  };
  const beside = neighbours(cardsOf(board.data ?? EMPTY), Number(version));
  useKeys((key) => {
    if (key === "r") {
      refresh().catch(() => undefined);
      return true;
    }
    const to = key === "[" ? beside.before : key === "]" ? beside.after : null;
    if (to === null) return false;
    go(href(["models", name, "versions", String(to), ...(tab === "overview" || tab === "artifacts" ? [] : [tab])]));
    return true;
  });
  const at = (part: string): string => href(["models", name, "versions", version, ...(part === "overview" ? [] : [part])]);
  const found = told.data?.model_version;
  return (
    <>
      <Crumbs parts={[{ title: "Models", to: href(["models"]) }, { title: name, to: href(["models", name]) }, { title: `v${version}` }]} />
      <div class="title-row">
        <Heading title={`${name} v${version}`} />
        {found && <Status status={found.status.replace("_REGISTRATION", "")} />}
        <span class="grow" />
        <Beside name={name} beside={beside} />
        <ShareMenu more={[{ title: "Copy the URI", text: `models:/${name}/${version}` }]} />
        <Menu label="Actions on the version" items={[
          { title: "Edit the description", disabled: rights.edit, onClick: () => describe({ name, version }, refresh) },
          { title: "Tag", disabled: rights.edit, onClick: () => addTag({ name, version }, refresh) },
          { title: "Delete", danger: true, disabled: rights.manage, onClick: () => deleteVersion(name, version) },
        ]} />
      </div>
      {told.error && !found && <Failure error={told.error} retry={told.refresh} what="version" />}
      {told.isLoading && <Skeleton rows={8} what="the version" />}
      {found && (
        <>
          {found.status !== "READY" && <p class="banner">{found.status === "PENDING_REGISTRATION" ? "It is being registered" : "Its registration failed"}{found.status_message && `: ${found.status_message}`}</p>}
          <Place version={found} board={board.data} card={card} rights={rights} refresh={refresh} />
          {(board.data?.requests ?? []).filter((each) => each.version === version).map((each) => (
            <div key={each.id} class="banner">
              <RequestLine request={each} board={board.data} done={refresh} withModel={false} asker={{ isMine: each.user_id === rights.user, approve: rights.move && `only approvers of ${name} answer requests`, hasApproved: each.approvals.some((one) => one.user_id === rights.user) }} />
            </div>
          ))}
          <Tabs label="Parts of the version" current={tab} tabs={(["overview", "artifacts", "lineage", "activity"] as const).map((id) => ({ id, title: id[0]?.toUpperCase() + id.slice(1), to: at(id) }))} />
          {tab === "overview" && <Overview version={found} rights={rights} refresh={refresh} isNewest={board.data?.stages.some((each) => each.name === found.current_stage && String(each.newest) === version) ?? false} />}
          {tab === "artifacts" && <Artifacts source={{ name, version }} path={path} linkTo={(to) => href(["models", name, "versions", version, "artifacts", ...to.split("/").filter(Boolean)])} uri={`models:/${name}/${version}`} />}
          {tab === "lineage" && <LineageView name={name} version={version} stages={board.data?.stages.map((each) => each.name) ?? []} />}
          {tab === "activity" && (
            <>
              <Comments name={name} version={version} rights={rights} done={() => setChanges((count) => count + 1)} />
              <h2>What was done</h2>
              <ActivityList key={changes} path="cloudtrack/models/activity" params={{ name, version }} />
            </>
          )}
        </>
      )}
    </>
  );
}

const EMPTY = { versions: [], pinned: [] } as unknown as Board;

/** Where the version is: stage and aliases, since when and by whom, and how that is changed. */
function Place({ version, board, card, rights, refresh }: { version: Version; board: Board | null; card: Card | undefined; rights: Rights; refresh: () => Promise<void> }) {
  const { name, version: number, current_stage: stage } = version;
  const isHolder = isHeld(stage) && board?.stages.some((each) => each.name === stage) && cardsOf(board).filter((each) => each.stage === stage).length === 1;
  return (
    <div class="place">
      <StageChip stage={stage} />
      {card?.staged && <span class="note">since <RelTime ms={card.staged.time} /> by {card.staged.user || "somebody"}{card.staged.comment && <>: “{card.staged.comment}”</>}</span>}
      <Button disabled={rights.edit || (board && card ? "" : "still loading")} onClick={() => board && card && moveVersion(board, card, rights, refresh)}>Move</Button>
      {isHolder && <Button icon="undo" disabled={rights.move} onClick={() => giveBack(name, stage, Number(number), refresh)}>Roll back</Button>}
      <span class="tags">
        {(version.aliases ?? []).map((alias) => <AliasChip key={alias} alias={alias} onRemove={rights.edit ? undefined : () => removeAlias(name, number, alias, refresh)} />)}
        <Button kind="quiet" icon="flag" disabled={rights.edit} onClick={() => addAlias(name, number, board?.model.aliases ?? {}, refresh)}>Add alias</Button>
      </span>
    </div>
  );
}

interface Neighbours {
  before: number | null;
  after: number | null;
}

/** The versions before and after this one that are there. */
function neighbours(cards: readonly Card[], version: number): Neighbours {
  const numbers = cards.map((each) => each.version);
  const before = Math.max(...numbers.filter((each) => each < version));
  const after = Math.min(...numbers.filter((each) => each > version));
  return { before: Number.isFinite(before) ? before : null, after: Number.isFinite(after) ? after : null };
}

function Beside({ name, beside: { before, after } }: { name: string; beside: Neighbours }) {
  const link = (to: number | null, title: string, key: string) => to !== null && <a class="button quiet" href={href(["models", name, "versions", String(to)])} title={`${title} version (${key})`}>{key === "[" ? "←" : ""} v{to} {key === "]" ? "→" : ""}</a>;
  return <>{link(before, "Previous", "[")}{link(after, "Next", "]")}</>;
}

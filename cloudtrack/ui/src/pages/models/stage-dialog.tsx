/** Moving a version: from where to where, what it replaces, how the two compare, and why. */

import { useState } from "preact/hooks";
import { get } from "../../api/client";
import { ApiError } from "../../api/errors";
import { type Board, type Card, type Decision, request, transition } from "../../api/registry";
import { useGet } from "../../app/data";
import { Dialog, show } from "../../app/dialog";
import { Button, Num } from "../../app/parts";
import { toast } from "../../app/toasts";
import { number } from "../../api/types";
import { ago } from "../../lib/format";
import { cardsOf, inWords, isHeld, nextStage, replaced, seen } from "../../lib/stage-rules";
import { Delta, StageChip } from "./chips";
import type { Rights } from "./model";

type Done = () => Promise<unknown> | void;

/** Ask where a version should go, and why; `done` when it has moved or is requested. */
export function moveVersion(board: Board, card: Card, rights: Rights, done: Done, to?: string): void {
  show((close) => <StageDialog first={board} moved={card} rights={rights} wanted={to} done={done} onClose={close} />);
}

function StageDialog({ first, moved, rights, wanted, done, onClose }: { first: Board; moved: Card; rights: Rights; wanted?: string; done: Done; onClose: () => void }) {
  const [board, setBoard] = useState(first);
  const card = cardsOf(board).find((each) => each.version === moved.version) ?? moved;
  const [start] = useState(wanted ?? nextStage(first, moved.stage));
  const [to, setTo] = useState(start);
  const [archive, setArchive] = useState(true);
  const [comment, setComment] = useState("");
  const [problem, setProblem] = useState("");
  const [conflict, setConflict] = useState("");
  const [busy, setBusy] = useState(false);
  const stage = board.stages.find((each) => each.name === to);
  const leaving = replaced(board, card.version, to);
  const isAlways = Boolean(stage?.archives_existing);
  const name = board.model.name;
  const needsApproval = (stage?.approvals ?? 0) > 0;
  const missing = to === card.stage ? `v${card.version} is in ${to} already` : rights.needsComment && !comment.trim() ? "a comment is needed here" : "";

  const act = async (how: "move" | "request"): Promise<void> => {
    if (busy || missing) return;
    setBusy(true);
    setProblem("");
    try {
      const options = { archive: isHeld(to) && leaving.length > 0 && (isAlways || archive), comment: comment.trim() };
      if (how === "move") await transition(name, card.version, to, seen(board, card, to), options);
      else await request(name, card.version, to, options);
      onClose();
      toast(how === "move" ? `v${card.version} is in ${to}` : `v${card.version} to ${to}: requested`);
      await done();
    } catch (error) {
      if (error instanceof ApiError && error.status === 409 && how === "move") await retell(error);
      else setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };

  const leave = (): void => {
    onClose();
    if (conflict) void done(); // what is behind the dialog is old
  };

  /** Somebody was faster: say who, show what is there now, and ask again. */
  const retell = async (error: ApiError): Promise<void> => {
    try {
      const now = await get<Board>("cloudtrack/models/board", { name });
      setConflict(whatChanged(board, now, card, to) || error.message);
      setBoard(now);
    } catch {
      setConflict(error.message);
    }
  };

  const move = <Button key="move" type={needsApproval ? "button" : "submit"} kind={needsApproval ? "plain" : "main"} onClick={needsApproval ? () => void act("move") : undefined} disabled={rights.move || missing || busy}>{conflict ? "Move anyway" : "Move"}</Button>;
  const ask = <Button key="ask" type={needsApproval || rights.move ? "submit" : "button"} kind={needsApproval || rights.move ? "main" : "plain"} onClick={needsApproval || rights.move ? undefined : () => void act("request")} disabled={rights.edit || missing || busy}>Request</Button>;
  return (
    <Dialog title={`Move v${card.version} of ${name}`} onClose={leave}>
      <form class="move" onSubmit={(event) => { event.preventDefault(); void act(needsApproval || rights.move ? "request" : "move"); }}>
        {conflict && <p class="banner" role="alert">{conflict}</p>}
        <fieldset>
          <legend>From <StageChip stage={card.stage} /> to</legend>
          {board.stages.map(({ name: each }) => (
            <label key={each} class="choice">
              <input type="radio" name="stage" value={each} checked={each === to} disabled={each === card.stage} onChange={() => setTo(each)} autofocus={each === start} />
              {each}
            </label>
          ))}
        </fieldset>
        <Replaced leaving={leaving} to={to} isAlways={isAlways} archive={archive} onArchive={setArchive} />
        <Deltas board={board} card={card} current={leaving[0]} />
        <Checks name={name} version={card.version} to={to} asks={stage?.requires.flatMap(inWords) ?? []} />
        <label class="field">
          <span>Comment{!rights.needsComment && <small> (who reads the history will thank you)</small>}</span>
          <textarea rows={2} value={comment} onInput={(event) => setComment(event.currentTarget.value)} />
        </label>
        {problem && <p class="problem" role="alert">{problem}</p>}
        <footer>
          <Button onClick={leave}>{conflict ? "Leave it as it is" : "Cancel"}</Button>
          {needsApproval || rights.move ? [move, ask] : [ask, move]}
        </footer>
      </form>
    </Dialog>
  );
}

function Replaced({ leaving, to, isAlways, archive, onArchive }: { leaving: readonly Card[]; to: string; isAlways: boolean; archive: boolean; onArchive: (on: boolean) => void }) {
  if (!isHeld(to)) return null;
  if (!leaving.length) return <p class="note">No other version is in {to}.</p>;
  const who = leaving.map((each) => `v${each.version}`).join(", ");
  if (isAlways) return <p>{who} {leaving.length === 1 ? "leaves" : "leave"} {to} and is archived: one version holds this stage.</p>;
  return (
    <label class="choice">
      <input type="checkbox" checked={archive} onChange={(event) => onArchive(event.currentTarget.checked)} />
      {who} {leaving.length === 1 ? "leaves" : "leave"} {to}: archive {leaving.length === 1 ? "it" : "them"}
    </label>
  );
}

function Deltas({ board, card, current }: { board: Board; card: Card; current: Card | undefined }) {
  const keys = board.metrics.filter((key) => key in card.metrics || (current && key in current.metrics));
  if (!current || !keys.length) return null;
  return (
    <table class="plain">
      <caption class="unseen">Metrics of v{card.version} and of v{current.version}</caption>
      <thead><tr><th>metric</th><th class="right">v{card.version}</th><th class="right">v{current.version}</th><th class="right">change</th></tr></thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key}>
            <th scope="row">{key}</th>
            <td class="right"><Num value={number(card.metrics[key])} /></td>
            <td class="right"><Num value={number(current.metrics[key])} /></td>
            <td class="right"><Delta value={card.metrics[key]} base={current.metrics[key]} isPrimary={key === board.primary_metric?.key} primary={board.primary_metric} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What the policy asks for this stage, and what of it is so. */
function Checks({ name, version, to, asks }: { name: string; version: number; to: string; asks: readonly string[] }) {
  const told = useGet<{ decision?: Decision }>(asks.length ? "cloudtrack/policy/check" : null, { name, version, stage: to });
  if (!asks.length) return null;
  const checks = told.data?.decision?.checks;
  return (
    <div>
      <h3>{to} needs</h3>
      <ul class="checks">
        {checks
          ? checks.map((each, at) => <li key={at} class={each.passed ? "good" : "problem"}>{each.passed ? "✓" : "✗"} {each.detail || each.requirement}<span class="unseen">{each.passed ? " is met" : " is not met"}</span></li>)
          : asks.map((each) => <li key={each}>{each}</li>)}
      </ul>
    </div>
  );
}

/** Who moved what meanwhile, in words. */
function whatChanged(before: Board, now: Board, card: Card, to: string): string {
  const told = (each: Card): string => (each.staged ? `, moved by ${each.staged.user || "somebody"} ${ago(each.staged.time, Date.now())}${each.staged.comment && `: “${each.staged.comment}”`}` : "");
  const own = cardsOf(now).find((each) => each.version === card.version);
  if (!own) return `v${card.version} has been deleted in the meantime.`;
  if (own.stage !== card.stage) return `v${card.version} has changed: ${card.stage} → ${own.stage}${told(own)}.`;
  const [was, is] = [before, now].map((board) => replaced(board, card.version, to));
  const names = (cards: readonly Card[] | undefined): string => cards?.map((each) => `v${each.version}`).join(", ") || "no version";
  if (names(was) === names(is)) return "";
  return `${to} has changed: ${names(is)} is there now${is?.[0] ? told(is[0]) : ""}; you saw ${names(was)}.`;
}

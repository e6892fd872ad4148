/** One request for a transition: who wants what, how the two compare, and saying yes or no. */

import type { Board, TransitionRequest } from "../../api/registry";
import { answer, withdraw } from "../../api/registry";
import { ask, attempt } from "../../app/dialog";
import { Button, RelTime } from "../../app/parts";
import { toast } from "../../app/toasts";
import { cardsOf, replaced } from "../../lib/stage-rules";
import { href } from "../../lib/url";
import { Delta, StageChip } from "./chips";

type Done = () => Promise<unknown> | void;

export interface Asker {
  isMine: boolean;
  /** Why one may not answer; "" where one may. */
  approve: string;
  hasApproved: boolean;
}

export function RequestLine({ request, board, asker, done, withModel = true }: { request: TransitionRequest; board: Board | null; asker: Asker; done: Done; withModel?: boolean }) {
  const { name, version, to_stage: to } = request;
  const card = board ? cardsOf(board).find((each) => String(each.version) === version) : undefined;
  const current = board && card ? replaced(board, card.version, to)[0] : undefined;
  const key = board?.primary_metric?.key ?? board?.metrics[0];
  const needed = board?.stages.find((each) => each.name === to)?.approvals ?? 0;
  return (
    <div class="request" role="group" aria-label={`Request ${request.id} of ${name}: version ${version} to ${to}`}>
      <p>
        <a href={href(["models", name, "versions", version])}>{withModel && `${name} `}v{version}</a> to <StageChip stage={to} />
        by <strong>{request.user_id || "somebody"}</strong> <RelTime ms={request.creation_timestamp} />
        {current && key && card && <span class="beside">{key} <Delta value={card.metrics[key]} base={current.metrics[key]} isPrimary={key === board?.primary_metric?.key} primary={board?.primary_metric} /> against v{current.version}</span>}
        {request.approvals.length > 0 && <span class="beside">approved by {request.approvals.map((each) => each.user_id).join(", ")}{needed > 0 && ` (${request.approvals.length} of ${needed})`}</span>}
      </p>
      {request.comment && <p class="quote">“{request.comment}”</p>}
      <p class="actions">
        <Button kind="main" icon="check" disabled={asker.approve || (asker.hasApproved ? "you have approved it" : "")} onClick={() => say("approve", request, done)}>Approve</Button>
        <Button disabled={asker.approve} onClick={() => say("reject", request, done)}>Reject</Button>
        {asker.isMine && <Button kind="quiet" onClick={() => takeBack(request, done)}>Withdraw</Button>}
        <a class="button quiet" href={current ? href(["models", name, "compare", `${current.version}..${version}`]) : href(["models", name, "versions", version])}>{current ? `Compare with v${current.version}` : "Look at it"}</a>
      </p>
    </div>
  );
}

function say(how: "approve" | "reject", { name, id, version, to_stage: to }: TransitionRequest, done: Done): void {
  ask(`${how === "approve" ? "Approve" : "Reject"}: ${name} v${version} to ${to}`, [{ name: "comment", label: "Comment", lines: 3 }], how === "approve" ? "Approve" : "Reject", async ({ comment }) => {
    const { model_version: moved } = await answer(how, name, id, comment?.trim() ?? "");
    toast(how === "reject" ? "request rejected" : moved ? `v${version} is in ${to}` : "approved; more approvals are needed");
    await done();
  });
}

function takeBack({ name, id }: TransitionRequest, done: Done): void {
  void attempt(async () => {
    await withdraw(name, id);
    toast("request withdrawn");
    await done();
  });
}

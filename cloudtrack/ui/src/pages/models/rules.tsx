/** What versions need before they come to a stage: to read. */

import type { Board } from "../../api/registry";
import { useGet } from "../../app/data";
import { inWords } from "../../lib/stage-rules";
import type { Rights } from "./model";

export function RulesView({ board, rights }: { board: Board; rights: Rights }) {
  const ruled = board.stages.filter((stage) => stage.requires.length || stage.archives_existing);
  const policy = useGet<{ policy: string }>(board.stages.some((stage) => stage.requires.length) || board.policy_problem ? "cloudtrack/policy/get" : null);
  return (
    <details class="rules">
      <summary>Rules of the stages{ruled.length === 0 && ": none"}</summary>
      {board.policy_problem && <p class="problem">The policy cannot be understood, so nothing moves: {board.policy_problem}</p>}
      {ruled.length === 0 && !board.policy_problem && <p>Any version may come to any stage. A policy is set with <code>cloudtrack registry policy set policy.yaml</code>.</p>}
      <dl>
        {ruled.map((stage) => (
          <div key={stage.name}>
            <dt>{stage.name}</dt>
            <dd>
              {[...(stage.archives_existing ? ["one version holds it: another that comes archives it"] : []), ...stage.requires.flatMap(inWords)].map((text) => <p key={text}>{text}</p>)}
            </dd>
          </div>
        ))}
      </dl>
      {board.rollback_is_checked && <p>Going back to an earlier version is checked too.</p>}
      {rights.held && <p>Your permission on the model: {rights.held}.</p>}
      {policy.data && <details><summary>policy.yaml</summary><pre tabIndex={0}>{policy.data.policy}</pre></details>}
    </details>
  );
}

/** A column for each stage: versions are dragged between them, or moved by the keyboard. */

import { useRef, useState } from "preact/hooks";
import type { Board, Card } from "../../api/registry";
import { number } from "../../api/types";
import { Button, Num, RelTime } from "../../app/parts";
import { toast } from "../../app/toasts";
import { go, href } from "../../lib/url";
import { cardsOf } from "../../lib/stage-rules";
import { AliasChip, StageChip } from "./chips";
import type { Rights } from "./model";
import { moveVersion } from "./stage-dialog";

const MOST_CARDS = 30;
const MOST_METRICS = 3;
const DRAGGED = "text/x-version";

export function BoardView({ board, rights, refresh }: { board: Board; rights: Rights; refresh: () => Promise<unknown> }) {
  const cards = cardsOf(board);
  const lanes = board.stages.map((stage) => ({ stage, cards: cards.filter((card) => card.stage === stage.name) }));
  const [active, setActive] = useState(cards[0]?.version ?? 0);
  const [over, setOver] = useState("");
  const root = useRef<HTMLDivElement>(null);
  const move = (version: number, to?: string): void => {
    const card = cards.find((each) => each.version === version);
    if (!card || card.stage === to) return;
    if (rights.edit) toast(rights.edit);
    else moveVersion(board, card, rights, refresh, to);
  };
  const focus = (version: number | undefined): void => {
    if (version === undefined) return;
    setActive(version);
    root.current?.querySelector<HTMLElement>(`[data-version="${version}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent, card: Card): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = walk(lanes.map((each) => each.cards.slice(0, MOST_CARDS)), card.version, event.key);
    if (next !== undefined) focus(next);
    else if (event.key === "m") move(card.version);
    else if (event.key === "Enter") go(href(["models", board.model.name, "versions", String(card.version)]));
    else if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const isThere = cards.some((each) => each.version === active);
  return (
    <>
      <p class="note">Drag a version to another stage, or press <kbd>m</kbd> on it; arrows walk.</p>
      <div class="board" ref={root}>
        {lanes.map(({ stage, cards: there }) => (
          <section
            key={stage.name}
            class={`lane ${over === stage.name ? "over" : ""}`}
            aria-label={stage.name}
            data-stage={stage.name}
            onDragOver={(event) => {
              if (!event.dataTransfer?.types.includes(DRAGGED)) return;
              event.preventDefault();
              setOver(stage.name);
            }}
            onDragLeave={(event) => {
              if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver("");
            }}
            onDrop={(event) => {
              event.preventDefault();
              setOver("");
              move(Number(event.dataTransfer?.getData(DRAGGED)), stage.name);
            }}
          >
            <h2><StageChip stage={stage.name} /> <small>{there.length}</small></h2>
            {stage.archives_existing && <small>one version holds it</small>}
            {stage.approvals > 0 && <small>{stage.approvals} to approve</small>}
            <ol>
              {there.slice(0, MOST_CARDS).map((card) => (
                <li key={card.version}>
                  <div
                    class="card"
                    role="group"
                    aria-label={`Version ${card.version}, in ${card.stage}`}
                    tabIndex={card.version === (isThere ? active : cards[0]?.version) ? 0 : -1}
                    data-version={card.version}
                    draggable
                    onFocus={() => setActive(card.version)}
                    onKeyDown={(event) => onKeyDown(event, card)}
                    onDragStart={(event) => event.dataTransfer?.setData(DRAGGED, String(card.version))}
                  >
                    <CardFace board={board} card={card} isActive={card.version === active} />
                    <Button kind="quiet" label={`Move v${card.version}`} onClick={() => move(card.version)}>Move</Button>
                  </div>
                </li>
              ))}
            </ol>
            {there.length > MOST_CARDS && <p class="note">{there.length - MOST_CARDS} more are in <a href={href(["models", board.model.name])}>Versions</a></p>}
            {there.length === 0 && <p class="note">no version</p>}
          </section>
        ))}
      </div>
    </>
  );
}

function CardFace({ board, card, isActive }: { board: Board; card: Card; isActive: boolean }) {
  const tab = isActive ? 0 : -1;
  const asked = board.requests.filter((each) => Number(each.version) === card.version);
  return (
    <>
      <p class="card-head">
        <a href={href(["models", board.model.name, "versions", String(card.version)])} tabIndex={tab}><strong>v{card.version}</strong></a>
        {card.aliases.map((alias) => <AliasChip key={alias} alias={alias} />)}
      </p>
      {asked.map((each) => <p key={each.id} class="asked">request to {each.to_stage} by {each.user_id}</p>)}
      <dl class="card-metrics">
        {board.metrics.filter((key) => key in card.metrics).slice(0, MOST_METRICS).map((key) => (
          <div key={key}><dt>{key}</dt><dd><Num value={number(card.metrics[key])} /></dd></div>
        ))}
      </dl>
      <p class="note">
        {card.run_id && card.experiment_id && <a href={href(["experiments", card.experiment_id, "runs", card.run_id])} tabIndex={tab}>{card.run_name || card.run_id.slice(0, 8)}</a>}{" "}
        {card.staged ? <>here <RelTime ms={card.staged.time} /> by {card.staged.user || "somebody"}</> : <>made <RelTime ms={card.created} /> by {card.user || "somebody"}</>}
      </p>
      {card.staged?.comment && <p class="quote" title={card.staged.comment}>“{card.staged.comment}”</p>}
    </>
  );
}

/** Where an arrow leads: within the lane, or to the same height in the next lane that has cards. */
function walk(lanes: readonly (readonly Card[])[], version: number, key: string): number | undefined {
  const lane = lanes.findIndex((cards) => cards.some((card) => card.version === version));
  const row = lanes[lane]?.findIndex((card) => card.version === version) ?? -1;
  if (key === "ArrowDown" || key === "ArrowUp") return lanes[lane]?.[row + (key === "ArrowDown" ? 1 : -1)]?.version;
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
  if (!step) return undefined;
  for (let next = lane + step; next >= 0 && next < lanes.length; next += step) {
    const cards = lanes[next];
    if (cards?.length) return cards[Math.min(row, cards.length - 1)]?.version;
  }
  return undefined;
}

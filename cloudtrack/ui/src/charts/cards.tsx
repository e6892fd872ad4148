/** Cards of many metrics, under their prefixes; what is far out of sight is not drawn. */

import { useState } from "preact/hooks";
import type { SetQuery } from "../app/address";
import { Empty } from "../app/failure";
import { Icon } from "../app/icons";
import { copy } from "../app/parts";
import { pinnedBefore, type Section, sections } from "../lib/chart-state";
import { joinNames } from "../lib/columns";
import { grouped } from "../lib/format";
import { shortenAll } from "../lib/ids";
import { go, href, type Query, relative } from "../lib/url";
import { useAlive } from "./alive";
import type { Board } from "./board";
import { type CardMenuItem, LineCard } from "./line-card";

const MOST_IN_LINK = 50;

export function Cards({ board, keys, primary = null, query, setQuery }: { board: Board; keys: readonly string[]; primary?: string | null; query: Query; setQuery: SetQuery }) {
  const { alive, watch } = useAlive();
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const { state } = board;
  const found = sections(keys, state, primary);
  const [dragged, setDragged] = useState("");
  if (keys.length === 0) return <Empty title="No metrics"><p>Log one: <code>ct.log_metric("loss", 0.25, step=1)</code></p></Empty>;
  if (found.length === 0) return <Empty title="No metric is shown">{state.find ? <p>None has “{state.find}” in its name.</p> : <p>All are hidden.</p>}</Empty>;
  const toggle = (title: string): void => {
    const next = new Set(closed);
    if (!next.delete(title)) next.add(title);
    setClosed(next);
  };
  return (
    <>
      {found.map((section) => (
        <section key={section.title} class="card-section" aria-label={section.title || "Metrics"}>
          <h2>
            <button type="button" class="twisty" aria-expanded={!closed.has(section.title)} onClick={() => toggle(section.title)}>
              <Icon name={closed.has(section.title) ? "right" : "down"} />
              {section.title || "metrics"} <small>{grouped(section.keys.length)}</small>
            </button>
          </h2>
          {!closed.has(section.title) && (
            <div class={`cards ${state.size}`}>
              {section.keys.map((key) => (
                <article
                  key={key} class="card" data-key={key} ref={(element) => watch(element, key)}
                  onDragOver={(event) => { if (dragged) event.preventDefault(); }}
                  onDrop={(event) => {
                    event.preventDefault();
                    if (dragged && dragged !== key) setQuery({ ch: pinnedBefore(state.pins, dragged, state.pins.includes(key) ? key : null) });
                  }}
                >
                  {alive.has(key)
                    ? <Handle name={key} onDrag={setDragged}><LineCard name={key} board={board} keys={keys} items={menu(key, section, board, query, setQuery)} /></Handle>
                    : <header class="card-head"><h3>{key}</h3></header>}
                </article>
              ))}
            </div>
          )}
        </section>
      ))}
    </>
  );
}

/** A card can be dragged by its edge; its menu does the same. */
function Handle({ name, onDrag, children }: { name: string; onDrag: (key: string) => void; children: preact.ComponentChildren }) {
  return (
    <>
      <span class="card-handle" draggable title="Drag to the pinned ones" aria-hidden="true" onDragStart={(event) => { event.dataTransfer?.setData("text/plain", name); onDrag(name); }} onDragEnd={() => onDrag("")}>⠿</span>
      {children}
    </>
  );
}

function menu(key: string, section: Section, { state, runs }: Board, query: Query, setQuery: SetQuery): (CardMenuItem | null)[] {
  const { pins } = state;
  const at = pins.indexOf(key);
  const shown = new Map([...query].filter(([name]) => ["x", "log", "sm", "band", "clip", "zoom"].includes(name)));
  for (const [name, value] of Object.entries(state.own.get(key) ?? {})) shown.set(name, name === "zoom" ? value.replace(":", "~") : value);
  const page = href(["metric", key], new Map([...shown, ["runs", shortenAll(runs.slice(0, MOST_IN_LINK).map(({ id }) => id))]]));
  return [
    { title: "Full page", onClick: () => go(page) },
    { title: "Copy link", onClick: () => copy(relative(page), "link") },
    at < 0
      ? { title: "Pin to the top", onClick: () => setQuery({ ch: pinnedBefore(pins, key, null) }) }
      : { title: "Unpin", onClick: () => setQuery({ ch: joinNames(pins.filter((each) => each !== key)) }) },
    at > 0 && section.title === "pinned" ? { title: "Move forward", onClick: () => setQuery({ ch: pinnedBefore(pins, key, pins[at - 1] as string) }) } : null,
    { title: "Hide", onClick: () => setQuery({ hide: joinNames([...state.hidden, key]) }) },
  ];
}

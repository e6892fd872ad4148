/** Runs side by side: in words, in a table, their curves, their source and their files. */

import { useMemo } from "preact/hooks";
import { MetricCards } from "../../charts/metric-cards";
import { Button } from "../../app/parts";
import type { SetQuery } from "../../app/address";
import { Boundary } from "../../app/failure";
import { inWords, movedTo, type Side } from "../../lib/compare";
import type { Primary } from "../../lib/columns";
import type { Query } from "../../lib/url";
import { RunHead } from "./cells";
import { Near } from "./near";
import { PairSections } from "./pair";
import { sectionsOf } from "./sections";
import { Sheet } from "./sheet";
import "../../styles/compare.css";

export interface ComparisonProps {
  sides: readonly Side[];
  primary: Primary | null;
  query: Query;
  setQuery: SetQuery;
  /** Another order or other runs; without it they are those of the list. */
  setIds?: (ids: readonly string[]) => void;
}

export function Comparison({ sides, primary, query, setQuery, setIds }: ComparisonProps) {
  const ids = sides.map(({ id }) => id);
  const base = Math.max(0, ids.indexOf(query.get("base") ?? ""));
  const all = query.get("only") === "all";
  const asRows = query.get("as") === "rows";
  const setBase = (id: string): void => setQuery({ base: id === ids[0] && base === 0 ? null : id });
  const sections = useMemo(() => sectionsOf(sides, base, primary, all, (next) => setQuery({ only: next ? "all" : null })), [sides, base, primary, all]);
  const words = useMemo(() => inWords(sides, base, primary), [sides, base, primary]);
  const charted = useMemo(() => sides.map(({ id, name }) => ({ id, name })), [sides]);
  return (
    <div class="comparison">
      <p class="words" aria-live="polite">{words}</p>
      <div class="toolbar">
        <div class="views" role="group" aria-label="Runs as">
          <button type="button" aria-pressed={!asRows} onClick={() => setQuery({ as: null })}>runs as columns</button>
          <button type="button" aria-pressed={asRows} onClick={() => setQuery({ as: "rows" })}>runs as rows</button>
        </div>
        <Button pressed={!all} onClick={() => setQuery({ only: all ? null : "all" })}>Differences only</Button>
      </div>
      <Sheet
        sections={sections} ids={ids} base={ids[base] as string} asRows={asRows}
        heads={sides.map((side, place) => (
          <RunHead
            side={side} place={place} isBase={place === base} count={sides.length} onBase={() => setBase(side.id)}
            onRemove={setIds && (() => setIds(ids.filter((id) => id !== side.id)))}
            onStep={setIds && ((places) => setIds(movedTo(ids, place, place + places)))}
          />
        ))}
        onMove={setIds && ((id, before) => setIds(movedTo(ids, ids.indexOf(id), ids.indexOf(before))))}
        onKey={(key, id) => {
          if (key === "b") setBase(id);
          return key === "b";
        }}
      />
      <Near title="Curves">
        <Boundary what="The curves"><MetricCards experiments={[...new Set(sides.map(({ experiment }) => experiment))]} runs={charted} prefix={null} query={query} running={sides.some(({ status }) => status === "RUNNING")} /></Boundary>
      </Near>
      {sides.length > 1 && <PairSections sides={sides} base={base} query={query} setQuery={setQuery} />}
    </div>
  );
}

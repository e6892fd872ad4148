/** Which columns the table has: searchable, of any number, each with how its values lie. */

import { useMemo, useState } from "preact/hooks";
import { Button, Popover } from "../../app/parts";
import { Icon } from "../../app/icons";
import { joinNames, splitNames } from "../../lib/columns";
import type { Fact } from "../../lib/frame";
import { grouped, short } from "../../lib/format";
import { rowsInSight } from "../../grid/window";
import type { Runs } from "./model";

const ROW = 30;
const HEIGHT = 360;

export function ColumnPicker({ runs }: { runs: Runs }) {
  return (
    <Popover label="Columns" button={<><Icon name="columns" /> Columns</>}>
      {() => <Picker runs={runs} />}
    </Popover>
  );
}

function Picker({ runs }: { runs: Runs }) {
  const [find, setFind] = useState("");
  const [top, setTop] = useState(0);
  const shown = new Set(runs.columns);
  const all = useMemo(() => {
    const facts: Fact[] = [
      { name: "duration", kind: "number", count: runs.frame.total, distinct: 0 },
      ...runs.frame.catalogue.filter((fact) => !/^(attributes\.(run_name|experiment_id|lifecycle_stage)|tags\.mlflow\.(runName|parentRunId|user|log-model))/.test(fact.name)),
    ];
    const wanted = find.toLowerCase();
    return facts.filter((fact) => fact.name.toLowerCase().includes(wanted));
  }, [find, runs.frame]);
  const span = rowsInSight(top, HEIGHT, ROW, all.length);
  const set = (names: readonly string[]): void => runs.setQuery({ cols: names.length ? joinNames(names) : null });
  const pins = splitNames(runs.query.get("pin"));
  const pin = (name: string): void => runs.setQuery({ pin: joinNames(pins.includes(name) ? pins.filter((each) => each !== name) : [...pins, name]) });
  const toggle = (name: string): void => set(shown.has(name) ? runs.columns.filter((each) => each !== name) : [...runs.columns, name]);
  return (
    <div class="picker">
      <input type="search" aria-label="Find a column" placeholder={`find among ${grouped(all.length)}`} value={find} onInput={(event) => setFind(event.currentTarget.value)} />
      <div class="picker-list" style={{ height: `${Math.min(HEIGHT, all.length * ROW)}px` }} tabIndex={0} role="group" aria-label="Columns" onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
        <div style={{ height: `${all.length * ROW}px`, position: "relative" }}>
          {all.slice(span.first, span.end).map((fact, place) => (
            <div key={fact.name} class="picker-row" style={{ top: `${(span.first + place) * ROW}px`, height: `${ROW}px` }}>
              <label>
                <input type="checkbox" checked={shown.has(fact.name)} onChange={() => toggle(fact.name)} />
                <span class="picker-name" title={fact.name}>{fact.name}</span>
                <Bars runs={runs} fact={fact} />
                <small>{grouped(fact.count)}</small>
              </label>
              {shown.has(fact.name) && <Button kind="quiet" icon="pin" label={`Pin ${fact.name} to the left`} pressed={pins.includes(fact.name)} onClick={() => pin(fact.name)} />}
            </div>
          ))}
        </div>
      </div>
      <footer>
        <Button onClick={() => set([])}>Automatic</Button>
        <Button onClick={() => set([...runs.columns, ...all.map((fact) => fact.name).filter((name) => !shown.has(name))].slice(0, 200))}>Add what is found</Button>
      </footer>
    </div>
  );
}

const BINS = 12;

/** How a column's values lie, where the table has them; else from where to where. */
function Bars({ runs, fact }: { runs: Runs; fact: Fact }) {
  const column = runs.column(fact.name);
  if (!column?.numbers) {
    const range = typeof fact.min === "number" && typeof fact.max === "number" ? `${short(fact.min, 3)} … ${short(fact.max, 3)}` : `${fact.distinct || ""} values`;
    return <small class="note">{fact.distinct || typeof fact.min === "number" ? range : ""}</small>;
  }
  const counts = new Array<number>(BINS).fill(0);
  const [min, max] = extent(column.numbers);
  for (const value of column.numbers) {
    if (Number.isFinite(value) && max > min) counts[Math.min(BINS - 1, Math.floor(((value - min) / (max - min)) * BINS))]! += 1;
  }
  const most = Math.max(1, ...counts);
  return (
    <svg class="bars" viewBox={`0 0 ${BINS * 4} 14`} width={BINS * 4} height="14" aria-hidden="true">
      {counts.map((count, bin) => <rect key={bin} x={bin * 4} y={14 - (14 * count) / most} width="3" height={(14 * count) / most} fill="currentColor" />)}
    </svg>
  );
}

function extent(numbers: Float64Array): [number, number] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of numbers) {
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}

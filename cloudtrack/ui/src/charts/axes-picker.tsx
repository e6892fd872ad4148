/** Which params and metrics have an axis. */

import { useMemo, useState } from "preact/hooks";
import { Icon } from "../app/icons";
import { Button, Popover } from "../app/parts";
import { grouped } from "../lib/format";
import type { Runs } from "../pages/runs/model";

const SHOWN = 60;

export function AxesPicker({ runs, names, set }: { runs: Runs; names: readonly string[]; set: (names: readonly string[]) => void }) {
  return (
    <Popover label="Axes" button={<><Icon name="parallel" /> Axes</>}>
      {() => <Picker runs={runs} names={names} set={set} />}
    </Popover>
  );
}

function Picker({ runs, names, set }: { runs: Runs; names: readonly string[]; set: (names: readonly string[]) => void }) {
  const [find, setFind] = useState("");
  const found = useMemo(
    () => runs.frame.catalogue.filter(({ name }) => /^(params|metrics)\./.test(name) && name.toLowerCase().includes(find.toLowerCase())),
    [runs.frame.catalogue, find],
  );
  const toggle = (name: string): void => set(names.includes(name) ? names.filter((each) => each !== name) : [...names.slice(0, -1), name, ...names.slice(-1)]);
  return (
    <div class="picker">
      <input type="search" aria-label="Find a param or a metric" placeholder={`find among ${grouped(found.length)}`} value={find} onInput={(event) => setFind(event.currentTarget.value)} />
      <div class="axes-list" tabIndex={0} role="group" aria-label="Axes"><ul>
        {found.slice(0, SHOWN).map(({ name, count }) => (
          <li key={name}>
            <label><input type="checkbox" checked={names.includes(name)} onChange={() => toggle(name)} /> <span class="picker-name" title={name}>{name}</span> <small>{grouped(count)}</small></label>
          </li>
        ))}
      </ul></div>
      {found.length > SHOWN && <p class="note">{grouped(found.length - SHOWN)} more: type to find them</p>}
      <footer><Button onClick={() => set([])}>Automatic</Button></footer>
    </div>
  );
}

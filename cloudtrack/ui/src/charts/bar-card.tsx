/** Runs that have one value each, as bars, the best first. */

import { useState } from "preact/hooks";
import { Button, Num } from "../app/parts";
import type { ChartRun } from "./lines-of";

const FIRST = 12;

export function Bars({ name, of, isLow }: { name: string; of: readonly { run: ChartRun; value: number }[]; isLow: boolean }) {
  const [isWhole, setWhole] = useState(false);
  const sorted = [...of].sort((a, b) => rank(b.value, isLow) - rank(a.value, isLow));
  const finite = sorted.map(({ value }) => value).filter(Number.isFinite);
  const low = Math.min(0, ...finite);
  const width = Math.max(0, ...finite) - low || 1;
  const shown = isWhole ? sorted : sorted.slice(0, FIRST);
  return (
    // biome-ignore lint: a region that scrolls must be reachable by keyboard
    <div class="bars" tabIndex={0} role="region" aria-label={`${name}: ${of.length} values, the best first`}>
      <table>
        <tbody>
          {shown.map(({ run, value }) => (
            <tr key={run.id}>
              <th scope="row" title={run.name}>{run.name}</th>
              <td class="bar-cell">
                {Number.isFinite(value) && (
                  <span class="bar" style={{ left: `${(100 * (Math.min(0, value) - low)) / width}%`, width: `${(100 * Math.abs(value)) / width}%`, background: run.color }} />
                )}
              </td>
              <td class="bar-value"><Num value={value} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length > FIRST && <Button kind="quiet" onClick={() => setWhole(!isWhole)}>{isWhole ? "fewer" : `${sorted.length - FIRST} more`}</Button>}
    </div>
  );
}

function rank(value: number, isLow: boolean): number {
  if (Number.isNaN(value)) return Number.NEGATIVE_INFINITY;
  return isLow ? -value : value;
}

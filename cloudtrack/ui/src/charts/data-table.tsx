/** The numbers of a chart as a table. */

import { useSettings } from "../app/settings";
import { grouped, short } from "../lib/format";
import type { Line } from "../lib/lines";
import type { AxisKind } from "./plot";
import { printX } from "./tooltip";

const MOST_ROWS = 200;
const MOST_LINES = 20;

export function DataTable({ name, lines, axis, xName }: { name: string; lines: readonly Line[]; axis: AxisKind; xName: string }) {
  const { digits, utc } = useSettings();
  const shown = lines.slice(0, MOST_LINES);
  const values = shown.map((line) => new Map(Array.from(line.x, (x, at) => [x, line.raw[at] as number])));
  const places = [...new Set(values.flatMap((each) => [...each.keys()]))].sort((a, b) => a - b);
  const left = [places.length > MOST_ROWS && `${grouped(places.length - MOST_ROWS)} rows`, lines.length > MOST_LINES && `${lines.length - MOST_LINES} lines`].filter(Boolean);
  return (
    // biome-ignore lint: a region that scrolls must be reachable by keyboard
    <div class="data-table" tabIndex={0} role="region" aria-label={`Data of ${name}`}>
      <table>
        <thead>
          <tr><th scope="col">{xName}</th>{shown.map((line) => <th key={line.id} scope="col">{line.name}</th>)}</tr>
        </thead>
        <tbody>
          {places.slice(0, MOST_ROWS).map((x) => (
            <tr key={x}>
              <th scope="row">{printX(x, axis, utc)}</th>
              {values.map((each, at) => <td key={at} class="num">{each.has(x) ? short(each.get(x) as number, digits + 2) : ""}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
      {left.length > 0 && <p class="note">{left.join(" and ")} more are in the CSV file of the menu</p>}
    </div>
  );
}

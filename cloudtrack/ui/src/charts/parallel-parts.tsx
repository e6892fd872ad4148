/** What stands beside the lines of parallel coordinates: names of marked runs, and the axes as a table. */

import type { Brush } from "../lib/brushes";
import type { Axis } from "../lib/parallel";
import { short } from "../lib/format";
import type { Runs } from "../pages/runs/model";

const LINE = 16;
const MOST_NAMES = 12;

/** Names of the runs that stand out, at the ends of their lines, none over another. */
export function MarkedNames({ runs, rows, hovered, x, y }: { runs: Runs; rows: readonly number[]; hovered: number | null; x: number; y: (row: number) => number }) {
  const others = rows.filter((row) => row !== hovered).slice(0, MOST_NAMES);
  const all = hovered === null ? others : [hovered, ...others];
  let last = Number.NEGATIVE_INFINITY;
  const placed = [...all].sort((a, b) => y(a) - y(b)).map((row) => {
    last = Math.max(y(row), last + LINE);
    return { row, at: last };
  });
  return (
    <>
      {placed.map(({ row, at }) => (
        <span key={row} class={`line-name ${row === hovered ? "hovered" : ""}`} style={{ left: `${x + 14}px`, top: `${at}px` }}>
          {String(runs.column("attributes.run_name")?.at(row) ?? runs.frame.ids[row]?.slice(0, 8))}
        </span>
      ))}
    </>
  );
}

export function AxesTable({ axes, brushes }: { axes: readonly Axis[]; brushes: readonly Brush[] }) {
  return (
    <details class="axes-table">
      <summary>The axes as a table</summary>
      <table class="plain">
        <thead><tr><th scope="col">axis</th><th scope="col">from</th><th scope="col">to</th><th scope="col">scale</th><th scope="col">without a value</th><th scope="col">brush</th></tr></thead>
        <tbody>
          {axes.map((axis) => (
            <tr key={axis.name}>
              <th scope="row">{axis.title}</th>
              <td>{axis.kind === "category" ? axis.categories[0] : short(axis.lo)}</td>
              <td>{axis.kind === "category" ? axis.categories.at(-1) : short(axis.hi)}</td>
              <td>{axis.kind === "category" ? `${axis.categories.length} texts` : axis.isLog ? "logarithmic" : "linear"}{axis.isFlipped ? ", flipped" : ""}</td>
              <td>{axis.missing}</td>
              <td>{brushes.filter(({ name }) => name === axis.name).map(({ from, to }) => (from === to ? from : `${from} to ${to}`)).join(", ") || "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

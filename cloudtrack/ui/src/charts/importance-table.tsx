/** Which params tell most of a metric, with how many runs say so. */

import { Button } from "../app/parts";
import { joinNames, titleOf } from "../lib/columns";
import { counted, grouped } from "../lib/format";
import { FEW, type Importance } from "../lib/statistics";
import type { Runs } from "../pages/runs/model";

const SHOWN = 12;
const MOST_MORE = 40;

export function ImportanceTable({ runs, told, target, x }: { runs: Runs; told: readonly Importance[]; target: string | null; x: string }) {
  const more = runs.frame.catalogue.filter(({ name, distinct }) => name.startsWith("params.") && distinct > 1 && !runs.column(name)).map(({ name }) => name);
  const fewest = Math.min(...told.map(({ n }) => n));
  return (
    <section class="importance" aria-label="Importance">
      <h2>What tells of {target ? titleOf(target) : "a metric"}</h2>
      {told.length === 0 ? <p class="note">Three runs or more with the metric and a param that differs are needed.</p> : (
        <>
          {fewest < FEW && <p class="few">Only {counted(fewest, "run")} in places: below {FEW} this says little.</p>}
          <table class="plain">
            <thead><tr><th scope="col">param</th><th scope="col">importance</th><th scope="col">runs</th></tr></thead>
            <tbody>
              {told.slice(0, SHOWN).map((each) => (
                <tr key={each.name}>
                  <th scope="row"><button type="button" class="link" aria-pressed={each.name === x} title="Show on the x axis" onClick={() => runs.setQuery({ sx: each.name })}>{titleOf(each.name)}</button></th>
                  <td title={`${each.method}: ${each.value.toFixed(4)}`}>
                    <span class="share" aria-hidden="true"><i style={{ width: `${each.value * 100}%` }} /></span> {each.value.toFixed(2)} <small>{each.direction ? (each.direction > 0 ? "grows with it" : "falls with it") : "by category"}</small>
                  </td>
                  <td class="num">{grouped(each.n)}{each.n < FEW ? " (few)" : ""}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {told.length > SHOWN && <p class="note">{told.length - SHOWN} more tell less.</p>}
          <p class="note">Numbers: absolute rank correlation (Spearman). Categories: share of the variance (eta squared). Neither says what causes what.</p>
        </>
      )}
      {more.length > 0 && <Button onClick={() => runs.setQuery({ imp: joinNames(more.slice(0, MOST_MORE)) })}>Look at {counted(Math.min(more.length, MOST_MORE), "more param")}</Button>}
    </section>
  );
}

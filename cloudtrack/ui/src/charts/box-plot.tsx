/** Values of a metric by category: a box each, all over one axis. */

import { Num } from "../app/parts";
import { counted, short } from "../lib/format";
import type { Box } from "../lib/distribution";
import { evenTicks } from "../lib/ticks";

export const MOST_BOXES = 30;
const TICKS = 4;
/** Points are drawn apart where they are more than half a percent of the axis apart. */
const PLACES = 200;

export function BoxPlot({ title, boxes, isTable }: { title: string; boxes: readonly Box[]; isTable: boolean }) {
  const shown = boxes.slice(0, MOST_BOXES);
  const all = shown.flatMap(({ low, high, beyond }) => [low, high, ...beyond]);
  let [min, max] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  if (min === max) [min, max] = [min - (Math.abs(min) * 0.1 || 1), max + (Math.abs(max) * 0.1 || 1)];
  const place = (value: number): number => (100 * (value - min)) / (max - min);
  const at = (from: number, to = from): Record<string, string> => ({ left: `${place(from)}%`, width: `${place(to) - place(from)}%` });
  return (
    // biome-ignore lint: a region that scrolls must be reachable by keyboard
    <div class="bars boxes" tabIndex={0} role="region" aria-label={told(title, boxes)}>
      {isTable ? <BoxTable boxes={shown} /> : (
        <table>
          <tbody>
            {shown.map((box) => (
              <tr key={box.name} title={`median ${short(box.median)}, middle half ${short(box.q1)} to ${short(box.q3)}, ${counted(box.count, "run")}${box.beyond.length ? `, ${box.beyond.length} far off` : ""}`}>
                <th scope="row" title={box.name}>{box.name}</th>
                <td class="bar-cell">
                  <div class="box-field">
                    <span class="whisker" style={at(box.low, box.high)} />
                    <span class="box" style={at(box.q1, box.q3)} />
                    <span class="median" style={at(box.median)} />
                    {[...new Set(box.beyond.map((value) => Math.round((place(value) * PLACES) / 100)))].map((spot) => <span key={spot} class="beyond" style={{ left: `${(100 * spot) / PLACES}%` }} />)}
                  </div>
                </td>
                <td class="bar-value"><Num value={box.median} /> <small>{box.count}</small></td>
              </tr>
            ))}
          </tbody>
          <tfoot aria-hidden="true">
            <tr>
              <td />
              <td class="bar-cell"><div class="box-field">{evenTicks(min, max, TICKS).map((value) => <span key={value} class="box-tick" style={{ left: `${place(value)}%` }}>{short(value)}</span>)}</div></td>
              <td class="bar-value"><small>median · n</small></td>
            </tr>
          </tfoot>
        </table>
      )}
      {boxes.length > shown.length && <p class="note">{counted(boxes.length - shown.length, "category", "categories")} more are in the CSV file of the menu</p>}
    </div>
  );
}

function BoxTable({ boxes }: { boxes: readonly Box[] }) {
  return (
    <table class="box-table">
      <thead><tr>{["value", "runs", "low", "q1", "median", "q3", "high", "far off"].map((head) => <th key={head} scope="col">{head}</th>)}</tr></thead>
      <tbody>
        {boxes.map(({ name, count, low, q1, median, q3, high, beyond }) => (
          <tr key={name}>
            <th scope="row" title={name}>{name}</th>
            <td>{count}</td>
            {[low, q1, median, q3, high].map((value, column) => <td key={column}><Num value={value} /></td>)}
            <td>{beyond.length}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The sentence of a picture: medians of the outer categories. */
function told(title: string, boxes: readonly Box[]): string {
  const sorted = [...boxes].sort((a, b) => a.median - b.median);
  const [least, most] = [sorted[0] as Box, sorted.at(-1) as Box];
  const ends = boxes.length === 1 ? `median ${short(least.median)}` : `least median ${short(least.median)} at ${least.name}, greatest ${short(most.median)} at ${most.name}`;
  return `${title}: ${counted(boxes.length, "box", "boxes")} of ${counted(boxes.reduce((sum, { count }) => sum + count, 0), "run")}, ${ends}`;
}

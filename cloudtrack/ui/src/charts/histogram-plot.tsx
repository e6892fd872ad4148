/** How many runs have which value of a metric. */

import { edge, type Histogram } from "../lib/distribution";
import { counted, short } from "../lib/format";
import { evenTicks } from "../lib/ticks";

const TICKS = 5;
const Y_TICKS = 5;

export function HistogramPlot({ title, histogram, isTable }: { title: string; histogram: Histogram; isTable: boolean }) {
  const { counts, from, step } = histogram;
  const most = counts.reduce((a, b) => Math.max(a, b));
  const range = (bin: number): string => (step ? `${short(edge(bin, step, from))} to ${short(edge(bin + 1, step, from))}` : short(from));
  const peak = counts.indexOf(most);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const summary = `${title}: ${counted(total, "run")} in ${counted(counts.length, "bin")}, most in ${range(peak)}: ${most}`;
  if (isTable) {
    return (
      // biome-ignore lint: a region that scrolls must be reachable by keyboard
      <div class="bars" tabIndex={0} role="region" aria-label={summary}>
        <table class="box-table">
          <thead><tr><th scope="col">value</th><th scope="col">runs</th></tr></thead>
          <tbody>{counts.map((count, bin) => <tr key={bin}><th scope="row">{range(bin)}</th><td>{count}</td></tr>)}</tbody>
        </table>
      </div>
    );
  }
  const end = edge(counts.length, step, from);
  return (
    <div class="histogram" role="img" aria-label={summary}>
      <div class="histogram-y">{evenTicks(0, most, Y_TICKS).filter(Number.isInteger).map((count) => <span key={count} style={{ bottom: `${(100 * count) / most}%` }}>{count}</span>)}</div>
      <div class="histogram-bins">{counts.map((count, bin) => <span key={bin} title={`${range(bin)}: ${counted(count, "run")}`}><i style={{ height: `${(100 * count) / most}%` }} /></span>)}</div>
      <div class="histogram-x">{step ? evenTicks(from, end, TICKS).map((value) => <span key={value} style={{ left: `${(100 * (value - from)) / (end - from)}%` }}>{short(value)}</span>) : <span style={{ left: "50%" }}>{short(from)}</span>}</div>
    </div>
  );
}

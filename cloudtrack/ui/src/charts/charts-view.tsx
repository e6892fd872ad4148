/** Runs as charts: their list on the left, a card of each metric on the right. */

import { useMemo } from "preact/hooks";
import { chartState } from "../lib/chart-state";
import { placesOf } from "../lib/colors";
import { lengthen } from "../lib/ids";
import type { Runs } from "../pages/runs/model";
import "../styles/charts.css";
import { Cards } from "./cards";
import { ChartControls } from "./controls";
import { metricKeys, SYSTEM } from "./metric-cards";
import { RunList } from "./run-list";
import { useBoard } from "./use-board";

export default function ChartsView({ runs }: { runs: Runs }) {
  const { frame, query } = runs;
  const group = query.get("group");
  const shown = useMemo(() => {
    const visible = group ? [...runs.rows] : runs.visible;
    const ids = visible.map((row) => frame.ids[row] as string);
    const places = placesOf(group ? undefined : query.get("vis"), ids, lengthen);
    const text = (name: string, row: number): string | null => {
      const value = runs.column(name)?.at(row);
      return value === null || value === undefined ? null : String(value);
    };
    return visible.map((row, at) => ({
      id: ids[at] as string, name: text("attributes.run_name", row) ?? (ids[at] as string), place: places.get(ids[at] as string) ?? at,
      color: text("tags.mlflow.runColor", row), group: group ? (text(group, row) ?? "none") : null,
    }));
  }, [frame, runs.rows, runs.visible, group]);
  const running = useMemo(() => {
    const status = runs.column("attributes.status");
    return frame.ids.filter((_, row) => status?.at(row) === "RUNNING");
  }, [frame]);
  const bright = [...runs.selected, ...(query.get("base") ? [query.get("base") as string] : [])];
  const board = useBoard(shown, query, runs.setQuery, bright, running, frame);
  const all = useMemo(() => metricKeys(frame.catalogue.map((fact) => fact.name)), [frame]);
  const keys = useMemo(() => all.filter((key) => !key.startsWith(SYSTEM)).concat(all.filter((key) => key.startsWith(SYSTEM))), [all]);
  return (
    <div class="charts">
      <RunList runs={runs} drawn={board.runs} />
      <div class="chart-page">
        <div class="chart-bar"><ChartControls state={chartState(query)} keys={keys} setQuery={runs.setQuery} /></div>
        {shown.length === 0 ? <p class="note">No run is drawn: turn one on with its eye in the list.</p> : <Cards board={board} keys={keys} query={query} setQuery={runs.setQuery} />}
      </div>
    </div>
  );
}

/** Runs as charts: their list on the left, a card of each metric on the right. */

import { useMemo } from "preact/hooks";
import { placesOf } from "../lib/colors";
import { grouped } from "../lib/format";
import { lengthen } from "../lib/ids";
import type { Runs } from "../pages/runs/model";
import "../styles/charts.css";
import { AddCard, AddedCards } from "./added-cards";
import { Cards } from "./cards";
import { ChartControls } from "./controls";
import { ImageSection } from "./image-cards";
import { metricKeys } from "./metric-cards";
import { RunList } from "./run-list";
import { Swatch } from "./tooltip";
import { useBoard } from "./use-board";

/** More are not told apart; the list and its filter choose which. */
const MOST_RUNS = 100;

export default function ChartsView({ runs }: { runs: Runs }) {
  const { frame, query } = runs;
  const group = query.get("group");
  const shown = useMemo(() => {
    const visible = (group ? [...runs.rows] : runs.visible).slice(0, MOST_RUNS);
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
  const asked = group ? runs.rows.length : runs.visible.length;
  const running = useMemo(() => {
    const status = runs.column("attributes.status");
    return frame.ids.filter((_, row) => status?.at(row) === "RUNNING");
  }, [frame]);
  const bright = [...runs.selected, ...(query.get("base") ? [query.get("base") as string] : [])];
  const board = useBoard(shown, query, runs.setQuery, bright, running, frame.ids); // new with every answer
  const keys = useMemo(() => metricKeys(frame.catalogue.map((fact) => fact.name)), [frame]);
  return (
    <div class="charts">
      <RunList runs={runs} drawn={board.runs} />
      <div class="chart-page">
        <div class="chart-bar">
          <ChartControls state={board.state} keys={keys} setQuery={runs.setQuery} grouped={board.groups.length > 0} />
          <AddCard runs={runs} entries={board.state.pins} keys={keys} />
          {board.groups.length > 0 && (
            <ul class="legend" aria-label="Groups">
              {board.groups.map((each) => <li key={each.name}><Swatch color={each.color} dash={each.dash} /> {each.name}</li>)}
            </ul>
          )}
        </div>
        {asked > shown.length && <p class="note">{shown.length} of {grouped(asked)} runs are drawn: filter, sort or select to choose others.</p>}
        <AddedCards runs={runs} entries={board.state.pins} keys={keys} size={board.state.size} />
        {shown.length === 0 ? <p class="note">No run is drawn: turn one on with its eye in the list.</p> : <Cards board={board} keys={keys} primary={runs.primary?.key ?? null} query={query} setQuery={runs.setQuery} />}
        {shown.length > 0 && <ImageSection runs={board.runs} />}
      </div>
    </div>
  );
}

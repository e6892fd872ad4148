/** Runs as points of two columns, or as a heat map of them, and which params tell most. */

import { useMemo } from "preact/hooks";
import { Empty } from "../app/failure";
import { Button } from "../app/parts";
import { useTheme, cssColor } from "../app/theme";
import { titleOf } from "../lib/columns";
import { HUES } from "../lib/colors";
import { counted, grouped, short } from "../lib/format";
import { printSelection, withIds, NONE } from "../lib/selection";
import { binned, FEW, trend } from "../lib/statistics";
import type { Runs } from "../pages/runs/model";
import { sameItems, useSame } from "./canvas";
import { gradient, isDarkTheme } from "./colour-scale";
import { ImportanceTable } from "./importance-table";
import { chosen, frontOf, importances, parsePareto, type Points, pointsOf, targetOf, type Way } from "./scatter-data";
import { type Heat, ScatterPlot } from "./scatter-plot";
import "../styles/multi.css";

const COLUMNS = 24;
const ROWS = 16;

export default function ScatterView({ runs }: { runs: Runs }) {
  const { query, setQuery } = runs;
  const rows = useSame(runs.rows, sameItems);
  const columns = useSame([...runs.frame.columns.values()].filter((column) => column !== runs.column("duration")), sameItems);
  const target = targetOf(runs);
  const told = useMemo(() => importances(runs, target, rows), [target, rows, columns]);
  const names = chosen(runs, told, target);
  const log = query.get("slog");
  const points = useMemo(() => pointsOf(runs, rows, names, log), [rows, columns, names.x, names.y, names.colour, names.size, log]);
  const directions = useMemo(() => parsePareto(query.get("pareto")), [query.get("pareto")]);
  const front = useMemo(() => (points ? frontOf(points, directions) : null), [points, directions]);
  const isOrdered = points !== null && points.x.kind === "number" && points.y.kind === "number";
  const line = useMemo(() => (points && isOrdered && query.get("trend") ? trend(places(points, "x"), places(points, "y")) : null), [points, query.get("trend")]);
  const way = query.get("as");
  const heat = useMemo(() => (points && (way === "count" || way === "mean") ? heatOf(points, way) : null), [points, way]);
  const select = (these: readonly number[], isMore: boolean): void => {
    const ids = these.map((row) => runs.frame.ids[row] as string);
    setQuery({ sel: printSelection(withIds(isMore ? runs.selection : NONE, ids, true)) });
  };
  const toggleLog = (side: "x" | "y"): void => {
    const now = (["x", "y"] as const).filter((each) => (points?.[each].isLog ?? false) !== (each === side));
    setQuery({ slog: now.join(",") || "none" });
  };
  return (
    <div class="scatter-view">
      <div class="toolbar">
        <Choice label="x" name={names.x} runs={runs} set={(sx) => setQuery({ sx })} />
        <Choice label="y" name={names.y} runs={runs} set={(sy) => setQuery({ sy })} />
        <Choice label="colour" name={names.colour} runs={runs} none set={(sc) => setQuery({ sc })} />
        <Choice label="size" name={names.size} runs={runs} none onlyNumbers set={(sz) => setQuery({ sz: sz === "none" ? null : sz })} />
        <label>show <select value={way ?? "points"} onChange={(event) => setQuery({ as: event.currentTarget.value === "points" ? null : event.currentTarget.value })}>
          <option value="points">points</option><option value="count">heat map: count</option><option value="mean">heat map: mean of the colour</option>
        </select></label>
        {points && (["x", "y"] as const).map((side) => points[side].kind === "number" && <Button key={side} pressed={points[side].isLog} onClick={() => toggleLog(side)}>log {side}</Button>)}
        <Button pressed={Boolean(query.get("trend"))} disabled={isOrdered ? undefined : "both axes must be numbers"} onClick={() => setQuery({ trend: query.get("trend") ? null : "1" })}>Trend</Button>
        <Button pressed={directions !== null} disabled={isOrdered ? undefined : "both axes must be numbers"} onClick={() => setQuery({ pareto: directions ? null : `${wayOf(runs, names.x)},${wayOf(runs, names.y)}` })}>Pareto front</Button>
        {directions && <Directions directions={directions} names={names} set={(next) => setQuery({ pareto: `${next.x},${next.y}` })} />}
        {front && <Button onClick={() => select([...front], false)}>Select the front ({front.length})</Button>}
      </div>
      {points && <Notes points={points} line={line ? `trend: r² ${line.r2.toFixed(3)} of ${counted(line.n, "run")}${line.n < FEW ? " (few)" : ""}` : ""} />}
      <div class="scatter-sides">
        {points && points.rows.length
          ? <div class="scatter-main"><ScatterPlot runs={runs} points={points} heat={heat} line={heat ? null : line} front={heat ? null : front} select={select} /><Legend points={points} heat={heat} way={way} /></div>
          : <Empty title="No run has both"><p>Choose other columns for x and y.</p></Empty>}
        <ImportanceTable runs={runs} told={told} target={target} x={names.x} />
      </div>
    </div>
  );
}

function places(points: Points, side: "x" | "y"): number[] {
  return Array.from(points.rows, (row) => points[side].places[row] as number);
}

/** Which end is better: of metrics by their name, of the rest (a size, a cost) less. */
function wayOf(runs: Runs, name: string): Way {
  return name.startsWith("metrics.") && !runs.isBetterLow(name) ? "max" : "min";
}

function heatOf(points: Points, way: "count" | "mean"): Heat {
  const [columns, rows] = [points.x, points.y].map((axis, at) => (axis.kind === "category" ? axis.hi : at ? ROWS : COLUMNS)) as [number, number];
  const colour = points.colour?.kind === "number" ? Array.from(points.rows, (row) => points.colour?.values[row] as number) : null;
  const bins = binned(places(points, "x"), places(points, "y"), colour, columns, rows);
  const means = bins.means.filter((mean) => !Number.isNaN(mean));
  const [lo, hi] = [means.reduce((a, b) => Math.min(a, b), Infinity), means.reduce((a, b) => Math.max(a, b), -Infinity)];
  const share = way === "count" ? (cell: number) => Math.sqrt((bins.counts[cell] as number) / bins.most) : (cell: number) => (hi > lo ? ((bins.means[cell] as number) - lo) / (hi - lo) : 0.5);
  const mean = (cell: number): string => (colour && !Number.isNaN(bins.means[cell]) ? ` · mean ${points.colour?.title} ${short(bins.means[cell] as number)}` : "");
  return { bins, share, told: (cell) => `${counted(bins.counts[cell] as number, "run")}${mean(cell)}`, lo: way === "count" ? 1 : lo, hi: way === "count" ? bins.most : hi };
}

function Notes({ points, line }: { points: Points; line: string }) {
  const said = [counted(points.rows.length, "run"), points.missing ? `${grouped(points.missing)} without both values are not shown` : "", line].filter(Boolean);
  return <p class="note" aria-live="polite">{said.join(" · ")}</p>;
}

function Choice({ label, name, runs, set, none = false, onlyNumbers = false }: { label: string; name: string; runs: Runs; set: (name: string) => void; none?: boolean; onlyNumbers?: boolean }) {
  const facts = runs.frame.catalogue.filter((fact) => /^(params|metrics)\./.test(fact.name) && (!onlyNumbers || fact.kind === "number" || runs.column(fact.name)?.numbers)).map((fact) => fact.name);
  const offered = [...new Set([name, ...facts, "attributes.start_time", "duration"])].filter((each) => each !== "none");
  return (
    <label>{label} <select value={name} onChange={(event) => set(event.currentTarget.value)}>
      {none && <option value="none">none</option>}
      {offered.map((each) => <option key={each} value={each}>{titleOf(each)}</option>)}
    </select></label>
  );
}

function Directions({ directions, names, set }: { directions: { x: Way; y: Way }; names: { x: string; y: string }; set: (next: { x: Way; y: Way }) => void }) {
  return (
    <>
      {(["x", "y"] as const).map((side) => (
        <label key={side}>{titleOf(names[side])} <select value={directions[side]} aria-label={`Which ${titleOf(names[side])} is better`} onChange={(event) => set({ ...directions, [side]: event.currentTarget.value as Way })}>
          <option value="max">more is better</option><option value="min">less is better</option>
        </select></label>
      ))}
    </>
  );
}

function Legend({ points, heat, way }: { points: Points; heat: Heat | null; way: string | undefined }) {
  useTheme();
  const { colour } = points;
  if (heat && way === "count") return <Strip from={counted(heat.lo, "run")} to={counted(heat.hi, "run")} title="in a cell" />;
  if (heat) return heat.hi >= heat.lo ? <Strip from={short(heat.lo)} to={short(heat.hi)} title={`mean ${colour?.title} of the runs in a cell; nothing is interpolated`} /> : <p class="note">The colour is no number, so it has no mean: choose another.</p>;
  if (!colour) return null;
  if (colour.kind === "number") return <Strip from={short(colour.lo)} to={short(colour.hi)} title={colour.title + (colour.isLog ? " (log)" : "")} />;
  return (
    <ul class="hues" aria-label={`Colours of ${colour.title}`}>
      <li class="note">{colour.title}</li>
      {colour.categories.slice(0, HUES.length).map((text, at) => <li key={text}><i style={{ background: cssColor(HUES[at] as string) }} aria-hidden="true" /> {text}</li>)}
      {colour.categories.length > HUES.length && <li class="note">{colour.categories.length - HUES.length} more, in the last colour</li>}
    </ul>
  );
}

function Strip({ from, to, title }: { from: string; to: string; title: string }) {
  return <p class="strip"><span class="note">{title}</span> {from} <i style={{ background: gradient(isDarkTheme()).replace("to top", "to right") }} aria-hidden="true" /> {to}</p>;
}

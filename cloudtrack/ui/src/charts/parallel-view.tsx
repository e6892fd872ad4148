/** Runs as lines over axes of params and metrics: brush the axes, and the table below follows. */

import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Empty } from "../app/failure";
import { Button } from "../app/parts";
import type { Runs } from "../pages/runs/model";
import { RunsTable } from "../pages/runs/table";
import { chosenColumns, joinNames, splitNames, titleOf } from "../lib/columns";
import { counted, grouped, short } from "../lib/format";
import { type Brush, filterOf, MOST_IN_FILTER, parseBrushes, printBrushes, within } from "../lib/brushes";
import { type Axis, autoAxes, axisOf, parseLog, printLog } from "../lib/parallel";
import { joined } from "../lib/filter-join";
import { sameItems, useBox, useCanvas, useSame } from "./canvas";
import { gradient, isDarkTheme } from "./colour-scale";
import { AxesPicker } from "./axes-picker";
import { AxisColumn } from "./parallel-axis";
import { AxesTable, MarkedNames } from "./parallel-parts";
import { DENSE_FROM, drawLines, drawMarked, lineAt, type Plot, yOf } from "./parallel-draw";
import { useTheme } from "../app/theme";
import "../styles/multi.css";

const HEAD = 44;
const FOOT = 34;
const LEFT = 84;
const LEAST_GAP = 104;
const MOST_MARKED = 50;

export default function ParallelView({ runs }: { runs: Runs }) {
  const { query, setQuery } = runs;
  const rows = useSame(runs.rows, sameItems);
  const axes = useAxes(runs, rows);
  const names = axes.map(({ name }) => name);
  const fromQuery = useMemo(() => parseBrushes(query.get("brush")), [query.get("brush")]);
  const [draft, setDraft] = useState<Brush[] | null>(null);
  const brushes = draft ?? fromQuery;
  const kept = useMemo(() => within(axes, brushes, rows), [axes, brushes, rows]);
  const shown = useMemo(() => within(axes, fromQuery, rows), [axes, fromQuery, rows]);
  const tabled = useMemo(() => (shown ? { ...runs, rows: shown } : runs), [runs, shown]);

  const setAxes = (next: readonly string[]): void => setQuery({ pc: next.length ? joinNames(next) : null });
  const brush = (name: string, own: Brush[], isDone: boolean): void => {
    const next = [...brushes.filter((each) => each.name !== name), ...own];
    setDraft(isDone ? null : next);
    setQuery({ brush: printBrushes(next) }, isDone ? "replace" : "typing");
  };
  const toggle = (key: "flip", name: string): void => {
    const now = splitNames(query.get(key));
    setQuery({ [key]: joinNames(now.includes(name) ? now.filter((each) => each !== name) : [...now, name]) });
  };
  const step = (name: string, places: number): void => {
    const at = names.indexOf(name);
    const to = Math.max(0, Math.min(names.length - 1, at + places));
    setAxes(names.toSpliced(at, 1).toSpliced(to, 0, name));
  };
  const filter = useMemo(() => (fromQuery.length ? filterOf(axes, fromQuery, runs.frame) : null), [axes, fromQuery]);
  const count = kept ? `${grouped(kept.length)} of ${counted(rows.length, "run")}` : counted(rows.length, "run");
  return (
    <div class="parallel-view">
      <div class="toolbar">
        <AxesPicker runs={runs} names={names} set={setAxes} />
        <span aria-live="polite">{count}{kept && " within the brush"}</span>
        {fromQuery.length > 0 && (
          <>
            <Button disabled={filter === null ? `an axis has more than ${MOST_IN_FILTER} texts within the brush: select the runs instead` : undefined}
              onClick={() => setQuery({ q: joined(query.get("q") ?? "", filter ?? ""), brush: null }, "push")}>Keep as filter</Button>
            <Button onClick={() => runs.select(Array.from(shown ?? [], (row) => runs.frame.ids[row] as string), true)}>Select</Button>
            <Button kind="quiet" icon="close" onClick={() => setQuery({ brush: null })}>Clear brushes</Button>
          </>
        )}
        {axes.length > 0 && <span class="note">coloured by {axes.at(-1)?.title}{rows.length > DENSE_FROM ? "; the denser the lines, the stronger the colour" : ""}</span>}
      </div>
      {axes.length < 2
        ? <Empty title="Parallel coordinates need two axes"><p>Runs with params or metrics that differ give them; or choose some under Axes.</p></Empty>
        : <Lines runs={runs} axes={axes} rows={rows} kept={kept} brushes={brushes} count={count} brush={brush} setAxes={setAxes} step={step}
            flip={(name) => toggle("flip", name)} log={(name) => setQuery({ plog: printLog(axes, name) })} />}
      <AxesTable axes={axes} brushes={fromQuery} />
      <RunsTable runs={tabled} />
    </div>
  );
}

/** The axes that the address names, made anew only where their columns or rows are new. */
function useAxes(runs: Runs, rows: Int32Array): Axis[] {
  const { query, frame, primary } = runs;
  const auto = useMemo(() => autoAxes(frame, rows, primary), [frame.catalogue, rows, primary]);
  const names = useSame(chosenColumns(query.get("pc"), auto), sameItems);
  const columns = useSame(names.map((name) => runs.column(name)), sameItems);
  const [flip, log] = [query.get("flip"), query.get("plog")];
  return useMemo(() => {
    const flipped = new Set(splitNames(flip));
    const isLog = parseLog(log);
    const colour = runs.column(names.at(-1) ?? "");
    return names.flatMap((name) => axisOf(frame, rows, name, { log: isLog?.(name) ?? null, isFlipped: flipped.has(name), colour }) ?? []);
  }, [names, columns, rows, flip, log]);
}

interface LinesProps {
  runs: Runs;
  axes: Axis[];
  rows: Int32Array;
  kept: Int32Array | null;
  brushes: readonly Brush[];
  count: string;
  brush: (name: string, own: Brush[], isDone: boolean) => void;
  setAxes: (names: readonly string[]) => void;
  step: (name: string, places: number) => void;
  flip: (name: string) => void;
  log: (name: string) => void;
}

function Lines(props: LinesProps) {
  const { runs, axes, rows, kept } = props;
  const box = useRef<HTMLDivElement>(null);
  const size = useBox(box);
  const theme = useTheme();
  const [dragged, setDragged] = useState<{ name: string; dx: number } | null>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const right = size.width > 700 ? 150 : 60;
  const gap = Math.max(LEAST_GAP, (size.width - LEFT - right) / Math.max(1, axes.length - 1));
  const drawn = { width: Math.max(size.width, LEFT + right + gap * (axes.length - 1)), height: size.height };
  const x = useMemo(() => axes.map((_, at) => LEFT + at * gap), [axes, gap]);
  const plot: Plot = useMemo(() => ({ axes, x, top: HEAD, bottom: size.height - FOOT, none: size.height - FOOT + 16 }), [axes, x, size.height]);
  const marked = useMemo(() => {
    const there = new Set(rows);
    const base = runs.query.get("base");
    const ids = base ? [base, ...runs.selected.filter((id) => id !== base)] : runs.selected;
    return ids.slice(0, MOST_MARKED).map((id) => runs.frame.ids.indexOf(id)).filter((row) => there.has(row));
  }, [runs.selected, runs.frame, rows, runs.query.get("base")]);
  const all = useCanvas(drawn, (context) => drawLines(context, plot, rows), [plot, rows, drawn.width]);
  const within = useCanvas(drawn, (context) => kept && drawLines(context, plot, kept), [plot, kept, drawn.width]);
  const over = useCanvas(drawn, (context) => drawMarked(context, plot, marked, hovered), [plot, marked, hovered, drawn.width]);
  useEffect(() => setHovered(null), [axes, rows]);
  const hit = (event: PointerEvent): number | null => {
    const place = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return lineAt(plot, kept ?? rows, event.clientX - place.left, event.clientY - place.top);
  };
  const drag = useCallback((name: string, dx: number, isDone: boolean): void => {
    if (!isDone || Math.abs(dx) < gap / 4) setDragged(isDone ? null : { name, dx });
    else {
      setDragged(null);
      props.step(name, Math.round(dx / gap));
    }
  }, [gap, props.step]);
  return (
    <div class="parallel" ref={box}>
      <div class={`parallel-space ${kept ? "is-brushed" : ""}`} style={{ width: `${drawn.width}px` }}>
        <canvas ref={all} class="all" role="img" aria-label={summary(runs, axes, rows, props.count)} />
        <canvas ref={within} class="within" aria-hidden="true" />
        <canvas
          ref={over} class="over" aria-hidden="true"
          onPointerMove={(event) => event.buttons === 0 && setHovered(hit(event))}
          onPointerLeave={() => setHovered(null)}
          onClick={(event) => {
            const row = hit(event as unknown as PointerEvent);
            const id = row === null ? undefined : runs.frame.ids[row];
            if (id) runs.select([id], !runs.selected.includes(id));
          }}
        />
        {axes.map((axis, at) => (
          <AxisColumn
            key={axis.name} axis={axis} x={(x[at] as number) + (dragged?.name === axis.name ? dragged.dx : 0)} width={gap - 6}
            top={HEAD} bottom={plot.bottom} brushes={props.brushes.filter(({ name }) => name === axis.name)} count={props.count}
            colours={at === axes.length - 1 && theme >= 0 ? gradient(isDarkTheme(), axis.isFlipped) : null}
            onBrush={(own, isDone) => props.brush(axis.name, own, isDone)} onDrag={(dx, isDone) => drag(axis.name, dx, isDone)}
            onStep={(places) => props.step(axis.name, places)} onFlip={() => props.flip(axis.name)} onLog={() => props.log(axis.name)}
            onRemove={() => props.setAxes(axes.map(({ name }) => name).filter((name) => name !== axis.name))}
          />
        ))}
        <MarkedNames runs={runs} rows={marked} hovered={hovered} x={x.at(-1) ?? 0} y={(row) => yOf(plot, axes.at(-1)?.places[row] ?? Number.NaN)} />
      </div>
    </div>
  );
}

function summary(runs: Runs, axes: readonly Axis[], rows: Int32Array, count: string): string {
  const last = axes.at(-1);
  const parts = [`Parallel coordinates: ${count} over ${axes.map(({ title }) => title).join(", ")}`];
  if (last?.kind === "number") {
    const isLow = runs.isBetterLow(last.name);
    let best: number | null = null;
    for (const row of rows) {
      const value = last.values[row] as number;
      if (!Number.isNaN(value) && (best === null || (isLow ? value < (last.values[best] as number) : value > (last.values[best] as number)))) best = row;
    }
    if (best !== null) parts.push(`best ${titleOf(last.name)} ${short(last.values[best] as number)} by ${String(runs.column("attributes.run_name")?.at(best) ?? runs.frame.ids[best])}`);
  }
  return parts.join("; ");
}

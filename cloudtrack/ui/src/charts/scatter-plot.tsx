/** The field of a scatter plot or a heat map: points to look at by pointer and keys, a lasso that selects. */

import { useMemo, useRef, useState } from "preact/hooks";
import { titleOf } from "../lib/columns";
import { counted, short } from "../lib/format";
import { type Axis, ticksOf } from "../lib/parallel";
import { type Bins, inside, type Trend } from "../lib/statistics";
import type { Runs } from "../pages/runs/model";
import { useBox, useCanvas } from "./canvas";
import type { Points } from "./scatter-data";
import { drawCells, drawFront, drawLasso, drawMarks, drawPoints, drawTrend, type Field, pointAt, xy } from "./scatter-draw";

const LEFT = 72;
const BOTTOM = 48;
const EDGE = 14;
const PAD = 10; // between the points and the lines of the axes
const CLICK = 5;

export interface Heat {
  bins: Bins;
  share: (cell: number) => number;
  told: (cell: number) => string;
  /** Ends of what the colours mean. */
  lo: number;
  hi: number;
}

interface PlotProps {
  runs: Runs;
  points: Points;
  heat: Heat | null;
  line: Trend | null;
  front: Int32Array | null;
  /** Select these rows; beside those that are selected, or in their place. */
  select: (rows: readonly number[], isMore: boolean) => void;
}

export function ScatterPlot({ runs, points, heat, line, front, select }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const size = useBox(box);
  const [hovered, setHovered] = useState<number | null>(null);
  const [cell, setCell] = useState<number | null>(null);
  const [lasso, setLasso] = useState<[number, number][]>([]);
  const field: Field = useMemo(() => ({ left: LEFT + PAD, top: EDGE, width: Math.max(0, size.width - LEFT - PAD - EDGE), height: Math.max(0, size.height - BOTTOM - PAD - EDGE) }), [size.width, size.height]);
  const selected = useMemo(() => {
    const ids = new Set(runs.selected);
    return [...points.rows].filter((row) => ids.has(runs.frame.ids[row] as string));
  }, [points, runs.selected]);
  const inOrder = useMemo(() => [...points.rows].sort((a, b) => (points.x.places[a] as number) - (points.x.places[b] as number)), [points]);
  const shown = hovered !== null && points.rows.includes(hovered) ? hovered : null;
  const below = useCanvas(size, (context) => {
    if (heat) drawCells(context, field, heat.bins, heat.share);
    else drawPoints(context, field, points);
    if (line) drawTrend(context, field, line);
    if (front) drawFront(context, field, points, front);
  }, [field, points, heat, line, front]);
  const over = useCanvas(size, (context) => {
    if (!heat) drawMarks(context, field, points, selected, shown);
    if (lasso.length > 1) drawLasso(context, lasso);
  }, [field, points, heat, selected, shown, lasso]);

  const at = (event: PointerEvent): [number, number] => {
    const place = (box.current as HTMLElement).getBoundingClientRect();
    return [event.clientX - place.left, event.clientY - place.top];
  };
  const look = (event: PointerEvent): void => {
    const [px, py] = at(event);
    if (!heat) return setHovered(pointAt(field, points, px, py));
    const [column, row] = [Math.floor(((px - field.left) / field.width) * heat.bins.columns), Math.floor((1 - (py - field.top) / field.height) * heat.bins.rows)];
    const isIn = column >= 0 && row >= 0 && column < heat.bins.columns && row < heat.bins.rows;
    setCell(isIn ? row * heat.bins.columns + column : null);
  };
  const finish = (event: PointerEvent): void => {
    const isClick = lasso.length < 3 || Math.hypot(...spread(lasso)) < CLICK;
    if (isClick) {
      const row = pointAt(field, points, ...at(event));
      const id = row === null ? undefined : runs.frame.ids[row];
      if (id && !heat) runs.select([id], !runs.selected.includes(id));
    } else {
      select([...points.rows].filter((row) => inside(lasso, ...xy(field, points, row))), event.shiftKey);
    }
    setLasso([]);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const place = shown === null ? -1 : inOrder.indexOf(shown);
    if (step) setHovered(inOrder[Math.max(0, Math.min(inOrder.length - 1, place + step))] ?? null);
    else if (event.key === "Home" || event.key === "End") setHovered((event.key === "Home" ? inOrder[0] : inOrder.at(-1)) ?? null);
    else if ((event.key === "x" || event.key === " ") && shown !== null) {
      const id = runs.frame.ids[shown] as string;
      runs.select([id], !runs.selected.includes(id));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const tip = heat ? (cell === null || !heat.bins.counts[cell] ? null : heat.told(cell)) : shown === null ? null : told(runs, points, shown);
  return (
    <div
      class="scatter-plot" ref={box} tabIndex={0} role="img" aria-label={summary(points, heat)}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setLasso([at(event)]);
      }}
      onPointerMove={(event) => (lasso.length ? setLasso([...lasso, at(event)]) : look(event))}
      onPointerUp={(event) => lasso.length && finish(event)}
      onPointerCancel={() => setLasso([])}
      onPointerLeave={() => { setHovered(null); setCell(null); }}
    >
      <canvas ref={below} aria-hidden="true" />
      <canvas ref={over} aria-hidden="true" />
      <Scale axis={points.x} field={field} side="x" />
      <Scale axis={points.y} field={field} side="y" />
      <span class="scatter-tip" aria-live="polite" hidden={!tip}>{tip}</span>
    </div>
  );
}

function Scale({ axis, field, side }: { axis: Axis; field: Field; side: "x" | "y" }) {
  const style = (place: number): Record<string, string> => (side === "x"
    ? { left: `${field.left + place * field.width}px`, top: `${field.top + field.height + PAD + 4}px` }
    : { right: `calc(100% - ${field.left - PAD - 8}px)`, top: `${field.top + (1 - place) * field.height}px` });
  return (
    <div aria-hidden="true">
      <span class={`scatter-line ${side}`} style={side === "x" ? { left: `${field.left - PAD}px`, width: `${field.width + PAD}px`, top: `${field.top + field.height + PAD}px` } : { left: `${field.left - PAD}px`, top: `${field.top}px`, height: `${field.height + PAD}px` }} />
      {ticksOf(axis).map(({ place, text }) => <span key={`${place}`} class={`scatter-tick ${side}`} style={style(place)}>{axis.name === "attributes.start_time" ? new Date(Number(text)).toISOString().slice(0, 10) : text}</span>)}
      <span class={`scatter-title ${side}`} style={side === "x" ? { left: `${field.left + field.width / 2}px`, top: `${field.top + field.height + PAD + 24}px` } : { left: "14px", top: `${field.top + field.height / 2}px` }}>{axis.title}{axis.isLog ? " (log)" : ""}</span>
    </div>
  );
}

function told(runs: Runs, points: Points, row: number): string {
  const name = String(runs.column("attributes.run_name")?.at(row) ?? runs.frame.ids[row]);
  const axes = [points.x, points.y, points.colour, points.size].filter((axis, at, all): axis is Axis => axis !== null && all.findIndex((other) => other?.name === axis.name) === at);
  return [name, ...axes.map((axis) => `${axis.title} ${printed(runs, axis.name, row)}`)].join(" · ");
}

function printed(runs: Runs, name: string, row: number): string {
  const value = runs.column(name)?.at(row) ?? null;
  return typeof value === "number" ? short(value) : (value ?? "none");
}

function summary(points: Points, heat: Heat | null): string {
  const kind = heat ? "Heat map" : "Scatter plot";
  return `${kind} of ${counted(points.rows.length, "run")}: ${titleOf(points.y.name)} over ${titleOf(points.x.name)}${points.colour ? `, coloured by ${titleOf(points.colour.name)}` : ""}. Arrows walk the runs, x selects.`;
}

function spread(line: readonly (readonly [number, number])[]): [number, number] {
  const side = (at: 0 | 1): number => Math.max(...line.map((each) => each[at])) - Math.min(...line.map((each) => each[at]));
  return [side(0), side(1)];
}

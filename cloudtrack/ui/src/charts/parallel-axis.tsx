/** One axis of parallel coordinates: its name to drag, its ticks, its brushes to drag and to move by keys. */

import { useRef } from "preact/hooks";
import { Menu } from "../app/parts";
import { type Brush, brushBetween, placesOf } from "../lib/brushes";
import { type Axis, ticksOf } from "../lib/parallel";

const EDGE = 7;
const CLICK = 4;
const STEP = 0.05;

export interface AxisProps {
  axis: Axis;
  x: number;
  /** Room for its name. */
  width: number;
  top: number;
  bottom: number;
  brushes: readonly Brush[];
  /** How many runs are within all brushes, for readers who hear it. */
  count: string;
  colours: string | null;
  onBrush: (brushes: Brush[], isDone: boolean) => void;
  /** Dragged by so many pixels. */
  onDrag: (dx: number, isDone: boolean) => void;
  /** Moved by so many places. */
  onStep: (places: number) => void;
  onFlip: () => void;
  onLog: () => void;
  onRemove: () => void;
}

export function AxisColumn(props: AxisProps) {
  const { axis, x, width, top, bottom, brushes } = props;
  const height = bottom - top;
  const spans = brushes.map((brush) => placesOf(axis, brush));
  const last = brushes.at(-1);
  const lastSpan = spans.at(-1);
  return (
    <div class="axis" style={{ left: `${x}px` }}>
      <div class="axis-head" style={{ width: `${width}px` }}>
        <AxisName {...props} />
        <Menu label={`Menu of ${axis.title}`} items={[
          { title: "Flip", onClick: props.onFlip },
          axis.kind === "number" ? { title: axis.isLog ? "Linear" : "Logarithmic", onClick: props.onLog } : null,
          { title: "Move left", onClick: () => props.onStep(-1) },
          { title: "Move right", onClick: () => props.onStep(1) },
          { title: "Remove", onClick: props.onRemove },
        ]} />
      </div>
      <div
        class="axis-track" style={{ top: `${top}px`, height: `${height}px` }}
        role="slider" tabIndex={0} aria-orientation="vertical" aria-label={`Brush of ${axis.title}`}
        aria-valuemin={0} aria-valuemax={100} aria-valuenow={lastSpan ? Math.round(50 * (lastSpan.from + lastSpan.to)) : 50}
        aria-valuetext={last ? `${last.from} to ${last.to}: ${props.count}` : "no brush"}
        onPointerDown={(event) => startBrush(event, props)}
        onKeyDown={(event) => brushKey(event, props)}
      >
        <span class="axis-line" />
        {props.colours && <span class="axis-colours" style={{ background: props.colours }} />}
        {ticksOf(axis).map((tick) => <span key={`${tick.place} ${tick.text}`} class="tick-label" style={{ bottom: `${tick.place * height}px` }} title={tick.text}>{tick.text}</span>)}
        {spans.map((span, at) => span && <span key={at} class="brush" style={{ bottom: `${span.from * height}px`, height: `${Math.max(3, (span.to - span.from) * height)}px` }} />)}
      </div>
      {axis.missing > 0 && <span class="axis-none" style={{ top: `${bottom + 8}px` }} title={`${axis.missing} without a value${axis.isLog ? " that a logarithm has" : ""}`}>none {axis.missing}</span>}
    </div>
  );
}

function AxisName({ axis, onDrag, onFlip, onStep }: AxisProps) {
  const from = useRef<number | null>(null);
  return (
    <button
      type="button" class="axis-name" title={`${axis.title}: drag to move, double-click to flip`}
      onPointerDown={(event) => {
        from.current = event.clientX;
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => from.current !== null && onDrag(event.clientX - from.current, false)}
      onPointerUp={(event) => {
        if (from.current !== null) onDrag(event.clientX - from.current, true);
        from.current = null;
      }}
      onPointerCancel={() => {
        from.current = null;
        onDrag(0, true);
      }}
      onDblClick={onFlip}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step) onStep(step);
        else if (event.key === "f") onFlip();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      {axis.isFlipped ? "↓ " : ""}{axis.title}{axis.isLog && <small> log</small>}
    </button>
  );
}

/** A drag: of an edge, of a whole brush, or of a new one, with shift beside those that are there. A click takes a brush away, or chooses a category. */
function startBrush(down: PointerEvent, { axis, brushes, onBrush }: AxisProps): void {
  if (down.button !== 0) return;
  const track = down.currentTarget as HTMLElement;
  const { top, height } = track.getBoundingClientRect();
  const placeOf = (event: PointerEvent): number => Math.max(0, Math.min(1, 1 - (event.clientY - top) / height));
  const start = placeOf(down);
  const grip = EDGE / height;
  const spans = brushes.map((brush) => placesOf(axis, brush));
  const held = spans.findIndex((span) => span && start >= span.from - grip && start <= span.to + grip);
  const span = spans[held] ?? null;
  const isNearFrom = span !== null && Math.abs(start - span.from) <= grip;
  const isNearTo = span !== null && Math.abs(start - span.to) <= grip;
  const others = brushes.filter((_, at) => (span ? at !== held : down.shiftKey));
  let moved = false;
  const drawn = (event: PointerEvent): Brush[] => {
    const now = placeOf(event);
    if (!span) return [...others, brushBetween(axis, start, now)];
    if (isNearTo) return [...others, brushBetween(axis, span.from, now)];
    if (isNearFrom) return [...others, brushBetween(axis, span.to, now)];
    const shift = Math.max(-span.from, Math.min(1 - span.to, now - start));
    return [...others, inner(axis, span.from + shift, span.to + shift)];
  };
  const clicked = (): Brush[] => (span ? others : axis.kind === "category" ? [...others, brushBetween(axis, start, start)] : []);
  const move = (event: PointerEvent): void => {
    moved ||= Math.abs(event.clientY - down.clientY) >= CLICK;
    if (moved) onBrush(drawn(event), false);
  };
  const up = (event: PointerEvent): void => {
    track.removeEventListener("pointermove", move);
    track.removeEventListener("pointerup", up);
    track.removeEventListener("pointercancel", up);
    onBrush(moved ? drawn(event) : clicked(), true);
  };
  track.setPointerCapture(down.pointerId);
  track.addEventListener("pointermove", move);
  track.addEventListener("pointerup", up);
  track.addEventListener("pointercancel", up);
}

/** Between two places that are edges of bands: of categories those whose middles are within. */
function inner(axis: Axis, from: number, to: number): Brush {
  const half = axis.kind === "category" ? 0.5 / axis.hi : 0;
  return brushBetween(axis, from + half, to - half);
}

function brushKey(event: KeyboardEvent, { axis, brushes, onBrush, onStep, onFlip, onLog }: AxisProps): void {
  const last = brushes.at(-1);
  const span = last ? placesOf(axis, last) : null;
  const step = axis.kind === "category" ? 1 / axis.hi : STEP;
  const change = (from: number, to: number): void => {
    const size = Math.max(step, to - from);
    const low = Math.max(0, Math.min(1 - Math.min(1, size), from));
    onBrush([...brushes.slice(0, -1), inner(axis, low, Math.min(1, low + size))], true);
  };
  const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
  if (way && !span) change(axis.kind === "category" ? (way > 0 ? 0 : 1 - step) : 0.25, axis.kind === "category" ? (way > 0 ? step : 1) : 0.75);
  else if (way && span && event.shiftKey) change(span.from, Math.min(1, span.to + way * step));
  else if (way && span) change(span.from + way * step, span.to + way * step);
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") onStep(event.key === "ArrowLeft" ? -1 : 1);
  else if (event.key === "f") onFlip();
  else if (event.key === "l" && axis.kind === "number") onLog();
  else if (event.key === "Delete" || event.key === "Backspace") onBrush([], true);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

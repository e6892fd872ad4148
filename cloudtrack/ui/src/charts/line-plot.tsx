/** A plot to touch: pointer and keys move its cursor, drag zooms, a click pins what it says. */

import { useCallback, useRef, useState } from "preact/hooks";
import { copy } from "../app/parts";
import { useSettings } from "../app/settings";
import { cssColor } from "../app/theme";
import { around, type Extent, type Line, nearest } from "../lib/lines";
import { type Cursor, type Cursors, useCursor } from "./cursor";
import type { Picture, Plot } from "./plot";
import { spoken, type Tip, Tooltip } from "./tooltip";
import { useUPlot } from "./use-plot";

const DRAG_PX = 4;
const DOTS = 12;
const REACH_PX = 24;
const ZOOM = 2;

interface Props {
  name: string;
  picture: Picture;
  cursors: Cursors;
  label: string;
  xName: string;
  onZoom: (zoom: Extent | null) => void;
  /** While one drags with shift; null when that is over. */
  onPan: (pan: Extent | null) => void;
  onTable: () => void;
  /** The plot, for files of it. */
  plotted: (plot: Plot | null) => void;
}

export function LinePlot({ name, picture, cursors, label, xName, onZoom, onPan, onTable, plotted }: Props) {
  const { utc } = useSettings();
  const host = useRef<HTMLDivElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const select = useRef<HTMLDivElement>(null);
  const frame = useRef(0);
  const drag = useRef<{ left: number; top: number; pan: Extent | null; isMoved: boolean } | null>(null);
  const [tip, setTip] = useState<Tip | null>(null);
  const [said, say] = useState("");
  const cursor = useRef<Cursor>({ x: null, source: "" });
  const walk = useRef<{ line: number; at: number } | null>(null);
  const { lines } = picture;
  const latest = useRef({ tip, lines });
  latest.current = { tip, lines };

  const plot = useUPlot(host, picture, (drawn) => {
    plotted(drawn);
    fit(overlay.current, drawn);
    paint(overlay.current, drawn, lines, cursor.current, latest.current.tip?.line ?? -1, name);
  });

  const follow = useCallback((now: Cursor): void => {
    cursor.current = now;
    if (!plot.current) return;
    if (now.source !== name && latest.current.tip && !latest.current.tip.isPinned) setTip(null);
    paint(overlay.current, plot.current, latest.current.lines, now, now.source === name ? (latest.current.tip?.line ?? -1) : -1, name);
  }, [name]);
  useCursor(cursors, follow);

  const point = (left: number, top: number, chosen?: { line: number; at: number }): Tip | null => {
    const at = plot.current;
    if (!at) return null;
    const x = chosen ? ((lines[chosen.line] as Line).x[chosen.at] as number) : at.fromX(left);
    const y = chosen ? ((lines[chosen.line] as Line).y[chosen.at] as number) : at.fromY(top);
    const found = around(lines, x, y, Math.abs(at.fromX(REACH_PX) - at.fromX(0)), (a, b) => at.toY(a) - at.toY(b));
    const line = chosen?.line ?? found[0]?.line ?? -1;
    if (chosen) found.sort((a, b) => Number(b.line === line) - Number(a.line === line));
    const { box } = at;
    const next = { x, found, line, left: box.left + at.toX(x), top: box.top + (chosen ? at.toY(y) : top) - 20, isPinned: false };
    latest.current.tip = next;
    setTip(next);
    cursors.move({ x, source: name });
    return next;
  };

  const inBox = (event: PointerEvent): { left: number; top: number; isIn: boolean } => {
    const area = host.current?.getBoundingClientRect();
    const box = plot.current?.box;
    if (!area || !box) return { left: 0, top: 0, isIn: false };
    const [left, top] = [event.clientX - area.left - box.left, event.clientY - area.top - box.top];
    return { left, top, isIn: left >= 0 && top >= 0 && left <= box.width && top <= box.height };
  };

  const move = (event: PointerEvent): void => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => {
      const at = plot.current;
      if (!at) return;
      const { left, top, isIn } = inBox(event);
      const now = drag.current;
      if (now) {
        now.isMoved ||= Math.abs(left - now.left) > DRAG_PX;
        if (now.pan) onPan(shifted(now.pan, now.left - left, at.box.width, picture.logX));
        else if (now.isMoved) show(select.current, at.box, now.left, left);
      } else if (tip?.isPinned) return;
      else if (isIn) point(left, top);
      else leave();
    });
  };

  const leave = (): void => {
    cancelAnimationFrame(frame.current);
    if (latest.current.tip?.isPinned || drag.current) return;
    setTip(null);
    cursors.move({ x: null, source: name });
  };

  const down = (event: PointerEvent): void => {
    const { left, top, isIn } = inBox(event);
    if (event.button !== 0 || !isIn || !plot.current) return;
    drag.current = { left, top, pan: event.shiftKey ? { ...picture.extents.x } : null, isMoved: false };
    host.current?.setPointerCapture(event.pointerId);
  };

  const up = (event: PointerEvent): void => {
    const now = drag.current;
    const at = plot.current;
    drag.current = null;
    cancelAnimationFrame(frame.current);
    if (select.current) select.current.hidden = true;
    if (!now || !at) return;
    const left = Math.max(0, Math.min(at.box.width, inBox(event).left));
    if (now.pan) {
      onPan(null);
      if (Math.abs(left - now.left) > 1) onZoom(shifted(now.pan, now.left - left, at.box.width, picture.logX));
    } else if (Math.abs(left - now.left) > DRAG_PX) {
      const [a, b] = [at.fromX(Math.min(left, now.left)), at.fromX(Math.max(left, now.left))];
      onZoom({ min: a, max: b });
    } else if (tip?.isPinned) setTip(null);
    else {
      const next = point(now.left, now.top);
      if (next?.found.length) setTip({ ...next, isPinned: true });
    }
  };

  const keys = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || !plot.current) return;
    const x = picture.extents.x;
    const middle = cursor.current.x ?? (x.min + x.max) / 2;
    const act = {
      ArrowRight: () => step(1), ArrowLeft: () => step(-1), ArrowUp: () => change(-1), ArrowDown: () => change(1),
      "+": () => onZoom(zoomed(x, middle, 1 / ZOOM, picture.logX)), "=": () => onZoom(zoomed(x, middle, 1 / ZOOM, picture.logX)), "-": () => onZoom(zoomed(x, middle, ZOOM, picture.logX)),
      "0": () => onZoom(null), d: onTable,
      c: () => { if (tip) copy(spoken(tip, lines, picture.axis, xName, utc), "Values"); },
      Enter: () => { if (tip) setTip({ ...tip, isPinned: !tip.isPinned }); },
      Escape: () => { setTip(null); walk.current = null; cursors.move({ x: null, source: name }); },
    }[event.key];
    if (!act || (event.key === "Escape" && !tip) || (event.key === "c" && !tip)) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };

  /** Move the cursor by points of its line. */
  const step = (by: number): void => {
    let now = walk.current;
    if (!now || !lines[now.line]) {
      const line = lines.findIndex((each) => nearest(each, picture.extents.x.min) >= 0);
      if (line < 0) return;
      now = { line, at: nearest(lines[line] as Line, cursor.current.x ?? picture.extents.x.min) };
    } else {
      const { y } = lines[now.line] as Line;
      let at = now.at + by;
      while (at >= 0 && at < y.length && !Number.isFinite(y[at] as number)) at += by;
      if (at < 0 || at >= y.length) return;
      now = { ...now, at };
    }
    stand(now);
  };

  /** Move the cursor to another line, where it has a point near. */
  const change = (by: number): void => {
    const now = walk.current;
    if (!now || !lines[now.line]) return step(0);
    const x = (lines[now.line] as Line).x[now.at] as number;
    for (let turn = 1; turn <= lines.length; turn++) {
      const line = (now.line + by * turn + lines.length * turn) % lines.length;
      const at = nearest(lines[line] as Line, x);
      if (at >= 0) return stand({ line, at });
    }
  };

  const stand = (now: { line: number; at: number }): void => {
    walk.current = now;
    const next = point(0, 0, now);
    if (next) say(spoken(next, lines, picture.axis, xName, utc, 1));
  };

  const width = host.current?.clientWidth ?? 0;
  return (
    <div class="plot-root">
      {/* the picture has a sentence, and its points are walked with the arrow keys */}
      <div
        class="plot" ref={host} role="img" tabIndex={0} aria-label={label}
        onPointerMove={move} onPointerLeave={leave} onPointerDown={down} onPointerUp={up} onDblClick={() => onZoom(null)} onKeyDown={keys} onBlur={() => { walk.current = null; leave(); }}
      >
        <canvas class="plot-overlay" ref={overlay} width="1" height="1" />
        <div class="plot-select" ref={select} hidden />
      </div>
      {tip && tip.found.length > 0 && <Tooltip tip={tip} lines={lines} axis={picture.axis} xName={xName} width={width} />}
      <p class="unseen" aria-live="polite">{said}</p>
    </div>
  );
}

function fit(canvas: HTMLCanvasElement | null, plot: Plot): void {
  if (!canvas) return;
  const { left, top, width, height } = plot.box;
  const [wide, high] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  Object.assign(canvas.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
}

/** The cursor's line, and dots where it meets the lines; the one that is near is drawn over the others. */
function paint(canvas: HTMLCanvasElement | null, plot: Plot, lines: readonly Line[], { x, source }: Cursor, near: number, name: string): void {
  const ctx = canvas?.getContext("2d");
  if (!canvas || !ctx) return;
  ctx.clearRect(0, 0, canvas.width, canvas.height);
  if (x === null) return;
  const ratio = devicePixelRatio;
  const left = plot.toX(x) * ratio;
  if (!(left >= 0 && left <= canvas.width)) return;
  ctx.strokeStyle = cssColor("--text-2");
  ctx.lineWidth = ratio;
  ctx.setLineDash([4 * ratio, 3 * ratio]);
  ctx.beginPath();
  ctx.moveTo(left, 0);
  ctx.lineTo(left, canvas.height);
  ctx.stroke();
  ctx.setLineDash([]);
  const line = lines[near];
  if (line && lines.length > 1) plot.highlight(ctx, line);
  const dotted = source === name && line ? [near] : lines.length <= DOTS ? lines.keys() : [];
  for (const number of dotted) {
    const one = lines[number] as Line;
    const at = nearest(one, x);
    if (at < 0) continue;
    ctx.fillStyle = one.color;
    ctx.beginPath();
    ctx.arc(plot.toX(one.x[at] as number) * ratio, plot.toY(one.y[at] as number) * ratio, 3.5 * ratio, 0, 2 * Math.PI);
    ctx.fill();
  }
}

function show(select: HTMLDivElement | null, box: { left: number; top: number; width: number; height: number }, from: number, to: number): void {
  if (!select) return;
  const [a, b] = [Math.max(0, Math.min(from, to)), Math.min(box.width, Math.max(from, to))];
  select.hidden = false;
  Object.assign(select.style, { left: `${box.left + a}px`, top: `${box.top}px`, width: `${b - a}px`, height: `${box.height}px` });
}

function shifted({ min, max }: Extent, px: number, width: number, isLog: boolean): Extent {
  if (isLog) {
    const by = (max / min) ** (px / width);
    return { min: min * by, max: max * by };
  }
  const by = ((max - min) * px) / width;
  return { min: min + by, max: max + by };
}

function zoomed({ min, max }: Extent, around: number, by: number, isLog: boolean): Extent {
  if (isLog) return { min: around / (around / min) ** by, max: around * (max / around) ** by };
  return { min: around - (around - min) * by, max: around + (max - around) * by };
}

/** A card as a file: PNG, SVG, CSV. */

import { cssColor } from "../app/theme";
import { csv, save } from "../lib/export";
import type { Line } from "../lib/lines";
import { type Axis, wholeSeries } from "./store";
import type { ChartRun } from "./lines-of";
import type { Picture, Plot } from "./plot";

const HEAD_PX = 26;
const ROW_PX = 16;
const MOST_NAMED = 12;

function fileName(key: string, kind: string): string {
  return `${key.replace(/[^\w.-]+/g, "_") || "chart"}.${kind}`;
}

/** The plot under its title, over its lines' names. */
export function savePng(key: string, plot: Plot, lines: readonly Line[]): void {
  const source = plot.canvas;
  const ratio = devicePixelRatio;
  const named = lines.slice(0, MOST_NAMED);
  const canvas = document.createElement("canvas");
  canvas.width = source.width;
  canvas.height = source.height + (HEAD_PX + (named.length + 1) * ROW_PX) * ratio;
  const ctx = canvas.getContext("2d");
  if (!ctx) return;
  ctx.fillStyle = cssColor("--ground");
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.drawImage(source, 0, HEAD_PX * ratio);
  ctx.scale(ratio, ratio);
  const font = getComputedStyle(document.body).fontFamily;
  ctx.fillStyle = cssColor("--text");
  ctx.font = `600 14px ${font}`;
  ctx.fillText(key, 12, 18);
  ctx.font = `11px ${font}`;
  named.forEach((line, row) => {
    const top = HEAD_PX + source.height / ratio + (row + 0.5) * ROW_PX;
    ctx.strokeStyle = line.color;
    ctx.lineWidth = 2.5;
    ctx.setLineDash([...line.dash]);
    ctx.beginPath();
    ctx.moveTo(12, top);
    ctx.lineTo(34, top);
    ctx.stroke();
    ctx.fillText(row === MOST_NAMED - 1 && lines.length > MOST_NAMED ? `${line.name} and ${lines.length - MOST_NAMED} more` : line.name, 42, top + 4);
  });
  canvas.toBlob((blob) => blob && save(fileName(key, "png"), "image/png", blob), "image/png");
}

export function saveSvg(key: string, plot: Plot, picture: Picture): void {
  save(fileName(key, "svg"), "image/svg+xml", svg(key, plot, picture));
}

/** The plot as a drawing that stays sharp; names and keys are escaped. */
export function svg(key: string, plot: Plot, { lines, extents }: Picture): string {
  const { left, top, width, height } = plot.box;
  const [wide, high] = [left + width + 16, top + height + 32 + HEAD_PX];
  const text = (x: number, y: number, content: string, anchor: string, size = 11): string =>
    `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" text-anchor="${anchor}" fill="${cssColor("--text")}">${escaped(content)}</text>`;
  const path = (line: Line): string => {
    const { x, y } = line.isSmoothed ? line : line.full;
    let out = "";
    let isDown = false;
    for (let at = 0; at < x.length; at++) {
      const [px, py] = [plot.toX(x[at] as number), plot.toY(y[at] as number)];
      if (!Number.isFinite(px) || !Number.isFinite(py)) isDown = false;
      else {
        out += `${isDown ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`;
        isDown = true;
      }
    }
    return `<path d="${out}" fill="none" stroke="${line.color}" stroke-width="1.6" stroke-dasharray="${line.dash.join(" ")}"><title>${escaped(line.name)}</title></path>`;
  };
  const grid = cssColor("--line");
  const inX = plot.ticks.x.filter(({ at }) => at >= extents.x.min && at <= extents.x.max);
  const inY = plot.ticks.y.filter(({ at }) => at >= extents.y.min && at <= extents.y.max);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high}" viewBox="0 0 ${wide} ${high}" font-family="system-ui, sans-serif">`,
    `<rect width="100%" height="100%" fill="${cssColor("--ground")}"/>`,
    text(12, 18, key, "start", 14),
    `<g transform="translate(${left} ${top + HEAD_PX})">`,
    `<clipPath id="plot"><rect width="${width}" height="${height}"/></clipPath>`,
    ...inX.map(({ at, text: label }) => `<path d="M${plot.toX(at).toFixed(1)} 0v${height}" stroke="${grid}" stroke-width="0.5"/>${text(plot.toX(at), height + 18, label, "middle")}`),
    ...inY.map(({ at, text: label }) => `<path d="M0 ${plot.toY(at).toFixed(1)}h${width}" stroke="${grid}" stroke-width="0.5"/>${text(-8, plot.toY(at) + 4, label, "end")}`),
    `<g clip-path="url(#plot)">`,
    ...lines.map(path),
    "</g></g></svg>",
  ].join("\n");
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`).replace(/[\0-\x08\x0b\x0c\x0e-\x1f]/g, " ");
}

/** Every point of every run, not only those that are drawn. Raises ApiError. */
export async function saveCsv(key: string, runs: readonly ChartRun[], axis: Axis): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const run of runs) {
    for (const series of await wholeSeries(run.id, key, axis)) {
      const odd: [readonly number[] | undefined, number][] = [[series.nan?.x, Number.NaN], [series.inf?.x, Number.POSITIVE_INFINITY], [series["-inf"]?.x, Number.NEGATIVE_INFINITY]];
      const all = [...series.x.map((x, at) => [x, series.last[at] as number] as const), ...odd.flatMap(([places, value]) => (places ?? []).map((x) => [x, value] as const))];
      for (const [x, value] of all.sort(([a], [b]) => a - b)) rows.push([run.id, run.name, key, x, value]);
    }
  }
  const name = { step: "step", time: "timestamp_ms", relative: "relative_ms" }[axis];
  save(fileName(key, "csv"), "text/csv", csv({ names: ["run_id", "run", "metric", name, "value"], rows }));
}

/** What is under the cursor: the nearest lines first. */

import { useSettings } from "../app/settings";
import { duration, moment, short } from "../lib/format";
import type { Found, Line } from "../lib/lines";
import type { AxisKind } from "./plot";

export const MOST_ROWS = 10;

export interface Tip {
  x: number;
  found: readonly Found[];
  /** The line that the cursor is on. */
  line: number;
  left: number;
  top: number;
  isPinned: boolean;
}

export function Tooltip({ tip, lines, axis, xName, width }: { tip: Tip; lines: readonly Line[]; axis: AxisKind; xName: string; width: number }) {
  const { digits, utc } = useSettings();
  const first = tip.found[0];
  if (!first) return null;
  const at = (lines[first.line] as Line).x[first.at] as number;
  const side = tip.left > width / 2 ? { right: `${width - tip.left + 14}px` } : { left: `${tip.left + 14}px` };
  return (
    <div class={`tooltip ${tip.isPinned ? "pinned" : ""}`} style={{ ...side, top: `${Math.max(0, tip.top)}px` }}>
      <p class="tooltip-x">{xName} {printX(at, axis, utc)}</p>
      <table>
        <tbody>
          {tip.found.slice(0, MOST_ROWS).map((found) => {
            const line = lines[found.line] as Line;
            const raw = line.raw[found.at] as number;
            const own = line.x[found.at] as number;
            return (
              <tr key={line.id} class={found.line === tip.line ? "near" : ""}>
                <td><Swatch color={line.color} dash={line.dash} /></td>
                <td class="tooltip-name">{line.name}{own !== at && <small> at {printX(own, axis, utc)}</small>}</td>
                <td class="num">{short(line.y[found.at] as number, digits + 1)}</td>
                {line.isSmoothed && <td class="num"><small>{Number.isFinite(raw) ? short(raw, digits + 1) : ""}</small></td>}
              </tr>
            );
          })}
        </tbody>
      </table>
      {tip.found.length > MOST_ROWS && <p class="note">{tip.found.length - MOST_ROWS} more</p>}
    </div>
  );
}

/** A line's colour and dashes, small. */
export function Swatch({ color, dash }: { color: string; dash: readonly number[] }) {
  return (
    <svg class="swatch" viewBox="0 0 18 8" width="18" height="8" aria-hidden="true">
      <path d="M1 4h16" fill="none" stroke={color} stroke-width="3" stroke-dasharray={dash.join(" ") || undefined} />
    </svg>
  );
}

export function printX(x: number, axis: AxisKind, utc: boolean): string {
  if (axis === "time") return moment(x, utc);
  if (axis === "relative") return duration(x);
  return short(x, 7);
}

/** The same as text, for the clipboard and for those who listen. */
export function spoken(tip: Tip, lines: readonly Line[], axis: AxisKind, xName: string, utc: boolean, most = Number.POSITIVE_INFINITY): string {
  return tip.found.slice(0, most).map(({ line: number, at }) => {
    const line = lines[number] as Line;
    const smoothed = line.isSmoothed ? `, smoothed ${short(line.y[at] as number, 6)}` : "";
    return `${line.name}: ${line.raw[at]}${smoothed} at ${xName} ${printX(line.x[at] as number, axis, utc)}`;
  }).join("\n");
}

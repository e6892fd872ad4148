/** The picture of a timeline: a row for each version, its stages as bars, aliases as flags, transitions as marks. */

import { useRef, useState } from "preact/hooks";
import type { Timeline } from "../../api/registry";
import { useWidth } from "../../app/size";
import { marks } from "../../lib/past";
import { isHeld } from "../../lib/stage-rules";
import { go, href } from "../../lib/url";

const ROW = 40;
const HEAD = 24;
const LEFT = 48;
const BAR = 16;
const MOST_ROWS = 200;
const NARROWEST = 3;
const DRAG = 5;
const WORD = 7;

export function TimelineChart({ line, name, span: [from, to], now, at, utc, told, onAt, onZoom }: {
  line: Timeline; name: string; span: [number, number]; now: number; at: number | null; utc: boolean; told: (ms: number) => string;
  onAt: (ms: number) => void; onZoom: (range: [number, number] | null) => void;
}) {
  const [box, width] = useWidth<HTMLDivElement>();
  const start = useRef<number | null>(null);
  const [brush, setBrush] = useState<[number, number] | null>(null);
  const rows = [...line.versions].reverse().slice(0, MOST_ROWS);
  const height = HEAD + rows.length * ROW;
  const plot = Math.max(100, width - LEFT - 2);
  const x = (ms: number): number => LEFT + (plot * (ms - from)) / (to - from);
  const clip = (px: number): number => Math.max(LEFT, Math.min(LEFT + plot, px));
  const time = (px: number): number => from + ((Math.max(LEFT, Math.min(LEFT + plot, px)) - LEFT) / plot) * (to - from);
  const place = (event: PointerEvent): number => event.clientX - (event.currentTarget as Element).getBoundingClientRect().left;
  const own = line.stages.filter((stage) => isHeld(stage));

  const onPointerDown = (event: PointerEvent): void => {
    if (event.button !== 0 || (event.target as Element).closest("a")) return;
    start.current = place(event);
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (start.current === null) return;
    const end = place(event);
    setBrush(Math.abs(end - start.current) > DRAG ? [Math.min(start.current, end), Math.max(start.current, end)] : null);
  };
  const onPointerUp = (event: PointerEvent): void => {
    if (start.current === null) return;
    if (brush) onZoom([time(brush[0]), time(brush[1])]);
    else onAt(time(place(event)));
    start.current = null;
    setBrush(null);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const moments = [...new Set(line.ticks.map((tick) => tick.time))].sort((a, b) => a - b);
    const here = at ?? now;
    if (event.key === "ArrowLeft") onAt(moments.findLast((each) => each < here) ?? from);
    else if (event.key === "ArrowRight") onAt(moments.find((each) => each > here) ?? now);
    else if (event.key === "+" || event.key === "-") {
      const half = ((to - from) / 2) * (event.key === "+" ? 0.5 : 2);
      const middle = at !== null && at > from && at < to ? at : (from + to) / 2;
      onZoom([middle - half, middle + half]);
    } else if (event.key === "0") onZoom(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="timeline" ref={box}>
      <svg
        width={width} height={height} role="group" tabindex={0}
        aria-label={`Timeline of ${rows.length} versions: arrows go from change to change, plus and minus zoom, 0 shows all`}
        onPointerDown={onPointerDown} onPointerMove={onPointerMove} onPointerUp={onPointerUp} onDblClick={() => onZoom(null)} onKeyDown={onKeyDown}
      >
        {marks([from, to], Math.max(2, plot / 130), utc).filter((mark) => x(mark.at) < width - 76).map((mark) => (
          <g key={mark.at} class="scale"><line x1={x(mark.at)} x2={x(mark.at)} y1={HEAD - 4} y2={height} /><text x={x(mark.at) + 3} y={14}>{mark.text}</text></g>
        ))}
        {rows.map(({ version, periods }, row) => {
          const y = HEAD + row * ROW;
          return (
            <g key={version}>
              <line class="rule" x1={0} x2={width} y1={y} y2={y} />
              <a href={href(["models", name, "versions", String(version)])} onClick={(event) => { event.preventDefault(); go(href(["models", name, "versions", String(version)])); }}>
                <text class="version" x={4} y={y + ROW - 13}>v{version}</text>
              </a>
              {periods.map(([stage, begin, end]) => <Bar key={`${stage}${begin}`} stage={stage} hue={own.indexOf(stage)} left={clip(x(begin))} right={clip(x(end ?? now))} y={y + ROW - BAR - 6} title={`v${version} in ${stage} from ${told(begin)} ${end === null ? "until now" : `to ${told(end)}`}`} />)}
              <Flags flags={line.aliases.filter((each) => each.version === version)} x={(ms) => clip(x(ms))} y={y} now={now} told={told} from={from} to={to} />
              {line.ticks.filter((tick) => tick.version === version && tick.time >= from && tick.time <= to).map((tick) => (
                <circle key={tick.number} class={`tick-mark ${tick.comment ? "told" : ""}`} cx={x(tick.time)} cy={y + ROW - BAR / 2 - 6} r={4}>
                  <title>{`${told(tick.time)}: v${version} ${tick.from_stage} → ${tick.to_stage} by ${tick.user || "somebody"}${tick.comment && `: “${tick.comment}”`}`}</title>
                </circle>
              ))}
            </g>
          );
        })}
        {at !== null && at >= from && at <= to && <line class="at" x1={x(at)} x2={x(at)} y1={0} y2={height} />}
        {brush && <rect class="brush" x={brush[0]} y={0} width={brush[1] - brush[0]} height={height} />}
      </svg>
      {line.versions.length > MOST_ROWS && <p class="note">The newest {MOST_ROWS} of {line.versions.length} versions are drawn; the question above knows all.</p>}
    </div>
  );
}

function Bar({ stage, hue, left, right, y, title }: { stage: string; hue: number; left: number; right: number; y: number; title: string }) {
  const wide = Math.max(NARROWEST, right - left);
  const known = ["None", "Archived", "Staging", "Production"].includes(stage) ? stage : "own";
  const thin = stage === "None";
  return (
    <g class={`period ${known}`} style={known === "own" ? { "--own": `var(--hue-${hue % 10})` } : {}}>
      <rect x={left} y={thin ? y + BAR / 2 - 2 : y} width={wide} height={thin ? 4 : BAR} rx={2}><title>{title}</title></rect>
      {!thin && wide > stage.length * WORD + 14 && <text x={left + 8} y={y + BAR - 4}>{stage}</text>}
    </g>
  );
}

function Flags({ flags, x, y, now, told, from, to }: { flags: Timeline["aliases"]; x: (ms: number) => number; y: number; now: number; told: (ms: number) => string; from: number; to: number }) {
  let last = Number.NEGATIVE_INFINITY;
  return (
    <>
      {flags.filter((flag) => flag.from <= to && (flag.to ?? now) >= from).sort((a, b) => a.from - b.from).map((flag) => {
        const [left, right] = [x(flag.from), x(flag.to ?? now)];
        const word = left > last + 4 ? left : last + 4; // names that would lie over each other stand after each other
        last = word + 14 + (flag.alias.length + 1) * WORD;
        return (
          <g key={`${flag.alias}${flag.from}`} class="flag">
            <title>{`@${flag.alias} from ${told(flag.from)} ${flag.to === null ? "until now" : `to ${told(flag.to)}`}`}</title>
            <line x1={left} x2={Math.max(left + NARROWEST, right)} y1={y + 16} y2={y + 16} />
            <path d={`M${left} ${y + 16}V${y + 4}l7 3-7 3`} />
            <text x={word + 9} y={y + 13}>@{flag.alias}</text>
          </g>
        );
      })}
    </>
  );
}

/** When which version was in which stage; and what was where at a moment, in words. */

import { useMemo, useState } from "preact/hooks";
import type { Timeline } from "../../api/registry";
import { useSetQuery } from "../../app/address";
import { useGet } from "../../app/data";
import { Failure } from "../../app/failure";
import { Button, Skeleton } from "../../app/parts";
import { useSettings } from "../../app/settings";
import { answer, fromField, span, toField } from "../../lib/past";
import { moment } from "../../lib/format";
import { isHeld } from "../../lib/stage-rules";
import { href, type Query } from "../../lib/url";
import { StageChip } from "./chips";
import { TimelineChart } from "./timeline-chart";

export function TimelineView({ name, query }: { name: string; query: Query }) {
  const line = useGet<Timeline>("cloudtrack/models/timeline", { name });
  if (line.error) return <Failure error={line.error} retry={line.refresh} what="The timeline" />;
  if (!line.data) return <Skeleton what="the timeline" />;
  return <Past name={name} line={line.data} query={query} />;
}

function Past({ name, line, query }: { name: string; line: Timeline; query: Query }) {
  const { utc } = useSettings();
  const setQuery = useSetQuery();
  const [now] = useState(Date.now());
  const held = line.stages.filter(isHeld);
  const stage = query.get("find") ?? held.at(-1) ?? "";
  const at = numberOf(query.get("at"));
  const whole = useMemo(() => span(line, now), [line, now]);
  const zoom = (query.get("zoom") ?? "").split("~").map(numberOf);
  const shown: [number, number] = zoom[0] !== undefined && zoom[0] !== null && zoom[1] ? [zoom[0], zoom[1]] : whole;
  const told = (ms: number): string => moment(ms, utc);
  return (
    <div class="past">
      <form class="toolbar" onSubmit={(event) => event.preventDefault()}>
        <span>What was in</span>
        <select aria-label="Stage" value={stage} onChange={(event) => setQuery({ find: event.currentTarget.value })}>
          {line.stages.map((each) => <option key={each} value={each}>{each}</option>)}
        </select>
        <label>on <input type="datetime-local" step="1" aria-label="Date and time" value={at === null ? "" : toField(at, utc)} onChange={(event) => { const ms = fromField(event.currentTarget.value, utc); setQuery({ at: ms === null ? null : String(ms) }); }} /> {utc && "UTC"}?</label>
        <span class="note">or click into the picture</span>
        <span class="grow" />
        <Button disabled={zoom[1] ? "" : "drag over a period to see only that"} onClick={() => setQuery({ zoom: null })}>Whole time</Button>
      </form>
      <p class="answer" role="status" aria-live="polite">{at === null ? "" : answer(line, stage, at, told)}</p>
      <TimelineChart
        line={line} name={name} span={shown} now={now} at={at} utc={utc} told={told}
        onAt={(ms) => setQuery({ at: String(Math.round(ms)) })}
        onZoom={(range) => setQuery({ zoom: range ? range.map(Math.round).join("~") : null })}
      />
      {line.truncated && <p class="note">The history is long: transitions before its last 5,000 events are left out.</p>}
      <details class="changes">
        <summary>All changes of stages as a table</summary>
        <div class="scroll" tabIndex={0} role="region" aria-label="Changes of stages">
          <table class="plain">
            <thead><tr><th>when</th><th>version</th><th>from</th><th>to</th><th>who</th><th>comment</th></tr></thead>
            <tbody>
              {[...line.ticks].reverse().map((tick) => (
                <tr key={tick.number}>
                  <td class="num">{told(tick.time)}</td><td><a href={href(["models", name, "versions", String(tick.version)])}>v{tick.version}</a></td>
                  <td><StageChip stage={tick.from_stage} /></td><td><StageChip stage={tick.to_stage} /></td><td>{tick.user || "somebody"}</td><td class="words">{tick.comment}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  );
}

function numberOf(text: string | undefined): number | null {
  const found = Number(text || Number.NaN);
  return Number.isFinite(found) ? found : null;
}

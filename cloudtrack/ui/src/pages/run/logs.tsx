/** What the processes of a run printed: the end of it, which is followed while the run goes on. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { get } from "../../api/client";
import { isFrozen } from "../../api/frozen";
import { useLoaded, usePoll } from "../../app/data";
import { attempt } from "../../app/dialog";
import { Empty, Failure } from "../../app/failure";
import { Button, CopyButton, Skeleton } from "../../app/parts";
import { type LogWire, sizeOf, streamsOf, textOf } from "../../lib/console";
import { save } from "../../lib/export";
import { TextView } from "../../preview/text-view";
import "../../styles/artifacts.css";
import type { RunView } from "./model";

const ROUTE = "cloudtrack/runs/logs";
/** When so much has come, only the end is kept. */
const MOST = 4_000_000;

export default function LogsTab({ view }: { view: RunView }) {
  const run = { run_id: view.id };
  const log = useLoaded<LogWire>(`log ${view.id}`, (signal) => get<LogWire>(ROUTE, { ...run, backwards: true }, signal));
  const [follow, setFollow] = useState(1);
  const [stream, setStream] = useState("");
  const known = log.data;
  const pieces = known?.pieces ?? [];
  const more = async (): Promise<boolean> => {
    if (!known || isFrozen()) return false;
    const { pieces: come, cursor: end } = await get<LogWire>(ROUTE, { ...run, cursor: known.end });
    if (!come.length) return false;
    if (follow && sizeOf(pieces) > MOST) await log.refresh();
    else log.set({ ...known, pieces: [...pieces, ...come], end });
    return true;
  };
  usePoll(view.running, more);
  useEffect(() => {
    if (!view.running) more().catch(() => undefined); // what came since it was asked for last
  }, [view.running]);
  const earlier = async (): Promise<void> => {
    if (!known) return;
    setFollow(0);
    const page = await get<LogWire>(ROUTE, { ...run, backwards: true, cursor: known.cursor });
    log.set({ ...known, pieces: [...page.pieces, ...pieces], cursor: page.cursor });
  };
  const text = useMemo(() => textOf(pieces, stream), [pieces, stream]);
  if (log.error) return <Failure error={log.error} retry={log.refresh} what="console log" />;
  if (!known) return <Skeleton rows={14} what="the console log" />;
  if (!pieces.length) {
    return (
      <Empty title="No console log">
        <p>Begin a run with <code>ct.start_run(log_console=True)</code>, or set <code>CLOUDTRACK_CONSOLE=1</code>, and what it prints is here.</p>
      </Empty>
    );
  }
  const streams = streamsOf(pieces);
  const leave = (isUp: boolean): void => {
    if (isUp && follow) setFollow(0);
  };
  return (
    <div class="source-file" onWheel={({ deltaY }) => leave(deltaY < 0)} onKeyDown={({ key }) => leave(["ArrowUp", "PageUp", "Home"].includes(key))}>
      <TextView text={text} label="Console log" follow={follow}>
        {streams.length > 1 && (
          <select aria-label="Process" value={stream} onChange={(event) => setStream(event.currentTarget.value)}>
            <option value="">all processes</option>
            {streams.map(([id, name]) => <option key={id} value={id}>{name}</option>)}
          </select>
        )}
        {known.cursor && !isFrozen() && <Button onClick={() => void attempt(earlier)}>Load earlier</Button>}
        {view.running && <Button pressed={follow > 0} onClick={() => setFollow(follow ? 0 : 1)}>Follow</Button>}
        <Button onClick={() => setFollow(follow + 1)}>Jump to end</Button>
        <CopyButton text={text} label="Copy the text" />
        <Button icon="download" onClick={() => save(`${view.name}.log`, "text/plain", text)}>Download</Button>
      </TextView>
    </div>
  );
}

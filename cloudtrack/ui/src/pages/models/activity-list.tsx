/** Who did what, when and why: a page of a history, and older ones on demand. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { get, type Params } from "../../api/client";
import type { Activity, ActivityPage } from "../../api/registry";
import { useGet } from "../../app/data";
import { attempt } from "../../app/dialog";
import { Empty, Failure } from "../../app/failure";
import { Button, RelTime, Skeleton } from "../../app/parts";
import { action, fromTo } from "../../lib/activity";
import { href } from "../../lib/url";
import { StageChip } from "./chips";

export function useActivity(path: string, params: Params): { first: ReturnType<typeof useGet<ActivityPage>>; entries: Activity[]; more: (() => void) | null; busy: boolean } {
  const first = useGet<ActivityPage>(path, params);
  const [older, setOlder] = useState<ActivityPage[]>([]);
  const [busy, setBusy] = useState(false);
  useEffect(() => setOlder([]), [first.data]);
  const entries = useMemo(() => [...(first.data?.activity ?? []), ...older.flatMap((each) => each.activity)], [first.data, older]);
  const next = (older.at(-1) ?? first.data)?.next ?? null;
  const more = (): void => {
    setBusy(true);
    void attempt(async () => {
      const page = await get<ActivityPage>(path, { ...params, cursor: next });
      setOlder((before) => [...before, page]);
    }).finally(() => setBusy(false));
  };
  return { first, entries, more: next ? more : null, busy };
}

export function ActivityList({ path, params, withModel = false }: { path: string; params: Params; withModel?: boolean }) {
  const { first, entries, more, busy } = useActivity(path, params);
  if (first.error) return <Failure error={first.error} retry={first.refresh} what="The activity" />;
  if (!first.data) return <Skeleton what="the activity" />;
  if (!entries.length && !more) return <Empty title="Nothing happened"><p>Changes of registered models, their versions, stages and aliases are listed here; nothing was changed that these conditions let through.</p></Empty>;
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Activity">
        <table class="plain activity">
          <thead><tr><th>when</th><th>who</th>{withModel && <th>model</th>}<th>version</th><th>what</th><th>from</th><th>to</th><th>comment</th></tr></thead>
          <tbody>{entries.map((entry) => <Line key={`${entry.name} ${entry.number}`} entry={entry} withModel={withModel} />)}</tbody>
        </table>
      </div>
      {more && <p><Button onClick={more} disabled={busy}>{entries.length ? "Older" : "Look further back"}</Button></p>}
    </>
  );
}

function Line({ entry, withModel }: { entry: Activity; withModel: boolean }) {
  const { from, to } = fromTo(entry);
  return (
    <tr>
      <td><RelTime ms={entry.time} /></td>
      <td>{entry.user || "somebody"}</td>
      {withModel && <td><a href={href(["models", entry.name])}>{entry.name}</a></td>}
      <td>{entry.version === undefined ? "" : <a href={href(["models", entry.name, "versions", String(entry.version)])}>v{entry.version}</a>}</td>
      <td class="words" title={entry.summary}>{action(entry)}{entry.forced && <strong> against the rules</strong>}</td>
      <td>{from && (entry.from_stage ? <StageChip stage={from} /> : from)}</td>
      <td>{to && (entry.to_stage ? <StageChip stage={to} /> : to)}</td>
      <td class="words">{entry.comment}</td>
    </tr>
  );
}

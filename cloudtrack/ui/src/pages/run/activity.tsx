/** What happened to a run and to the versions that came from it, newest first. */

import { get } from "../../api/client";
import { useLoaded } from "../../app/data";
import { Failure } from "../../app/failure";
import { RelTime, Skeleton } from "../../app/parts";
import { useSettings } from "../../app/settings";
import { moment } from "../../lib/format";
import { href } from "../../lib/url";
import { type RunView, useModels } from "./model";

interface Entry {
  time: number;
  text: string;
  by?: string;
  to?: string;
  comment?: string;
}
interface ActivityWire {
  activity: { time: number; user?: string; summary: string; comment?: string; name: string; version?: number }[];
}
const MOST_VERSIONS = 20;

export default function ActivityTab({ view }: { view: RunView }) {
  const { utc } = useSettings();
  const versions = view.versions.slice(0, MOST_VERSIONS);
  const models = useModels(view.run);
  const told = useLoaded<Entry[]>(versions.length ? `activity ${versions.map((each) => `${each.name}/${each.version}`).join(" ")}` : null, async (signal) => {
    const answers = await Promise.all(versions.map((each) => get<ActivityWire>("cloudtrack/models/activity", { name: each.name, version: each.version }, signal)));
    const entries = answers.flatMap(({ activity }) => activity.map((one): Entry => ({
      time: one.time, text: `${one.name}: ${one.summary}`, by: one.user, comment: one.comment, to: href(["models", one.name, ...(one.version ? ["versions", String(one.version)] : [])]),
    })));
    return [...new Map(entries.map((each) => [`${each.time} ${each.text}`, each])).values()];
  });
  const { info } = view.run;
  const entries: Entry[] = [
    ...(info.start_time ? [{ time: info.start_time, text: "started", by: info.user_id }] : []),
    ...(info.end_time ? [{ time: info.end_time, text: `ended ${info.status.toLowerCase()}` }] : []),
    ...(models.data ?? []).map((each) => ({ time: each.info.creation_timestamp_ms ?? 0, text: `logged the model ${each.info.name}` })),
    ...(told.data ?? []),
  ].sort((a, b) => b.time - a.time);
  return (
    <div class="overview">
      {told.error && <Failure error={told.error} retry={told.refresh} what="history of the versions" />}
      {told.isLoading && versions.length > 0 && <Skeleton rows={4} what="the history of the versions" />}
      <ol class="history">
        {entries.map((each, at) => (
          <li key={at}>
            <span class="num note" title={moment(each.time, utc)}><RelTime ms={each.time} /></span>
            <span>{each.to ? <a href={each.to}>{each.text}</a> : each.text}{each.by && <span class="note"> by {each.by}</span>}{each.comment && <q>{each.comment}</q>}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

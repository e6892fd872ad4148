/** Who did what in the registry: by person, model, action and dates; as a file too. */

import { useState } from "preact/hooks";
import { get, type Params } from "../api/client";
import type { Activity, ActivityPage } from "../api/registry";
import { useSetQuery } from "../app/address";
import { attempt } from "../app/dialog";
import { Crumbs, Heading } from "../app/frame";
import { Button } from "../app/parts";
import { ShareMenu } from "../app/share";
import { toast } from "../app/toasts";
import { useSettings } from "../app/settings";
import { ACTIONS, sheet } from "../lib/activity";
import { csv, save } from "../lib/export";
import { counted } from "../lib/format";
import { fromField, toField } from "../lib/past";
import type { Query } from "../lib/url";
import { ActivityList } from "./models/activity-list";
import { useTitle } from "../app/title";
import "../styles/models.css";

const PAGE = 500;
const MOST_PAGES = 20;
const KEYS = ["user", "model", "action", "from", "to"] as const;

export default function ActivityPageView({ query }: { query: Query }) {
  useTitle("Activity");
  const setQuery = useSetQuery();
  const { utc } = useSettings();
  const [busy, setBusy] = useState(false);
  const model = query.get("model") ?? "";
  const path = model ? "cloudtrack/models/activity" : "cloudtrack/activity";
  const params: Params = { ...(model ? { name: model } : {}), user: query.get("user"), action: query.get("action"), since: query.get("from"), until: query.get("to") };
  const field = (key: "user" | "model", label: string) => (
    <input type="search" aria-label={label} placeholder={label.toLowerCase()} value={query.get(key) ?? ""} onInput={(event) => setQuery({ [key]: event.currentTarget.value.trim() }, "typing")} />
  );
  const date = (key: "from" | "to", label: string) => (
    <label>{label} <input type="date" aria-label={label} value={query.get(key) ? toField(Number(query.get(key)), utc).slice(0, 10) : ""} onChange={(event) => { const ms = dayOf(event.currentTarget.value, key, utc); setQuery({ [key]: ms === null ? null : String(ms) }); }} /></label>
  );
  const exportCsv = (): void => {
    setBusy(true);
    void attempt(async () => {
      const { entries, isWhole } = await readAll(path, params);
      save("activity.csv", "text/csv", csv(sheet(entries)));
      toast(isWhole ? `${counted(entries.length, "line")} saved` : `only the newest ${counted(entries.length, "line")} saved: choose dates for older ones`);
    }).finally(() => setBusy(false));
  };
  return (
    <>
      <Crumbs parts={[{ title: "Activity" }]} />
      <div class="title-row">
        <Heading title="Activity" />
        <span class="grow" />
        <Button icon="download" disabled={busy} onClick={exportCsv}>CSV</Button>
        <ShareMenu />
      </div>
      <div class="toolbar">
        {field("user", "Person")}
        {field("model", "Model")}
        <select aria-label="Action" value={query.get("action") ?? ""} onChange={(event) => setQuery({ action: event.currentTarget.value })}>
          <option value="">any action</option>
          {Object.entries(ACTIONS).map(([id, title]) => <option key={id} value={id}>{title}</option>)}
        </select>
        {date("from", "From")}
        {date("to", "To")}
        {utc && <span class="note">UTC</span>}
        {KEYS.some((key) => query.get(key)) && <Button kind="quiet" icon="close" onClick={() => setQuery(Object.fromEntries(KEYS.map((key) => [key, null])))}>Clear</Button>}
      </div>
      <ActivityList path={path} params={params} withModel />
    </>
  );
}

/** The first moment of a day, or its last. */
function dayOf(text: string, key: "from" | "to", utc: boolean): number | null {
  return text ? fromField(`${text}T${key === "from" ? "00:00:00" : "23:59:59.999"}`, utc) : null;
}

/** All that the conditions let through, page by page, up to a limit. */
async function readAll(path: string, params: Params): Promise<{ entries: Activity[]; isWhole: boolean }> {
  const entries: Activity[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const found: ActivityPage = await get<ActivityPage>(path, { ...params, cursor, max_results: PAGE });
    entries.push(...found.activity);
    cursor = found.next;
    if (cursor === null) break;
  }
  return { entries, isWhole: cursor === null };
}

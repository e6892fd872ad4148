/** Registered models of an export: lists whole, histories filtered here, boards by their cursor. */

import type { Activity, ActivityPage, Board, Permissions, Version } from "../registry";
import { type Kept, notFrozen, orElse, pages } from "./kept";
import { nameFilter, only } from "./query";

interface Models {
  models: { name: string }[];
  next: string | null;
}

/** Nobody can change anything here. */
export const READS: Permissions = { permission: "READ", can: ["read"], is_approver: false };

export async function modelTable(kept: Kept, params: URLSearchParams): Promise<Models> {
  const found = await pages<Models>(kept, "cloudtrack/models/table", [], "next", "cursor");
  const passes = nameFilter(params.get("filter"));
  return { models: found.flatMap(({ models }) => models).filter(({ name }) => passes(name)), next: null };
}

export async function modelNames(kept: Kept, params: URLSearchParams): Promise<{ registered_models: { name: string }[] }> {
  const { models } = await modelTable(kept, params);
  return { registered_models: models.map(({ name }) => ({ name })) };
}

/** A page of the board; with a limit the versions below the cursor, whichever page they are on. */
export async function board(kept: Kept, params: URLSearchParams): Promise<Board> {
  const route = "cloudtrack/models/board";
  if (!params.has("limit")) return kept.read<Board>(route, only(params, "name", "cursor"));
  const found = await pages<Board>(kept, route, only(params, "name"), "next", "cursor");
  const below = Number(params.get("cursor") ?? Number.POSITIVE_INFINITY);
  const versions = found.flatMap((page) => page.versions).filter((each) => each.version < below).slice(0, Number(params.get("limit")));
  return { ...(found[0] as Board), versions, pinned: [], next: null };
}

/** A history, filtered as the server does; pages without a hit are skipped. */
export async function activity(kept: Kept, route: string, params: URLSearchParams): Promise<ActivityPage> {
  const passes = activityFilter(params);
  let cursor = params.get("cursor") ?? "";
  for (;;) {
    const query = [...only(params, "name"), ...(cursor ? [["cursor", cursor] as const] : [])];
    const page = await kept.read<ActivityPage>(route, query);
    const found = page.activity.filter(passes);
    if (found.length || !page.next) return { ...page, activity: found };
    cursor = page.next;
  }
}

export function activityFilter(params: URLSearchParams): (entry: Activity) => boolean {
  const [user, version] = [params.get("user"), params.get("version")];
  const actions = (params.get("action") ?? "").split(",").filter(Boolean);
  const [since, until] = [Number(params.get("since") ?? Number.NEGATIVE_INFINITY), Number(params.get("until") ?? Number.POSITIVE_INFINITY)];
  return (entry) => (!user || entry.user === user) && (!version || isAbout(entry, Number(version)))
    && (!actions.length || actions.includes(entry.action)) && entry.time >= since && entry.time <= until;
}

function isAbout(entry: Activity, version: number): boolean {
  return entry.version === version || Boolean(entry.previous?.includes(version) || entry.archived?.includes(version));
}

/** What was exported are all runs and datasets that versions came from: of another one there came none. */
export function versionsFrom(kept: Kept, params: URLSearchParams): Promise<{ model_versions: Version[] }> {
  return orElse(kept.read<{ model_versions: Version[] }>("cloudtrack/model-versions/versions-from", only(params, "run_id", "dataset", "dataset_digest")), { model_versions: [] });
}

export async function versionDiff(kept: Kept, params: URLSearchParams): Promise<unknown> {
  const found = await orElse(kept.read<unknown>("cloudtrack/model-versions/diff", only(params, "before", "after")), null);
  if (found === null) throw notFrozen("The export compares versions that are at most three apart.");
  return found;
}

/** Events of the registry in words. */

import type { Activity } from "../api/registry";

/** Every type of event there is, and what it is called. */
export const ACTIONS: Record<string, string> = {
  stage_transitioned: "moved", transition_requested: "requested", request_approved: "approved", request_rejected: "rejected", request_withdrawn: "withdrawn",
  transition_denied: "denied by the policy", version_created: "registered", version_changed: "changed", version_pinned: "bound to its files", version_deleted: "deleted",
  alias_set: "alias set", alias_deleted: "alias removed", version_commented: "commented", request_commented: "commented on a request", comment_changed: "comment changed",
  comment_deleted: "comment removed", model_created: "model created", model_changed: "model changed", model_deleted: "model deleted", rename_started: "rename begun",
  rename_given_up: "rename given up", renamed: "renamed", moved_in: "came under this name",
};

/** What was done: short for the common things, the event's own summary where that says more. */
export function action(entry: Activity): string {
  const known = ACTIONS[entry.action] ?? entry.action.replace(/_/g, " ");
  if (entry.action === "alias_set" || entry.action === "alias_deleted") return `${known}: @${entry.alias ?? ""}`;
  if (entry.action === "stage_transitioned") return `${known}${entry.request ? ` by request ${entry.request}` : ""}${entry.archived?.length ? `, archived ${versions(entry.archived)}` : ""}`;
  if (entry.request !== undefined) return `${known} (request ${entry.request})`;
  if (entry.action === "version_changed" || entry.action === "model_changed") return entry.summary.replace(/^version \d+: /, "");
  return known;
}

/** From what to what: stages, or the versions that an alias pointed to. */
export function fromTo(entry: Activity): { from: string; to: string } {
  if (entry.alias !== undefined) {
    return { from: entry.previous?.length ? versions(entry.previous) : "", to: entry.action === "alias_set" && entry.version !== undefined ? `v${entry.version}` : "" };
  }
  return { from: entry.from_stage ?? "", to: entry.to_stage ?? "" };
}

/** What a table of the activity has, for a file. */
export function sheet(entries: readonly Activity[]) {
  return {
    names: ["time", "user", "model", "version", "action", "from", "to", "comment", "summary", "event", "request_id"],
    rows: entries.map((entry) => {
      const { from, to } = fromTo(entry);
      return [new Date(entry.time).toISOString(), entry.user, entry.name, entry.version ?? null, entry.action, from, to, entry.comment ?? "", entry.summary, entry.number, entry.request_id ?? ""];
    }),
  };
}

function versions(numbers: readonly number[]): string {
  return numbers.map((each) => `v${each}`).join(", ");
}

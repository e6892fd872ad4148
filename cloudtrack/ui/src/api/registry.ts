/** The registry's messages as the page reads them, and its writes. */

import type { Tag } from "./types";
import { post, write } from "./client";

export interface Placing {
  time: number;
  user: string;
  comment: string;
}
export interface Card {
  version: number; stage: string; staged: Placing | null; aliases: string[]; tags: Record<string, string>; status: string; status_message: string | null;
  has_description: boolean; created: number; updated: number; user: string; source: string; run_id: string | null; run_name: string | null;
  experiment_id: string | null; model_id: string | null; metrics: Record<string, number | string>;
}
export interface Rule {
  line: number; signature: boolean; input_example: boolean; no_pickle: boolean; tags: Record<string, string | null>;
  metrics: { metric: string; sign: string; limit: number }[]; not_worse: Record<string, boolean>; approvals: number; two_person: boolean; approvers: string[];
}
export interface StageRules {
  name: string; archives_existing: boolean; approvals: number; two_person: boolean; approvers: string[]; requires: Rule[]; newest: number | null;
}
export interface TransitionRequest {
  id: string; name: string; version: string; to_stage: string; user_id: string; creation_timestamp: number; archive_existing_versions: boolean; comment: string;
  approvals: { user_id: string; timestamp: number }[]; status: string;
}
export interface OpenRequest extends TransitionRequest {
  is_mine: boolean; may_approve: boolean; has_approved: boolean;
}
export interface Primary {
  key: string;
  direction: "max" | "min";
}
export interface ModelFacts {
  name: string; created: number; updated: number; user: string; description: string; tags: Record<string, string>; aliases: Record<string, number>;
}
export interface Board {
  model: ModelFacts; stages: StageRules[]; policy_problem: string | null; rollback_is_checked: boolean; primary_metric: Primary | null; metrics: string[];
  versions: Card[]; pinned: Card[]; requests: TransitionRequest[]; next: number | null;
}
export interface ModelRow extends ModelFacts {
  latest_version: number | null; stages: Record<string, number>; open_requests: number;
  primary_metric: (Primary & { production: number | string | null; latest: number | string | null; delta: number | string | null }) | null;
}
export interface Version {
  name: string; version: string; creation_timestamp: number; last_updated_timestamp: number; current_stage: string; description?: string; source: string; run_id?: string;
  run_link?: string; status: string; status_message?: string; model_id?: string; digest?: string; user_id?: string; tags?: Tag[]; aliases?: string[];
}
export interface Timeline {
  stages: string[]; versions: { version: number; periods: [string, number, number | null][] }[];
  aliases: { alias: string; version: number; from: number; to: number | null }[];
  ticks: { time: number; version: number; from_stage: string; to_stage: string; user: string; comment: string; number: number; request: number | null; archived: number[] }[];
  truncated: boolean;
}
export interface Activity {
  name: string; number: number; time: number; user: string; action: string; summary: string; version?: number; from_stage?: string; to_stage?: string; alias?: string;
  previous?: number[]; archived?: number[]; comment?: string; request?: number; request_id?: string; forced?: boolean;
}
export interface ActivityPage {
  activity: Activity[];
  next: string | null;
}
export interface Comment {
  id: string; name: string; version: string; user_id: string; creation_timestamp: number; last_updated_timestamp: number; comment: string; request_id?: string | number;
}
export interface Column {
  name: string | null; type: string; required?: boolean; shape?: number[] | null; nested?: unknown; default?: unknown;
}
export interface MlModel {
  raw: string; problem: string | null; flavors?: Record<string, Record<string, unknown>>;
  signature?: { inputs: Column[]; outputs: Column[]; params: Column[] } | null;
  files?: { path: string; sha256: string }[]; fields?: Record<string, unknown>;
  input_example: Beside | null; requirements: Beside | null;
}
export interface Beside {
  path: string; text: string; size: number;
}
export interface Lineage {
  name: string; version: number; source: string; digest: string | null; registered_by: string; registered_at: number; copied_from: Record<string, string>;
  model: { model_id: string; name: string; params: Record<string, string>; metrics: Record<string, number | string> } | null;
  run: { run_id: string; run_name: string; experiment_id: string; user_id: string; status: string; start_time: number | null; end_time: number | null } | null;
  code: { git_commit: string | null; git_branch: string | null; git_repository: string | null; is_dirty: boolean; patch: string | null; entry_point: string | null; command: string | null } | null;
  datasets: { name: string; digest: string; source_type: string; source: string; context: string | null }[];
  environment: { python: string | null; requirements_digest: string | null };
  params: Record<string, string>; metrics: Record<string, number | string>;
}
export interface Difference {
  key: string; before: string | number | null; after: string | number | null; by: number | string | null;
}
export interface VersionDiff {
  before: { name: string; version: number; run_id: string | null; git_commit: string | null }; after: VersionDiff["before"];
  files: { path: string; change: "added" | "removed" | "changed"; before_bytes: number | null; after_bytes: number | null }[];
  flavors: Difference[]; signature: Difference[]; requirements: Difference[]; tags: Difference[]; params: Difference[]; metrics: Difference[]; patch: string; left_out: string[];
}
export interface Permissions {
  permission: string;
  can: string[];
  is_approver: boolean;
}
export interface Decision {
  allowed: boolean;
  checks: { rule: number; requirement: string; passed: boolean; detail: string }[];
}

/** What one saw when one decided; the server refuses with 409 where it is otherwise by then. */
export interface Seen {
  /** The only version in the stage, 0 for none; undefined where several are. */
  holder?: number;
  stage: string;
}

export function transition(name: string, version: number, to: string, seen: Seen, options: { archive: boolean; comment: string }): Promise<unknown> {
  return post("mlflow/model-versions/transition-stage", {
    name, version: String(version), stage: to, archive_existing_versions: options.archive, comment: options.comment,
    expect_stage: seen.stage, ...(seen.holder === undefined ? {} : { expect: seen.holder }),
  });
}

export function request(name: string, version: number, to: string, options: { archive: boolean; comment: string }): Promise<unknown> {
  return post("cloudtrack/transition-requests/create", { name, version: String(version), stage: to, archive_existing_versions: options.archive, comment: options.comment });
}

export function rollBack(name: string, stage: string, holder: number, comment: string): Promise<{ model_version: Version }> {
  return post("cloudtrack/model-versions/rollback", { name, stage, expect: holder, comment });
}

/** Approve or reject a request; who has moved when all approvals are there is in the answer. */
export function answer(how: "approve" | "reject", name: string, id: string, comment: string): Promise<{ request: TransitionRequest; model_version?: Version }> {
  return post(`cloudtrack/transition-requests/${how}`, { name, id, comment });
}

export function withdraw(name: string, id: string): Promise<unknown> {
  return write("DELETE", "cloudtrack/transition-requests/delete", { name, id });
}

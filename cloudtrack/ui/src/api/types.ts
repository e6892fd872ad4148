/** MLflow's messages, as far as the page reads them. */

export interface Tag {
  key: string;
  value: string;
}
export interface Metric {
  key: string;
  value: number | string;
  timestamp: number;
  step: number;
}
export interface Run {
  info: {
    run_id: string; run_name?: string; experiment_id: string; user_id?: string; status: string; start_time?: number; end_time?: number;
    artifact_uri?: string; lifecycle_stage?: string;
  };
  data: { metrics?: Metric[]; params?: Tag[]; tags?: Tag[] };
  inputs?: { dataset_inputs?: { dataset: { name: string; digest: string; source_type?: string; source?: string; schema?: string; profile?: string }; tags?: Tag[] }[]; model_inputs?: { model_id: string }[] };
  outputs?: { model_outputs?: { model_id: string; step?: number }[] };
}
export interface Experiment {
  experiment_id: string; name: string; artifact_location?: string; lifecycle_stage?: string; creation_time?: number; last_update_time?: number; tags?: Tag[];
}
export interface ExperimentRow {
  experiment_id: string; name: string; lifecycle_stage: string; creation_time: number; last_update_time: number; artifact_location?: string;
  tags: Record<string, string>;
  runs: { total: number; running: number; failed: number };
  last_activity: number | null;
  activity: number[];
  best: { key: string; value: number | string; run_id: string } | null;
}
export interface UiConfig {
  version: string; auth: "none" | "token"; user: string; is_admin: boolean; read_only: boolean; store: string;
  stages: { name: string; exclusive: boolean }[]; rules?: { comment: boolean }; poll_s: { min: number; max: number }; limits: Record<string, number>;
}

/** Tags as a record without inherited names. */
export function record(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.assign(Object.create(null) as Record<string, string>, Object.fromEntries((tags ?? []).map(({ key, value }) => [key, value])));
}

/** A metric's number; NaN and infinities travel as text. */
export function number(value: number | string | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  return typeof value === "number" ? value : Number(value);
}

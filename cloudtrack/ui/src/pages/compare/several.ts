/** Runs to put side by side: all of them in one request, in the order of the address. */

import { get } from "../../api/client";
import { number, record, type Run } from "../../api/types";
import { useLoaded } from "../../app/data";
import type { Side, Summary } from "../../lib/compare";

interface Told extends Run {
  summaries: Record<string, { value: number | string; min: number | string; max: number | string; count: number }>;
}

export function useSeveral(ids: readonly string[]) {
  return useLoaded<{ sides: Side[]; missing: string[] }>(ids.length ? `several ${ids.join()}` : null, async (signal) => {
    const sorted = [...ids].sort(); // the same answer, whatever their order is
    const found = await get<{ runs: Told[]; missing: string[] }>("cloudtrack/runs/several", { run_ids: sorted }, signal);
    const sides = new Map(found.runs.map((run) => [run.info.run_id, sideOf(run)]));
    return { sides: ids.flatMap((id) => sides.get(id) ?? []), missing: found.missing };
  });
}

function sideOf({ info, data, inputs, summaries }: Told): Side {
  const metrics = Object.create(null) as Record<string, Summary>;
  for (const [key, one] of Object.entries(summaries)) metrics[key] = { value: number(one.value) as number, min: number(one.min) as number, max: number(one.max) as number, count: one.count };
  const datasets = Object.create(null) as Record<string, string>;
  for (const { dataset, tags } of inputs?.dataset_inputs ?? []) {
    const context = record(tags)["mlflow.data.context"];
    datasets[`${dataset.name}${context ? ` (${context})` : ""}`] = dataset.digest;
  }
  return {
    id: info.run_id, name: info.run_name || info.run_id.slice(0, 8), experiment: info.experiment_id, status: info.status, start: info.start_time ?? null, end: info.end_time ?? null,
    user: info.user_id ?? "", params: record(data.params), metrics, tags: record(data.tags), datasets,
  };
}

/** Runs to put side by side: all of them in one request, in the order of the address. */

import { useMemo, useRef } from "preact/hooks";
import { get } from "../../api/client";
import type { ApiError } from "../../api/errors";
import { number, record, type Run } from "../../api/types";
import { type Live, useLoaded, usePoll } from "../../app/data";
import type { Side, Summary } from "../../lib/compare";

interface Told extends Run {
  summaries: Record<string, { value: number | string; min: number | string; max: number | string; count: number }>;
}

interface Answer {
  runs: Told[];
  missing: string[];
}

interface Several {
  /** Those that are known, in the order of the ids; null before any is. */
  sides: readonly Side[] | null;
  missing: readonly string[];
  error: ApiError | null;
  live: Live;
  refresh: () => Promise<boolean>;
}

/** Another order, or fewer of them, is shown at once; while one runs they are asked for again. */
export function useSeveral(ids: readonly string[]): Several {
  const known = useRef(new Map<string, Side>());
  const sorted = [...ids].sort(); // one answer, whatever the order is
  const { data, error, refresh } = useLoaded(ids.length ? `several ${sorted.join()}` : null, async (signal) => {
    const found = await get<Answer>("cloudtrack/runs/several", { run_ids: sorted }, signal);
    for (const run of found.runs) known.current.set(run.info.run_id, sideOf(run));
    return found;
  });
  const sides = useMemo(() => {
    const there = ids.flatMap((id) => known.current.get(id) ?? []);
    return there.length === ids.length || data ? there : null;
  }, [ids, data]);
  const live = usePoll(sides?.some(({ status }) => status === "RUNNING") ?? false, refresh);
  return { sides, missing: data?.missing ?? [], error: sides ? null : error, live, refresh };
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

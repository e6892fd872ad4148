/** `metrics/series` of several runs, from what was kept of each: always the whole history, in as many rows as it was exported with. */

import type { SeriesWire } from "../../lib/series";
import type { Kept } from "./kept";
import { canonical, parsed } from "./query";

const ROUTE = "cloudtrack/metrics/series";

export async function series(kept: Kept, params: URLSearchParams): Promise<{ series: SeriesWire[] }> {
  const keys = params.getAll("keys");
  const runs = params.getAll("run_ids");
  const axis = params.get("x") ?? "step";
  const queries = await kept.queries(ROUTE);
  const found = await Promise.all(runs.map((run) => ofRun(kept, queries, run, keys, axis)));
  return { series: found.flat() };
}

async function ofRun(kept: Kept, queries: readonly string[], run: string, keys: readonly string[], axis: string): Promise<SeriesWire[]> {
  const isOfRun = `&${canonical([["run_ids", run]])}&${canonical([["x", axis]])}`;
  const groups = queries.filter((query) => query.endsWith(isOfRun)).map(parsed).filter((query) => query.some(([name, value]) => name === "keys" && keys.includes(value)));
  const answers = await Promise.all(groups.map((query) => kept.read<{ series: SeriesWire[] }>(ROUTE, query)));
  const known = new Map(answers.flatMap(({ series: all }) => all).map((each) => [each.key, each]));
  return keys.map((key) => known.get(key) ?? { run_id: run, key, raw: 0, exact: true, x: [], last: [] });
}

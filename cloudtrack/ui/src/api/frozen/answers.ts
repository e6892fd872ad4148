/** Requests of the page as an export answers them: what was kept, as it is or put together from what was kept of each thing. */

import type { ExperimentRow, UiConfig } from "../types";
import * as files from "./files";
import { Beside, type Kept, orElse, pages } from "./kept";
import { Memory } from "./memory";
import { nameFilter } from "./query";
import * as registry from "./registry";
import { runTable } from "./run-tables";
import { series } from "./series";

type Answer = (kept: Kept, params: URLSearchParams) => unknown;

const MOST = 60;
const beside = new Beside();
const given = new Memory<unknown>(MOST);

/** Routes of which an answer is more than a file. */
const ANSWERS: Record<string, Answer> = {
  "cloudtrack/ui-config": async (kept) => ({ ...(await kept.read<UiConfig>("cloudtrack/ui-config", [])), read_only: true, user: "", is_admin: false }),
  "cloudtrack/permissions": () => registry.READS,
  "cloudtrack/experiments/table": experiments,
  "cloudtrack/runs/table": runTable,
  "cloudtrack/runs/several": several,
  "cloudtrack/metrics/series": series,
  "cloudtrack/artifacts/tree": files.tree,
  "cloudtrack/artifacts/url": files.address,
  "cloudtrack/artifacts/preview": files.preview,
  "cloudtrack/models/table": registry.modelTable,
  "mlflow/registered-models/search": registry.modelNames,
  "cloudtrack/models/board": registry.board,
  "cloudtrack/models/activity": (kept, params) => registry.activity(kept, "cloudtrack/models/activity", params),
  "cloudtrack/activity": (kept, params) => registry.activity(kept, "cloudtrack/activity", params),
  "cloudtrack/model-versions/versions-from": registry.versionsFrom,
  "cloudtrack/model-versions/diff": registry.versionDiff,
};
const LOGGED_MODELS = "mlflow/logged-models";

export function answerOf(path: string, address: string): Promise<unknown> {
  return given.get(address, async () => answer(beside, path, new URL(address).searchParams));
}

/** The answer to one request. Raises ApiError 404 NOT_FROZEN. */
export async function answer(kept: Kept, path: string, params: URLSearchParams): Promise<unknown> {
  const composed = Object.hasOwn(ANSWERS, path) ? ANSWERS[path] : undefined;
  if (composed) return composed(kept, params);
  const [start, id] = [path.slice(0, LOGGED_MODELS.length), path.slice(LOGGED_MODELS.length + 1)];
  if (start === LOGGED_MODELS && id) return kept.read(LOGGED_MODELS, [["model_id", decodeURIComponent(id)]]);
  return kept.read(path, [...params]);
}

async function experiments(kept: Kept, params: URLSearchParams): Promise<{ experiments: ExperimentRow[]; next: string }> {
  const found = await pages<{ experiments: ExperimentRow[]; next: string }>(kept, "cloudtrack/experiments/table", [], "next", "next");
  const passes = nameFilter(params.get("filter"));
  const isDeleted = params.get("state") === "deleted"; // what was deleted is not exported
  return { experiments: isDeleted ? [] : found.flatMap((page) => page.experiments).filter(({ name }) => passes(name)), next: "" };
}

async function several(kept: Kept, params: URLSearchParams): Promise<{ runs: unknown[]; missing: string[] }> {
  const ids = [...new Set(params.getAll("run_ids"))];
  const found = await Promise.all(ids.map((id) => orElse(kept.read<{ runs: unknown[] }>("cloudtrack/runs/several", [["run_ids", id]]), { runs: [] })));
  return { runs: found.flatMap(({ runs }) => runs), missing: ids.filter((_, at) => !found[at]?.runs.length) };
}

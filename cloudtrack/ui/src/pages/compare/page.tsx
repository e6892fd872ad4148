/** Runs side by side on a page of their own: any two to fifty, of any experiments. */

import { useMemo } from "preact/hooks";
import { post } from "../../api/client";
import { type Experiment, record, type Run } from "../../api/types";
import { useSetQuery } from "../../app/address";
import { useGet } from "../../app/data";
import { ask } from "../../app/dialog";
import { Empty, Failure } from "../../app/failure";
import { Crumbs, Heading } from "../../app/frame";
import { useKeys } from "../../app/keys";
import { LiveBadge } from "../../app/live";
import { Button, Skeleton } from "../../app/parts";
import { ShareMenu } from "../../app/share";
import { primaryOf } from "../../lib/columns";
import { quoted } from "../../lib/filter";
import { counted } from "../../lib/format";
import { lengthen, lengthenAll, shortenAll } from "../../lib/ids";
import { go, href, type Query } from "../../lib/url";
import { useTitle } from "../../app/title";
import { MOST_COMPARED } from "../runs/selection-bar";
import { Comparison } from "./comparison";
import { useSeveral } from "./several";

export default function ComparePage({ query }: { query: Query }) {
  const setQuery = useSetQuery();
  const all = useMemo(() => [...new Set(lengthenAll(query.get("runs")))], [query.get("runs")]);
  const ids = useMemo(() => all.slice(0, MOST_COMPARED), [all]);
  const { sides, missing, error, live, refresh } = useSeveral(ids);
  const experiments = query.get("at")?.split(",").filter(Boolean) ?? [...new Set(sides?.map(({ experiment }) => experiment) ?? [])];
  const first = useGet<{ experiment: Experiment }>(experiments[0] ? "mlflow/experiments/get" : null, { experiment_id: experiments[0] });
  const primary = useMemo(() => primaryOf(record(first.data?.experiment.tags)["cloudtrack.primary_metric"]), [first.data]);
  const title = ids.length ? `${counted(ids.length, "run")} side by side` : "Runs side by side";
  useTitle(title, live.state === "live");
  const setIds = (next: readonly string[]): void => setQuery({ runs: shortenAll(next.slice(0, MOST_COMPARED)) }, "push");
  const back = experiments.length ? href(["experiments", experiments.join(",")], { sel: shortenAll(ids), base: query.get("base") }) : "#/experiments";
  useKeys((key) => {
    if (key !== "r") return false;
    void refresh().catch(() => undefined);
    return true;
  });
  return (
    <>
      <Crumbs parts={[{ title: "Experiments", to: "#/experiments" }, { title: experiments.length > 1 ? counted(experiments.length, "experiment") : (first.data?.experiment.name ?? "runs"), to: back }, { title }]} />
      <div class="title-row">
        <Heading title={title} />
        <LiveBadge live={live} />
        <span class="grow" />
        <Button icon="add" disabled={ids.length >= MOST_COMPARED ? `at most ${MOST_COMPARED} runs are compared at once` : undefined} onClick={() => add(experiments, ids, setIds)}>Add runs</Button>
        <Button icon="left" onClick={() => go(back)}>Back to the list</Button>
        <ShareMenu />
      </div>
      {all.length > ids.length && <p class="problem">The address names {all.length} runs; the first {MOST_COMPARED} are compared.</p>}
      {ids.length < 2 && <Empty title="Two runs or more stand side by side"><p>Select some in a list of runs and press <kbd>c</kbd>{ids.length === 1 ? ", or add one here" : ""}.</p></Empty>}
      {error && <Failure error={error} retry={refresh} what="run" />}
      {!sides && !error && ids.length > 0 && <Skeleton rows={14} what="the runs" />}
      {missing.length > 0 && <p class="problem" role="status">{sides?.length} of {counted(ids.length, "run")}: there is no run {missing.map((id) => id.slice(0, 12)).join(", ")} that you may read.</p>}
      {sides && ids.length > 1 && sides.length > 0 && <Comparison sides={sides} primary={primary} query={query} setQuery={setQuery} setIds={setIds} />}
    </>
  );
}

function add(experiments: readonly string[], ids: readonly string[], setIds: (ids: readonly string[]) => void): void {
  ask("Add runs", [{ name: "run", label: "Name or id of a run", required: true, hint: "of a name all runs that have it, at most ten" }], "Add", async ({ run = "" }) => {
    const found = await find(experiments, run.trim());
    const fresh = found.filter((id) => !ids.includes(id));
    if (!found.length) throw new Error(`there is no run ${JSON.stringify(run)} in these experiments`);
    if (!fresh.length) throw new Error(`${JSON.stringify(run)} is here already`);
    setIds([...ids, ...fresh]);
  });
}

async function find(experiments: readonly string[], text: string): Promise<string[]> {
  const id = lengthen(text.replace(/^runs:\//, ""));
  if (id && /^[0-9a-f]{32}$/.test(id)) return [id];
  const found = await post<{ runs?: Run[] }>("mlflow/runs/search", { experiment_ids: experiments, filter: `attributes.run_name = ${quoted(text)}`, max_results: 10 });
  return (found.runs ?? []).map(({ info }) => info.run_id);
}

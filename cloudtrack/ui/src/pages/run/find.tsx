/** A run by its id alone: finds its experiment, and goes on to its page. */

import { useEffect } from "preact/hooks";
import type { Run } from "../../api/types";
import { useGet } from "../../app/data";
import { Failure } from "../../app/failure";
import { Crumbs, Heading } from "../../app/frame";
import { Skeleton } from "../../app/parts";
import { route } from "../../lib/routes";
import { go, href } from "../../lib/url";

export default function FindPage({ run, path }: { run: string; path: string }) {
  const found = useGet<{ run: Run }>("mlflow/runs/get", { run_id: run });
  const experiment = found.data?.run.info.experiment_id;
  useEffect(() => {
    if (!experiment) return;
    const base = ["experiments", experiment, "runs", run];
    const below = path ? path.split("/") : [];
    const isTab = route({ path: [...base, ...below], query: new Map() }).page === "run";
    go(href([...base, ...(isTab ? below : ["artifacts", ...below])]), { replace: true });
  }, [experiment]);
  return (
    <>
      <Crumbs parts={[{ title: "Experiments", to: "#/experiments" }, { title: run }]} />
      <Heading title="Run" />
      {found.error ? <Failure error={found.error} retry={found.refresh} what="run" /> : <Skeleton rows={8} what="the run" />}
    </>
  );
}

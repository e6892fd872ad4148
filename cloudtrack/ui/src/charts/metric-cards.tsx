/** The metrics of some runs, a card each. */

import { number } from "../api/types";
import { useGet } from "../app/data";
import type { Query } from "../lib/url";
import { Sparkcurve } from "./sparkline";

export function MetricCards({ runs, prefix }: { experiments: readonly string[]; runs: readonly { id: string; name: string }[]; prefix: string | null; query: Query; running: boolean }) {
  const first = runs[0]?.id ?? "";
  const page = useGet<{ summaries: Record<string, unknown> }>("cloudtrack/runs/page", { run_id: first });
  const keys = Object.keys(page.data?.summaries ?? {}).filter((key) => (prefix ? key.startsWith(prefix) : !key.startsWith("system/"))).slice(0, 24);
  const series = useGet<{ series: { key: string; x: number[]; last: (number | string | null)[] }[] }>(keys.length ? "cloudtrack/metrics/series" : null, { run_ids: [first], keys });
  return (
    <div class="facts">
      {(series.data?.series ?? []).map((each) => <div key={each.key}><h3>{each.key}</h3><Sparkcurve x={each.x} y={each.last.map(number)} label={each.key} /></div>)}
    </div>
  );
}

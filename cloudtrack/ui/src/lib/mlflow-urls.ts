/** MLflow's own hash addresses, which its clients print and people have in their notes, as ours. */

import { shortenAll } from "./ids";
import type { Address } from "./url";

const TABS: Record<string, string> = { "model-metrics": "metrics", "system-metrics": "system", artifactPath: "artifacts" };

/** Our address for one of MLflow's, or null where it is ours already. */
export function canonicalFromMlflow({ path, query }: Address): Address | null {
  const [first, second, third] = path;
  if (first === undefined) return { path: ["experiments"], query };
  switch (first) {
    case "experiments":
      return experiment(path, query);
    case "compare-experiments":
      return { path: ["experiments", list(query.get("experiments")).join(",")], query: without(query, "experiments") };
    case "compare-runs":
      return {
        path: ["compare"],
        query: runs(without(query, "experiments"), list(query.get("runs"))),
      };
    case "metric": {
      if (second !== undefined && !query.has("metric")) return null;
      const key = unquoted(query.get("metric")) ?? second ?? "";
      const rest = without(query, "metric", "experiments", "plot_metric_keys", "plot_layout");
      return { path: ["metric", ...key.split("/")], query: runs(rest, list(query.get("runs"))) };
    }
    case "compare-model-versions": {
      const name = unquoted(query.get("name")) ?? "";
      const chosen = Object.keys(object(query.get("runs")));
      const [a = "1", b = a] = chosen.length ? chosen.map((run) => object(query.get("runs"))[run] ?? "1") : [];
      return { path: ["models", name, "compare", `${a}..${b}`], query: new Map() };
    }
    case "models":
      if (third === "versions" || third === undefined) return null;
      return null;
    default:
      return null;
  }
}

function experiment(path: readonly string[], query: Address["query"]): Address | null {
  const [, id, kind, run, tab, ...rest] = path;
  if (id === undefined) return null;
  if (kind === undefined || (kind === "runs" && run === undefined)) {
    if (kind === undefined && !query.has("compareRunsMode")) return null;
    const mode = query.get("compareRunsMode");
    const kept = new Map(without(query, "compareRunsMode"));
    if (mode === "CHART") kept.set("view", "charts");
    return { path: ["experiments", id], query: kept };
  }
  const ours = tab === undefined ? undefined : TABS[tab];
  if (kind !== "runs" || run === undefined || ours === undefined) return null;
  return { path: ["experiments", id, "runs", run, ours, ...rest], query };
}

function runs(query: Map<string, string>, ids: string[]): Map<string, string> {
  if (ids.length) query.set("runs", shortenAll(ids));
  return query;
}

function without(query: Address["query"], ...keys: string[]): Map<string, string> {
  return new Map([...query].filter(([key]) => !keys.includes(key)));
}

function list(text: string | undefined): string[] {
  const found = parsed(text);
  return Array.isArray(found) ? found.map(String) : [];
}

function object(text: string | undefined): Record<string, string> {
  const found = parsed(text);
  return found && typeof found === "object" ? (found as Record<string, string>) : {};
}

function unquoted(text: string | undefined): string | undefined {
  const found = parsed(text);
  return typeof found === "string" ? found : text;
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

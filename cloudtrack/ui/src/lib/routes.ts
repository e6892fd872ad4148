/** Which page an address shows. */

import type { Address } from "./url";
import { numbersOf } from "./version-numbers";

export type RunTab = "overview" | "metrics" | "system" | "artifacts" | "logs" | "models" | "activity";
export type ModelTab = "versions" | "board" | "timeline" | "activity";
export type VersionTab = "overview" | "artifacts" | "lineage" | "activity";

export type Route =
  | { page: "experiments" }
  | { page: "runs"; experiments: string[] }
  | { page: "run"; experiment: string; run: string; tab: RunTab; path: string }
  | { page: "find"; run: string; path: string }
  | { page: "compare" }
  | { page: "metric"; key: string }
  | { page: "models" }
  | { page: "model"; name: string; tab: ModelTab }
  | { page: "version"; name: string; version: string; tab: VersionTab; path: string }
  | { page: "versions"; name: string; a: string; b: string }
  | { page: "several"; name: string; versions: string[] }
  | { page: "requests" | "activity" | "trash" | "settings" | "keys" }
  | { page: "unknown"; path: readonly string[] };

/** Keys of the address that belong to a list of runs: links to a run, and back, keep them. */
export const LIST_KEYS: readonly string[] = ["v", "q", "state", "sort", "dir", "cols", "group", "view"];

const RUN_TABS: readonly string[] = ["metrics", "system", "artifacts", "logs", "models", "activity"];
const MODEL_TABS: readonly string[] = ["board", "timeline", "activity"];
const VERSION_TABS: readonly string[] = ["artifacts", "lineage", "activity"];

export function route({ path }: Address): Route {
  const [first, second, third, fourth, fifth, ...rest] = path;
  const unknown: Route = { page: "unknown", path };
  switch (first) {
    case undefined:
      return { page: "experiments" };
    case "experiments":
      if (second === undefined) return { page: "experiments" };
      if (third === undefined) return { page: "runs", experiments: second.split(",").filter(Boolean) };
      if (third !== "runs" || fourth === undefined) return unknown;
      return tabbed(RUN_TABS, fifth, rest, unknown, (tab, below) => ({
        page: "run", experiment: second, run: fourth, tab: tab as RunTab, path: below,
      }));
    case "runs":
      return second === undefined ? unknown : { page: "find", run: second, path: path.slice(2).join("/") };
    case "models":
      return models(path, unknown);
    case "compare":
      return second === undefined ? { page: "compare" } : unknown;
    case "metric":
      return second === undefined ? unknown : { page: "metric", key: path.slice(1).join("/") };
    case "requests":
    case "activity":
    case "trash":
    case "settings":
    case "keys":
      return second === undefined ? { page: first } : unknown;
    default:
      return unknown;
  }
}

function models(path: readonly string[], unknown: Route): Route {
  const [, name, third, fourth, fifth, ...rest] = path;
  if (name === undefined) return { page: "models" };
  if (third === undefined) return { page: "model", name, tab: "versions" };
  if (third === "versions" && fourth !== undefined) {
    return tabbed(VERSION_TABS, fifth, rest, unknown, (tab, below) => ({
      page: "version", name, version: fourth, tab: tab as VersionTab, path: below,
    }));
  }
  if (third === "compare" && fourth?.includes("..")) {
    const [a = "", b = ""] = fourth.split("..");
    return { page: "versions", name, a, b };
  }
  if (third === "compare" && fourth !== undefined && rest.length === 0 && fifth === undefined && /^\d+(\.\d+)+$/.test(fourth)) return { page: "several", name, versions: numbersOf(fourth) };
  if (MODEL_TABS.includes(third) && fourth === undefined) return { page: "model", name, tab: third as ModelTab };
  return unknown;
}

/** A page with tabs, the first of which has no name in the address; only artifacts go deeper. */
function tabbed(
  tabs: readonly string[],
  tab: string | undefined,
  rest: readonly string[],
  unknown: Route,
  make: (tab: string, path: string) => Route,
): Route {
  if (tab === undefined) return make("overview", "");
  if (!tabs.includes(tab) || (rest.length && tab !== "artifacts")) return unknown;
  return make(tab, rest.join("/"));
}

/** Which columns a table of runs has: by itself those that tell the runs apart, and what the address adds and removes. */

import type { Fact, Frame } from "./frame";

export const MOST_AUTO = 14;
const FIRST = ["attributes.start_time", "duration"];

export interface Primary {
  key: string;
  direction: "max" | "min";
}

/** The primary metric of an experiment: its tag's JSON, or a bare key; a loss or an error is better when it is less. */
export function primaryOf(tag: string | undefined): Primary | null {
  if (!tag) return null;
  try {
    const found = JSON.parse(tag) as Partial<Primary>;
    if (typeof found.key === "string") return { key: found.key, direction: found.direction === "min" ? "min" : "max" };
  } catch {
    // a bare key
  }
  return { key: tag, direction: better(`metrics.${tag}`) };
}

/** Which end of a metric is better, by its name. */
export function better(column: string): "max" | "min" {
  return /loss|error|err\b|rmse|mse|mae|mape|perplexity|ppl|latency|time|duration|cost|regret|fpr|fnr/i.test(column) ? "min" : "max";
}

/** Params that vary by how many runs have them, then metrics, the primary one first. */
export function autoColumns(catalogue: readonly Fact[], primary: Primary | null, rows: number): string[] {
  const params = catalogue
    .filter((fact) => fact.name.startsWith("params.") && (fact.distinct > 1 || (fact.count < rows && rows > 1)))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  const metrics = catalogue
    .filter((fact) => fact.name.startsWith("metrics.") && !fact.name.startsWith("metrics.system/") && !fact.name.includes("@"))
    .sort((a, b) => Number(b.name === `metrics.${primary?.key}`) - Number(a.name === `metrics.${primary?.key}`) || b.count - a.count || (a.name < b.name ? -1 : 1));
  const room = MOST_AUTO - Math.min(metrics.length, MOST_AUTO / 2);
  const kept = params.slice(0, room).map((fact) => fact.name);
  return [...FIRST, ...kept, ...metrics.slice(0, MOST_AUTO - kept.length).map((fact) => fact.name)];
}

/** The columns that `cols` means: names in order, or `auto` with `+name` and `-name` after it. */
export function chosenColumns(cols: string | undefined, auto: readonly string[]): string[] {
  const parts = splitNames(cols);
  const edits = parts.filter((part) => /^[+-]/.test(part));
  const names = parts.filter((part) => !/^[+-]/.test(part) && part !== "auto");
  const shown = names.length ? names : [...auto];
  for (const edit of edits) {
    const name = edit.slice(1);
    const place = shown.indexOf(name);
    if (edit.startsWith("-") && place >= 0) shown.splice(place, 1);
    if (edit.startsWith("+") && place < 0) shown.push(name);
  }
  return shown;
}

/** Names joined for the address; a comma in a name stays apart from those between. */
export function joinNames(names: readonly string[]): string {
  return names.map((name) => name.replace(/[%,]/g, (char) => (char === "," ? "%2C" : "%25"))).join(",");
}

export function splitNames(text: string | undefined): string[] {
  if (!text) return [];
  return text.split(",").filter(Boolean).map((name) => name.replace(/%2C/g, ",").replace(/%25/g, "%"));
}

/** Params that are equal in all shown runs, for the line that folds them. */
export function sameParams(frame: Frame): { name: string; value: string }[] {
  const found: { name: string; value: string }[] = [];
  for (const fact of frame.catalogue) {
    if (!fact.name.startsWith("params.") || fact.distinct !== 1 || fact.count < frame.total) continue;
    found.push({ name: fact.name.slice(7), value: fact.only ?? "" });
  }
  return found;
}

/** A column's head: the key, without what kind it is. */
export function titleOf(column: string): string {
  if (column === "attributes.start_time") return "start";
  if (column === "attributes.run_name") return "name";
  return column.replace(/^(metrics|params|tags|attributes)\./, "");
}

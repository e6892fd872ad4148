/** Versions of a model side by side, the first of which is the baseline of the others. */

import type { Column, Lineage, MlModel, Version } from "../api/registry";
import { number, record } from "../api/types";
import type { Side, Summary } from "./compare";
import { metricLines } from "./compare";
import type { Primary } from "./columns";
import { signed } from "./format";

export const MOST_VERSIONS = 20;

export interface VersionSide extends Side {
  version: Version;
  /** Null where its MLmodel cannot be read. */
  signature: MlModel["signature"] | null;
  hasFile: boolean;
}

/** What is known of a version, the values of its logged model before those of its run, as policies judge them. */
export function sideOf(version: Version, lineage: Lineage, model: MlModel | null): VersionSide {
  const metrics = Object.create(null) as Record<string, Summary>;
  for (const [key, told] of Object.entries({ ...lineage.metrics, ...lineage.model?.metrics })) {
    const value = number(told);
    if (value !== null) metrics[key] = { value, min: value, max: value, count: 1 };
  }
  const params = Object.assign(Object.create(null) as Record<string, string>, lineage.params, lineage.model?.params);
  return {
    id: version.version, name: `v${version.version}`, experiment: lineage.run?.experiment_id ?? "", status: version.status, start: version.creation_timestamp, end: null,
    user: version.user_id ?? "", params, metrics, tags: record(version.tags), version, signature: model?.signature ?? null, hasFile: model !== null && model.problem === null,
    datasets: Object.fromEntries(lineage.datasets.map(({ name, digest }) => [name, digest])),
  };
}

export const SIGNATURE_PARTS = ["inputs", "outputs", "params"] as const;
export type SignaturePart = (typeof SIGNATURE_PARTS)[number];

/** How a part of a signature stands to that of the baseline; empty where they are the same. */
export function signatureChanges(base: readonly Column[], other: readonly Column[]): string[] {
  const [before, after] = [named(base), named(other)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const changes = names.flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === is) return [];
    if (was === undefined) return [`+ ${name} ${is}`];
    return is === undefined ? [`− ${name}`] : [`${name} ${was} → ${is}`];
  });
  const isMoved = [...before.keys()].join("\0") !== [...after.keys()].join("\0");
  return changes.length || !isMoved ? changes : ["in another order"];
}

/** Columns by name, or by place where they have none, as one line each. */
function named(columns: readonly Column[]): Map<string, string> {
  return new Map(columns.map((column, at) => {
    const shape = column.shape ? ` (${column.shape.join(", ")})` : "";
    const nested = column.nested ? ` ${JSON.stringify(column.nested)}` : "";
    const standard = column.default === undefined ? "" : ` = ${JSON.stringify(column.default)}`;
    return [column.name ?? `#${at + 1}`, `${column.type}${shape}${nested}${standard}${column.required === false ? ", optional" : ""}`];
  }));
}

/** Which version is ahead, in a sentence. */
export function aheadInWords(sides: readonly Side[], primary: Primary | null): string {
  const lines = metricLines(sides, 0, primary);
  const main = lines.find(({ key }) => key === primary?.key) ?? lines[0];
  const base = sides[0];
  if (!main || !base) return "None has metrics.";
  const best = main.cells.findIndex((cell) => cell?.isBest);
  if (best < 0) return `None is ahead in ${main.key}.`;
  const delta = main.cells[best]?.delta ?? null;
  return best === 0 ? `${base.name}, the baseline, is ahead in ${main.key}.` : `${sides[best]?.name} is ahead in ${main.key}${delta === null ? "" : `, ${signed(delta, 3)} over ${base.name}`}.`;
}

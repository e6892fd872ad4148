/** Values to filter by with a click: of status, user, source and the params that vary most, with how many runs have each. */

import { named, quoted } from "./filter";
import type { Frame } from "./frame";
import { titleOf } from "./columns";

export interface Facet {
  column: string;
  title: string;
  values: { text: string; count: number; condition: string }[];
  /** Values that are not listed. */
  more: number;
}

const SHOWN = 4;
const MOST_FACETS = 6;
const MOST_VALUES = 12;

export function facets(frame: Frame, rows: Int32Array): Facet[] {
  const params = [...frame.columns.keys()].filter((name) => name.startsWith("params."));
  const found: Facet[] = [];
  for (const name of ["attributes.status", "attributes.user_id", "tags.mlflow.source.name", ...params]) {
    const facet = one(frame, rows, name);
    if (facet && found.length < MOST_FACETS) found.push(facet);
  }
  return found;
}

function one(frame: Frame, rows: Int32Array, name: string): Facet | null {
  const column = frame.columns.get(name);
  if (!column?.dict || column.dict.length < 2 || column.dict.length > MOST_VALUES) return null;
  const counts = new Int32Array(column.dict.length);
  for (const row of rows) {
    const code = column.codes?.[row] as number;
    if (code >= 0) counts[code] = (counts[code] as number) + 1;
  }
  const values = column.dict
    .map((text, code) => ({ text: shown(name, text), count: counts[code] as number, condition: `${condition(name)} = ${quoted(text)}` }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
  if (values.length < 2) return null;
  return { column: name, title: name === "tags.mlflow.source.name" ? "source" : titleOf(name), values: values.slice(0, SHOWN), more: Math.max(0, values.length - SHOWN) };
}

function condition(name: string): string {
  return name.startsWith("attributes.") ? name.slice(11) : named(name);
}

function shown(name: string, text: string): string {
  const short = name === "tags.mlflow.source.name" ? (text.split("/").at(-1) ?? text) : text;
  return short.length > 24 ? `${short.slice(0, 23)}…` : short || "''";
}

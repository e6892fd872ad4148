/** `runs/table` of several experiments, of some of the runs, and since: from one whole table of each experiment. */

import { matching, plan } from "../../lib/filter";
import { type Column, type ColumnWire, type Frame, frame, type TableWire, type Value } from "../../lib/frame";
import { type Kept, notFrozen, orElse } from "./kept";
import type { Pair } from "./query";

const ROUTE = "cloudtrack/runs/table";

export async function runTable(kept: Kept, params: URLSearchParams): Promise<TableWire> {
  const ids = params.getAll("experiment_ids");
  const found = await Promise.all(ids.map((id) => orElse(kept.read<TableWire | null>(ROUTE, [["experiment_ids", id] as Pair]), null)));
  const whole = joined(found.filter((each) => each !== null));
  if (params.get("since") === whole.cursor) return nothingNew(whole);
  const filter = params.get("filter") ?? "";
  if (params.get("state") === "deleted") return picked(whole, []);
  if (!filter) return whole;
  const planned = plan(filter);
  if (planned.remote) throw notFrozen("This filter needs a server: an export knows the last values of metrics, params, tags and attributes, without regular expressions.");
  return picked(whole, matching(frame(whole), planned.expression));
}

/** One table of all rows, newest first, with the columns that any has. */
export function joined(tables: readonly TableWire[]): TableWire {
  const [first] = tables;
  if (tables.length === 1 && first) return first;
  const frames = tables.map(frame);
  const rows = frames.flatMap((each) => Array.from({ length: each.rows }, (_, row) => ({ frame: each, row })));
  const started = ({ frame: each, row }: (typeof rows)[number]): number => Number(each.columns.get("attributes.start_time")?.at(row) ?? 0);
  rows.sort((a, b) => started(b) - started(a));
  const names = [...new Set(frames.flatMap((each) => [...each.columns.keys()]))];
  const sum = (of: (table: TableWire) => number): number => tables.reduce((all, table) => all + of(table), 0);
  return {
    rows: rows.length, total: sum((table) => table.total), truncated: tables.some((table) => table.truncated), cursor: tables.map((table) => table.cursor).join(), delta: false, removed: [],
    ids: rows.map(({ frame: each, row }) => each.ids[row] as string),
    catalogue: catalogue(tables),
    columns: Object.fromEntries(names.map((name) => {
      const kind = frames.some((each) => each.columns.get(name)?.kind === "text") ? "text" : "number";
      return [name, written(rows.map(({ frame: each, row }) => each.columns.get(name)?.at(row) ?? null), kind)];
    })),
    experiments: tables.flatMap((table) => table.experiments ?? []),
  };
}

/** The rows of these numbers, in their order. */
export function picked(table: TableWire, rows: ArrayLike<number>): TableWire {
  const all: Frame = frame(table);
  const columns = [...all.columns].map(([name, column]): [string, ColumnWire] => [name, written(Array.from(rows, (row) => column.at(row)), column.kind)]);
  return { ...table, rows: rows.length, total: rows.length, ids: Array.from(rows, (row) => all.ids[row] as string), columns: Object.fromEntries(columns) };
}

function nothingNew(table: TableWire): TableWire {
  return { ...table, rows: 0, delta: true, removed: [], ids: [], catalogue: [], columns: {} };
}

function catalogue(tables: readonly TableWire[]): TableWire["catalogue"] {
  const facts = new Map<string, TableWire["catalogue"][number]>();
  for (const fact of tables.flatMap((table) => table.catalogue)) {
    const known = facts.get(fact.name);
    if (!known) {
      facts.set(fact.name, fact);
      continue;
    }
    const { only, min, max, ...rest } = known;
    const isOne = only !== undefined && only === fact.only;
    facts.set(fact.name, {
      ...rest, kind: known.kind === fact.kind ? known.kind : "text", count: known.count + fact.count, distinct: isOne ? 1 : Math.max(known.distinct, fact.distinct, 2), ...(isOne ? { only } : {}),
      ...(typeof min === "number" && typeof fact.min === "number" ? { min: Math.min(min, fact.min) } : {}),
      ...(typeof max === "number" && typeof fact.max === "number" ? { max: Math.max(max, fact.max) } : {}),
    });
  }
  return [...facts.values()];
}

function written(values: readonly Value[], kind: Column["kind"]): ColumnWire {
  if (kind === "number") return { numbers: values as (number | null)[] };
  const places = new Map<string, number>();
  const codes = values.map((value) => {
    if (value === null) return -1;
    const text = String(value);
    const place = places.get(text) ?? places.size;
    places.set(text, place);
    return place;
  });
  return { dict: [...places.keys()], codes };
}

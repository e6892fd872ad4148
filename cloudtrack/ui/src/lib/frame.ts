/** A table in columns, as `runs/table` sends it: typed arrays that sort and filter without a server. */

import type { Experiment } from "../api/types";

export type Value = number | string | null;

export interface Fact {
  name: string;
  kind: "number" | "text" | "time";
  count: number;
  distinct: number;
  min?: number | string | null;
  max?: number | string | null;
  /** The one value, where all have the same text; cut off after 200 characters. */
  only?: string;
}

export interface TextWire {
  dict: string[];
  codes: number[];
}
export interface TimeWire {
  base: number;
  deltas: (number | null)[];
}
export interface NumberWire {
  numbers: (number | string | null)[];
}
export type ColumnWire = TextWire | TimeWire | NumberWire;

export interface TableWire {
  rows: number;
  total: number;
  truncated: boolean;
  cursor: string;
  delta: boolean;
  removed: string[];
  /** Ids of 32 characters in one text, or a list where some are of another shape. */
  ids: string | string[];
  catalogue: Fact[];
  columns: Record<string, ColumnWire>;
  /** Of a whole table: the experiments that there are. */
  experiments?: Experiment[];
}

/** One column: what is missing is null; numbers may be NaN or infinite. */
export interface Column {
  readonly kind: "number" | "text";
  at(row: number): Value;
  /** Numbers for sorting and drawing, NaN for NaN; null where the column is text that is not all numbers. */
  readonly numbers: Float64Array | null;
  /** 1 where there is a value. */
  readonly present: Uint8Array;
  /** Texts by first appearance, and which of them a row has (-1: none); null for numbers. */
  readonly dict: readonly string[] | null;
  readonly codes: Int32Array | null;
}

export interface Frame {
  readonly rows: number;
  /** How many there are in the store: more than rows where the table was cut off. */
  readonly total: number;
  readonly ids: readonly string[];
  readonly catalogue: readonly Fact[];
  readonly columns: ReadonlyMap<string, Column>;
}

export function frame(wire: TableWire): Frame {
  const given = wire.ids;
  const ids = typeof given === "string" ? Array.from({ length: wire.rows }, (_, row) => given.slice(row * 32, row * 32 + 32)) : given;
  const columns = new Map(Object.entries(wire.columns).map(([name, column]) => [name, decoded(column)]));
  return { rows: wire.rows, total: wire.total, ids, catalogue: wire.catalogue, columns };
}

/** Whether a delta names columns that the frame's catalogue does not: then the whole table is asked for. */
export function hasNewColumns(old: Frame, wire: TableWire): boolean {
  const known = new Set(old.catalogue.map((fact) => fact.name));
  return wire.catalogue.some((fact) => !known.has(fact.name));
}

/** The frame with changed and new rows laid over it, newest first, and removed ones left out. */
export function merged(old: Frame, wire: TableWire): Frame {
  const news = frame(wire);
  const known = new Map(old.ids.map((id, row) => [id, row]));
  const gone = new Set(wire.removed);
  const changed = new Map(news.ids.map((id, row) => [id, row]));
  const fresh = news.ids.filter((id) => !known.has(id));
  const ids = [...fresh, ...old.ids.filter((id) => !gone.has(id))];
  const names = new Set([...old.columns.keys(), ...news.columns.keys()]);
  const columns = new Map<string, Column>();
  for (const name of names) {
    const before = old.columns.get(name);
    const after = news.columns.get(name);
    const values = ids.map((id) => {
      const row = changed.get(id);
      if (row !== undefined && after) return after.at(row);
      const oldRow = known.get(id);
      return oldRow !== undefined && before ? before.at(oldRow) : null;
    });
    columns.set(name, column(values, (after ?? before)?.kind ?? "text"));
  }
  return { rows: ids.length, total: wire.total, ids, catalogue: old.catalogue, columns };
}

/** A column of values at hand. */
export function column(values: readonly Value[], kind: "number" | "text"): Column {
  if (kind === "number") return numbersOf(values as (number | null)[]);
  const dict: string[] = [];
  const places = new Map<string, number>();
  const codes = values.map((value) => {
    if (value === null) return -1;
    const text = String(value);
    let place = places.get(text);
    if (place === undefined) {
      place = dict.push(text) - 1;
      places.set(text, place);
    }
    return place;
  });
  return textOf(dict, codes);
}

function decoded(wire: ColumnWire): Column {
  if ("codes" in wire) return textOf(wire.dict.map(String), wire.codes);
  if ("numbers" in wire) return numbersOf(wire.numbers.map((each) => (typeof each === "string" ? Number(each) : each)));
  let last = wire.base;
  return numbersOf(wire.deltas.map((delta) => (delta === null ? null : (last += delta))));
}

function numbersOf(values: readonly (number | null)[]): Column {
  const numbers = new Float64Array(values.length).fill(Number.NaN);
  const present = new Uint8Array(values.length);
  values.forEach((value, row) => {
    if (value === null) return;
    numbers[row] = value;
    present[row] = 1;
  });
  const at = (row: number): Value => (present[row] ? (numbers[row] as number) : null);
  return { kind: "number", at, numbers, present, dict: null, codes: null };
}

function textOf(dict: readonly string[], given: readonly number[]): Column {
  const codes = Int32Array.from(given);
  const present = Uint8Array.from(codes, (code) => (code >= 0 ? 1 : 0));
  const parsed = dict.map(asNumber);
  let numbers: Float64Array | null = null;
  if (dict.length && parsed.every((value) => value !== null)) {
    numbers = Float64Array.from(codes, (code) => (code >= 0 ? (parsed[code] as number) : Number.NaN));
  }
  const at = (row: number): Value => {
    const code = codes[row] as number;
    return code >= 0 ? (dict[code] as string) : null;
  };
  return { kind: "text", at, numbers, present, dict, codes };
}

const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

/** The number that a text is, as params are: "1e-3", "nan"; null for everything else. */
export function asNumber(text: string): number | null {
  if (NUMBER.test(text)) return Number(text);
  const word = text.trim().toLowerCase();
  if (word === "nan") return Number.NaN;
  if (/^[+-]?inf(inity)?$/.test(word)) return word.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return null;
}

/** Values that a row set has in a column: how many differ, and the one where there is one. */
export function spread(column: Column, rows: ArrayLike<number>): { distinct: number; only: Value } {
  const seen = new Set<number>();
  let only: Value = null;
  for (let i = 0; i < rows.length && seen.size < 2; i++) {
    const row = rows[i] as number;
    const key = column.codes ? (column.codes[row] as number) : column.present[row] ? (column.numbers?.[row] as number) : -0.5;
    if (!seen.has(key)) {
      seen.add(key);
      only = column.at(row);
    }
  }
  return { distinct: seen.size, only: seen.size === 1 ? only : null };
}

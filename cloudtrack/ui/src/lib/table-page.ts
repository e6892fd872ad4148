/** A page of a table in columns: which rows are shown, in which order, and what is in a column. */

import { short } from "./format";

export type Cell = string | number | boolean | null;

/** Rows with the words in any cell, sorted by one column; empty cells come last. */
export function kept(columns: readonly (readonly Cell[])[], words: string, sort: { column: number; descending: boolean } | null): number[] {
  const wanted = words.toLowerCase();
  const rows = Array.from(columns[0] ?? [], (_, row) => row).filter((row) => !wanted || columns.some((column) => String(column[row] ?? "").toLowerCase().includes(wanted)));
  const column = sort && columns[sort.column];
  if (!sort || !column) return rows;
  const way = sort.descending ? -1 : 1;
  return rows.sort((a, b) => {
    const [left, right] = [column[a] ?? null, column[b] ?? null];
    if (left === null || right === null) return Number(left === null) - Number(right === null) || a - b;
    if (typeof left === "number" && typeof right === "number") return (left - right) * way || a - b;
    return (String(left) < String(right) ? -1 : String(left) > String(right) ? 1 : 0) * way || a - b;
  });
}

export interface Facts {
  empty: number;
  distinct: number;
  least: string;
  most: string;
}

export function factsOf(values: readonly Cell[]): Facts {
  const there = values.filter((value) => value !== null && value !== "");
  const numbers = there.filter((value): value is number => typeof value === "number");
  const isNumeric = numbers.length > 0 && numbers.length === there.length;
  return {
    empty: values.length - there.length,
    distinct: new Set(there).size,
    least: isNumeric ? short(Math.min(...numbers)) : "",
    most: isNumeric ? short(Math.max(...numbers)) : "",
  };
}

/** Filters over a frame, with three truths: what is missing is unknown. */

import type { Column, Frame } from "./frame";
import { type Comparison, type Expression, FilterError, parseFilter } from "./filter-parser";

const FALSE = 0;
const TRUE = 1;
const UNKNOWN = 2;

/** A filter that a frame can answer; `missing` are the columns that it has to be given first. */
export interface Plan {
  expression: Expression | null;
  /** Columns it names. */
  columns: string[];
  /** Whether only the server can answer it: regular expressions, datasets, summaries that no column has. */
  remote: boolean;
}

export function plan(text: string): Plan {
  const expression = parseFilter(text);
  const comparisons = expression ? leaves(expression) : [];
  const columns = [...new Set(comparisons.map((each) => each.column))];
  const remote = comparisons.some((each) => each.operator === "RLIKE" || each.column.startsWith("datasets."))
    || columns.some((column) => /^metrics\..*\.(min|max|mean|count)$/.test(column));
  return { expression, columns, remote };
}

export function leaves(expression: Expression): Comparison[] {
  if (expression.kind === "comparison") return [expression];
  return expression.kind === "not" ? leaves(expression.part) : expression.parts.flatMap(leaves);
}

/** The rows that meet the expression, in their order. */
export function matching(frame: Frame, expression: Expression | null): Int32Array {
  const all = Int32Array.from({ length: frame.rows }, (_, row) => row);
  if (!expression) return all;
  const truth = evaluate(frame, expression);
  return all.filter((row) => truth[row] === TRUE);
}

function evaluate(frame: Frame, expression: Expression): Uint8Array {
  if (expression.kind === "comparison") return compared(frame, expression);
  if (expression.kind === "not") {
    return evaluate(frame, expression.part).map((truth) => (truth === UNKNOWN ? UNKNOWN : 1 - truth));
  }
  const stop = expression.kind === "and" ? FALSE : TRUE;
  const result = new Uint8Array(frame.rows).fill(1 - stop);
  for (const part of expression.parts) {
    const truth = evaluate(frame, part);
    for (let row = 0; row < frame.rows; row++) {
      if (result[row] === stop) continue;
      if (truth[row] === stop) result[row] = stop;
      else if (truth[row] === UNKNOWN) result[row] = UNKNOWN;
    }
  }
  return result;
}

function compared(frame: Frame, comparison: Comparison): Uint8Array {
  const column = comparison.column === "attributes.run_id" ? null : (frame.columns.get(comparison.column) ?? null);
  const result = new Uint8Array(frame.rows);
  if (comparison.operator === "IS NULL") {
    for (let row = 0; row < frame.rows; row++) {
      const isNull = comparison.column === "attributes.run_id" ? 0 : column?.present[row] ? 0 : 1;
      result[row] = comparison.negated ? 1 - isNull : isNull;
    }
    return result;
  }
  if (comparison.column === "attributes.run_id") {
    const test = textTest(comparison);
    return Uint8Array.from(frame.ids, (id) => (test(id) === !comparison.negated ? TRUE : FALSE));
  }
  if (!column) return result.fill(UNKNOWN);
  const tests = column.kind === "text" ? byText(column, textTest(comparison)) : byNumber(column, numberTest(comparison));
  for (let row = 0; row < frame.rows; row++) {
    result[row] = column.present[row] ? (tests(row) === !comparison.negated ? TRUE : FALSE) : UNKNOWN;
  }
  return result;
}

function byText(column: Column, test: (text: string) => boolean): (row: number) => boolean {
  const known = (column.dict ?? []).map(test);
  return (row) => known[column.codes?.[row] as number] ?? false;
}

function byNumber(column: Column, test: (value: number) => boolean): (row: number) => boolean {
  return (row) => test(column.numbers?.[row] as number);
}

function numberTest({ operator, values }: Comparison): (value: number) => boolean {
  const a = Number(values[0]);
  const b = Number(values[1]);
  switch (operator) {
    case "=": return (value) => value === a;
    case "!=": return (value) => value !== a;
    case "<": return (value) => value < a;
    case "<=": return (value) => value <= a;
    case ">": return (value) => value > a;
    case ">=": return (value) => value >= a;
    case "BETWEEN": return (value) => value >= a && value <= b;
    default: throw new FilterError(`numbers are not compared by ${operator}`, 0, 1);
  }
}

function textTest({ operator, values }: Comparison): (text: string) => boolean {
  const value = String(values[0]);
  switch (operator) {
    case "=": return (text) => text === value;
    case "!=": return (text) => text !== value;
    case "IN": return (text) => values.includes(text);
    case "LIKE": return like(value, "su");
    case "ILIKE": return like(value, "siu");
    default: throw new FilterError(`text is not compared by ${operator}`, 0, 1);
  }
}

/** `%` is any text, `_` any character. */
function like(pattern: string, flags: string): (text: string) => boolean {
  const source = pattern.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replace(/%/g, ".*").replace(/_/g, ".");
  const expression = new RegExp(`^${source}$`, flags);
  return (text) => expression.test(text);
}

/** Rows one of whose names, ids, tags or params has the text in it; for words without an operator. */
export function containing(frame: Frame, text: string): Int32Array {
  const wanted = text.trim().toLowerCase();
  const found = new Uint8Array(frame.rows);
  frame.ids.forEach((id, row) => {
    if (id.startsWith(wanted)) found[row] = 1;
  });
  for (const [name, column] of frame.columns) {
    if (!column.dict || !/^(params|tags|attributes)\./.test(name)) continue;
    const hits = column.dict.map((each) => each.toLowerCase().includes(wanted));
    for (let row = 0; row < frame.rows; row++) {
      const code = column.codes?.[row] as number;
      if (code >= 0 && hits[code]) found[row] = 1;
    }
  }
  return Int32Array.from({ length: frame.rows }, (_, row) => row).filter((row) => found[row]);
}

/** Whether a text is words to look for rather than a filter. */
export function isFreeText(text: string): boolean {
  return !/[=<>]|\b(like|ilike|rlike|in|is|between)\b/i.test(text);
}

/** A value as a filter writes it. */
export function quoted(value: string): string {
  return value.includes("'") ? `"${value.replace(/"/g, '""')}"` : `'${value}'`;
}

/** A column's name as a filter writes it. */
export function named(column: string): string {
  const dot = column.indexOf(".");
  const key = column.slice(dot + 1);
  return /^[\w./:-]+$/.test(key) ? column : `${column.slice(0, dot)}."${key.replace(/"/g, '""')}"`;
}

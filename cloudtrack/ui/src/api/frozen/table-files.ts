/** CSV, TSV, JSON lines and MLflow's table JSON as pages of columns: what `artifacts/preview` answers, read in the browser. */

import { ApiError } from "../errors";

type Cell = string | number | boolean | null;

export interface Page {
  names: string[];
  kinds: string[];
  columns: Cell[][];
  total: number;
  next: number | null;
  cut: number;
}
interface Table {
  names: string[];
  rows: unknown[][];
  /** Whether all cells are text that may mean numbers. */
  isText: boolean;
}

const MOST_ROWS = 200;
const LONGEST_CELL = 4000;
const NUMBER = /^[+-]?(0|[1-9]\d*)(\.\d*)?([eE][+-]?\d+)?$/;
const DELIMITERS = [",", ";", "\t", "|"];

/** The page that begins at a row. Raises ApiError for what is no table. */
export function tableOf(name: string, text: string, offset: number): Page {
  const { names, rows, isText } = parsedTable(name, text);
  const page = rows.slice(offset, offset + MOST_ROWS);
  const width = Math.max(names.length, ...page.map((row) => row.length));
  let cut = 0;
  const columns = Array.from({ length: width }, (_, at) => page.map((row) => row[at] ?? null));
  const kinds = columns.map((column) => (isText ? (column.some((each) => each) && column.every((each) => !each || isNumber(each as string)) ? "number" : "string") : kindOf(column)));
  const shown = columns.map((column, at) => column.map((value): Cell => {
    if (isText && kinds[at] === "number") return value ? Number(value) : null;
    const cell = plain(value);
    if (typeof cell !== "string" || cell.length <= LONGEST_CELL) return cell;
    cut += 1;
    return `${cell.slice(0, LONGEST_CELL)}…`;
  }));
  const end = offset + page.length;
  const all = Array.from({ length: width }, (_, at) => names[at] ?? `column ${at + 1}`);
  return { names: all, kinds, columns: shown, total: rows.length, next: end < rows.length ? end : null, cut };
}

function parsedTable(name: string, text: string): Table {
  switch (name.toLowerCase().split(".").at(-1)) {
    case "csv": return csvTable(text, "");
    case "tsv": return csvTable(text, "\t");
    case "jsonl": case "ndjson": return linesTable(text);
    case "json": return mlflowTable(text);
    default: throw invalid(`${name} is not shown as a table`);
  }
}

function csvTable(text: string, delimiter: string): Table {
  const first = text.slice(0, text.search(/\n|$/));
  const count = (sign: string): number => first.split(sign).length;
  const rows = csvRows(text, delimiter || DELIMITERS.reduce((best, sign) => (count(sign) > count(best) ? sign : best)));
  return { names: rows[0] ?? [], rows: rows.slice(1), isText: true };
}

/** Rows of cells; quotes keep delimiters and line ends, two of them are one. Empty lines are none. */
export function csvRows(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let isQuoted = false;
  const endRow = (): void => {
    if (row.length || cell) rows.push([...row, cell]);
    [row, cell] = [[], ""];
  };
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] as string;
    if (isQuoted) {
      if (sign !== '"') cell += sign;
      else if (text[at + 1] === '"') cell += text[++at];
      else isQuoted = false;
    } else if (sign === '"' && cell === "") isQuoted = true;
    else if (sign === delimiter) {
      row.push(cell);
      cell = "";
    } else if (sign === "\n" || sign === "\r") {
      endRow();
      if (sign === "\r" && text[at + 1] === "\n") at++;
    } else cell += sign;
  }
  endRow();
  return rows;
}

function linesTable(text: string): Table {
  const places = new Map<string, number>();
  const rows = text.split("\n").flatMap((line, number): unknown[][] => {
    if (!line.trim()) return [];
    const row: unknown[] = [];
    for (const [name, value] of Object.entries(record(json(line, `line ${number + 1}`)))) {
      if (!places.has(name)) places.set(name, places.size);
      row[places.get(name) as number] = value;
    }
    return [Array.from(row)];
  });
  return { names: [...places.keys()], rows, isText: false };
}

function record(value: unknown): Record<string, unknown> {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  return Object.fromEntries((Array.isArray(value) ? value : [value]).map((cell, at) => [`column ${at + 1}`, cell]));
}

function mlflowTable(text: string): Table {
  const content = json(text, "the file") as { columns?: unknown; data?: unknown } | null;
  const { columns, data } = content ?? {};
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every(Array.isArray)) throw invalid('the file is no table: that is {"columns": [...], "data": [[...], ...]}');
  return { names: columns.map(String), rows: data as unknown[][], isText: false };
}

function json(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid(`${what} is not JSON`);
  }
}

function invalid(message: string): ApiError {
  return new ApiError(400, "INVALID_PARAMETER_VALUE", message);
}

function isNumber(text: string): boolean {
  return NUMBER.test(text) && Number.isFinite(Number(text)) && (!/^[+-]?\d+$/.test(text) || Number.isSafeInteger(Number(text)));
}

function kindOf(column: readonly unknown[]): string {
  const there = column.filter((each) => each !== null && each !== undefined);
  if (there.some((each) => typeof each === "object")) return "json";
  if (there.length && there.every((each) => typeof each === "boolean")) return "boolean";
  return there.length && there.every((each) => typeof each === "number") ? "number" : "string";
}

function plain(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  return typeof value === "object" ? JSON.stringify(value) : (value as Cell);
}

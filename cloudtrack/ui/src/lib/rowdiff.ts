/** How two tables differ, row by row: rows are paired by a key column where one is, else by their place. */

export type Cell = string | number | boolean | null;

export interface Table {
  names: readonly string[];
  columns: readonly (readonly Cell[])[];
}

export interface RowChange {
  kind: "same" | "changed" | "removed" | "added";
  key: string;
  /** Cells by column of the union of both tables' columns; of changed cells both. */
  cells: { left: Cell | undefined; right: Cell | undefined }[];
}

export interface TableChange {
  names: string[];
  /** The column that rows are paired by; null: their place. */
  key: string | null;
  rows: RowChange[];
  onlyLeft: string[];
  onlyRight: string[];
}

export function diffTables(left: Table, right: Table): TableChange {
  const names = [...left.names, ...right.names.filter((name) => !left.names.includes(name))];
  const key = keyColumn(left, right);
  const [a, b] = [rowsOf(left, names, key), rowsOf(right, names, key)];
  const shared = names.flatMap((name, at) => (left.names.includes(name) && right.names.includes(name) ? [at] : []));
  const paired = [...new Set([...a.keys(), ...b.keys()])];
  const rows = paired.map((each): RowChange => {
    const [before, after] = [a.get(each), b.get(each)];
    const cells = names.map((_, at) => ({ left: before?.[at], right: after?.[at] }));
    const kind = !before ? "added" : !after ? "removed" : shared.every((at) => equal(before[at], after[at])) ? "same" : "changed";
    return { kind, key: each, cells };
  });
  return {
    names, key, rows,
    onlyLeft: left.names.filter((name) => !right.names.includes(name)),
    onlyRight: right.names.filter((name) => !left.names.includes(name)),
  };
}

/** A table as MLflow logs it, `{"columns": [...], "data": [[...], ...]}`; null for every other text. */
export function tableOf(text: string): Table | null {
  try {
    const { columns, data, ...more } = JSON.parse(text) as { columns?: unknown; data?: unknown };
    if (!Array.isArray(columns) || !Array.isArray(data) || Object.keys(more).length || !data.every((row) => Array.isArray(row))) return null;
    return { names: columns.map(String), columns: columns.map((_, at) => data.map((row: unknown[]) => cellOf(row[at]))) };
  } catch {
    return null;
  }
}

function cellOf(value: unknown): Cell {
  return value === undefined || value === null ? null : typeof value === "object" ? JSON.stringify(value) : (value as Cell);
}

export function equal(a: Cell | undefined, b: Cell | undefined): boolean {
  return Object.is(a, b) || (a ?? null) === (b ?? null);
}

/** The first column of both whose values are texts or whole numbers, each once, most of them in both. */
function keyColumn(left: Table, right: Table): string | null {
  for (const name of left.names) {
    const [a, b] = [columnOf(left, name), columnOf(right, name)];
    if (!a || !b || !isKey(a) || !isKey(b)) continue;
    const there = new Set(b);
    const shared = a.reduce<number>((count, value) => count + Number(there.has(value)), 0);
    if (shared * 2 >= Math.min(a.length, b.length)) return name;
  }
  return null;
}

function isKey(values: readonly Cell[]): boolean {
  return values.length > 0 && new Set(values).size === values.length && values.every((value) => typeof value === "string" || (typeof value === "number" && Number.isInteger(value)));
}

function columnOf(table: Table, name: string): readonly Cell[] | undefined {
  const at = table.names.indexOf(name);
  return at < 0 ? undefined : table.columns[at];
}

function rowsOf(table: Table, names: readonly string[], key: string | null): Map<string, (Cell | undefined)[]> {
  const columns = names.map((name) => columnOf(table, name));
  const keys = key === null ? undefined : columnOf(table, key);
  const rows = new Map<string, (Cell | undefined)[]>();
  for (let row = 0; row < (table.columns[0]?.length ?? 0); row++) rows.set(String(keys ? keys[row] : row + 1), columns.map((column) => column?.[row]));
  return rows;
}

/** How two texts differ, line by line: the fewest lines removed and added (Myers), as far as that is found in time. */

export interface Edit {
  kind: "same" | "removed" | "added";
  /** The line's number in either text, from 0; -1 where it is not in that one. */
  left: number;
  right: number;
}

export interface Diff {
  edits: Edit[];
  removed: number;
  added: number;
  /** Whether the texts differ too much for the fewest changes to be found: a part is then removed and added whole. */
  capped: boolean;
}

export const MOST_CHANGES = 1200;

export function diffLines(left: readonly string[], right: readonly string[], most = MOST_CHANGES): Diff {
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let tail = 0;
  while (tail < left.length - start && tail < right.length - start && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail += 1;
  const edits: Edit[] = [];
  for (let at = 0; at < start; at++) edits.push({ kind: "same", left: at, right: at });
  const [a, b] = [left.slice(start, left.length - tail), right.slice(start, right.length - tail)];
  const middle = myers(a, b, most);
  const capped = middle === null;
  for (const edit of middle ?? replaced(a.length, b.length)) {
    edits.push({ kind: edit.kind, left: edit.left < 0 ? -1 : edit.left + start, right: edit.right < 0 ? -1 : edit.right + start });
  }
  for (let at = tail; at > 0; at--) edits.push({ kind: "same", left: left.length - at, right: right.length - at });
  const count = (kind: Edit["kind"]): number => edits.reduce((sum, edit) => sum + Number(edit.kind === kind), 0);
  return { edits, removed: count("removed"), added: count("added"), capped };
}

function replaced(removed: number, added: number): Edit[] {
  return [
    ...Array.from({ length: removed }, (_, at): Edit => ({ kind: "removed", left: at, right: -1 })),
    ...Array.from({ length: added }, (_, at): Edit => ({ kind: "added", left: -1, right: at })),
  ];
}

/** The shortest script from one list to another; null where it is longer than `most`. */
function myers(a: readonly string[], b: readonly string[], most: number): Edit[] | null {
  const [n, m] = [a.length, b.length];
  const limit = Math.min(n + m, most);
  const reach = new Int32Array(2 * limit + 3); // by diagonal, how far into `a` one gets
  const middle = limit + 1;
  const trace: Int32Array[] = [];
  for (let depth = 0; depth <= limit; depth++) {
    trace.push(reach.slice(middle - depth, middle + depth + 1));
    for (let k = -depth; k <= depth; k += 2) {
      const isDown = k === -depth || (k !== depth && (reach[middle + k - 1] as number) < (reach[middle + k + 1] as number));
      let x = isDown ? (reach[middle + k + 1] as number) : (reach[middle + k - 1] as number) + 1;
      while (x < n && x - k < m && a[x] === b[x - k]) x += 1;
      reach[middle + k] = x;
      if (x >= n && x - k >= m) return walked(trace, n, m, depth);
    }
  }
  return null;
}

/** The way back through what was reached at each depth. */
function walked(trace: readonly Int32Array[], n: number, m: number, end: number): Edit[] {
  const edits: Edit[] = [];
  let [x, y] = [n, m];
  for (let depth = end; depth > 0; depth--) {
    const before = trace[depth] as Int32Array;
    const at = (k: number): number => before[k + depth] as number;
    const k = x - y;
    const isDown = k === -depth || (k !== depth && at(k - 1) < at(k + 1));
    const from = isDown ? k + 1 : k - 1;
    const [px, py] = [at(from), at(from) - from];
    while (x > px && y > py && (isDown ? y > py + 1 : x > px + 1)) edits.push({ kind: "same", left: --x, right: --y });
    if (isDown) edits.push({ kind: "added", left: -1, right: --y });
    else edits.push({ kind: "removed", left: --x, right: -1 });
  }
  while (x > 0) edits.push({ kind: "same", left: --x, right: --y });
  return edits.reverse();
}

/** Two lines next to each other: equal ones, or what was removed beside what was added in its place. */
export interface Row {
  kind: "same" | "changed" | "removed" | "added";
  left: number;
  right: number;
}
/** Lines that are equal on both sides and not shown. */
export interface Fold {
  kind: "fold";
  rows: Row[];
}

/** The edits as rows of two columns. */
export function paired(edits: readonly Edit[]): Row[] {
  const rows: Row[] = [];
  let [removed, added]: [number[], number[]] = [[], []];
  const flush = (): void => {
    for (let at = 0; at < Math.max(removed.length, added.length); at++) {
      const [left, right] = [removed[at] ?? -1, added[at] ?? -1];
      rows.push({ kind: left < 0 ? "added" : right < 0 ? "removed" : "changed", left, right });
    }
    [removed, added] = [[], []];
  };
  for (const edit of edits) {
    if (edit.kind === "removed") removed.push(edit.left);
    else if (edit.kind === "added") added.push(edit.right);
    else {
      flush();
      rows.push({ kind: "same", left: edit.left, right: edit.right });
    }
  }
  flush();
  return rows;
}

/** The rows with long stretches of equal ones folded, but for some lines around each change. */
export function folded(rows: readonly Row[], around = 3): (Row | Fold)[] {
  const near = new Uint8Array(rows.length);
  rows.forEach((row, at) => {
    if (row.kind !== "same") near.fill(1, Math.max(0, at - around), at + around + 1);
  });
  const shown: (Row | Fold)[] = [];
  for (let at = 0; at < rows.length; ) {
    let end = at;
    while (end < rows.length && !near[end]) end += 1;
    if (end - at > 1) shown.push({ kind: "fold", rows: rows.slice(at, end) });
    else if (end > at) shown.push(rows[at] as Row);
    if (end < rows.length) shown.push(rows[end] as Row);
    at = end + 1;
  }
  return shown;
}

/** The part in which two lines differ: where it starts, and where it ends in either. */
export function changedPart(left: string, right: string): { start: number; left: number; right: number } {
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let tail = 0;
  while (tail < left.length - start && tail < right.length - start && left.at(-1 - tail) === right.at(-1 - tail)) tail += 1;
  return { start, left: left.length - tail, right: right.length - tail };
}

/** The lines of a text; a newline at its end makes no empty line. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** JSON with its keys in order and a line for each value, so that only what differs differs; other texts as they are. */
export function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), (_, value: unknown) => (isObject(value) ? sortedObject(value) : value), 2);
  } catch {
    return text;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sortedObject(value: Record<string, unknown>): Record<string, unknown> {
  const sorted = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value).sort()) sorted[key] = value[key];
  return sorted;
}

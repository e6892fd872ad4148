/** Where the nodes of a graph that runs from left to right stand: a column for each kind, few lines that cross. */

export interface Node {
  id: string;
  /** Which column, from 0. */
  column: number;
}
export type Edge = readonly [string, string];

export interface Placed<N extends Node> {
  node: N;
  x: number;
  y: number;
}
export interface Layout<N extends Node> {
  placed: Placed<N>[];
  /** Lines from the right side of one node to the left side of another. */
  lines: { from: string; to: string; path: string }[];
  width: number;
  height: number;
}

export const WIDTH = 178;
export const HEIGHT = 46;
const GAP_X = 56;
const GAP_Y = 16;
const ROUNDS = 4;

export function layout<N extends Node>(nodes: readonly N[], edges: readonly Edge[]): Layout<N> {
  const used = [...new Set(nodes.map((each) => each.column))].sort((a, b) => a - b);
  const columns = used.map((column) => nodes.filter((each) => each.column === column));
  for (let round = 0; round < ROUNDS; round += 1) {
    const forwards = round % 2 === 0;
    const order = forwards ? columns.keys() : [...columns.keys()].reverse();
    for (const at of order) {
      const beside = columns[forwards ? at - 1 : at + 1];
      if (beside) columns[at] = byMiddle(columns[at] as N[], beside, edges);
    }
  }
  const tallest = Math.max(1, ...columns.map((each) => each.length));
  const height = tallest * (HEIGHT + GAP_Y) - GAP_Y;
  const placed = columns.flatMap((column, at) => {
    const own = column.length * (HEIGHT + GAP_Y) - GAP_Y;
    return column.map((node, row) => ({ node, x: at * (WIDTH + GAP_X), y: (height - own) / 2 + row * (HEIGHT + GAP_Y) }));
  });
  const found = new Map(placed.map((each) => [each.node.id, each]));
  const lines = edges.flatMap(([from, to]) => {
    const [a, b] = [found.get(from), found.get(to)];
    return a && b ? [{ from, to, path: line(a.x + WIDTH, a.y + HEIGHT / 2, b.x, b.y + HEIGHT / 2) }] : [];
  });
  return { placed, lines, width: Math.max(WIDTH, columns.length * (WIDTH + GAP_X) - GAP_X), height };
}

/** The node that an arrow key leads to: within a column, or to the nearest that a line joins, else the nearest of the next column. */
export function walk<N extends Node>({ placed, lines }: Layout<N>, from: string, key: string): string | null {
  const here = placed.find((each) => each.node.id === from);
  if (!here) return placed[0]?.node.id ?? null;
  if (key === "ArrowUp" || key === "ArrowDown") {
    const column = placed.filter((each) => each.x === here.x).sort((a, b) => a.y - b.y);
    return column[column.indexOf(here) + (key === "ArrowUp" ? -1 : 1)]?.node.id ?? null;
  }
  const isRight = key === "ArrowRight";
  if (!isRight && key !== "ArrowLeft") return null;
  const joined = new Set(lines.flatMap((each) => (isRight ? (each.from === from ? [each.to] : []) : each.to === from ? [each.from] : [])));
  const beyond = placed.filter((each) => (isRight ? each.x > here.x : each.x < here.x));
  const wanted = joined.size ? beyond.filter((each) => joined.has(each.node.id)) : beyond;
  const distance = (each: Placed<N>): number => Math.abs(each.x - here.x) * 1000 + Math.abs(each.y - here.y);
  return wanted.sort((a, b) => distance(a) - distance(b))[0]?.node.id ?? null;
}

/** A column by the mean place of what each node is joined to in the column beside it. */
function byMiddle<N extends Node>(column: readonly N[], beside: readonly N[], edges: readonly Edge[]): N[] {
  const places = new Map(beside.map((each, at) => [each.id, at]));
  const middle = new Map(column.map((node, at) => {
    const found = edges.flatMap(([a, b]) => (a === node.id ? (places.get(b) ?? []) : b === node.id ? (places.get(a) ?? []) : []));
    return [node.id, found.length ? found.reduce((sum, each) => sum + each, 0) / found.length : at];
  }));
  return [...column].sort((a, b) => (middle.get(a.id) as number) - (middle.get(b.id) as number));
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  const bend = Math.max(20, (x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

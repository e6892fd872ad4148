/** Where the nodes of a graph that runs from left to right stand: a column for each kind, few lines that cross, none through a node. */

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

export const WIDTH = 174;
export const HEIGHT = 46;
const GAP_X = 46;
const GAP_Y = 16;
const LANE = 10;
const ROUNDS = 6;

/** A node, or the lane by which a line passes a column: one lane for all lines of a node. */
interface Slot<N extends Node> {
  id: string;
  node: N | null;
}

export function layout<N extends Node>(nodes: readonly N[], edges: readonly Edge[]): Layout<N> {
  const used = [...new Set(nodes.map((each) => each.column))].sort((a, b) => a - b);
  const columns: Slot<N>[][] = used.map((column) => nodes.filter((each) => each.column === column).map((node) => ({ id: node.id, node })));
  const place = new Map(nodes.map((each) => [each.id, used.indexOf(each.column)]));
  const known = edges.filter(([from, to]) => place.has(from) && place.has(to));
  const routes = known.map(([from, to]) => ({ from, to, stops: lanes(columns, from, to, place.get(from) as number, place.get(to) as number) }));
  const steps: Edge[] = routes.flatMap(({ stops }) => stops.slice(1).map((stop, at) => [stops[at] as string, stop] as const));
  for (let round = 0; round < ROUNDS; round += 1) {
    const forwards = round % 2 === 0;
    const order = forwards ? columns.keys() : [...columns.keys()].reverse();
    for (const at of order) {
      const beside = columns[forwards ? at - 1 : at + 1];
      if (beside) columns[at] = byMiddle(columns[at] as Slot<N>[], beside, steps);
    }
  }
  const tall = (slot: Slot<N>): number => (slot.node ? HEIGHT : LANE);
  const heights = columns.map((column) => column.reduce((sum, slot) => sum + tall(slot) + GAP_Y, -GAP_Y));
  const height = Math.max(HEIGHT, ...heights);
  const tops = new Map<string, { x: number; y: number; slot: Slot<N> }>();
  columns.forEach((column, at) => {
    let y = (height - (heights[at] as number)) / 2;
    for (const slot of column) {
      tops.set(slot.id, { x: at * (WIDTH + GAP_X), y, slot });
      y += tall(slot) + GAP_Y;
    }
  });
  const placed = [...tops.values()].flatMap(({ x, y, slot }) => (slot.node ? [{ node: slot.node, x, y }] : []));
  const lines = routes.map(({ from, to, stops }) => {
    const points = stops.flatMap((id) => {
      const { x, y, slot } = tops.get(id) as { x: number; y: number; slot: Slot<N> };
      const middle = y + tall(slot) / 2;
      return slot.node ? (id === from ? [[x + WIDTH, middle]] : [[x, middle]]) : [[x, middle], [x + WIDTH, middle]];
    }) as [number, number][];
    return { from, to, path: curve(points) };
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

/** What a line passes: its node, a lane in each column between, which is made where it is not there, and the other node. */
function lanes<N extends Node>(columns: Slot<N>[][], from: string, to: string, begin: number, end: number): string[] {
  const stops = [from];
  for (let at = begin + 1; at < end; at += 1) {
    const id = `${from}\0${at}`;
    const column = columns[at] as Slot<N>[];
    if (!column.some((slot) => slot.id === id)) column.push({ id, node: null });
    stops.push(id);
  }
  return [...stops, to];
}

/** A column by the mean place of what each slot is joined to in the column beside it. */
function byMiddle<N extends Node>(column: readonly Slot<N>[], beside: readonly Slot<N>[], steps: readonly Edge[]): Slot<N>[] {
  const places = new Map(beside.map((each, at) => [each.id, at]));
  const middle = new Map(column.map((slot, at) => {
    const found = steps.flatMap(([a, b]) => (a === slot.id ? (places.get(b) ?? []) : b === slot.id ? (places.get(a) ?? []) : []));
    return [slot.id, found.length ? found.reduce((sum, each) => sum + each, 0) / found.length : at];
  }));
  return [...column].sort((a, b) => (middle.get(a.id) as number) - (middle.get(b.id) as number));
}

function curve(points: readonly (readonly [number, number])[]): string {
  const [first, ...rest] = points as [readonly [number, number], ...(readonly [number, number])[]];
  let [x, y] = first;
  let path = `M${x} ${y}`;
  for (const [nextX, nextY] of rest) {
    const middle = (x + nextX) / 2;
    path += nextY === y ? `H${nextX}` : `C${middle} ${y} ${middle} ${nextY} ${nextX} ${nextY}`;
    [x, y] = [nextX, nextY];
  }
  return path;
}

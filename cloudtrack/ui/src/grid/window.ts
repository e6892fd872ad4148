/** Which rows and columns of a grid are in sight. */

export interface Span {
  first: number;
  /** One past the last. */
  end: number;
}

export function rowsInSight(scrollTop: number, height: number, rowHeight: number, rows: number, spare = 4): Span {
  const first = Math.max(0, Math.min(Math.floor(scrollTop / rowHeight) - spare, rows - 1));
  const end = Math.min(rows, Math.ceil((scrollTop + height) / rowHeight) + spare);
  return { first: Math.max(0, first), end: Math.max(0, end) };
}

/** Of columns with these left edges (one more than there are: the last is the end). */
export function columnsInSight(edges: readonly number[], scrollLeft: number, width: number, spare = 1): Span {
  const count = edges.length - 1;
  let first = 0;
  while (first < count - 1 && (edges[first + 1] as number) <= scrollLeft) first += 1;
  let end = first;
  while (end < count && (edges[end] as number) < scrollLeft + width) end += 1;
  return { first: Math.max(0, first - spare), end: Math.min(count, end + spare) };
}

export function edgesOf(widths: readonly number[]): number[] {
  const edges = [0];
  for (const width of widths) edges.push((edges.at(-1) as number) + width);
  return edges;
}

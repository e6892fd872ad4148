/** Orders of rows: stable, with NaN after all values and what is missing last, in both directions. */

import type { Column } from "./frame";

export interface Key {
  column: Column;
  descending: boolean;
}

/** The rows in the order of the keys; what is equal in all of them stays as it was. */
export function ordered(rows: ArrayLike<number>, keys: readonly Key[]): Int32Array {
  const result = Int32Array.from(rows);
  if (keys.length === 0) return result;
  const ranks = keys.map(({ column }) => rankOf(column));
  const ways = keys.map(({ descending }) => (descending ? -1 : 1));
  return result.sort((a, b) => {
    for (let i = 0; i < ranks.length; i++) {
      const compared = compare(ranks[i] as Float64Array, ways[i] as number, a, b);
      if (compared) return compared;
    }
    return a - b;
  });
}

const MISSING = Number.NEGATIVE_INFINITY;

function compare(rank: Float64Array, way: number, a: number, b: number): number {
  const left = rank[a * 2] as number;
  const right = rank[b * 2] as number;
  if (left !== right) return left - right; // values, NaN, missing
  if (left !== 0) return 0;
  const x = rank[a * 2 + 1] as number;
  const y = rank[b * 2 + 1] as number;
  return x === y ? 0 : x < y ? -way : way;
}

/** Two numbers a row: 0 for a value, 1 for NaN, 2 for nothing; and the value, of texts their place in the alphabet. */
function rankOf(column: Column): Float64Array {
  const rows = column.present.length;
  const rank = new Float64Array(rows * 2);
  const values = column.numbers;
  const places = values ? null : alphabet(column.dict ?? []);
  for (let row = 0; row < rows; row++) {
    if (!column.present[row]) {
      rank[row * 2] = 2;
      rank[row * 2 + 1] = MISSING;
      continue;
    }
    const value = values ? (values[row] as number) : (places?.[column.codes?.[row] as number] as number);
    if (Number.isNaN(value)) rank[row * 2] = 1;
    else rank[row * 2 + 1] = value;
  }
  return rank;
}

const collator = new Intl.Collator("en", { numeric: true });

function alphabet(dict: readonly string[]): Float64Array {
  const order = dict.map((_, code) => code).sort((a, b) => collator.compare(dict[a] as string, dict[b] as string));
  const places = new Float64Array(dict.length);
  order.forEach((code, place) => {
    places[code] = place;
  });
  return places;
}

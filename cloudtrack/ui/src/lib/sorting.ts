/** Which columns a table is sorted by, as the address says it: `sort` and `dir`, several with `;` between. */

import type { Query } from "./url";

export interface Sorting {
  id: string;
  descending: boolean;
}

export function parseSort(query: Query): Sorting[] {
  const names = (query.get("sort") ?? "").split(";").filter(Boolean);
  const directions = (query.get("dir") ?? "").split(";");
  return names.map((id, at) => ({ id, descending: directions[at] !== "asc" }));
}

export function printSort(sort: readonly Sorting[]): { sort: string; dir: string } {
  return { sort: sort.map(({ id }) => id).join(";"), dir: sort.map(({ descending }) => (descending ? "desc" : "asc")).join(";") };
}

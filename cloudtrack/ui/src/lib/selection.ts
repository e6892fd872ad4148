/** Which runs are selected, as the address says it: a list, or all that the filter lets through but some. */

import { lengthenAll, shortenAll } from "./ids";

export interface Selection {
  readonly all: boolean;
  /** The selected ones; of `all`, those that are not. */
  readonly ids: ReadonlySet<string>;
}

export const NONE: Selection = { all: false, ids: new Set() };

export function parseSelection(text: string | undefined): Selection {
  if (!text) return NONE;
  if (text.startsWith("*")) return { all: true, ids: new Set(lengthenAll(text.slice(1).replace(/^!/, ""))) };
  return { all: false, ids: new Set(lengthenAll(text)) };
}

export function printSelection({ all, ids }: Selection): string {
  const list = shortenAll([...ids]);
  return all ? `*${list ? `!${list}` : ""}` : list;
}

export function has(selection: Selection, id: string): boolean {
  return selection.ids.has(id) !== selection.all;
}

/** The selection with some ids turned on or off. */
export function withIds(selection: Selection, ids: Iterable<string>, on: boolean): Selection {
  const next = new Set(selection.ids);
  for (const id of ids) {
    if (on === selection.all) next.delete(id);
    else next.add(id);
  }
  return { all: selection.all, ids: next };
}

/** The selected ones of a list, in its order. */
export function selectedOf(selection: Selection, ids: readonly string[]): string[] {
  if (!selection.all && selection.ids.size === 0) return [];
  return ids.filter((id) => has(selection, id));
}

/** A frozen export: the answers lie beside the page as files, and `frozen/<route>/index.json` says which query is in which. */

import { relative } from "../lib/url";
import { ApiError } from "./errors";

const indexes = new Map<string, Promise<Record<string, string>>>();

export function isFrozen(): boolean {
  return document.querySelector('meta[name="cloudtrack-frozen"]') !== null;
}

/** The answer that was kept for this request. Raises ApiError 404 for one that was not. */
export async function frozenAnswer(path: string, address: string): Promise<unknown> {
  let index = indexes.get(path);
  if (!index) {
    index = file(`frozen/${path}/index.json`) as Promise<Record<string, string>>;
    indexes.set(path, index);
  }
  const pairs = [...new URL(address).searchParams].map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
  const name = (await index)[pairs.sort().join("&")];
  if (!name) throw new ApiError(404, "NOT_FROZEN", "this is not part of the export");
  return file(`frozen/${path}/${name}`);
}

async function file(path: string): Promise<unknown> {
  const answer = await fetch(relative(path));
  if (!answer.ok) throw new ApiError(404, "NOT_FROZEN", "this is not part of the export");
  return answer.json();
}

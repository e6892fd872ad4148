/** Files of an export: folders from the list of all files, addresses of the copies, and what a server would read of them. */

import type { Entry } from "../../lib/folders";
import { type Kept, notFrozen } from "./kept";
import { only, type Pair } from "./query";
import { tableOf } from "./table-files";

interface Tree {
  files: Entry[];
  truncated: boolean;
}
interface Place {
  url: string;
  size: number;
  content_type: string;
  etag: string;
  name: string;
}

const TREE = "cloudtrack/artifacts/tree";
const MOST_TEXT_BYTES = 64 << 10;
/** Larger tables are not read into a page. */
export const MOST_TABLE_BYTES = 5_000_000;

export async function tree(kept: Kept, params: URLSearchParams): Promise<Tree> {
  const owner = ownerOf(params);
  const path = (params.get("path") ?? "").replace(/\/$/, "");
  const isWhole = params.get("recursive") === "true";
  if (!path && !isWhole && "run_id" in Object.fromEntries(owner)) return kept.read<Tree>(TREE, owner); // it knows which folders are models
  const whole = await kept.read<Tree>(TREE, [...owner, ["recursive", "true"]]);
  return isWhole ? { ...whole, files: below(whole.files, path) } : { ...whole, files: level(whole.files, path) };
}

/** All files in a folder, at any depth. */
export function below(files: readonly Entry[], path: string): Entry[] {
  return files.filter((each) => !path || each.path.startsWith(`${path}/`));
}

/** Files and folders that are in a folder itself. */
export function level(files: readonly Entry[], path: string): Entry[] {
  const start = path ? path.length + 1 : 0;
  const found = new Map<string, Entry>();
  for (const entry of below(files, path)) {
    const slash = entry.path.indexOf("/", start);
    if (slash < 0) found.set(entry.path, entry);
    else found.set(entry.path.slice(0, slash), { path: entry.path.slice(0, slash), is_dir: true });
  }
  return [...found.values()];
}

export async function address(kept: Kept, params: URLSearchParams): Promise<Place> {
  const places = await kept.read<Record<string, Place>>("places", ownerOf(params)).catch((): Record<string, Place> => ({}));
  const path = params.get("path") ?? "";
  if (!Object.hasOwn(places, path)) throw notFrozen("The export was made without this file: export-site takes files up to its --max-bytes.");
  return places[path] as Place;
}

export async function preview(kept: Kept, params: URLSearchParams): Promise<unknown> {
  const place = await address(kept, params);
  const offset = Number(params.get("offset") ?? 0);
  if (params.get("kind") !== "table") return text(kept, place, offset);
  if (/\.(parquet|pq)$/i.test(place.name)) throw notFrozen("Parquet is read by a server: download the file to look into it.");
  if (place.size > MOST_TABLE_BYTES) throw notFrozen("Tables of more than 5 MB are read by a server: download the file to look into it.");
  const content = new TextDecoder().decode(await kept.bytes(place.url, 0, place.size));
  return { ...tableOf(place.name, content, offset), size: place.size, etag: place.etag };
}

/** A page of text; a character that the page would cut is the next page's. */
async function text(kept: Kept, { url, size, etag }: Place, offset: number) {
  const body = await kept.bytes(url, offset, Math.min(size, offset + MOST_TEXT_BYTES));
  const isLast = offset + body.length >= size;
  const end = isLast ? body.length : body.length - cutBytes(body);
  return { text: new TextDecoder().decode(body.subarray(0, end)), offset, next: isLast ? null : offset + end, size, is_binary: body.includes(0), etag };
}

/** How many bytes at the end begin a character of UTF-8 that is not whole. */
export function cutBytes(body: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, body.length); back++) {
    const byte = body[body.length - back] as number;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

function ownerOf(params: URLSearchParams): Pair[] {
  return only(params, "run_id", "model_id", "name", "version");
}

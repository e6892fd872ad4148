/** Files of a run, a logged model or a version, as far as comparing needs them. */

import { download, get } from "../../api/client";
import type { FileChange, FileEntry } from "../../lib/dirdiff";
import { relative } from "../../lib/url";

/** Whose files: exactly one of a run, a logged model, and a version of a registered model. */
export type Owner = { run_id: string } | { model_id: string } | { name: string; version: string };

/** A folder of files, and what it is called beside another. */
export interface Place {
  owner: Owner;
  /** The folder in the owner's files; "" is all of them. */
  path: string;
  name: string;
}

export interface TextFile {
  text: string;
  size: number;
  isCut: boolean;
  isBinary: boolean;
}

export interface TableFile {
  names: string[];
  columns: (string | number | boolean | null)[][];
  isCut: boolean;
}

interface TextPage {
  text: string;
  next: number | null;
  size: number;
  is_binary: boolean;
}

interface Address {
  url: string;
  size: number;
  content_type: string;
  etag: string;
}

const MOST_PAGES = 4;
const MOST_RESOLVED_BYTES = 256 << 10;
const MOST_RESOLVED = 40;

export function pathIn(place: Place, path: string): string {
  return place.path ? `${place.path.replace(/\/$/, "")}/${path}` : path;
}

export async function readTree(place: Place, signal?: AbortSignal): Promise<{ files: FileEntry[]; truncated: boolean }> {
  return get("cloudtrack/artifacts/tree", { ...place.owner, path: place.path, recursive: true }, signal);
}

/** The first 256 KiB of a file as text. */
export async function readText(place: Place, path: string, signal?: AbortSignal): Promise<TextFile> {
  let [text, offset, size, isBinary]: [string, number | null, number, boolean] = ["", 0, 0, false];
  for (let page = 0; page < MOST_PAGES && offset !== null && !isBinary; page++) {
    const found: TextPage = await get<TextPage>(
      "cloudtrack/artifacts/preview", { ...place.owner, path: pathIn(place, path), kind: "text", offset }, signal,
    );
    text += found.text;
    [offset, size, isBinary] = [found.next, found.size, found.is_binary];
  }
  return { text, size, isCut: offset !== null, isBinary };
}

/** The first page of a table: up to 200 rows. */
export async function readTable(place: Place, path: string, signal?: AbortSignal): Promise<TableFile> {
  const found = await get<{ names: string[]; columns: TableFile["columns"]; next: number | null }>(
    "cloudtrack/artifacts/preview", { ...place.owner, path: pathIn(place, path), kind: "table" }, signal,
  );
  return { names: found.names, columns: found.columns, isCut: found.next !== null };
}

/** An address that the browser loads a file from; it is good for some minutes. */
export async function addressOf(place: Place, path: string, signal?: AbortSignal): Promise<Address> {
  const found = await get<Address>("cloudtrack/artifacts/url", { ...place.owner, path: pathIn(place, path), disposition: "inline" }, signal);
  return { ...found, url: relative(found.url) };
}

async function readBytes(place: Place, path: string, signal?: AbortSignal): Promise<Uint8Array> {
  const { url } = await addressOf(place, path, signal);
  return new Uint8Array(await (await download(url, signal)).arrayBuffer());
}

/** The changes, with small files of which the listing says too little compared byte by byte. */
export async function resolved(changes: readonly FileChange[], left: Place, right: Place, signal?: AbortSignal): Promise<FileChange[]> {
  const open = changes.filter(({ state, left: a }) => state === "unknown" && (a?.size ?? Infinity) <= MOST_RESOLVED_BYTES).slice(0, MOST_RESOLVED);
  const states = new Map<string, FileChange["state"]>();
  for (const { path } of open) {
    const [a, b] = await Promise.all([readBytes(left, path, signal), readBytes(right, path, signal)]);
    states.set(path, a.length === b.length && a.every((byte, at) => byte === b[at]) ? "same" : "changed");
  }
  return changes.map((change) => ({ ...change, state: states.get(change.path) ?? change.state }));
}

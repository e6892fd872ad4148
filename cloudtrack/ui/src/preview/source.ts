/** Whose files are shown, and how they are asked for: of a run, a version, or a logged model. */

import { download, get, type Params } from "../api/client";
import type { Entry } from "../lib/folders";
import { relative } from "../lib/url";

export type Source = { run_id: string } | { name: string; version: string } | { model_id: string };

export interface TreeWire {
  files: Entry[];
  truncated: boolean;
}

export interface FileAddress {
  /** Whole, of this server or of the bucket. */
  url: string;
  size: number;
  content_type: string;
  etag: string;
  name: string;
}

export interface TablePage {
  names: string[];
  kinds: string[];
  columns: (string | number | boolean | null)[][];
  total: number | null;
  next: number | null;
  size: number;
  cut: number;
}

export type Disposition = "inline" | "attachment" | "render";

export function sourceKey(source: Source): string {
  return Object.values(source).join(" ");
}

export function params(source: Source, more: Params = {}): Params {
  return { ...source, ...more };
}

export function listFolder(source: Source, path: string, signal?: AbortSignal): Promise<TreeWire> {
  return get<TreeWire>("cloudtrack/artifacts/tree", params(source, { path }), signal);
}

export function listAll(source: Source, path: string, signal?: AbortSignal): Promise<TreeWire> {
  return get<TreeWire>("cloudtrack/artifacts/tree", params(source, { path, recursive: true }), signal);
}

/** An address from which the browser loads the file by itself, for some minutes: never kept, never in the page's own. */
export async function addressOf(source: Source, path: string, disposition: Disposition = "inline", signal?: AbortSignal): Promise<FileAddress> {
  const found = await get<FileAddress>("cloudtrack/artifacts/url", params(source, { path, disposition }), signal);
  return { ...found, url: relative(found.url) };
}

/** Bytes of a file, from `start` to before `end`. Raises ApiError. */
export async function readRange(source: Source, path: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
  if (end <= start) return new Uint8Array();
  const { url } = await addressOf(source, path, "inline", signal);
  return new Uint8Array(await (await download(url, signal, [start, end])).arrayBuffer());
}

/** A file as text, whole. Raises ApiError. */
export async function readText(source: Source, path: string, signal?: AbortSignal): Promise<string> {
  const { url } = await addressOf(source, path, "inline", signal);
  return (await download(url, signal)).text();
}

export function readTable(source: Source, path: string, offset: number, signal?: AbortSignal): Promise<TablePage> {
  return get<TablePage>("cloudtrack/artifacts/preview", params(source, { path, kind: "table", offset }), signal);
}

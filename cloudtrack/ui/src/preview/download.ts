/** Files to the reader's disk: one by its own address, a folder as a zip that is made here. */

import { download } from "../api/client";
import { attempt } from "../app/dialog";
import { save } from "../lib/export";
import { type Entry, nameOf } from "../lib/folders";
import { type ZipFile, zip } from "../lib/zipstream";
import { addressOf, type Disposition, listAll, type Source } from "./source";

/** Let the browser load the file by itself; the address is asked for now, since it does not last. */
export function saveFile(source: Source, path: string): void {
  void follow(source, path, "attachment");
}

/** In a tab of its own, where nothing of this page can be reached. */
export function openFile(source: Source, path: string, isActive: boolean): void {
  void follow(source, path, isActive ? "render" : "inline");
}

async function follow(source: Source, path: string, disposition: Disposition): Promise<void> {
  await attempt(async () => {
    const link = document.createElement("a");
    link.href = (await addressOf(source, path, disposition)).url;
    if (disposition === "attachment") link.download = nameOf(path);
    else link.target = "_blank";
    link.rel = "noopener noreferrer";
    link.click();
  });
}

export interface Progress {
  files: number;
  of: number;
  bytes: number;
  ofBytes: number;
}

export const MOST_ZIP_BYTES = 2 ** 31;

/** All files below a folder as a zip. Raises ApiError, RangeError for what is too large, AbortError where it was cancelled. */
export async function saveFolder(source: Source, path: string, name: string, tell: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
  await saveListed([await listed(source, path, "", "the folder", signal)], name, tell, signal);
}

export interface Root {
  source: Source;
  /** The folder of the archive that its files go into. */
  into: string;
}

/** All files of several sources as one zip, each below a folder of its own; raises as `saveFolder` does. */
export async function saveRoots(roots: readonly Root[], name: string, tell: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
  const found: Listed[] = [];
  for (let at = 0; at < roots.length; at += LISTED_AT_ONCE) {
    found.push(...(await Promise.all(roots.slice(at, at + LISTED_AT_ONCE).map(({ source, into }) => listed(source, "", `${into}/`, into, signal)))));
  }
  if (found.every(({ entries }) => entries.length === 0)) throw new RangeError("there are no files to download");
  await saveListed(found, name, tell, signal);
}

const LISTED_AT_ONCE = 6;

interface Listed {
  source: Source;
  /** Of the paths, what the archive leaves out. */
  below: number;
  into: string;
  entries: readonly Entry[];
}

async function listed(source: Source, path: string, into: string, what: string, signal: AbortSignal): Promise<Listed> {
  const { files, truncated } = await listAll(source, path, signal);
  if (truncated) throw new RangeError(`${what} has more than 10,000 files: download it with \`cloudtrack artifacts download\``);
  return { source, below: path ? path.length + 1 : 0, into, entries: files.filter((each) => !each.is_dir) };
}

async function saveListed(roots: readonly Listed[], name: string, tell: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
  const all = roots.flatMap(({ entries, ...root }) => entries.map((entry) => ({ ...root, entry })));
  const ofBytes = all.reduce((sum, { entry }) => sum + (entry.size ?? 0), 0);
  if (ofBytes > MOST_ZIP_BYTES) throw new RangeError("these files have more than 2 GB: download them with `cloudtrack artifacts download`");
  const progress: Progress = { files: 0, of: all.length, bytes: 0, ofBytes };
  tell({ ...progress });
  const parts: BlobPart[] = [];
  const one = ({ source, below, into, entry }: (typeof all)[number]): ZipFile => ({
    name: into + entry.path.slice(below),
    modified: entry.mtime,
    chunks: async function* () {
      const { url } = await addressOf(source, entry.path, "attachment", signal);
      const reader = (await download(url, signal)).body?.getReader();
      for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
        progress.bytes += read.value.length;
        tell({ ...progress });
        yield read.value;
      }
      progress.files += 1;
      tell({ ...progress });
    },
  });
  for await (const piece of zip(all.map(one))) parts.push(piece as Uint8Array<ArrayBuffer>);
  save(`${name}.zip`, "application/zip", new Blob(parts));
}

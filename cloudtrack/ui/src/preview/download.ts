/** Files to the reader's disk: one by its own address, a folder as a zip that is made here. */

import { download } from "../api/client";
import { attempt } from "../app/dialog";
import { save } from "../lib/export";
import { nameOf } from "../lib/folders";
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
  const { files, truncated } = await listAll(source, path, signal);
  const entries = files.filter((each) => !each.is_dir);
  const ofBytes = entries.reduce((sum, each) => sum + (each.size ?? 0), 0);
  if (truncated) throw new RangeError("the folder has more than 10,000 files: download it with `cloudtrack artifacts download`");
  if (ofBytes > MOST_ZIP_BYTES) throw new RangeError("the folder has more than 2 GB: download it with `cloudtrack artifacts download`");
  const progress: Progress = { files: 0, of: entries.length, bytes: 0, ofBytes };
  const parts: BlobPart[] = [];
  const below = path ? path.length + 1 : 0;
  const one = (entry: (typeof entries)[number]): ZipFile => ({
    name: entry.path.slice(below),
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
  for await (const piece of zip(entries.map(one))) parts.push(piece as Uint8Array<ArrayBuffer>);
  save(`${name}.zip`, "application/zip", new Blob(parts));
}

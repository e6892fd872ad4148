/** How two folders differ, by what a listing says of their files: nothing is downloaded. */

export interface FileEntry {
  path: string;
  is_dir?: boolean;
  size?: number | null;
  etag?: string;
  sha256?: string;
}

/** `unknown`: of the same size, and the store says no more. */
export type FileState = "added" | "removed" | "changed" | "same" | "unknown";

export interface FileChange {
  path: string;
  state: FileState;
  left: FileEntry | null;
  right: FileEntry | null;
}

/** Files of either folder by path; paths are relative to `leftRoot` and `rightRoot`, others are not looked at. */
export function diffFolders(left: readonly FileEntry[], right: readonly FileEntry[], leftRoot = "", rightRoot = ""): FileChange[] {
  const [before, after] = [below(left, leftRoot), below(right, rightRoot)];
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.map((path) => {
    const [a, b] = [before.get(path) ?? null, after.get(path) ?? null];
    return { path, left: a, right: b, state: a === null ? "added" : b === null ? "removed" : compared(a, b) };
  });
}

export function countOf(changes: readonly FileChange[], state: FileState): number {
  return changes.reduce((count, change) => count + Number(change.state === state), 0);
}

/** Whether a file is the same, by its hash, else its size, else its etag: stores hash parts apart, so etags that differ say little of large files. */
function compared(a: FileEntry, b: FileEntry): FileState {
  if (a.sha256 && b.sha256) return a.sha256 === b.sha256 ? "same" : "changed";
  if (a.size !== b.size) return "changed";
  if (!a.etag || !b.etag) return "unknown";
  if (a.etag === b.etag) return "same";
  return isOfContent(a.etag) && isOfContent(b.etag) ? "changed" : "unknown";
}

/** Etags that are a hash of the whole content. */
function isOfContent(etag: string): boolean {
  return /^"?([0-9a-f]{32}|[0-9a-f]{64})"?$/i.test(etag);
}

function below(files: readonly FileEntry[], root: string): Map<string, FileEntry> {
  const start = root ? `${root.replace(/\/$/, "")}/` : "";
  const found = new Map<string, FileEntry>();
  for (const file of files) if (!file.is_dir && file.path.startsWith(start)) found.set(file.path.slice(start.length), file);
  return found;
}

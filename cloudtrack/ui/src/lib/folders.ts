/** Files and folders as the rows of a tree. */

export interface Entry {
  path: string;
  is_dir: boolean;
  size?: number;
  etag?: string;
  sha256?: string;
  mtime?: number;
  model_id?: string;
}

export interface Row {
  entry: Entry;
  name: string;
  /** From 1. */
  level: number;
  open: boolean;
  /** Place among its siblings, from 1, and how many these are. */
  place: number;
  siblings: number;
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function parentOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

/** The folders that a path lies in, outermost first, without the root. */
export function foldersAbove(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
}

/** Rows in sight: the folders that are open, and what is in them. Folders come before files. */
export function rowsOf(folders: ReadonlyMap<string, readonly Entry[]>, open: ReadonlySet<string>, path = "", level = 1): Row[] {
  const entries = [...(folders.get(path) ?? [])].sort((a, b) => Number(b.is_dir) - Number(a.is_dir) || compared(a.path, b.path));
  return entries.flatMap((entry, at) => {
    const isOpen = entry.is_dir && open.has(entry.path);
    const row: Row = { entry, name: nameOf(entry.path), level, open: isOpen, place: at + 1, siblings: entries.length };
    return isOpen ? [row, ...rowsOf(folders, open, entry.path, level + 1)] : [row];
  });
}

const NATURAL = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function compared(a: string, b: string): number {
  return NATURAL.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Files of a whole tree as its folders: those alone whose path has the words. */
export function foldersOf(files: readonly Entry[], words: string): Map<string, Entry[]> {
  const found = new Map<string, Entry[]>();
  const wanted = words.toLowerCase();
  const add = (entry: Entry): void => {
    const parent = parentOf(entry.path);
    const list = found.get(parent);
    if (list) list.push(entry);
    else {
      found.set(parent, [entry]);
      if (parent) add({ path: parent, is_dir: true });
    }
  };
  for (const file of files) if (!file.is_dir && file.path.toLowerCase().includes(wanted)) add(file);
  return found;
}

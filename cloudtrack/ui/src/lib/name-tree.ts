/** Names with `/` as an indented tree: the rows of it that are in sight. */

export type Branch =
  | { kind: "folder"; path: string; title: string; level: number; isOpen: boolean; /** Places of all names below, in their order. */ members: readonly number[] }
  | { kind: "leaf"; place: number; title: string; level: number };

interface Folder {
  path: string;
  title: string;
  members: number[];
  inside: (Folder | number)[];
  folders: Map<string, Folder>;
}

/** The tree of `names`; a folder stands where the first of its names does. Levels are from 0; empty parts of a name do not count. */
export function nameTree(names: readonly string[], isOpen: (path: string) => boolean): Branch[] {
  const root = folder("", "");
  names.forEach((name, place) => {
    let at = root;
    for (const part of partsOf(name).slice(0, -1)) {
      let below = at.folders.get(part);
      if (!below) {
        below = folder(at.path ? `${at.path}/${part}` : part, part);
        at.folders.set(part, below);
        at.inside.push(below);
      }
      below.members.push(place);
      at = below;
    }
    at.inside.push(place);
  });
  return branches(root, 0, names, isOpen);
}

function branches(from: Folder, level: number, names: readonly string[], isOpen: (path: string) => boolean): Branch[] {
  return from.inside.flatMap((each): Branch[] => {
    if (typeof each === "number") return [{ kind: "leaf", place: each, title: partsOf(names[each] as string).at(-1) as string, level }];
    const open = isOpen(each.path);
    const line: Branch = { kind: "folder", path: each.path, title: each.title, level, isOpen: open, members: each.members };
    return open ? [line, ...branches(each, level + 1, names, isOpen)] : [line];
  });
}

function folder(path: string, title: string): Folder {
  return { path, title, members: [], inside: [], folders: new Map() };
}

function partsOf(name: string): string[] {
  const parts = name.split("/").filter((part) => part.trim() !== "");
  return parts.length ? parts : [name];
}

/** The path of a file that a text in a folder names, such as `../images/a.png`; null for what is no such path. */

export function beside(folder: string, relative: string): string | null {
  if (/^[a-z][a-z0-9+.-]*:|^[/\\#?]/i.test(relative)) return null;
  const parts = folder ? folder.split("/") : [];
  for (const part of (relative.split(/[?#]/)[0] as string).split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return null;
    } else if (part && part !== ".") parts.push(decoded(part));
  }
  return parts.length ? parts.join("/") : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

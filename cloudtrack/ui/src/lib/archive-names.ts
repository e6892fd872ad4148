/** Names of folders in an archive: what no system refuses, each once. */

const FORBIDDEN = /[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069<>:"/\\|?*]/g;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/i;
const MOST_CHARACTERS = 80;

/** A folder for each thing of some name and id; where names are equal, or nothing is left of one, the id tells them apart. */
export function folderNames(things: readonly { name: string; id: string }[]): string[] {
  const safe = things.map(({ name }) => safeName(name));
  const counts = new Map<string, number>();
  for (const name of safe) counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  return safe.map((name, at) => {
    const id = (things[at] as { id: string }).id;
    if (!name) return id;
    return counts.get(name.toLowerCase()) === 1 ? name : `${name} ${id}`;
  });
}

function safeName(name: string): string {
  const kept = [...name.replace(FORBIDDEN, "_")].slice(0, MOST_CHARACTERS).join("").trim().replace(/\.+$/, "").trim();
  return RESERVED.test(kept) ? `${kept}_` : kept;
}

/** Pages that were looked at lately, in this browser. */

const KEY = "cloudtrack.recent";
const MOST = 8;

interface Recent {
  title: string;
  kind: string;
  to: string;
}

export function recent(): Recent[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]") as Recent[];
  } catch {
    return [];
  }
}

export function visit(title: string, kind: string, to: string): void {
  const next = [{ title, kind, to }, ...recent().filter((each) => each.to !== to)].slice(0, MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // no storage here: nothing is recent
  }
}

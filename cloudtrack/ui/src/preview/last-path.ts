/** The file that was looked at last, by experiment, in this browser. */

const KEY = "cloudtrack.paths";
const MOST = 50;

export function lastPath(memory: string): string {
  return stored().find(([name]) => name === memory)?.[1] ?? "";
}

export function rememberPath(memory: string, path: string): void {
  try {
    localStorage.setItem(KEY, JSON.stringify([[memory, path], ...stored().filter(([name]) => name !== memory)].slice(0, MOST)));
  } catch {
    // no storage here: nothing is offered
  }
}

function stored(): [string, string][] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((each): each is [string, string] => Array.isArray(each) && each.every((part) => typeof part === "string")) : [];
  } catch {
    return [];
  }
}

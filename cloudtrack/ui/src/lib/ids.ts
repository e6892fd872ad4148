/** Run ids in the address: 32 hex digits as 22 characters of base64url, lists joined by a dot. */

const HEX = /^[0-9a-f]{32}$/;
const SHORT = /^[A-Za-z0-9_-]{22}$/;

/** The short form of a run id; ids of another shape (another tracker's) stay as they are. */
export function shorten(id: string): string {
  if (!HEX.test(id)) return `~${id}`;
  const bytes = id.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)));
  return btoa(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** The id that a short form stands for; also takes whole ids, since people paste them. */
export function lengthen(short: string): string | null {
  if (short.startsWith("~")) return short.slice(1);
  if (HEX.test(short)) return short;
  if (!SHORT.test(short)) return null;
  const bytes = atob(short.replace(/-/g, "+").replace(/_/g, "/"));
  return Array.from(bytes, (char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

export function shortenAll(ids: readonly string[]): string {
  return ids.map(shorten).join(".");
}

export function lengthenAll(list: string | null | undefined): string[] {
  if (!list) return [];
  return list.split(/[.,]/).flatMap((each) => lengthen(each) ?? []);
}

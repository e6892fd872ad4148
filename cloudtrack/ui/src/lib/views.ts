/** Saved views of an experiment: tags `cloudtrack.view.<slug>` whose values are `{"title", "query", "by"}`. */

import type { Query } from "./url";

export const VIEW_TAG = "cloudtrack.view.";

export interface View {
  slug: string;
  title: string;
  /** What follows the `?` of an address. */
  query: string;
  by: string;
}

/** The views among some tags, by title; a tag that is none is passed over. */
export function viewsOf(tags: Record<string, string>): View[] {
  const found: View[] = [];
  for (const [key, value] of Object.entries(tags)) {
    if (!key.startsWith(VIEW_TAG)) continue;
    try {
      const { title, query, by } = JSON.parse(value) as Partial<View>;
      if (typeof query === "string") found.push({ slug: key.slice(VIEW_TAG.length), title: String(title ?? key), query, by: String(by ?? "") });
    } catch {
      // another program's tag
    }
  }
  return found.sort((a, b) => (a.title < b.title ? -1 : 1));
}

/** A query with another laid over it. */
export function layered(below: Query, above: Query): Map<string, string> {
  return new Map([...below, ...above]);
}

/** A name for an address: "Best of May!" is best-of-may. */
export function slugOf(title: string): string {
  const slug = title.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60);
  return slug || `view-${Array.from(title).reduce((sum, char) => (sum * 31 + (char.codePointAt(0) ?? 0)) % 1_000_003, 7)}`;
}

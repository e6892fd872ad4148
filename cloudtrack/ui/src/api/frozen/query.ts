/** Queries as an export keeps them. */

export type Pair = readonly [string, string];

/** Pairs as encodeURIComponent writes them, sorted: the same for the same question, here and where the export was made. */
export function canonical(query: readonly Pair[]): string {
  return query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).sort().join("&");
}

/** The pairs of a canonical query. */
export function parsed(text: string): Pair[] {
  return text.split("&").filter(Boolean).map((pair) => {
    const at = pair.indexOf("=");
    return [decodeURIComponent(pair.slice(0, at)), decodeURIComponent(pair.slice(at + 1))];
  });
}

/** Those pairs whose names tell answers apart. */
export function only(params: URLSearchParams, ...names: readonly string[]): Pair[] {
  return [...params].filter(([name]) => names.includes(name));
}

/** The words of the filters that the page sends, `name ILIKE '%words%'`, as a test; everything passes without one. */
export function nameFilter(filter: string | null): (name: string) => boolean {
  const words = /^\s*name\s+I?LIKE\s+'%(.*)%'\s*$/is.exec(filter ?? "")?.[1]?.replace(/''/g, "'").toLowerCase();
  return words === undefined ? () => true : (name) => name.toLowerCase().includes(words);
}

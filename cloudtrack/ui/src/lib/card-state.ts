/** What single cards say otherwise than their page: `card=<metric>~x:time~log:y~sm:0.6;...`. Pure. */

/** As the page's own keys of the query, each only where the card has its own; `zoom` is `<from>:<to>`, of a card with its own x. */
export interface OwnState {
  x?: string;
  /** "xy", "x", "y", or "-" for neither. */
  log?: string;
  sm?: string;
  zoom?: string;
}

const KEYS = ["x", "log", "sm", "zoom"] as const;

export function parseCards(text: string | undefined): ReadonlyMap<string, OwnState> {
  const found = new Map<string, OwnState>();
  for (const entry of (text ?? "").split(";")) {
    const [name = "", ...parts] = entry.split("~");
    const own: OwnState = {};
    for (const part of parts) {
      const colon = part.indexOf(":");
      const key = KEYS.find((each) => each === part.slice(0, colon));
      if (key && part.length > colon + 1) own[key] = unescaped(part.slice(colon + 1));
    }
    if (name && Object.keys(own).length) found.set(unescaped(name), own);
  }
  return found;
}

/** The text of all cards' own; null where none has any. */
export function printCards(cards: ReadonlyMap<string, OwnState>): string | null {
  const entries = [...cards].flatMap(([name, own]) => {
    const parts = KEYS.flatMap((key) => (own[key] ? [`${key}:${escaped(own[key])}`] : []));
    return parts.length ? [[escaped(name), ...parts].join("~")] : [];
  });
  return entries.join(";") || null;
}

function escaped(text: string): string {
  return text.replace(/[%~;]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function unescaped(text: string): string {
  return text.replace(/%(7E|3B|25)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

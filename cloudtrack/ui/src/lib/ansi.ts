/** Terminal colours in a line of text, as pieces with a class; other control sequences are left out. */

export interface Piece {
  text: string;
  /** Words for a class, such as "bold fg-2"; empty for plain text. */
  tone: string;
}

// biome-ignore lint: control characters are what this is about
const SEQUENCE = /\x1b\[([\d;:]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]|[\x00-\x08\x0b-\x1f\x7f]/g;

/** Whether a line has anything but plain text. */
export function hasControl(line: string): boolean {
  // biome-ignore lint: control characters are what this is about
  return /[\x00-\x08\x0b-\x1f\x7f]/.test(line);
}

export function pieces(line: string): Piece[] {
  const found: Piece[] = [];
  let style = new Map<string, string>();
  let from = 0;
  const shown = line.slice(line.lastIndexOf("\r", line.length - 2) + 1); // what a terminal would have left of a progress bar
  const add = (text: string): void => {
    if (text) found.push({ text, tone: [...style.values()].join(" ") });
  };
  for (const match of shown.matchAll(SEQUENCE)) {
    add(shown.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === "m") style = styled(style, (match[1] ?? "").split(/[;:]/).map(Number));
  }
  add(shown.slice(from));
  return found;
}

/** The text of a line without its control sequences. */
export function stripped(line: string): string {
  return hasControl(line) ? pieces(line).map((piece) => piece.text).join("") : line;
}

function styled(before: Map<string, string>, codes: number[]): Map<string, string> {
  let style = new Map(before);
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 0) style = new Map();
    else if (code === 1) style.set("weight", "bold");
    else if (code === 2) style.set("weight", "dim");
    else if (code === 3) style.set("slant", "slanted");
    else if (code === 4) style.set("line", "lined");
    else if (code === 22) style.delete("weight");
    else if (code >= 30 && code <= 37) style.set("ink", `fg-${code - 30}`);
    else if (code >= 90 && code <= 97) style.set("ink", `fg-${code - 90}`);
    else if (code === 39) style.delete("ink");
    else if (code === 38 || code === 48) {
      const kind = codes[at + 1];
      if (code === 38 && kind === 5 && (codes[at + 2] ?? 99) < 16) style.set("ink", `fg-${(codes[at + 2] as number) % 8}`);
      at += kind === 5 ? 2 : kind === 2 ? 4 : 0;
    }
  }
  return style;
}

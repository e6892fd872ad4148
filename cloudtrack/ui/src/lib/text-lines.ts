/** Lines of a text and where each begins when it is drawn, wrapped or not. */

/** More of one line is not drawn. */
export const LONGEST_LINE = 5000;

export interface Layout {
  /** Rows above each line, and at the end the rows of all. */
  tops: Float64Array;
}

// biome-ignore lint: wide characters by their blocks
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\ud83c-\ud83e][\udc00-\udfff]/g;

/** With 0 columns nothing is wrapped. */
export function layout(lines: readonly string[], columns: number): Layout {
  const tops = new Float64Array(lines.length + 1);
  for (let at = 0; at < lines.length; at++) tops[at + 1] = (tops[at] as number) + (columns > 0 ? rowsOf(lines[at] as string, columns) : 1);
  return { tops };
}

function rowsOf(line: string, columns: number): number {
  if (line.length * 2 <= columns) return 1;
  const length = Math.min(line.length, LONGEST_LINE);
  // biome-ignore lint: control characters
  const wide = /[^\x00-\x7f]/.test(line) ? (line.slice(0, length).match(WIDE)?.length ?? 0) : 0;
  return Math.max(1, Math.ceil((length + wide) / columns));
}

/** The line that is drawn at a row. */
export function lineAt({ tops }: Layout, row: number): number {
  let [low, high] = [0, Math.max(0, tops.length - 2)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] as number) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Lines that have the words, at most so many; without regard to case where the words have none. */
export function linesWith(lines: readonly string[], words: string, most = 10_000): number[] {
  if (!words) return [];
  const exact = words !== words.toLowerCase();
  const found: number[] = [];
  for (let at = 0; at < lines.length && found.length < most; at++) {
    const line = lines[at] as string;
    if ((exact ? line : line.toLowerCase()).includes(words)) found.push(at);
  }
  return found;
}

/** The number of `L10` in an address; 0 for anything else. */
export function lineOf(at: string | undefined): number {
  const match = /^L(\d{1,9})$/.exec(at ?? "");
  return match ? Number(match[1]) : 0;
}

/** What the processes of a run printed: pieces of streams, put together as lines for people. */

import { stripped } from "./ansi";

export interface Piece {
  stream: string;
  name: string;
  offset: number;
  text: string;
}

export interface LogWire {
  pieces: Piece[];
  /** Where reading goes on in the same direction; empty where backwards there is nothing more. */
  cursor: string;
  /** Of a page read backwards from the end: where what comes later begins. */
  end: string;
}

/** Streams by id, with their names, in order of their start. */
export function streamsOf(pieces: readonly Piece[]): [string, string][] {
  return [...new Map(pieces.map(({ stream, name }) => [stream, name]))].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The text of one stream, or of all with the name of its stream before each line; without colours and what a bar overwrote. */
export function textOf(pieces: readonly Piece[], stream: string): string {
  const shown = stream ? pieces.filter((each) => each.stream === stream) : pieces;
  const isOne = streamsOf(shown).length < 2;
  const begun = new Map<string, [string, string]>();
  const lines: string[] = [];
  const add = (name: string, line: string): void => void lines.push((isOne ? "" : `${name} | `) + stripped(line));
  for (const { stream: from, name, text } of shown) {
    const parts = ((begun.get(from)?.[1] ?? "") + text).split("\n");
    begun.set(from, [name, parts.pop() ?? ""]);
    for (const line of parts) add(name, line);
  }
  for (const [name, rest] of begun.values()) if (rest) add(name, rest);
  return lines.join("\n");
}

export function sizeOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { text }) => sum + text.length, 0);
}

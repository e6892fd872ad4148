/** The cursor that all cards of a page share: where it is in x, and which card the pointer is in. */

import { useEffect } from "preact/hooks";

export interface Cursor {
  x: number | null;
  /** The card's key; the others follow it. */
  source: string;
}

type Listener = (cursor: Cursor) => void;

export class Cursors {
  private readonly listeners = new Set<Listener>();

  move(cursor: Cursor): void {
    for (const listener of this.listeners) listener(cursor);
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

export function useCursor(cursors: Cursors, listener: Listener): void {
  useEffect(() => cursors.listen(listener), [cursors, listener]);
}

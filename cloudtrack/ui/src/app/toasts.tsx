/** Short words at the foot of the page; what can be undone says so, and errors stay until they are closed. */

import { useEffect, useState } from "preact/hooks";
import { Button } from "./parts";

interface Toast {
  id: number;
  text: string;
  isError: boolean;
  undo?: () => void;
}

const SHOWN_MS = 6000;
let toasts: Toast[] = [];
let count = 0;
const listeners = new Set<() => void>();

export function toast(text: string, options: { undo?: () => void; isError?: boolean } = {}): void {
  count += 1;
  const id = count;
  show([...toasts.slice(-3), { id, text, isError: options.isError ?? false, undo: options.undo }]);
  if (!options.isError) setTimeout(() => close(id), SHOWN_MS);
}

/** Say what failed. */
export function complain(error: unknown): void {
  toast(error instanceof Error ? error.message : String(error), { isError: true });
}

/** Undo the last thing that can be; false where there is none. */
export function undoLast(): boolean {
  const last = toasts.findLast((each) => each.undo);
  if (!last) return false;
  close(last.id);
  last.undo?.();
  return true;
}

function close(id: number): void {
  show(toasts.filter((each) => each.id !== id));
}

function show(next: Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

export function Toasts() {
  const [, again] = useState(0);
  useEffect(() => {
    const listener = (): void => again((number) => number + 1);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.map((each) => (
        <div key={each.id} class={`toast ${each.isError ? "error" : ""}`}>
          <span>{each.text}</span>
          {each.undo && (
            <Button kind="quiet" icon="undo" onClick={() => { close(each.id); each.undo?.(); }}>
              Undo
            </Button>
          )}
          <Button kind="quiet" icon="close" label="Close" onClick={() => close(each.id)} />
        </div>
      ))}
    </div>
  );
}

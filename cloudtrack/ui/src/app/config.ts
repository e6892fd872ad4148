/** What this server is and what the reader may do: asked once, when the page has what it shows. */

import { useEffect, useState } from "preact/hooks";
import { firstAnswer, get } from "../api/client";
import { onAuth } from "../api/auth";
import type { UiConfig } from "../api/types";

const PATIENCE_MS = 400;
let config: UiConfig | null = null;
let asked: Promise<void> | null = null;
const listeners = new Set<() => void>();

export function useUiConfig(): UiConfig | null {
  const [, again] = useState(0);
  useEffect(() => {
    const listener = (): void => again((count) => count + 1);
    listeners.add(listener);
    load();
    const stop = onAuth(() => {
      asked = null;
      load();
    });
    return () => {
      listeners.delete(listener);
      stop();
    };
  }, []);
  return config;
}

/** Who reads this page, as the server knows them; "" until it has said. */
export function readerName(): string {
  return config?.user ?? "";
}

function load(): void {
  asked ??= firstAnswer(PATIENCE_MS).then(() => get<UiConfig>("cloudtrack/ui-config")).then(
    (answer) => {
      config = answer;
      for (const listener of listeners) listener();
    },
    () => {
      asked = null; // the page says itself that the server is away
    },
  );
}

/** What this server is and what the reader may do: asked once. */

import { useEffect, useState } from "preact/hooks";
import { get } from "../api/client";
import { onAuth } from "../api/auth";
import type { UiConfig } from "../api/types";

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

function load(): void {
  asked ??= get<UiConfig>("cloudtrack/ui-config").then(
    (answer) => {
      config = answer;
      for (const listener of listeners) listener();
    },
    () => {
      asked = null; // the page says itself that the server is away
    },
  );
}

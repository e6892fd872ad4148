/** The title and the icon of the page's tab. */

import { useEffect } from "preact/hooks";
import { showRunning } from "./favicon";

/** Set the page's title, and a dot in it and in the icon while something runs. */
export function useTitle(title: string, running = false): void {
  useEffect(() => {
    document.title = `${running ? "● " : ""}${title} · cloudtrack`;
    showRunning(running);
  }, [title, running]);
}

/** The title of the page's tab. */

import { useEffect } from "preact/hooks";

/** Set the page's title, and a dot in it while something runs. */
export function useTitle(title: string, running = false): void {
  useEffect(() => {
    document.title = `${running ? "● " : ""}${title} · cloudtrack`;
  }, [title, running]);
}

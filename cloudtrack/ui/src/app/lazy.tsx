/** Parts of the page that are fetched when they are first shown. */

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Skeleton } from "./parts";

/** A component of another chunk; what fails to load is raised to the boundary around it. */
export function lazy<P extends object>(load: () => Promise<{ default: ComponentType<P> }>): ComponentType<P> {
  let found: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [failure, setFailure] = useState<unknown>(null);
    const [, again] = useState(0);
    useEffect(() => {
      if (found) return;
      load().then((loaded) => {
        found = loaded.default;
        again((count) => count + 1);
      }, setFailure);
    }, []);
    if (failure) throw failure;
    const Part = found;
    return Part ? <Part {...props} /> : <Skeleton rows={12} />;
  };
}

/** What frames a page: crumbs and the one heading. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { current } from "../lib/url";

export interface Crumb {
  title: string;
  to?: string;
}

export function Crumbs({ parts }: { parts: readonly Crumb[] }) {
  return (
    <nav class="crumbs" aria-label="Breadcrumb">
      <ol>
        {parts.map(({ title, to }, at) => (
          <li key={`${at}${title}`}>{to && at < parts.length - 1 ? <a href={to}>{title}</a> : <span aria-current="page">{title}</span>}</li>
        ))}
      </ol>
    </nav>
  );
}

let shownPath = "";

/** The page's heading, which has the focus after a change of page, so that readers hear where they are. */
export function Heading({ title, children }: { title: string; children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const path = current().path.join("/");
    if (shownPath && shownPath !== path && (document.activeElement === document.body || document.activeElement === null)) heading.current?.focus({ preventScroll: true });
    shownPath = path;
  }, [title]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {title}
      {children}
    </h1>
  );
}

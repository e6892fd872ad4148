/** A section of a page that is made when the reader comes near it, so that a page costs what is looked at. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

export function Near({ title, children, height = 160 }: { title: string; children: ComponentChildren; height?: number }) {
  const place = useRef<HTMLElement>(null);
  const [isNear, set] = useState(false);
  useEffect(() => {
    if (isNear || !place.current) return undefined;
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && set(true), { rootMargin: "200px" });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [isNear]);
  return (
    <section ref={place} class="near" aria-label={title} style={isNear ? undefined : { minHeight: `${height}px` }}>
      <h2>{title}</h2>
      {isNear && children}
    </section>
  );
}

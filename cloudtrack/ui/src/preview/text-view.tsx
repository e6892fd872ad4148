/** Lines of text, of which only those in sight exist: wrapped or not, with colours of a terminal, a search, and an address for each line. */

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { useAddress, useSetQuery } from "../app/address";
import { Button } from "../app/parts";
import { hasControl, pieces, stripped } from "../lib/ansi";
import { grouped } from "../lib/format";
import { layout, lineAt, lineOf, linesWith, LONGEST_LINE } from "../lib/text-lines";

const ROW = 18;
const SPARE = 20;

export function TextView({ text, label, tone, follow = 0, children }: {
  text: string; label: string;
  /** Not 0, the end is shown whenever there is more, or another number comes. */
  follow?: number;
  /** A class for a line, such as those of a patch. */
  tone?: (line: string) => string;
  /** What stands beside the search. */
  children?: ComponentChildren;
}) {
  const { query } = useAddress();
  const setQuery = useSetQuery();
  const root = useRef<HTMLDivElement>(null);
  const ruler = useRef<HTMLSpanElement>(null);
  const [sight, setSight] = useState({ top: 0, height: 500, columns: 100 });
  const [wrap, setWrap] = useState(false);
  const [words, setWords] = useState("");
  const [hit, setHit] = useState(0);
  const lines = useMemo(() => text.replace(/\n$/, "").split(/\r?\n/).map((line) => line.replace(/\t/g, "    ")), [text]);
  const plain = useMemo(() => (lines.some(hasControl) ? lines.map(stripped) : lines), [lines]);
  const places = useMemo(() => layout(plain, wrap ? sight.columns : 0), [plain, wrap, wrap ? sight.columns : 0]);
  const found = useMemo(() => linesWith(plain, words), [plain, words]);
  const marked = lineOf(query.get("at")) - 1;
  const digits = String(lines.length).length;
  const widest = useMemo(() => Math.min(LONGEST_LINE, plain.reduce((most, line) => Math.max(most, line.length), 0)), [plain]);

  useLayoutEffect(() => {
    const element = root.current;
    if (!element) return undefined;
    const measure = (): void => {
      const width = (ruler.current?.getBoundingClientRect().width ?? 80) / 10;
      const columns = Math.max(20, Math.floor((element.clientWidth - (digits + 3) * width) / width) - 1);
      setSight((before) => (before.top === element.scrollTop && before.height === element.clientHeight && before.columns === columns ? before : { top: element.scrollTop, height: element.clientHeight, columns }));
    };
    measure();
    element.addEventListener("scroll", measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", measure);
      observer.disconnect();
    };
  }, [digits]);

  const reveal = (line: number): void => {
    if (root.current && line >= 0) root.current.scrollTop = Math.max(0, (places.tops[line] ?? 0) * ROW - root.current.clientHeight / 3);
  };
  useLayoutEffect(() => {
    if (follow && root.current) root.current.scrollTop = root.current.scrollHeight;
  }, [follow, places]);
  useEffect(() => reveal(marked), [marked >= 0 && marked < lines.length]);
  useEffect(() => {
    setHit(0);
    if (found.length) reveal(found[0] as number);
  }, [words]);
  const step = (by: number): void => {
    if (!found.length) return;
    const next = (hit + by + found.length) % found.length;
    setHit(next);
    reveal(found[next] as number);
  };
  const first = lineAt(places, Math.max(0, sight.top / ROW - SPARE));
  const last = Math.min(lines.length - 1, lineAt(places, (sight.top + sight.height) / ROW + SPARE));
  const matching = new Set(found);
  return (
    <div class="text-view">
      <div class="file-bar">
        <input
          type="search" aria-label="Search in the text" placeholder="search" value={words} onInput={(event) => setWords(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
          }}
        />
        {words && (
          <>
            <span class="note num" role="status">{found.length ? `${hit + 1} of ${grouped(found.length)} lines` : "no line"}</span>
            <Button kind="quiet" icon="left" label="Previous match" onClick={() => step(-1)} />
            <Button kind="quiet" icon="right" label="Next match" onClick={() => step(1)} />
          </>
        )}
        <Button pressed={wrap} onClick={() => setWrap(!wrap)}>Wrap</Button>
        <span class="note num">{grouped(lines.length)} {lines.length === 1 ? "line" : "lines"}</span>
        {children}
      </div>
      {/* biome-ignore lint: a region that scrolls must be reachable by keyboard */}
      <div ref={root} class={`lines ${wrap ? "wrapped" : ""}`} role="group" aria-label={label} tabIndex={0}>
        <span ref={ruler} class="ruler" aria-hidden="true">0123456789</span>
        <div class="lines-space" style={{ height: `${(places.tops[lines.length] ?? 0) * ROW}px`, minWidth: wrap ? "100%" : `calc(${widest + digits + 4}ch)` }}>
          {Array.from({ length: Math.max(0, last - first + 1) }, (_, slot) => {
            const at = first + slot;
            const line = lines[at] as string;
            return (
              <div
                key={at} class={`line ${at === marked ? "marked" : ""} ${tone?.(line) ?? ""}`}
                style={{ transform: `translateY(${(places.tops[at] as number) * ROW}px)` }}
              >
                <button
                  type="button" class="line-number" tabIndex={-1} aria-label={`Line ${at + 1}`} style={{ width: `${digits + 2}ch` }}
                  onClick={() => setQuery({ at: at === marked ? null : `L${at + 1}` })}
                >
                  {at + 1}
                </button>
                <span class="line-text">{matching.has(at) ? highlighted(plain[at] as string, words, at === found[hit]) : drawn(line)}</span>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function drawn(line: string): ComponentChildren {
  if (!hasControl(line)) return cut(line);
  let left = LONGEST_LINE;
  return pieces(line).map(({ text, tone }, at) => {
    const shown = text.slice(0, Math.max(0, left));
    left -= text.length;
    return tone ? <span key={at} class={tone}>{shown}</span> : shown;
  });
}

function highlighted(line: string, words: string, isCurrent: boolean): ComponentChildren {
  const shown = cut(line);
  const where = words === words.toLowerCase() ? shown.toLowerCase() : shown;
  const parts: ComponentChildren[] = [];
  let from = 0;
  for (let at = where.indexOf(words); at >= 0 && parts.length < 200; at = where.indexOf(words, from)) {
    parts.push(shown.slice(from, at), <b key={at} class={`hit ${isCurrent ? "current" : ""}`}>{shown.slice(at, at + words.length)}</b>);
    from = at + words.length;
  }
  return [...parts, shown.slice(from)];
}

function cut(line: string): string {
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}… ${grouped(line.length - LONGEST_LINE)} more characters` : line;
}

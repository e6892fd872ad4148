/** A tree of files of which only what is in sight exists: ARIA's tree pattern, one Tab stop. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../app/icons";
import { rowsInSight } from "../grid/window";
import { parentOf, type Row } from "../lib/folders";
import { bytes } from "../lib/format";

const ROW = 26;
const INDENT = 14;

export function Tree({ rows, current, loading, onToggle, onShow }: {
  rows: readonly Row[]; current: string; loading: ReadonlySet<string>;
  onToggle: (path: string, on: boolean) => void; onShow: (path: string, isDir: boolean) => void;
}) {
  const root = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState({ top: 0, height: 400 });
  const [active, setActive] = useState(current);
  const [focused, setFocused] = useState(false);
  const at = Math.max(0, rows.findIndex((row) => row.entry.path === active));

  useLayoutEffect(() => {
    const element = root.current;
    if (!element) return undefined;
    const measure = (): void => setSight((before) => (before.top === element.scrollTop && before.height === element.clientHeight ? before : { top: element.scrollTop, height: element.clientHeight }));
    measure();
    element.addEventListener("scroll", measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", measure);
      observer.disconnect();
    };
  }, []);
  useEffect(() => setActive(current), [current]);
  useEffect(() => {
    const place = rows.findIndex((row) => row.entry.path === current);
    if (place >= 0) reveal(place);
  }, [current, rows.length > 0]);

  const reveal = (place: number): void => {
    const element = root.current;
    if (!element) return;
    if (place * ROW < element.scrollTop) element.scrollTop = place * ROW;
    else if ((place + 1) * ROW > element.scrollTop + element.clientHeight) element.scrollTop = (place + 1) * ROW - element.clientHeight;
  };
  const walk = (place: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, place));
    setActive(rows[next]?.entry.path ?? "");
    reveal(next);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[at];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const { path, is_dir: isDir } = row.entry;
    let used = true;
    if (event.key === "ArrowDown" || event.key === "j") walk(at + 1);
    else if (event.key === "ArrowUp" || event.key === "k") walk(at - 1);
    else if (event.key === "Home") walk(0);
    else if (event.key === "End") walk(rows.length - 1);
    else if (event.key === "PageDown") walk(at + Math.floor(sight.height / ROW) - 1);
    else if (event.key === "PageUp") walk(at - Math.floor(sight.height / ROW) + 1);
    else if (event.key === "ArrowRight" && isDir) row.open ? walk(at + 1) : onToggle(path, true);
    else if (event.key === "ArrowLeft") row.open ? onToggle(path, false) : walk(rows.findIndex((each) => each.entry.path === parentOf(path)));
    else if (event.key === "Enter" || event.key === " ") onShow(path, isDir);
    else used = false;
    if (used) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  const span = rowsInSight(sight.top, sight.height, ROW, rows.length);
  const id = (place: number): string => `file-${place}`;
  return (
    <div
      ref={root} class="tree" role="tree" aria-label="Files" tabIndex={0}
      aria-activedescendant={focused && at >= span.first && at < span.end ? id(at) : undefined}
      onKeyDown={onKeyDown} onFocus={() => setFocused(true)} onBlur={() => setFocused(false)}
    >
      <div class="tree-space" role="presentation" style={{ height: `${rows.length * ROW}px` }}>
        {rows.slice(span.first, span.end).map((row, slot) => {
          const place = span.first + slot;
          const { path, is_dir: isDir, size } = row.entry;
          return (
            <div
              key={path} id={id(place)} role="treeitem" aria-level={row.level} aria-posinset={row.place} aria-setsize={row.siblings}
              aria-expanded={isDir ? row.open : undefined} aria-selected={path === current}
              class={`tree-row ${path === current ? "current" : ""} ${focused && place === at ? "active" : ""}`}
              style={{ transform: `translateY(${place * ROW}px)`, height: `${ROW}px`, paddingLeft: `${4 + (row.level - 1) * INDENT}px` }}
              onClick={() => {
                setActive(path);
                if (isDir && row.open && path === current) onToggle(path, false);
                else onShow(path, isDir);
              }}
            >
              {isDir
                ? <span class="tree-twisty" onClick={(event) => { event.stopPropagation(); onToggle(path, !row.open); }}><Icon name={row.open ? "down" : "right"} /></span>
                : <span class="tree-twisty" />}
              <Icon name={isDir ? (row.entry.model_id ? "models" : "folder") : "file"} />
              <span class="tree-name" title={path}>{row.name}</span>
              <span class="note num">{isDir ? (loading.has(path) ? "…" : "") : size === undefined ? "" : bytes(size)}</span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

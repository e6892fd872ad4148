/** A grid of any number of rows and columns, of which only what is in sight exists: ARIA's grid pattern, one Tab stop. */

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { columnsInSight, edgesOf, rowsInSight } from "./window";
import { Header } from "./header";

export interface GridColumn {
  id: string;
  title: string;
  width: number;
  align?: "left" | "right";
  pinned?: boolean;
  /** Takes the width that the others leave; `width` is the least. */
  grows?: boolean;
  sortable?: boolean;
  cell: (row: number) => ComponentChildren;
  /** A class for a cell, such as that of the best value. */
  tone?: (row: number) => string;
}

export interface Sort {
  id: string;
  descending: boolean;
}

export interface GridProps {
  label: string;
  columns: readonly GridColumn[];
  rows: number;
  rowHeight: number;
  /** Of the row of heads, where it is not that of the others. */
  headHeight?: number;
  rowKey: (row: number) => string;
  rowTone?: (row: number) => string;
  sort?: readonly Sort[];
  onSort?: (id: string, isSecond: boolean) => void;
  isSelected?: (row: number) => boolean;
  /** A row was chosen or let go; with `from` a range between them. */
  onSelect?: (row: number, from: number | null) => void;
  onSelectAll?: () => void;
  onOpen?: (row: number, inNewTab: boolean) => void;
  /** Keys that are not the grid's own; true where one was used. */
  onKey?: (key: string, row: number, event: KeyboardEvent) => boolean;
  onResize?: (id: string, width: number) => void;
  /** A column was moved before another. */
  onMove?: (id: string, before: string) => void;
  onActive?: (row: number) => void;
  /** Where it was scrolled to before. */
  start?: number;
  onScroll?: (top: number) => void;
}

export function Grid(props: GridProps) {
  const { rows, rowHeight, headHeight = rowHeight } = props;
  const root = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState({ top: 0, left: 0, width: 1000, height: 600 });
  const [active, setActive] = useState<{ row: number; column: number }>({ row: 0, column: 0 }); // row -1: the header
  const [focused, setFocused] = useState(false);
  const anchor = useRef<number | null>(null);

  const columns = useMemo(() => fitted(props.columns, sight.width), [props.columns, sight.width]);
  const pinned = useMemo(() => columns.filter((column) => column.pinned), [columns]);
  const free = useMemo(() => columns.filter((column) => !column.pinned), [columns]);
  const pinnedEdges = useMemo(() => edgesOf(pinned.map((column) => column.width)), [pinned]);
  const edges = useMemo(() => edgesOf(free.map((column) => column.width)), [free]);
  const pinnedWidth = pinnedEdges.at(-1) as number;
  const total = pinnedWidth + (edges.at(-1) as number);
  const rowSpan = rowsInSight(sight.top, sight.height, rowHeight, rows);
  const columnSpan = columnsInSight(edges, sight.left, Math.max(0, sight.width - pinnedWidth));
  const shown = free.slice(columnSpan.first, columnSpan.end);
  const gap = edges[columnSpan.first] ?? 0;

  useLayoutEffect(() => {
    const element = root.current;
    if (!element) return undefined;
    if (props.start) element.scrollTop = props.start;
    const measure = (): void => {
      setSight((before) => {
        const next = { top: element.scrollTop, left: element.scrollLeft, width: element.clientWidth, height: element.clientHeight };
        return next.top === before.top && next.left === before.left && next.width === before.width && next.height === before.height ? before : next;
      });
    };
    let frame = 0;
    const onScroll = (): void => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        measure();
        props.onScroll?.(element.scrollTop);
      });
    };
    measure();
    element.addEventListener("scroll", onScroll, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      cancelAnimationFrame(frame);
      element.removeEventListener("scroll", onScroll);
      observer.disconnect();
    };
  }, []);

  useEffect(() => {
    if (active.row >= rows && rows > 0) setActive({ ...active, row: rows - 1 });
  }, [rows]);

  const go = (row: number, column: number): void => {
    const next = { row: Math.max(-1, Math.min(rows - 1, row)), column: Math.max(0, Math.min(columns.length - 1, column)) };
    setActive(next);
    reveal(next.row, next.column);
    if (next.row >= 0) props.onActive?.(next.row);
  };

  const reveal = (row: number, column: number): void => {
    const element = root.current;
    if (!element) return;
    if (row >= 0) {
      const top = row * rowHeight;
      const view = element.clientHeight - headHeight; // less the header
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top + rowHeight > element.scrollTop + view) element.scrollTop = top + rowHeight - view;
    }
    const at = free.indexOf(inOrder[column] as GridColumn);
    if (at >= 0) {
      const [left, right] = [edges[at] as number, edges[at + 1] as number];
      const view = element.clientWidth - pinnedWidth;
      if (left < element.scrollLeft) element.scrollLeft = left;
      else if (right > element.scrollLeft + view) element.scrollLeft = right - view;
    }
  };

  const inOrder = useMemo(() => [...pinned, ...free], [pinned, free]);
  const select = (row: number, ranged: boolean): void => {
    props.onSelect?.(row, ranged ? anchor.current : null);
    if (!ranged || anchor.current === null) anchor.current = row;
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== root.current) return;
    const page = Math.max(1, Math.floor(sight.height / rowHeight) - 2);
    const { row, column } = active;
    const control = event.ctrlKey || event.metaKey;
    const header = row < 0 ? inOrder[column] : undefined;
    let used = true;
    if (event.altKey && header && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      const step = event.key === "ArrowLeft" ? -1 : 1;
      if (event.shiftKey) {
        const other = inOrder[column + (step < 0 ? -1 : 2)];
        props.onMove?.(header.id, other?.id ?? "");
        go(row, column + step);
      } else props.onResize?.(header.id, Math.max(48, header.width + step * 16));
    } else if (event.key === "ArrowDown" || (event.key === "j" && !control)) {
      if (event.shiftKey && row >= 0) {
        if (anchor.current === null) anchor.current = row;
        props.onSelect?.(Math.min(rows - 1, row + 1), anchor.current);
      }
      go(row + 1, column);
    } else if (event.key === "ArrowUp" || (event.key === "k" && !control)) {
      if (event.shiftKey && row > 0) {
        if (anchor.current === null) anchor.current = row;
        props.onSelect?.(row - 1, anchor.current);
      }
      go(row - 1, column);
    } else if (event.key === "ArrowLeft") go(row, column - 1);
    else if (event.key === "ArrowRight") go(row, column + 1);
    else if (event.key === "PageDown") go(row + page, column);
    else if (event.key === "PageUp") go(Math.max(0, row - page), column);
    else if (event.key === "Home") control ? go(0, 0) : go(row, 0);
    else if (event.key === "End") control ? go(rows - 1, columns.length - 1) : go(row, columns.length - 1);
    else if (header && (event.key === "Enter" || event.key === " ")) props.onSort?.(header.id, event.shiftKey);
    else if (event.key === "o" && !control) props.onSort?.(inOrder[column]?.id ?? "", event.shiftKey);
    else if (event.key === "Enter" && row >= 0) props.onOpen?.(row, control);
    else if ((event.key === "x" || event.key === " ") && row >= 0 && !control) select(row, event.shiftKey);
    else if (control && event.key === "a" && props.onSelectAll) props.onSelectAll();
    else used = row >= 0 && !control && (props.onKey?.(event.key, row, event) ?? false);
    if (used) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  const cellId = (row: number, column: number): string => `${props.label}-${row}-${column}`.replace(/\W/g, "_");
  const slots = rowSpan.end - rowSpan.first;
  return (
    <div
      ref={root}
      class="grid"
      role="grid"
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={rows + 1}
      aria-colcount={columns.length}
      aria-multiselectable={props.onSelect ? true : undefined}
      aria-activedescendant={focused ? cellId(active.row, active.column) : undefined}
      onKeyDown={onKeyDown}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
    >
      <div class="grid-space" role="presentation" style={{ width: `${total}px`, height: `${headHeight + rows * rowHeight}px` }}>
        <div class="grid-head" role="row" aria-rowindex={1} style={{ height: `${headHeight}px`, width: `${total}px` }}>
          {pinned.map((column, at) => (
            <Header key={column.id} column={column} at={at} left={pinnedEdges[at]} sort={props.sort} grid={props}
              id={cellId(-1, at)} isActive={focused && active.row < 0 && active.column === at} />
          ))}
          <div role="presentation" style={{ width: `${gap}px`, flex: "none" }} />
          {shown.map((column, place) => {
            const at = pinned.length + columnSpan.first + place;
            return <Header key={column.id} column={column} at={at} sort={props.sort} grid={props} id={cellId(-1, at)} isActive={focused && active.row < 0 && active.column === at} />;
          })}
        </div>
        {Array.from({ length: slots }, (_, slot) => {
          const row = slotRow(slot, rowSpan.first, slots);
          const selected = props.isSelected?.(row);
          return (
            <div
              key={slot}
              class={`grid-row ${props.rowTone?.(row) ?? ""}`}
              role="row"
              aria-rowindex={row + 2}
              aria-selected={props.onSelect ? (selected ?? false) : undefined}
              data-row={props.rowKey(row)}
              style={{ height: `${rowHeight}px`, width: `${total}px`, transform: `translateY(${headHeight + row * rowHeight}px)` }}
              onClick={(event) => {
                if ((event.target as HTMLElement).closest("a,button,input")) return;
                setActive({ row, column: active.column });
                props.onActive?.(row);
                if (event.shiftKey) select(row, true);
                else if (event.ctrlKey || event.metaKey) select(row, false);
              }}
              onDblClick={() => props.onOpen?.(row, false)}
            >
              {pinned.map((column, at) => (
                <div key={column.id} id={cellId(row, at)} role="gridcell" aria-colindex={at + 1}
                  class={`cell pinned ${column.align ?? "left"} ${column.tone?.(row) ?? ""} ${focused && active.row === row && active.column === at ? "active" : ""}`}
                  style={{ width: `${column.width}px`, left: `${pinnedEdges[at]}px` }}
                  onClick={column.id === "select" ? (event) => select(row, event.shiftKey) : undefined}>
                  {column.cell(row)}
                </div>
              ))}
              <div role="presentation" style={{ width: `${gap}px`, flex: "none" }} />
              {shown.map((column, place) => {
                const at = pinned.length + columnSpan.first + place;
                return (
                  <div key={column.id} id={cellId(row, at)} role="gridcell" aria-colindex={at + 1}
                    class={`cell ${column.align ?? "left"} ${column.tone?.(row) ?? ""} ${focused && active.row === row && active.column === at ? "active" : ""}`}
                    style={{ width: `${column.width}px` }}>
                    {column.cell(row)}
                  </div>
                );
              })}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** The columns, that which grows as wide as the others leave it of `width` pixels. */
function fitted(columns: readonly GridColumn[], width: number): readonly GridColumn[] {
  const others = columns.reduce((sum, column) => sum + (column.grows ? 0 : column.width), 0);
  return columns.map((column) => (column.grows ? { ...column, width: Math.max(column.width, width - others) } : column));
}

/** The row that a slot shows: a row keeps its slot while it is in sight, so scrolling draws only what is new. */
function slotRow(slot: number, first: number, slots: number): number {
  const shift = first % slots;
  return first + ((slot - shift + slots) % slots);
}

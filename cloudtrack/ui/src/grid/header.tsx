/** A column's head: sorts by a click, is dragged to another place, and to another width by its edge. */

import type { GridColumn, GridProps, Sort } from "./grid";

const NARROWEST = 48;

export function Header({ column, at, left, sort, grid, id, isActive }: {
  column: GridColumn; at: number; left?: number; sort?: readonly Sort[]; grid: GridProps; id: string; isActive: boolean;
}) {
  const place = sort?.findIndex((each) => each.id === column.id) ?? -1;
  const direction = place < 0 ? undefined : sort?.[place]?.descending ? "descending" : "ascending";
  const style = { width: `${column.width}px`, ...(left === undefined ? {} : { left: `${left}px` }) };
  return (
    <div
      id={id}
      role="columnheader"
      aria-colindex={at + 1}
      aria-sort={column.sortable ? (direction ?? "none") : undefined}
      class={`cell head ${left === undefined ? "" : "pinned"} ${column.align ?? "left"} ${isActive ? "active" : ""}`}
      style={style}
      title={column.title}
      data-column={column.id}
      draggable={Boolean(grid.onMove) && column.id !== "select"}
      onDragStart={(event) => event.dataTransfer?.setData("text/x-column", column.id)}
      onDragOver={(event) => {
        if (event.dataTransfer?.types.includes("text/x-column")) event.preventDefault();
      }}
      onDrop={(event) => {
        const moved = event.dataTransfer?.getData("text/x-column");
        if (moved && moved !== column.id) grid.onMove?.(moved, column.id);
      }}
      onClick={(event) => column.sortable && grid.onSort?.(column.id, event.shiftKey)}
    >
      <span class={column.title ? "head-title" : "unseen"}>{column.title || column.id}</span>
      {direction && (
        <span class="head-sort" aria-hidden="true">
          {direction === "descending" ? "↓" : "↑"}
          {(sort?.length ?? 0) > 1 && place + 1}
        </span>
      )}
      {grid.onResize && column.id !== "select" && (
        <span class="head-edge" aria-hidden="true" onClick={(event) => event.stopPropagation()} onPointerDown={(event) => resize(event, column, grid)} />
      )}
    </div>
  );
}

function resize(event: PointerEvent, column: GridColumn, grid: GridProps): void {
  event.preventDefault();
  event.stopPropagation();
  const from = event.clientX;
  const edge = event.currentTarget as HTMLElement;
  edge.setPointerCapture(event.pointerId);
  const move = (moved: PointerEvent): void => grid.onResize?.(column.id, Math.max(NARROWEST, column.width + moved.clientX - from));
  const end = (): void => {
    edge.removeEventListener("pointermove", move);
    edge.removeEventListener("pointerup", end);
  };
  edge.addEventListener("pointermove", move);
  edge.addEventListener("pointerup", end);
}

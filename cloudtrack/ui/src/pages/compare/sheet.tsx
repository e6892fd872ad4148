/** Runs side by side as a table, with a column for each run or a row for each: the same lines both ways. */

import type { ComponentChildren } from "preact";

export interface SheetLine {
  key: string;
  title: ComponentChildren;
  cell: (run: number) => ComponentChildren;
  /** A class of a cell, such as that of the best. */
  tone?: (run: number) => string;
}

export interface SheetSection {
  title: string;
  lines: readonly SheetLine[];
  /** What is not listed, and a way to see it. */
  more?: ComponentChildren;
}

export interface SheetProps {
  label?: string;
  sections: readonly SheetSection[];
  heads: readonly ComponentChildren[];
  ids: readonly string[];
  base: string;
  asRows: boolean;
  /** A run was dropped on another. */
  onMove?: (id: string, before: string) => void;
  onKey: (key: string, id: string) => boolean;
}

const KIND = "text/x-run";

export function Sheet(props: SheetProps) {
  return (
    <div class="sheet-scroll" tabIndex={0} role="group" aria-label={props.label ?? "Runs side by side"}>
      {props.asRows ? <AsRows {...props} /> : <AsColumns {...props} />}
    </div>
  );
}

function AsColumns({ sections, heads, ids, base, onMove, onKey }: SheetProps) {
  return (
    <table class="sheet">
      <thead>
        <tr>
          <td class="corner" />
          {ids.map((id, run) => <th key={id} scope="col" class={`run-head ${id === base ? "base" : ""}`} {...movable(id, onMove, onKey)}>{heads[run]}</th>)}
        </tr>
      </thead>
      {sections.map(({ title, lines, more }) => (
        <tbody key={title} data-section={title}>
          <tr class="section"><th colSpan={ids.length + 1} scope="rowgroup"><span class="section-title">{title} {more}</span></th></tr>
          {lines.map((line) => (
            <tr key={line.key}>
              <th scope="row">{line.title}</th>
              {ids.map((id, run) => <td key={id} class={line.tone?.(run)}>{line.cell(run)}</td>)}
            </tr>
          ))}
        </tbody>
      ))}
    </table>
  );
}

function AsRows({ sections, heads, ids, base, onMove, onKey }: SheetProps) {
  const shown = sections.filter(({ lines }) => lines.length > 0);
  return (
    <table class="sheet rows">
      <thead>
        <tr><td class="corner" />{shown.map(({ title, lines, more }) => <th key={title} colSpan={lines.length} scope="colgroup"><span class="section-title">{title} {more}</span></th>)}</tr>
        <tr><td class="corner" />{shown.flatMap(({ title, lines }) => lines.map((line) => <th key={`${title} ${line.key}`} scope="col">{line.title}</th>))}</tr>
      </thead>
      <tbody>
        {ids.map((id, run) => (
          <tr key={id}>
            <th scope="row" class={`run-head ${id === base ? "base" : ""}`} {...movable(id, onMove, onKey)}>{heads[run]}</th>
            {shown.flatMap(({ title, lines }) => lines.map((line) => <td key={`${title} ${line.key}`} class={line.tone?.(run)}>{line.cell(run)}</td>))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A head that is dragged to another place; the same is in its menu. */
function movable(id: string, onMove: SheetProps["onMove"], onKey: SheetProps["onKey"]) {
  return {
    "data-run": id,
    draggable: Boolean(onMove),
    onDragStart: (event: DragEvent) => event.dataTransfer?.setData(KIND, id),
    onDragOver: (event: DragEvent) => {
      if (event.dataTransfer?.types.includes(KIND)) event.preventDefault();
    },
    onDrop: (event: DragEvent) => {
      const moved = event.dataTransfer?.getData(KIND);
      if (moved && moved !== id) onMove?.(moved, id);
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !onKey(event.key, id)) return;
      event.preventDefault();
      event.stopPropagation();
    },
  };
}

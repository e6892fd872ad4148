/** The runs beside their charts: which are drawn, in which colour. */

import { useState } from "preact/hooks";
import { Icon } from "../app/icons";
import { Button, Num, Status } from "../app/parts";
import { Grid, type GridColumn } from "../grid/grid";
import { titleOf } from "../lib/columns";
import { lengthen, shorten } from "../lib/ids";
import { has } from "../lib/selection";
import { go } from "../lib/url";
import type { Runs } from "../pages/runs/model";
import { runHref } from "../pages/runs/table";
import type { ChartRun } from "./lines-of";
import { Swatch } from "./tooltip";

const ROW = 28;

export function RunList({ runs, drawn }: { runs: Runs; drawn: readonly ChartRun[] }) {
  const [isOpen, setOpen] = useState(true);
  const { frame, rows } = runs;
  const inks = new Map(drawn.map((run) => [run.id, run]));
  const id = (at: number): string => frame.ids[rows[at] as number] as string;
  const primary = runs.primary && `metrics.${runs.primary.key}`;
  const names = runs.column("attributes.run_name");
  const status = runs.column("attributes.status");
  const toggle = (of: string): void => runs.setQuery({ vis: toggled(runs.query.get("vis"), drawn.map((run) => run.id), of) });
  const columns: GridColumn[] = [
    {
      id: "eye", title: "drawn", width: 64, pinned: true,
      cell: (at) => {
        const run = inks.get(id(at));
        return (
          <button type="button" class={`eye ${run ? "on" : ""}`} tabIndex={-1} aria-pressed={Boolean(run)} aria-label={`Draw ${names?.at(rows[at] as number) ?? id(at)}`} onClick={(event) => { event.stopPropagation(); toggle(id(at)); }}>
            {run ? <Swatch color={run.color} dash={run.dash} /> : <Icon name="eye" />}
          </button>
        );
      },
    },
    {
      id: "attributes.run_name", title: "name", width: 132, sortable: true,
      cell: (at) => (
        <span class="run-name">
          <Status status={String(status?.at(rows[at] as number) ?? "UNKNOWN")} wordless />
          <a href={runHref(runs, rows[at] as number)} tabIndex={-1} title={String(names?.at(rows[at] as number) ?? id(at))}>{String(names?.at(rows[at] as number) ?? id(at))}</a>
        </span>
      ),
    },
  ];
  if (primary && runs.column(primary)) columns.push({ id: primary, title: titleOf(primary), width: 80, align: "right", cell: (at) => <Num value={runs.column(primary)?.at(rows[at] as number) as number | null} /> });
  return (
    <aside class={`chart-runs ${isOpen ? "" : "folded"}`} aria-label="Runs in the charts">
      <div class="chart-runs-head">
        <Button kind="quiet" icon={isOpen ? "left" : "right"} label={isOpen ? "Fold the list of runs" : "Unfold the list of runs"} expanded={isOpen} onClick={() => setOpen(!isOpen)} />
        {isOpen && (
          <select aria-label="Which runs are drawn" value={drawing(runs.query.get("vis"))} onChange={(event) => { if (event.currentTarget.value !== "picked") runs.setQuery({ vis: event.currentTarget.value === "first10" ? null : event.currentTarget.value }); }}>
            <option value="first10">first 10 of the order</option>
            <option value="sel">selected ones</option>
            {drawing(runs.query.get("vis")) === "picked" && <option value="picked">picked by hand</option>}
          </select>
        )}
      </div>
      {isOpen && (
        <Grid
          label="Runs" columns={columns} rows={rows.length} rowHeight={ROW} rowKey={id}
          rowTone={(at) => (id(at) === runs.query.get("base") ? "baseline" : has(runs.selection, id(at)) ? "selected" : "")}
          isSelected={(at) => has(runs.selection, id(at))}
          onSelect={(at) => runs.select([id(at)], !has(runs.selection, id(at)))}
          onOpen={(at) => go(runHref(runs, rows[at] as number))}
          onKey={(key, at) => {
            if (key === "v") toggle(id(at));
            else if (key === "b") runs.setQuery({ base: runs.query.get("base") === id(at) ? null : id(at) });
            else return false;
            return true;
          }}
        />
      )}
    </aside>
  );
}

function drawing(vis: string | undefined): string {
  return !vis || vis === "first10" ? "first10" : vis === "sel" ? "sel" : "picked";
}

/** The list of drawn runs with one put in or taken out; those that stay keep their places, which are their colours. */
export function toggled(vis: string | undefined, drawn: readonly string[], id: string): string {
  const isPicked = drawing(vis) === "picked";
  const places = isPicked ? (vis as string).split(".") : drawn.map(shorten);
  const at = places.findIndex((short) => short !== "" && lengthen(short) === id);
  if (at >= 0) places[at] = "";
  else {
    const free = places.indexOf("");
    if (free >= 0) places[free] = shorten(id);
    else places.push(shorten(id));
  }
  return places.join(".").replace(/\.+$/, "") || "~";
}

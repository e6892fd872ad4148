/** The columns of the list of experiments, and the one of cards for narrow windows. Folders have a name and sums alone. */

import type { ComponentChildren } from "preact";
import { type ExperimentRow, number } from "../../api/types";
import { Icon } from "../../app/icons";
import { Button, Menu, Num, RelTime } from "../../app/parts";
import { Sparkline } from "../../charts/sparkline";
import type { GridColumn } from "../../grid/grid";
import { Twisty } from "../../grid/twisty";
import { counted, grouped } from "../../lib/format";
import { href } from "../../lib/url";
import { actions, star } from "./actions";
import type { ExperimentLine, FolderLine } from "./lines";

export interface Listed {
  lines: readonly ExperimentLine[];
  chosen: ReadonlySet<string>;
  starred: readonly string[];
  toggle: (path: string) => void;
  refresh: () => Promise<boolean>;
  readOnly: string;
}

const INDENT = 18;

export function columnsOf(listed: Listed): GridColumn[] {
  return [
    selectColumn(listed),
    { id: "name", title: "name", width: 300, pinned: true, sortable: true, cell: each(listed, (row, line) => <Name row={row} title={line.title} level={line.level} />, (line) => <FolderName line={line} toggle={listed.toggle} />) },
    { id: "runs", title: "runs", width: 150, sortable: true, align: "right", cell: each(listed, (row) => <Runs runs={row.runs} />, (line) => <Runs runs={line.runs} />) },
    { id: "activity", title: "30 days", width: 110, cell: each(listed, (row) => <Sparkline values={row.activity} label={`${counted(row.activity.reduce((a, b) => a + b, 0), "run")} in 30 days`} />) },
    { id: "best", title: "best", width: 190, sortable: true, cell: each(listed, (row) => <Best row={row} />) },
    { id: "last", title: "last activity", width: 130, sortable: true, cell: each(listed, (row) => <RelTime ms={row.last_activity} />, (line) => <RelTime ms={line.last} />) },
    { id: "created", title: "created", width: 120, sortable: true, cell: each(listed, (row) => <RelTime ms={row.creation_time} />) },
    { id: "tags", title: "tags", width: 260, cell: each(listed, (row) => <Tags row={row} />) },
    { id: "menu", title: "", width: 80, cell: each(listed, (row) => <Actions row={row} listed={listed} />) },
  ];
}

export function cardColumns(listed: Listed): GridColumn[] {
  return [
    selectColumn(listed),
    {
      id: "name", title: "name", width: 150, grows: true, sortable: true,
      cell: each(listed, (row, line) => (
        <span class="row-card">
          <span class="card-line"><Name row={row} title={line.title} level={line.level} /><span class="card-end"><RelTime ms={row.last_activity} /></span></span>
          <span class="card-line card-facts" style={{ paddingLeft: `${line.level * INDENT}px` }}><Runs runs={row.runs} unit />{row.best && <span class="fact"><Best row={row} /></span>}</span>
        </span>
      ), (line) => (
        <span class="row-card">
          <span class="card-line"><FolderName line={line} toggle={listed.toggle} /><span class="card-end"><RelTime ms={line.last} /></span></span>
          <span class="card-line card-facts" style={{ paddingLeft: `${line.level * INDENT}px` }}><Runs runs={line.runs} unit /></span>
        </span>
      )),
    },
    { id: "menu", title: "", width: 76, cell: each(listed, (row) => <Actions row={row} listed={listed} />) },
  ];
}

/** A cell for experiments and, where folders have it too, one for those. */
function each(listed: Listed, ofRow: (row: ExperimentRow, line: { title: string; level: number }) => ComponentChildren, ofFolder: (line: FolderLine) => ComponentChildren = () => null): GridColumn["cell"] {
  return (at) => {
    const line = listed.lines[at];
    if (!line) return null;
    return line.kind === "folder" ? ofFolder(line) : ofRow(line.row, line);
  };
}

function selectColumn({ lines, chosen }: Listed): GridColumn {
  return {
    id: "select", title: "", width: 34, pinned: true,
    cell: (at) => {
      const line = lines[at];
      if (!line) return null;
      const isOn = line.kind === "folder" ? line.ids.every((id) => chosen.has(id)) : chosen.has(line.row.experiment_id);
      return <span class={`tick ${isOn ? "on" : ""}`} title={isOn ? "Selected" : "Select"}>{isOn && <Icon name="check" />}</span>;
    },
  };
}

function Name({ row, title, level }: { row: ExperimentRow; title: string; level: number }) {
  return (
    <span class="run-name" style={{ paddingLeft: `${level * INDENT}px` }}>
      <a href={href(["experiments", row.experiment_id])} tabIndex={-1} title={row.name}>{title}</a>
      {row.lifecycle_stage === "deleted" && <small> in the trash</small>}
    </span>
  );
}

function FolderName({ line, toggle }: { line: FolderLine; toggle: (path: string) => void }) {
  return (
    <span class="run-name" style={{ paddingLeft: `${line.level * INDENT}px` }} title={line.path}>
      <Twisty isOpen={line.isOpen} onClick={() => toggle(line.path)} label={line.title} name={`${line.path}: ${counted(line.ids.length, "experiment")}`} />
      <small aria-hidden="true">{line.ids.length}</small>
    </span>
  );
}

function Runs({ runs: { total, running, failed }, unit = false }: { runs: ExperimentRow["runs"]; unit?: boolean }) {
  return (
    <span class="num">
      {unit ? counted(total, "run") : grouped(total)}
      {running > 0 && <small class="running"> {running} running</small>}
      {failed > 0 && <small class="failed" title="failed in 7 days"> {failed} failed</small>}
    </span>
  );
}

function Best({ row: { best, experiment_id } }: { row: ExperimentRow }) {
  if (!best) return <span class="none">–</span>;
  return <a href={href(["experiments", experiment_id, "runs", best.run_id])} tabIndex={-1}>{best.key} <Num value={number(best.value)} /></a>;
}

function Tags({ row }: { row: ExperimentRow }) {
  const shown = Object.entries(row.tags).filter(([key]) => !/^(mlflow|cloudtrack)\./.test(key));
  return <>{shown.map(([key, value]) => <span key={key} class="chip" title={`${key}: ${value}`}>{key}: {value}</span>)}</>;
}

function Actions({ row, listed: { starred, refresh, readOnly } }: { row: ExperimentRow; listed: Listed }) {
  const isStarred = starred.includes(row.experiment_id);
  return (
    <span class="row-actions">
      <Button kind="quiet" icon="star" class={isStarred ? "starred" : ""} pressed={isStarred} label={`Star ${row.name}`} onClick={() => star(row.experiment_id)} />
      <Menu label={`Actions on ${row.name}`} items={actions(row, refresh, readOnly)} />
    </span>
  );
}

/** Two tables, row by row: what was changed, removed and added. */

import { useMemo, useState } from "preact/hooks";
import { useLoaded } from "../../app/data";
import { Failure } from "../../app/failure";
import { Button, Skeleton } from "../../app/parts";
import { counted } from "../../lib/format";
import { type Cell, diffTables, equal, type RowChange, type Table } from "../../lib/rowdiff";
import { type Place, readTable } from "./files";

const MARKS = { same: "", changed: "~ changed", removed: "− removed", added: "+ added" } as const;

export function TableDiff({ left, right, path }: { left: Place; right: Place; path: string }) {
  const { data, error, refresh } = useLoaded(`tables ${JSON.stringify([left, right, path])}`, (signal) => Promise.all([readTable(left, path, signal), readTable(right, path, signal)]));
  if (error) return <Failure error={error} retry={refresh} what="table" />;
  if (!data) return <Skeleton rows={4} what={path} />;
  return <RowsDiff left={data[0]} right={data[1]} leftName={left.name} rightName={right.name} isCut={data[0].isCut || data[1].isCut} path={path} />;
}

export function RowsDiff({ left, right, leftName, rightName, isCut = false, path }: { left: Table; right: Table; leftName: string; rightName: string; isCut?: boolean; path: string }) {
  const [all, setAll] = useState(false);
  const change = useMemo(() => diffTables(left, right), [left, right]);
  const count = (kind: RowChange["kind"]): number => change.rows.filter((row) => row.kind === kind).length;
  const shown = change.rows.filter((row) => all || row.kind !== "same");
  return (
    <div class="table-diff">
      <p class="actions">
        <span>
          {count("changed")} changed, {count("removed")} removed, {count("added")} added; rows are paired by {change.key === null ? "their place" : <code>{change.key}</code>}
          {isCut && "; only the first 200 rows of each are compared"}.
          {change.onlyLeft.length > 0 && ` Only ${leftName} has ${change.onlyLeft.join(", ")}.`}
          {change.onlyRight.length > 0 && ` Only ${rightName} has ${change.onlyRight.join(", ")}.`}
        </span>
        {count("same") > 0 && <Button pressed={all} onClick={() => setAll(!all)}>{counted(count("same"), "equal row")}: {all ? "hide" : "show"}</Button>}
      </p>
      {shown.length > 0 && (
        <div class="wide-scroll" tabIndex={0} role="group" aria-label={`Rows of ${path}`}>
          <table class="sides">
            <thead><tr><th scope="col">row</th>{change.names.map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
            <tbody>{shown.map((row) => (
              <tr key={row.key} class={`row-${row.kind}`}>
                <th scope="row">{row.key} <small>{MARKS[row.kind]}</small></th>
                {row.cells.map((cell, at) => <td key={change.names[at]}><Both cell={cell} kind={row.kind} /></td>)}
              </tr>
            ))}</tbody>
          </table>
        </div>
      )}
    </div>
  );
}

function Both({ cell, kind }: { cell: { left: Cell | undefined; right: Cell | undefined }; kind: RowChange["kind"] }) {
  if (kind === "added") return <ins>{text(cell.right)}</ins>;
  if (kind === "removed") return <del>{text(cell.left)}</del>;
  if (equal(cell.left, cell.right)) return <>{text(cell.left)}</>;
  return <><del>{text(cell.left)}</del> <ins>{text(cell.right)}</ins></>;
}

function text(value: Cell | undefined): string {
  return value === undefined || value === null ? "–" : String(value);
}

/** A table file, page by page: CSV, TSV, JSON lines, Parquet, MLflow's table JSON. */

import { useMemo, useState } from "preact/hooks";
import { useAddress, useSetQuery } from "../app/address";
import { useLoaded } from "../app/data";
import { Empty, Failure } from "../app/failure";
import { Button, Popover, Skeleton } from "../app/parts";
import { Grid, type GridColumn, type Sort } from "../grid/grid";
import { factsOf, kept, type Cell } from "../lib/table-page";
import { nameOf } from "../lib/folders";
import { counted, grouped, short } from "../lib/format";
import type { PreviewProps } from "./file-pane";
import { readTable, sourceKey, type TablePage } from "./source";

const ROW = 28;
const WIDEST = 320;
const CHARACTER = 7.2;

export default function TablePreview({ source, entry }: PreviewProps) {
  const { query } = useAddress();
  const setQuery = useSetQuery();
  const trail = (query.get("at") ?? "0").split(".").map(Number).filter((each) => Number.isSafeInteger(each) && each >= 0);
  const offset = trail.at(-1) ?? 0;
  const page = useLoaded<TablePage>(`table ${sourceKey(source)} ${entry.path} ${offset}`, (signal) => readTable(source, entry.path, offset, signal));
  const to = (next: readonly number[]): void => setQuery({ at: next.length > 1 ? next.join(".") : null }, "push");
  if (page.error) return <Failure error={page.error} retry={page.refresh} what="table" />;
  if (!page.data) return <Skeleton rows={12} what={nameOf(entry.path)} />;
  return (
    <Page
      key={offset} page={page.data} label={nameOf(entry.path)} place={trail.length}
      onBack={trail.length > 1 ? () => to(trail.slice(0, -1)) : undefined}
      onNext={page.data.next === null ? undefined : () => to([...trail, page.data?.next as number])}
    />
  );
}

function Page({ page, label, place, onBack, onNext }: { page: TablePage; label: string; place: number; onBack?: () => void; onNext?: () => void }) {
  const [words, setWords] = useState("");
  const [sort, setSort] = useState<Sort | null>(null);
  const count = page.columns[0]?.length ?? 0;
  const rows = useMemo(() => kept(page.columns, words, sort ? { column: Number(sort.id), descending: sort.descending } : null), [page, words, sort]);
  const columns = useMemo(() => columnsOf(page, rows), [page, rows]);
  const isWhole = !onBack && !onNext;
  return (
    <div class="table-view">
      <div class="file-bar">
        <input type="search" aria-label="Find rows" placeholder={isWhole ? "find rows" : "find on this page"} value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        <span class="note num">
          {words ? `${rows.length} of ` : ""}{page.total !== null ? `${counted(count, "row")} of ${grouped(page.total)}` : `${counted(count, "row")}${isWhole ? "" : `, page ${place}`}`}, {counted(page.names.length, "column")}
        </span>
        <Facts page={page} />
        <span class="grow" />
        {!isWhole && (
          <>
            <Button icon="left" label="Previous page" disabled={onBack ? false : "this is the first page"} onClick={onBack} />
            <Button icon="right" label="Next page" disabled={onNext ? false : "this is the last page"} onClick={onNext} />
          </>
        )}
      </div>
      {page.cut > 0 && <p class="note">{counted(page.cut, "long cell")} cut.</p>}
      {sort && !isWhole && <p class="note">Sorted within this page.</p>}
      {rows.length === 0 ? <Empty title={words ? "No row has that" : "The table has no rows"} /> : (
        <Grid
          label={label} columns={columns} rows={rows.length} rowHeight={ROW} rowKey={(row) => String(rows[row])}
          sort={sort ? [sort] : []}
          onSort={(id) => setSort(sort?.id !== id ? { id, descending: true } : sort.descending ? { id, descending: false } : null)}
        />
      )}
    </div>
  );
}

function columnsOf(page: TablePage, rows: readonly number[]): GridColumn[] {
  return page.names.map((name, at) => {
    const values = page.columns[at] as readonly Cell[];
    const longest = values.slice(0, 100).reduce<number>((most, each) => Math.max(most, each === null ? 0 : String(each).length), name.length + 2);
    return {
      id: String(at), title: name, width: Math.round(Math.min(WIDEST, Math.max(60, longest * CHARACTER + 28))), sortable: true,
      align: page.kinds[at] === "number" ? "right" : "left",
      cell: (row) => {
        const value = values[rows[row] as number] ?? null;
        if (value === null) return <span class="none">–</span>;
        return <span class={typeof value === "number" ? "num" : undefined} title={String(value)}>{typeof value === "number" ? short(value, 6) : String(value)}</span>;
      },
    };
  });
}

/** What is in each column, of the rows that are here. */
function Facts({ page }: { page: TablePage }) {
  return (
    <Popover label="Columns" button="Columns">
      {() => (
        <table class="plain-table">
          <thead><tr>{["column", "kind", "empty", "distinct", "least", "most"].map((each) => <th key={each} scope="col">{each}</th>)}</tr></thead>
          <tbody>
            {page.names.slice(0, 200).map((name, at) => {
              const facts = factsOf(page.columns[at] as readonly Cell[]);
              return (
                <tr key={name}>
                  <th scope="row">{name}</th><td>{page.kinds[at]}</td><td class="num">{facts.empty}</td><td class="num">{facts.distinct}</td>
                  <td class="num">{facts.least}</td><td class="num">{facts.most}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </Popover>
  );
}

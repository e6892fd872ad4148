/** All registered models: what is where, and how the newest compares with what is in Production. */

import { useMemo } from "preact/hooks";
import { post } from "../../api/client";
import type { ModelRow } from "../../api/registry";
import { number } from "../../api/types";
import { useSetQuery } from "../../app/address";
import { useUiConfig } from "../../app/config";
import { useGet } from "../../app/data";
import { ask } from "../../app/dialog";
import { Empty, Failure } from "../../app/failure";
import { Crumbs, Heading } from "../../app/frame";
import { Button, Num, RelTime, Skeleton, Snippet } from "../../app/parts";
import { Grid, type GridColumn } from "../../grid/grid";
import { grouped } from "../../lib/format";
import { registerSnippet } from "../../lib/snippets";
import { go, href, type Query, serverUri } from "../../lib/url";
import { useTitle } from "../../app/title";
import { parseSort, printSort } from "../../lib/sorting";
import { AliasChip, Delta, StageChip } from "./chips";
import "../../styles/models.css";

interface ModelsWire {
  models: ModelRow[];
  next: string | null;
}

const PAGE = 200;
const ORDERS: Record<string, (row: ModelRow) => number | string> = {
  name: (row) => row.name.toLowerCase(),
  latest: (row) => row.latest_version ?? 0,
  requests: (row) => row.open_requests,
  production: (row) => number(row.primary_metric?.production) ?? Number.NEGATIVE_INFINITY,
  delta: (row) => number(row.primary_metric?.delta) ?? Number.NEGATIVE_INFINITY,
  updated: (row) => row.updated,
};

export default function ModelsPage({ query }: { query: Query }) {
  useTitle("Models");
  const setQuery = useSetQuery();
  const config = useUiConfig();
  const words = (query.get("q") ?? "").trim();
  const table = useGet<ModelsWire>("cloudtrack/models/table", { max_results: PAGE });
  const isCut = Boolean(table.data?.next);
  const asked = useGet<ModelsWire>(isCut && words ? "cloudtrack/models/table" : null, { max_results: PAGE, filter: `name ILIKE '%${words.replace(/'/g, "''")}%'` });
  const rows = useMemo(() => found((asked.data ?? table.data)?.models ?? [], query), [asked.data, table.data, query]);
  const error = table.error ?? asked.error;
  const open = (at: number, inNewTab: boolean): void => {
    const to = href(["models", rows[at]?.name ?? ""]);
    if (inNewTab) window.open(to, "_blank", "noopener");
    else go(to);
  };
  return (
    <>
      <Crumbs parts={[{ title: "Models" }]} />
      <div class="title-row">
        <Heading title="Models" />
        <span class="grow" />
        <Button icon="add" disabled={config?.read_only ? "this page is read-only" : ""} onClick={create}>New model</Button>
      </div>
      {error && <Failure error={error} retry={table.refresh} what="The list of models" />}
      {table.isLoading && <Skeleton rows={8} what="the models" />}
      {table.data && table.data.models.length === 0 && (
        <Empty title="No model is registered here yet">
          <p>Register what a run has logged:</p>
          <Snippet label="register a model" text={registerSnippet(serverUri())} />
        </Empty>
      )}
      {table.data && table.data.models.length > 0 && (
        <>
          <div class="toolbar">
            <input type="search" aria-label="Find a model" placeholder="name, tag or alias" value={query.get("q") ?? ""} onInput={(event) => setQuery({ q: event.currentTarget.value }, "typing")} />
            <span class="note">
              {grouped(rows.length)} of {grouped(table.data.models.length)}{isCut && "; the first by name: more are found by their names"}
            </span>
          </div>
          {rows.length === 0 ? <Empty title="No model has that name, tag or alias"><p><Button onClick={() => setQuery({ q: null })}>Clear the search</Button></p></Empty> : (
            <Grid
              label="Models" columns={columnsOf(rows)} rows={rows.length} rowHeight={34} rowKey={(at) => rows[at]?.name ?? ""} onOpen={open}
              sort={parseSort(query)}
              onSort={(id) => {
                const now = parseSort(query).find((each) => each.id === id);
                setQuery(printSort(now ? (now.descending ? [{ id, descending: false }] : []) : [{ id, descending: true }]));
              }}
            />
          )}
        </>
      )}
    </>
  );
}

function columnsOf(rows: readonly ModelRow[]): GridColumn[] {
  const at = (row: number): ModelRow => rows[row] as ModelRow;
  const version = (row: ModelRow, number: number) => href(["models", row.name, "versions", String(number)]);
  return [
    { id: "name", title: "name", width: 150, pinned: true, sortable: true, cell: (row) => <a href={href(["models", at(row).name])} tabIndex={-1} title={at(row).name}>{at(row).name}</a> },
    { id: "latest", title: "latest", width: 60, sortable: true, align: "right", cell: (row) => { const { latest_version: latest } = at(row); return latest === null ? <span class="none">–</span> : <a href={version(at(row), latest)} tabIndex={-1}>v{latest}</a>; } },
    {
      id: "stages", title: "stages and aliases", width: 450,
      cell: (row) => (
        <span>
          {Object.entries(at(row).stages).filter(([stage]) => stage !== "None" && stage !== "Archived").reverse().map(([stage, number]) => (
            <StageChip key={stage} stage={stage}><a href={version(at(row), number)} tabIndex={-1}>v{number}</a></StageChip>
          ))}
          {Object.entries(at(row).aliases).map(([alias, number]) => <AliasChip key={alias} alias={alias} to={number} />)}
        </span>
      ),
    },
    {
      id: "production", title: "in production", width: 124, sortable: true, align: "right",
      cell: (row) => { const { primary_metric: metric } = at(row); return metric ? <span title={metric.key}><small>{metric.key}</small> <Num value={number(metric.production)} /></span> : <span class="none">–</span>; },
    },
    {
      id: "delta", title: "change in latest", width: 126, sortable: true, align: "right",
      cell: (row) => { const { primary_metric: metric } = at(row); return metric ? <Delta value={metric.latest} base={metric.production} isPrimary primary={metric} /> : <span class="none">–</span>; },
    },
    { id: "requests", title: "requests", width: 88, sortable: true, align: "right", cell: (row) => (at(row).open_requests ? <a href={href(["requests"])} tabIndex={-1}>{at(row).open_requests} open</a> : <span class="none">–</span>) },
    { id: "updated", title: "last change", width: 104, sortable: true, cell: (row) => <RelTime ms={at(row).updated} /> },
    { id: "tags", title: "tags", width: 240, cell: (row) => shownTags(at(row).tags).map(([key, value]) => <span key={key} class="chip" title={`${key}: ${value}`}>{key}: {value}</span>) },
  ];
}

function shownTags(tags: Record<string, string>): [string, string][] {
  return Object.entries(tags).filter(([key]) => !/^(mlflow|cloudtrack)\./.test(key));
}

function found(all: readonly ModelRow[], query: Query): ModelRow[] {
  const words = (query.get("q") ?? "").trim().toLowerCase();
  const texts = (row: ModelRow): string[] => [row.name, ...shownTags(row.tags).map(([key, value]) => `${key}: ${value}`), ...Object.keys(row.aliases).map((each) => `@${each}`)];
  const rows = all.filter((row) => !words || texts(row).some((each) => each.toLowerCase().includes(words)));
  const [sort] = parseSort(query);
  const order = sort ? ORDERS[sort.id] : undefined;
  if (!order) return rows;
  const way = sort?.descending ? -1 : 1;
  return rows.sort((a, b) => {
    const [left, right] = [order(a), order(b)];
    return left === right ? 0 : left < right ? -way : way;
  });
}

function create(): void {
  ask("New model", [{ name: "name", label: "Name", required: true, hint: "without / and :" }, { name: "description", label: "Description", lines: 3 }], "Create", async ({ name, description }) => {
    await post("mlflow/registered-models/create", { name: name?.trim(), description });
    go(href(["models", name?.trim() ?? ""]));
  });
}

/** All versions of a model as a grid; two of them or more are compared. */

import { useMemo, useState } from "preact/hooks";
import type { Board, Card } from "../../api/registry";
import { number } from "../../api/types";
import { useSetQuery } from "../../app/address";
import { Icon } from "../../app/icons";
import { Empty } from "../../app/failure";
import { Button, Num, RelTime, Snippet, Status } from "../../app/parts";
import { Grid, type GridColumn } from "../../grid/grid";
import { cardsOf } from "../../lib/stage-rules";
import { registerSnippet } from "../../lib/snippets";
import { placeOf } from "../../lib/version-numbers";
import { go, href, type Query, serverUri } from "../../lib/url";
import { parseSort, printSort } from "../../lib/sorting";
import { AliasChip, StageChip } from "./chips";
import type { Rights } from "./model";
import { moveVersion } from "./stage-dialog";

export function VersionsTable({ board, more, rights, refresh, query }: { board: Board; more: () => void; rights: Rights; refresh: () => Promise<unknown>; query: Query }) {
  const setQuery = useSetQuery();
  const chosen = useMemo(() => new Set((query.get("sel") ?? "").split(".").filter(Boolean).map(Number)), [query]);
  const [width, setWidth] = useState<Record<string, number>>({});
  const rows = useMemo(() => sorted(cardsOf(board), query), [board, query]);
  const name = board.model.name;
  const picked = [...chosen].sort((a, b) => a - b);
  const select = (version: number): void => {
    const next = new Set(chosen);
    if (!next.delete(version)) next.add(version);
    setQuery({ sel: [...next].sort((a, b) => a - b).join(".") });
  };
  const compare = (): void => go(href(["models", name, "compare", placeOf(picked)]));
  const to = (at: number): string => href(["models", name, "versions", String(rows[at]?.version ?? "")]);
  if (!rows.length) {
    return (
      <Empty title="This model has no version yet">
        <p>Register what a run has logged:</p>
        <Snippet label="register a version" text={registerSnippet(serverUri(), name)} />
      </Empty>
    );
  }
  return (
    <>
      <div class="toolbar">
        <Button kind={picked.length > 1 ? "main" : "plain"} icon="side" disabled={picked.length > 1 ? "" : "select two versions or more"} onClick={compare}>Compare</Button>
        <span class="note">{picked.length ? `${picked.map((each) => `v${each}`).join(", ")} selected` : "select two or more to compare them"}</span>
        <span class="grow" />
        {board.next !== null && <Button onClick={more}>Show older versions</Button>}
      </div>
      <Grid
        label="Versions" rows={rows.length} rowHeight={34} rowKey={(at) => String(rows[at]?.version ?? "")}
        columns={columnsOf(board, rows, chosen, rights, refresh).map((column) => ({ ...column, width: width[column.id] ?? column.width }))}
        rowTone={(at) => (chosen.has(rows[at]?.version ?? 0) ? "selected" : "")}
        isSelected={(at) => chosen.has(rows[at]?.version ?? 0)}
        onSelect={(at) => select(rows[at]?.version ?? 0)}
        onOpen={(at, inNewTab) => (inNewTab ? window.open(to(at), "_blank", "noopener") : go(to(at)))}
        onKey={(key, at) => {
          if (key === "c" && picked.length > 1) compare();
          else if (key === "m" && rows[at] && !rights.edit) moveVersion(board, rows[at] as Card, rights, refresh);
          else return false;
          return true;
        }}
        onResize={(id, to) => setWidth({ ...width, [id]: to })}
        sort={parseSort(query)}
        onSort={(id) => {
          const now = parseSort(query).find((each) => each.id === id);
          setQuery(printSort(now ? (now.descending ? [{ id, descending: false }] : []) : [{ id, descending: true }]));
        }}
      />
    </>
  );
}

function columnsOf(board: Board, rows: readonly Card[], chosen: ReadonlySet<number>, rights: Rights, refresh: () => Promise<unknown>): GridColumn[] {
  const at = (row: number): Card => rows[row] as Card;
  const { name } = board.model;
  return [
    { id: "select", title: "", width: 34, pinned: true, cell: (row) => <span class={`tick ${chosen.has(at(row).version) ? "on" : ""}`}>{chosen.has(at(row).version) && <Icon name="check" />}</span> },
    {
      id: "version", title: "version", width: 90, pinned: true, sortable: true,
      cell: (row) => <span class="run-name"><Status status={at(row).status.replace("_REGISTRATION", "")} wordless /><a href={href(["models", name, "versions", String(at(row).version)])} tabIndex={-1}>v{at(row).version}</a></span>,
    },
    {
      id: "stage", title: "stage", width: 170, sortable: true,
      cell: (row) => <><StageChip stage={at(row).stage} /><Button kind="quiet" label={`Move v${at(row).version}`} disabled={rights.edit} onClick={() => moveVersion(board, at(row), rights, refresh)}>Move</Button></>,
    },
    { id: "aliases", title: "aliases", width: 170, cell: (row) => at(row).aliases.map((alias) => <AliasChip key={alias} alias={alias} />) },
    {
      id: "run", title: "run", width: 140,
      cell: (row) => {
        const { run_id, run_name, experiment_id } = at(row);
        if (!run_id) return <span class="none">–</span>;
        return experiment_id ? <a href={href(["experiments", experiment_id, "runs", run_id])} tabIndex={-1}>{run_name || run_id.slice(0, 8)}</a> : <span title={run_id}>{run_id.slice(0, 8)}</span>;
      },
    },
    ...board.metrics.map((key): GridColumn => ({
      id: `metrics.${key}`, title: key, width: Math.max(84, key.length * 8 + 24), align: "right", sortable: true,
      cell: (row) => <Num value={number(at(row).metrics[key])} />,
      tone: (row) => (key === board.primary_metric?.key && at(row).version === best(board, rows) ? "best" : ""),
    })),
    { id: "created", title: "registered", width: 110, sortable: true, cell: (row) => <RelTime ms={at(row).created} /> },
    { id: "user", title: "by", width: 100, sortable: true, cell: (row) => at(row).user || <span class="none">–</span> },
    { id: "tags", title: "tags", width: 220, cell: (row) => Object.entries(at(row).tags).filter(([key]) => !/^(mlflow|cloudtrack)\./.test(key)).map(([key, value]) => <span key={key} class="chip" title={`${key}: ${value}`}>{key}: {value}</span>) },
  ];
}

function best(board: Board, rows: readonly Card[]): number | null {
  const { primary_metric: primary } = board;
  if (!primary) return null;
  const way = primary.direction === "min" ? -1 : 1;
  const known = rows.flatMap((card) => { const value = number(card.metrics[primary.key]); return value === null || Number.isNaN(value) ? [] : [{ version: card.version, value: value * way }]; });
  return known.sort((a, b) => b.value - a.value)[0]?.version ?? null;
}

function sorted(cards: Card[], query: Query): Card[] {
  const [sort] = parseSort(query);
  if (!sort) return cards;
  const of = (card: Card): string | number | null => {
    if (sort.id.startsWith("metrics.")) return number(card.metrics[sort.id.slice("metrics.".length)]);
    return { version: card.version, stage: card.stage, created: card.created, user: card.user }[sort.id] ?? null;
  };
  const way = sort.descending ? -1 : 1;
  return cards.sort((a, b) => {
    const [left, right] = [of(a), of(b)];
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
    return left === right ? 0 : left < right ? -way : way;
  });
}

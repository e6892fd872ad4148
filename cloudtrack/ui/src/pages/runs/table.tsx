/** The table of runs: every row of it sortable, of which only what is in sight exists. */

import { useMemo, useRef, useState } from "preact/hooks";
import { Status, RelTime, Took } from "../../app/parts";
import { Icon } from "../../app/icons";
import { useSettings } from "../../app/settings";
import { useIsPhone } from "../../app/size";
import { Grid, type GridColumn } from "../../grid/grid";
import { Twisty } from "../../grid/twisty";
import { joinNames, splitNames, titleOf } from "../../lib/columns";
import { short } from "../../lib/format";
import { type GroupLine, grouped, type Line, nested, summary } from "../../lib/group";
import { shorten } from "../../lib/ids";
import { LIST_KEYS } from "../../lib/routes";
import { has } from "../../lib/selection";
import { go, href, remember, remembered } from "../../lib/url";
import { type Runs } from "./model";
import { printSort } from "../../lib/sorting";
import { runMenu } from "./actions";
import { RunCard } from "./card";

const WIDTHS = "cloudtrack.widths";
const ROW = 30;
const COMPACT_ROW = 24;
const CARD = 56;

export function RunsTable({ runs }: { runs: Runs }) {
  const { density, heat, digits } = useSettings();
  const isPhone = useIsPhone();
  const row = density === "compact" ? COMPACT_ROW : ROW;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [widths, setWidths] = useState<Record<string, number>>(storedWidths);
  const start = useRef((remembered() as { top?: number } | null)?.top ?? 0);
  const group = runs.query.get("group");
  const { frame, rows } = runs;
  const lines = useMemo(
    () => (group ? grouped(frame, rows, group, (key) => open.has(key)) : nested(frame, rows, (id) => open.has(id))),
    [frame, rows, group, open],
  );
  const toggle = (key: string): void => {
    const next = new Set(open);
    if (!next.delete(key)) next.add(key);
    setOpen(next);
  };
  const pins = splitNames(runs.query.get("pin"));
  const shown = [...pins.filter((name) => runs.columns.includes(name)), ...runs.columns.filter((name) => !pins.includes(name))];
  const columns = useMemo(
    () => isPhone ? [selectColumn(runs, lines), cardColumn(runs, lines, open, toggle, digits)] : [selectColumn(runs, lines), nameColumn(runs, lines, open, toggle, widths), ...shown.map((name) => valueColumn(runs, lines, name, pins, widths, heat, digits))],
    [runs, lines, open, widths, heat, digits, isPhone],
  );
  const idOf = (at: number): string | null => {
    const line = lines[at];
    return line?.kind === "run" ? (frame.ids[line.row] as string) : null;
  };
  const openRun = (at: number, inNewTab: boolean): void => {
    const line = lines[at];
    if (line?.kind === "group") toggle(line.key);
    if (line?.kind !== "run") return;
    const to = runHref(runs, line.row);
    if (inNewTab) window.open(to, "_blank", "noopener");
    else go(to);
  };
  return (
    <Grid
      label="Runs"
      columns={columns}
      rows={lines.length}
      rowHeight={isPhone ? CARD : row}
      headHeight={row}
      rowKey={(at) => idOf(at) ?? `group ${at}`}
      rowTone={(at) => {
        const id = idOf(at);
        return id === null ? "group" : id === runs.query.get("base") ? "baseline" : has(runs.selection, id) ? "selected" : "";
      }}
      start={start.current}
      onScroll={(top) => remember({ top })}
      sort={runs.sort}
      onSort={(id, isSecond) => sortBy(runs, id, isSecond)}
      isSelected={(at) => {
        const id = idOf(at);
        return id !== null && has(runs.selection, id);
      }}
      onSelect={(at, from) => select(runs, lines, at, from)}
      onSelectAll={() => runs.setQuery({ sel: "*" })}
      onOpen={openRun}
      onKey={(key, at) => rowKey(runs, key, at, idOf(at), lines, toggle)}
      onResize={isPhone ? undefined : (id, width) => {
        const next = { ...widths, [id]: width };
        setWidths(next);
        try {
          localStorage.setItem(WIDTHS, JSON.stringify(next));
        } catch {
          // it holds for this page
        }
      }}
      onMove={isPhone ? undefined : (id, before) => move(runs, shown, id, before)}
    />
  );
}

function selectColumn(runs: Runs, lines: readonly Line[]): GridColumn {
  return {
    id: "select", title: "", width: 34, pinned: true,
    cell: (at) => {
      const line = lines[at];
      if (line?.kind !== "run") return null;
      const isOn = has(runs.selection, runs.frame.ids[line.row] as string);
      return <span class={`tick ${isOn ? "on" : ""}`} title={isOn ? "Selected" : "Select"}>{isOn && <Icon name="check" />}</span>;
    },
  };
}

function nameColumn(runs: Runs, lines: readonly Line[], open: ReadonlySet<string>, toggle: (key: string) => void, widths: Record<string, number>): GridColumn {
  const names = runs.column("attributes.run_name");
  const status = runs.column("attributes.status");
  return {
    id: "attributes.run_name", title: "name", width: widths["attributes.run_name"] ?? 220, pinned: true, sortable: true,
    cell: (at) => {
      const line = lines[at];
      if (!line) return null;
      if (line.kind === "group") return <GroupTwisty line={line} open={open} toggle={toggle} />;
      const id = runs.frame.ids[line.row] as string;
      return (
        <span class="run-name" style={{ paddingLeft: `${line.depth * 16}px` }}>
          {line.children > 0 && <Twisty isOpen={open.has(id)} onClick={() => toggle(id)} label="" count={line.children} name={`${line.children} child runs`} />}
          <Status status={String(status?.at(line.row) ?? "UNKNOWN")} wordless />
          <a href={runHref(runs, line.row)} tabIndex={-1} title={String(names?.at(line.row) ?? id)}>{String(names?.at(line.row) ?? id)}</a>
        </span>
      );
    },
  };
}

/** All of a run in one cell, for narrow windows. */
function cardColumn(runs: Runs, lines: readonly Line[], open: ReadonlySet<string>, toggle: (key: string) => void, digits: number): GridColumn {
  return {
    id: "attributes.run_name", title: "name", width: 180, grows: true, sortable: true,
    cell: (at) => {
      const line = lines[at];
      if (!line) return null;
      if (line.kind === "group") return <GroupTwisty line={line} open={open} toggle={toggle} />;
      return <RunCard runs={runs} line={line} to={runHref(runs, line.row)} isOpen={open.has(runs.frame.ids[line.row] as string)} toggle={toggle} digits={digits} />;
    },
  };
}

function GroupTwisty({ line, open, toggle }: { line: GroupLine; open: ReadonlySet<string>; toggle: (key: string) => void }) {
  return <Twisty isOpen={open.has(line.key)} onClick={() => toggle(line.key)} label={`${line.value}: ${line.rows.length} runs`} />;
}

function valueColumn(runs: Runs, lines: readonly Line[], name: string, pins: readonly string[], widths: Record<string, number>, heat: boolean, digits: number): GridColumn {
  const column = runs.column(name);
  const isNumber = Boolean(column?.numbers);
  const isMetric = name.startsWith("metrics.");
  const facts = isMetric && heat ? summary(column, runs.rows) : null;
  const best = facts ? (runs.isBetterLow(name) ? facts.min : facts.max) : null;
  const title = titleOf(name);
  return {
    id: name, title, sortable: true, pinned: pins.includes(name),
    width: widths[name] ?? (name === "attributes.start_time" ? 96 : Math.max(80, Math.min(180, title.length * 7.5 + 34))),
    align: isNumber && name !== "attributes.start_time" ? "right" : "left",
    tone: (at) => {
      const line = lines[at];
      return line?.kind === "run" && best !== null && column?.present[line.row] && column.numbers?.[line.row] === best ? "best" : "";
    },
    cell: (at) => {
      const line = lines[at];
      if (!line) return null;
      if (line.kind === "group") return <GroupCell line={line} runs={runs} name={name} />;
      const value = column?.at(line.row) ?? null;
      if (value === null) return <span class="none">–</span>;
      if (name === "attributes.start_time") return <RelTime ms={Number(value)} />;
      if (name === "duration") {
        const end = runs.column("attributes.end_time")?.at(line.row);
        return <Took start={runs.column("attributes.start_time")?.at(line.row) as number} end={end as number | null} running={end === null || end === undefined} />;
      }
      if (typeof value === "number") {
        return (
          <span class="num" title={String(value)}>
            {short(value, digits)}
            {facts && facts.max > facts.min && Number.isFinite(value) && <i class="heat" style={{ width: `${(100 * (value - facts.min)) / (facts.max - facts.min)}%` }} />}
          </span>
        );
      }
      return <span class={isNumber ? "num" : ""} title={value}>{value}</span>;
    },
  };
}

function GroupCell({ line, runs, name }: { line: GroupLine; runs: Runs; name: string }) {
  const { digits } = useSettings();
  const facts = name.startsWith("metrics.") || name === "duration" ? summary(runs.column(name), line.rows) : null;
  if (!facts) return null;
  const best = runs.isBetterLow(name) ? facts.min : facts.max;
  const shown = name === "duration" ? facts.mean : best;
  return (
    <span class="num" title={`${facts.count} values: mean ${facts.mean}, min ${facts.min}, max ${facts.max}`}>
      {name === "duration" ? <Took start={1} end={1 + shown} /> : short(shown, digits)}
      <small> {name === "duration" ? "mean" : `mean ${short(facts.mean, 3)}`}</small>
    </span>
  );
}

export function runHref(runs: Runs, row: number): string {
  const experiment = String(runs.column("attributes.experiment_id")?.at(row) ?? runs.experiments[0]);
  return href(["experiments", experiment, "runs", runs.frame.ids[row] as string], new Map([...runs.query].filter(([key]) => LIST_KEYS.includes(key))));
}

/** A click sorts downwards, the next upwards, the third not at all; with shift as a second key. */
function sortBy(runs: Runs, id: string, isSecond: boolean): void {
  const now = runs.sort.find((each) => each.id === id);
  const next = !now ? { id, descending: true } : now.descending ? { id, descending: false } : null;
  const others = isSecond ? runs.sort.filter((each) => each.id !== id) : [];
  runs.setQuery(printSort(next ? [...others, next] : others));
}

function select(runs: Runs, lines: readonly Line[], at: number, from: number | null): void {
  const ids = (first: number, end: number): string[] =>
    lines.slice(first, end + 1).flatMap((line) => (line.kind === "run" ? [runs.frame.ids[line.row] as string] : []));
  if (from === null) {
    const line = lines[at];
    const chosen = line?.kind === "group" ? Array.from(line.rows, (row) => runs.frame.ids[row] as string) : ids(at, at);
    runs.select(chosen, !chosen.every((id) => has(runs.selection, id)));
  } else runs.select(ids(Math.min(at, from), Math.max(at, from)), true);
}

function rowKey(runs: Runs, key: string, at: number, id: string | null, lines: readonly Line[], toggle: (key: string) => void): boolean {
  if (id === null) return false;
  switch (key) {
    case "b":
      runs.setQuery({ base: runs.query.get("base") === id ? null : id });
      return true;
    case "v": {
      const now = new Set(runs.visible.map((row) => runs.frame.ids[row] as string));
      if (!now.delete(id)) now.add(id);
      runs.setQuery({ vis: [...now].map(shorten).join(".") });
      return true;
    }
    case "p": {
      const line = lines[at];
      if (line?.kind === "run" && line.children > 0) toggle(id);
      return true;
    }
    case ".":
      runMenu(runs, id);
      return true;
    default:
      return false;
  }
}

function move(runs: Runs, shown: readonly string[], id: string, before: string): void {
  const next = shown.filter((name) => name !== id);
  const place = before ? next.indexOf(before) : next.length;
  if (place < 0) return;
  next.splice(place, 0, id);
  runs.setQuery({ cols: joinNames(next) });
}

function storedWidths(): Record<string, number> {
  try {
    return JSON.parse(localStorage.getItem(WIDTHS) ?? "{}") as Record<string, number>;
  } catch {
    return {};
  }
}

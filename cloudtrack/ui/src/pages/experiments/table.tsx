/** The list of experiments: flat or in folders, as a table or as cards. */

import { useMemo, useState } from "preact/hooks";
import type { ExperimentRow } from "../../api/types";
import { useSetQuery } from "../../app/address";
import { useSettings } from "../../app/settings";
import { useIsPhone } from "../../app/size";
import { Grid } from "../../grid/grid";
import { parseSort, printSort } from "../../lib/sorting";
import { go, href, type Query } from "../../lib/url";
import { cardColumns, columnsOf } from "./columns";
import { flat, inFolders } from "./lines";

const ROW = 34;
const CARD = 56;

export function ExperimentsTable({ rows, query, refresh, readOnly, chosen, choose }: {
  rows: readonly ExperimentRow[]; query: Query; refresh: () => Promise<boolean>; readOnly: string; chosen: ReadonlySet<string>; choose: (ids: ReadonlySet<string>) => void;
}) {
  const setQuery = useSetQuery();
  const isPhone = useIsPhone();
  const { starred } = useSettings();
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const isTree = query.get("as") === "tree";
  const lines = useMemo(() => (isTree ? inFolders(rows, (path) => !closed.has(path)) : flat(rows)), [rows, isTree, closed]);
  const toggle = (path: string): void => setClosed(toggled(closed, [path], !closed.has(path)));
  const idsOf = (at: number): readonly string[] => {
    const line = lines[at];
    return !line ? [] : line.kind === "folder" ? line.ids : [line.row.experiment_id];
  };
  const isChosen = (at: number): boolean => idsOf(at).length > 0 && idsOf(at).every((id) => chosen.has(id));
  const openOrClose = (at: number): boolean => {
    const line = lines[at];
    if (line?.kind !== "folder") return false;
    toggle(line.path);
    return true;
  };
  const listed = { lines, chosen, starred, toggle, refresh, readOnly };
  return (
    <Grid
      label="Experiments"
      columns={isPhone ? cardColumns(listed) : columnsOf(listed)}
      rows={lines.length}
      rowHeight={isPhone ? CARD : ROW}
      headHeight={ROW}
      rowKey={(at) => {
        const line = lines[at];
        return line?.kind === "folder" ? `folder ${line.path}` : (line?.row.experiment_id ?? "");
      }}
      rowTone={(at) => (isChosen(at) ? "selected" : "")}
      isSelected={isChosen}
      onSelect={(at) => choose(toggled(chosen, idsOf(at), !isChosen(at)))}
      onOpen={(at, inNewTab) => {
        if (openOrClose(at)) return;
        const to = href(["experiments", ...idsOf(at)]);
        if (inNewTab) window.open(to, "_blank", "noopener");
        else go(to);
      }}
      onKey={(key, at) => key === "p" && openOrClose(at)}
      sort={parseSort(query)}
      onSort={(id) => {
        const now = parseSort(query).find((each) => each.id === id);
        setQuery(printSort(now ? (now.descending ? [{ id, descending: false }] : []) : [{ id, descending: true }]));
      }}
    />
  );
}

/** A set with some members put in or taken out. */
function toggled(set: ReadonlySet<string>, members: readonly string[], on: boolean): ReadonlySet<string> {
  const next = new Set(set);
  for (const each of members) {
    if (on) next.add(each);
    else next.delete(each);
  }
  return next;
}

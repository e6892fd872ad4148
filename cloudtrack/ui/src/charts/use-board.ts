/** What the cards of a page share, of its runs and its address; and what keeps them up to date. */

import { useEffect, useMemo, useRef } from "preact/hooks";
import type { SetQuery } from "../app/address";
import { cssColor, useTheme } from "../app/theme";
import { printCards } from "../lib/card-state";
import { chartState, printZoom } from "../lib/chart-state";
import { ink } from "../lib/colors";
import type { Extent } from "../lib/lines";
import type { Query } from "../lib/url";
import type { Board } from "./board";
import { Cursors } from "./cursor";
import type { ChartRun } from "./lines-of";
import { SeriesStore } from "./store";

export interface ShownRun {
  id: string;
  name: string;
  /** Its place by order of appearance, which gives its colour. */
  place: number;
  /** What someone chose for it: tag mlflow.runColor. */
  color?: string | null;
  group?: string | null;
}

/** `news` changes when there may be more points of the runs in `running`. */
export function useBoard(runs: readonly ShownRun[], query: Query, setQuery: SetQuery, bright: readonly string[], running: readonly string[], news: unknown): Board {
  const theme = useTheme();
  const store = useRef<SeriesStore | null>(null);
  store.current ??= new SeriesStore();
  const cursors = useRef<Cursors | null>(null);
  cursors.current ??= new Cursors();
  const state = useMemo(() => chartState(query), [["x", "log", "sm", "band", "clip", "zoom", "card", "find", "ch", "hide", "size"].map((key) => query.get(key)).join("\n")]);
  const told = JSON.stringify(runs);
  const names = [...new Set(runs.flatMap(({ group }) => group ?? []))].sort();
  const groups = useMemo(() => names.map((name, place) => ({ name, ...ink(place, cssColor) })), [names.join("\n"), theme]);
  const inked = useMemo(() => runs.map(({ id, name, place, color, group = null }): ChartRun => {
    const own = groups.find((each) => each.name === group) ?? ink(place, cssColor);
    return { id, name, group, color: color && group === null && CSS.supports("color", color) ? color : own.color, dash: own.dash };
  }), [told, groups]);
  const marked = bright.join();
  const board = useMemo((): Board => {
    const shared = store.current as SeriesStore;
    shared.show(inked.map(({ id }) => id));
    return {
      runs: inked, groups, state, store: shared, cursors: cursors.current as Cursors, bright: new Set(bright),
      onZoom: (zoom: Extent | null) => setQuery({ zoom: zoom && printZoom(zoom) }),
      setOwn: (key, own) => setQuery({ card: printCards(new Map([...state.own, [key, own]])) }),
    };
  }, [inked, groups, state, marked]);

  const going = useRef<readonly string[]>([]);
  const first = useRef(news);
  useEffect(() => {
    if (first.current === news) return;
    first.current = news;
    const ids = new Set(inked.map(({ id }) => id));
    const asked = [...new Set([...running, ...going.current])].filter((id) => ids.has(id)); // those that have ended are asked a last time
    going.current = running;
    if (asked.length) store.current?.tick(asked).catch(() => undefined); // whoever polls says that the server is away
  }, [news]);
  useEffect(() => {
    if (going.current.length === 0) going.current = running;
  }, [running]);
  return board;
}

/** One metric: lines of its runs, bars of those with a single point, and what can be done with it. */

import { useMemo, useRef, useState } from "preact/hooks";
import { ask, attempt } from "../app/dialog";
import { Boundary, Failure } from "../app/failure";
import { Menu, Skeleton } from "../app/parts";
import { useSettings } from "../app/settings";
import { cardState, printZoom } from "../lib/chart-state";
import { better } from "../lib/columns";
import { grouped, short } from "../lib/format";
import { type Extent, extents, type Line, summarised } from "../lib/lines";
import type { Series } from "../lib/series";
import { Bars } from "./bar-card";
import type { Board } from "./board";
import { ownFields, ownOf, ownTexts } from "./card-form";
import { Cursors } from "./cursor";
import { DataTable } from "./data-table";
import { saveCsv, savePng, saveSvg } from "./files";
import { LinePlot } from "./line-plot";
import { linesOf, singles } from "./lines-of";
import type { AxisKind, Picture, Plot } from "./plot";
import { useSeries } from "./use-series";

const MANY_LINES = 30;

export interface CardMenuItem {
  title: string;
  onClick: () => void;
}

export function LineCard({ name, board, keys, items = [], heading: Heading = "h3" }: { name: string; board: Board; keys: readonly string[]; items?: readonly (CardMenuItem | null)[]; heading?: "h2" | "h3" }) {
  const { runs, store, groups } = board;
  const own = board.state.own.get(name);
  const state = useMemo(() => cardState(board.state, name), [board.state, name]);
  const { min, max } = state.zoom ?? {};
  const source = useMemo(() => ({ axis: state.axis, zoom: state.metric ? null : state.zoom }), [state.axis, state.metric, min, max]);
  const [ownCursors] = useState(() => new Cursors());
  const { utc } = useSettings();
  const ids = useMemo(() => runs.map(({ id }) => id), [runs]);
  const found = useSeries(store, name, source, ids);
  const across = useSeries(store, state.metric, source, ids);
  const [pan, setPan] = useState<Extent | null>(null);
  const [isTable, setTable] = useState(false);
  const plot = useRef<Plot | null>(null);
  const all = [...found.series.values()].filter((each): each is Series => Boolean(each));
  const bars = useMemo(() => singles(runs, (run) => found.series.get(run)), [runs, found.series]);
  const isBars = bars.length > 0 && bars.length === all.filter((each) => each.raw).length;

  const lines = useMemo((): Line[] => {
    const drawn = runs.filter((run) => (found.series.get(run.id)?.raw ?? 0) > 1);
    return isBars ? [] : linesOf(drawn, state, (run) => found.series.get(run), state.metric ? (run) => across.series.get(run) : null, groups);
  }, [runs, groups, found.series, across.series, state.smoothing, state.band, state.groupBand, state.metric, isBars]);

  const axis: AxisKind = state.metric || state.axis === "step" ? "number" : state.axis;
  const xName = state.metric ?? { step: "step", time: "time", relative: "elapsed" }[state.axis];
  const zoom = pan ?? state.zoom;
  const bounds = useMemo(() => extents(lines, { logX: state.logX, logY: state.logY, clip: state.clip, zoom: state.logX && zoom && zoom.min <= 0 ? null : zoom }), [lines, state.logX, state.logY, state.clip, zoom?.min, zoom?.max]);
  const isMany = lines.length > MANY_LINES;
  const bright = useMemo(() => (isMany ? (board.bright.size > MANY_LINES ? new Set<string>() : board.bright) : null), [isMany, board.bright]);
  const picture = useMemo(
    (): Picture | null => bounds && lines.length > 0 ? { lines, extents: bounds, axis, logX: state.logX, logY: state.logY, utc, bright } : null,
    [lines, bounds, axis, utc, bright],
  );
  const onZoom = (next: Extent | null): void => (own?.x ? board.setOwn(name, { ...own, zoom: (next && printZoom(next)?.replace("~", ":")) ?? undefined }) : board.onZoom(next));
  const isLow = better(`metrics.${name}`) === "min";
  const label = summarised(name, lines, isLow, (value) => short(value, 5), xName);
  const isKnown = all.length === runs.length || all.some((each) => each.raw);
  return (
    <>
      <header class="card-head">
        <Heading title={name}>{name}</Heading>
        {found.error === undefined && <Menu label={`Actions on ${name}`} items={[
          ...items,
          { title: "Settings of this card", onClick: () => ask(`Settings of ${name}`, ownFields(own, keys), "Apply", (values) => board.setOwn(name, ownOf(values, own))) },
          own ? { title: "As the page", onClick: () => board.setOwn(name, {}) } : null,
          picture && { title: isTable ? "Hide the data table" : "Show the data table", onClick: () => setTable(!isTable) },
          picture && { title: "PNG", onClick: () => plot.current && savePng(name, plot.current, lines) },
          picture && { title: "SVG", onClick: () => plot.current && saveSvg(name, plot.current, picture) },
          { title: "CSV, every point", onClick: () => void attempt(() => saveCsv(name, runs, state.axis)) },
        ]} />}
      </header>
      <Badges series={all} bounds={picture && bounds} own={ownTexts(own)} />
      <Boundary what={name}>
        {found.error && all.length === 0 ? <Failure error={found.error} retry={() => store.retry(name)} what="metric" />
          : !isKnown ? <Skeleton rows={4} what={name} />
            : (
              <>
                {picture && (
                  <LinePlot
                    name={name} picture={picture} cursors={own?.x ? ownCursors : board.cursors} label={label} xName={xName}
                    onZoom={onZoom} onPan={setPan} onTable={() => setTable(!isTable)} plotted={(drawn) => { plot.current = drawn; }}
                  />
                )}
                {bars.length > 0 && <Bars name={name} of={bars} isLow={isLow} />}
                {!picture && bars.length === 0 && <p class="note card-empty">{emptyText(all, state.metric)}</p>}
                {isTable && picture && <DataTable name={name} lines={lines} axis={axis} xName={xName} />}
              </>
            )}
      </Boundary>
    </>
  );
}

function emptyText(all: readonly Series[], metric: string | null): string {
  if (all.every((each) => each.raw === 0)) return "none of the shown runs has it";
  return metric ? `the shown runs have no ${metric} at its steps` : "no value that a line can show";
}

/** What is not in the picture: points left out, and values that no line or axis can show. */
function Badges({ series, bounds, own }: { series: readonly Series[]; bounds: ReturnType<typeof extents>; own: readonly string[] }) {
  const sampled = series.filter((each) => !each.exact);
  const most = sampled.reduce<Series | null>((a, b) => (a && a.raw >= b.raw ? a : b), null);
  const count = (of: "nan" | "inf" | "-inf"): number => series.reduce((sum, each) => sum + (each[of]?.count ?? 0), 0);
  const [nan, infinite] = [count("nan"), count("inf") + count("-inf")];
  const texts = [
    ...own,
    most && `${grouped(most.shown)} of ${grouped(most.raw)} points`,
    nan > 0 && `${grouped(nan)} NaN`,
    infinite > 0 && `${grouped(infinite)} Inf`,
    bounds && bounds.nonPositive > 0 && `${grouped(bounds.nonPositive)} ≤ 0 not shown`,
    bounds && bounds.clipped > 0 && `${grouped(bounds.clipped)} out of sight`,
  ];
  return <p class="badges">{texts.map((text) => text && <span key={text} class="badge">{text}</span>)}</p>;
}

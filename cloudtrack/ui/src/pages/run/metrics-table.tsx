/** The metrics of a run: last, least, most, the step of the best, and the curve in small. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { number } from "../../api/types";
import { useGet } from "../../app/data";
import { Button, copy, Num } from "../../app/parts";
import { Sparkcurve } from "../../charts/sparkline";
import { Grid, type GridColumn } from "../../grid/grid";
import { grouped } from "../../lib/format";
import { href } from "../../lib/url";
import { shorten } from "../../lib/ids";
import type { MetricRow, RunView } from "./model";

const ROW = 30;
const MOST_ROWS = 14;
const MOST_CURVES = 100;
const BUCKETS = 40;

interface SeriesWire {
  series: { key: string; x: number[]; last: (number | string | null)[] }[];
}

export function MetricsTable({ view }: { view: RunView }) {
  const [words, setWords] = useState("");
  const rows = useMemo(() => {
    const wanted = words.toLowerCase();
    const first = (row: MetricRow): number => (row.key === view.primary?.key ? 0 : row.key.startsWith("system/") ? 2 : 1);
    return view.metrics.filter(({ key }) => key.toLowerCase().includes(wanted)).sort((a, b) => first(a) - first(b));
  }, [view.metrics.length, view.run, words, view.primary?.key]);
  const keys = useMemo(() => rows.filter((row) => row.count > 1).slice(0, MOST_CURVES).map((row) => row.key), [rows]);
  const series = useGet<SeriesWire>(keys.length ? "cloudtrack/metrics/series" : null, { run_ids: [view.id], keys, buckets: BUCKETS });
  useEffect(() => {
    if (view.running) series.refresh().catch(() => undefined);
  }, [view.run]);
  const curves = useMemo(() => new Map((series.data?.series ?? []).map((each) => [each.key, each])), [series.data]);
  const at = (row: number): MetricRow => rows[row] as MetricRow;
  const columns: GridColumn[] = [
    { id: "metric", title: "metric", width: 170, pinned: true, cell: (row) => <a href={href(["metric", at(row).key], { runs: shorten(view.id) })} tabIndex={-1} title={at(row).key}>{at(row).key}</a> },
    { id: "last", title: "last", width: 78, align: "right", cell: (row) => <Num value={at(row).last} /> },
    { id: "min", title: "min", width: 78, align: "right", tone: (row) => (at(row).isLow && at(row).count > 1 ? "best" : ""), cell: (row) => <Num value={at(row).min} /> },
    { id: "max", title: "max", width: 78, align: "right", tone: (row) => (!at(row).isLow && at(row).count > 1 ? "best" : ""), cell: (row) => <Num value={at(row).max} /> },
    { id: "step", title: "best step", width: 88, align: "right", cell: (row) => <span class="num">{grouped(at(row).step)}</span> },
    {
      id: "curve", title: "curve", width: 108,
      cell: (row) => {
        const found = curves.get(at(row).key);
        return found ? <Sparkcurve x={found.x} y={found.last.map(number)} label={`${at(row).key}: ${grouped(at(row).count)} points`} /> : null;
      },
    },
    { id: "copy", title: "", width: 40, cell: (row) => <Button kind="quiet" icon="copy" label={`Copy ${at(row).key}`} onClick={() => copy(`${at(row).key}\t${at(row).last}`, at(row).key)} /> },
  ];
  return (
    <div class="small-table">
      {view.metrics.length > 5 && <input type="search" aria-label="Find a metric" placeholder="find a metric" value={words} onInput={(event) => setWords(event.currentTarget.value)} />}
      <div class="small-grid" style={{ height: `${(Math.min(MOST_ROWS, Math.max(1, rows.length)) + 1) * ROW + 2}px` }}>
        <Grid label="Metrics" columns={columns} rows={rows.length} rowHeight={ROW} rowKey={(row) => at(row).key} />
      </div>
    </div>
  );
}

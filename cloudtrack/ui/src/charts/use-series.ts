/** The series of one metric for a card, drawn anew when one of them comes or grows. */

import { useEffect, useMemo, useState } from "preact/hooks";
import type { ApiError } from "../api/errors";
import type { Series } from "../lib/series";
import type { SeriesStore, Source } from "./store";

export interface Found {
  /** By run; undefined where the answer is still to come. */
  series: ReadonlyMap<string, Series | undefined>;
  error: ApiError | undefined;
}

const NOTHING: Found = { series: new Map(), error: undefined };

export function useSeries(store: SeriesStore, key: string | null, source: Source, runs: readonly string[]): Found {
  const [, again] = useState(0);
  useEffect(() => (key === null ? undefined : store.want(key, source, () => again((count) => count + 1))), [store, key, source]);
  const series = key === null ? [] : runs.map((run) => store.series(run, key, source));
  const error = key === null ? undefined : store.error(key);
  return useMemo(() => (key === null ? NOTHING : { series: new Map(runs.map((run, at) => [run, series[at]])), error }), [key, runs, error, ...series]);
}

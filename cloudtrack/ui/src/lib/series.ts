/** A metric's history as `metrics/series` sends it: decoded, extended while a run goes on, and as a line to draw. Pure. */

export interface PlacesWire {
  count: number;
  x: number[];
}
export interface SeriesWire {
  run_id: string;
  key: string;
  /** How many points there are between the ends that were asked for. */
  raw: number;
  exact: boolean;
  x: number[];
  last: number[];
  first?: number[];
  min?: number[];
  max?: number[];
  count?: number[];
  nan?: PlacesWire;
  inf?: PlacesWire;
  "-inf"?: PlacesWire;
}

export interface Series extends SeriesWire {
  /** How many points are drawn as they are, or in buckets. */
  shown: number;
}

/** x and y of a line, and what it leaves out; NaN in y parts it. */
export interface Trace {
  x: Float64Array;
  y: Float64Array;
}

export function decode(wire: SeriesWire): Series {
  const odd = (wire.nan?.count ?? 0) + (wire.inf?.count ?? 0) + (wire["-inf"]?.count ?? 0);
  return { ...wire, shown: wire.exact ? wire.raw : wire.x.length + Math.min(odd, wire.raw) };
}

/** The points as they came, a bucket as its last; NaN where there are points that no line can show. */
export function points(series: Series): Trace {
  return withGaps(Float64Array.from(series.x), Float64Array.from(series.last), series);
}

/** The line to draw: of a bucket also its least and greatest value, so that a spike is as high as it was. */
export function trace(series: Series): Trace {
  const { min, max, count } = series;
  if (!min || !max || !count) return points(series);
  const x: number[] = [];
  const y: number[] = [];
  series.last.forEach((last, at) => {
    const place = series.x[at] as number;
    const before = series.x[at - 1] ?? place;
    const [low, high] = [min[at] as number, max[at] as number];
    const from = y.at(-1) ?? last;
    if ((count[at] as number) > 1 && (low < Math.min(from, last) || high > Math.max(from, last))) {
      const [one, other] = Math.abs(from - low) < Math.abs(from - high) ? [low, high] : [high, low];
      x.push(before + (place - before) / 3, before + (2 * (place - before)) / 3);
      y.push(one, other);
    }
    x.push(place);
    y.push(last);
  });
  return withGaps(Float64Array.from(x), Float64Array.from(y), series);
}

function withGaps(x: Float64Array, y: Float64Array, series: Series): Trace {
  const holes = [...(series.nan?.x ?? []), ...(series.inf?.x ?? []), ...(series["-inf"]?.x ?? [])].sort((a, b) => a - b);
  if (holes.length === 0) return { x, y };
  const total = x.length + holes.length;
  const [nx, ny] = [new Float64Array(total), new Float64Array(total).fill(Number.NaN)];
  let [from, hole] = [0, 0];
  for (let at = 0; at < total; at++) {
    if (from < x.length && (hole >= holes.length || (x[from] as number) <= (holes[hole] as number))) {
      nx[at] = x[from] as number;
      ny[at] = y[from] as number;
      from += 1;
    } else nx[at] = holes[hole++] as number;
  }
  return { x: nx, y: ny };
}

/** The latest x from which all of some series can be asked for anew: no bucket of theirs reaches over it. */
export function border(all: readonly Series[]): number | null {
  const ends = all.flatMap((series) => lastX(series) ?? []);
  if (ends.length < all.length || ends.length === 0) return null;
  let from = Math.min(...ends);
  for (let again = true; again; ) {
    again = false;
    for (const { x, count } of all) {
      const row = lowerBound(x, from);
      if (!count || row >= x.length || (count[row] as number) < 2) continue;
      const start = row > 0 ? (x[row - 1] as number) + 1 : Number.NEGATIVE_INFINITY;
      if (start < from) [from, again] = [start, true];
    }
  }
  return Number.isFinite(from) ? from : null;
}

/** A series with what there is now from `from` on. */
export function extended(old: Series, tail: Series, from: number): Series {
  const keep = lowerBound(old.x, from);
  const isBucketed = Boolean(old.count ?? tail.count);
  const join = (a: readonly number[] | undefined, b: readonly number[] | undefined, other: readonly number[], otherTail: readonly number[]): number[] =>
    [...(a ?? other).slice(0, keep), ...(b ?? otherTail)];
  const ones = (series: Series): number[] => series.x.map(() => 1);
  const places = (a: PlacesWire | undefined, b: PlacesWire | undefined): PlacesWire | undefined => {
    const before = a ? a.x.filter((x) => x < from) : [];
    const lost = a ? a.x.length - before.length : 0;
    const x = [...before, ...(b?.x ?? [])];
    return x.length ? { count: (a?.count ?? 0) - lost + (b?.count ?? 0), x } : undefined;
  };
  const [nan, inf, low] = [places(old.nan, tail.nan), places(old.inf, tail.inf), places(old["-inf"], tail["-inf"])];
  const counts = isBucketed ? join(old.count, tail.count, ones(old), ones(tail)) : null;
  const x = [...old.x.slice(0, keep), ...tail.x];
  const odd = [nan, inf, low].reduce((sum, each) => sum + (each?.count ?? 0), 0);
  return decode({
    run_id: old.run_id, key: old.key, exact: old.exact && tail.exact,
    raw: odd + (counts ? counts.reduce((sum, each) => sum + each, 0) : x.length),
    x, last: [...old.last.slice(0, keep), ...tail.last],
    ...(counts && {
      first: join(old.first, tail.first, old.last, tail.last), min: join(old.min, tail.min, old.last, tail.last),
      max: join(old.max, tail.max, old.last, tail.last), count: counts,
    }),
    ...(nan && { nan }), ...(inf && { inf }), ...(low && { "-inf": low }),
  });
}

/** Values of y over those of another metric at the same steps: of each point the other's last value until then. */
export function against(y: Trace, other: Trace): Trace {
  const x = new Float64Array(y.x.length).fill(Number.NaN);
  let [at, known] = [0, Number.NaN];
  for (let row = 0; row < y.x.length; row++) {
    while (at < other.x.length && (other.x[at] as number) <= (y.x[row] as number)) known = other.y[at++] as number;
    x[row] = known;
  }
  const kept = Array.from(x.keys()).filter((row) => Number.isFinite(x[row] as number));
  return { x: Float64Array.from(kept, (row) => x[row] as number), y: Float64Array.from(kept, (row) => y.y[row] as number) };
}

/** The last x at which there is a point of any kind; null where there is none. */
export function lastX(series: Series): number | null {
  const ends = [series.x, series.nan?.x, series.inf?.x, series["-inf"]?.x].flatMap((x) => x?.at(-1) ?? []);
  return ends.length ? Math.max(...ends) : null;
}

/** The first place of sorted numbers that is not below a value. */
export function lowerBound(sorted: ArrayLike<number>, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

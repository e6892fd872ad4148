/** Exponential smoothing that knows how far apart points are. Pure. */

/**
 * The smoothed values of a line.
 *
 * Each is the mean of all before it, weighted by `factor ** distance`, where the distance is in x and its unit the mean
 * distance of the line's points: irregular steps do not count more for being many. The weights are made to sum to one, so
 * the start is not drawn to zero. NaN stays NaN and weighs nothing. `factor` is from 0 (the line itself) to below 1.
 */
export function smooth(x: ArrayLike<number>, y: ArrayLike<number>, factor: number): Float64Array {
  const out = Float64Array.from(y);
  if (!(factor > 0)) return out;
  const unit = meanDistance(x, y);
  let [sum, weight, before] = [0, 0, Number.NaN];
  for (let at = 0; at < out.length; at++) {
    const value = y[at] as number;
    if (!Number.isFinite(value)) continue;
    const place = x[at] as number;
    const distance = weight && unit ? Math.abs(place - before) / unit : 1;
    const keep = factor ** distance;
    sum = sum * keep + value * (1 - keep);
    weight = weight * keep + (1 - keep);
    out[at] = weight ? sum / weight : value;
    before = place;
  }
  return out;
}

function meanDistance(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let [last, count, length] = [0, 0, 0];
  for (let at = 0; at < x.length; at++) {
    if (!Number.isFinite(y[at] as number)) continue;
    if (count) length += Math.abs((x[at] as number) - last);
    last = x[at] as number;
    count += 1;
  }
  return count > 1 ? length / (count - 1) : 0;
}

/** Ticks of an axis of powers of ten. Pure. */

export interface Tick {
  at: number;
  /** Whether its number is written. */
  isNamed: boolean;
}

const MOST_DECADES = 6;
const FEW = 3;

/** Multiples of powers of ten between two positive numbers; of a range without any, both its ends and the middle. */
export function powerTicks(min: number, max: number): Tick[] {
  const [low, high] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(max))];
  const every = Math.max(1, Math.ceil((high - low) / (2 * MOST_DECADES)));
  const ticks: Tick[] = [];
  for (let exponent = low; exponent <= high; exponent += every) {
    for (const digit of high - low > MOST_DECADES ? [1] : [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      const at = Number(`${digit}e${exponent}`);
      if (at >= min && at <= max) ticks.push({ at, isNamed: digit === 1 });
    }
  }
  const named = (): number => ticks.filter((tick) => tick.isNamed).length;
  if (named() < FEW) for (const tick of ticks) tick.isNamed ||= /^[25]/.test(tick.at.toExponential());
  if (named() < FEW) for (const tick of ticks) tick.isNamed = true;
  if (ticks.length < 2) return [min, Math.sqrt(min) * Math.sqrt(max), max].map((at) => ({ at: Number(at.toPrecision(4)), isNamed: true })).filter(({ at }) => at >= min && at <= max);
  return ticks;
}

/** 1, 2 or 5 times a power of ten, so that a range is at most about so many steps long; NaN where it has no length. */
export function niceStep(range: number, most: number): number {
  const least = range / most;
  const power = 10 ** Math.floor(Math.log10(least));
  const digit = [1, 2, 5].find((each) => each * power >= least * (1 - 1e-9)) ?? 10;
  return Number((digit * power).toPrecision(1));
}

/** Round numbers between two others, at most about so many. */
export function evenTicks(min: number, max: number, most: number): number[] {
  const step = niceStep(max - min, most);
  if (!(step > 0) || !Number.isFinite(step)) return [min];
  const first = Math.ceil(min / step - 1e-9);
  return Array.from({ length: Math.floor(max / step + 1e-9) - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

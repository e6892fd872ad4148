/** Numbers, times and sizes as people read them. */

/** Four significant digits; NaN and infinities by name; large and small ones with an exponent. */
export function short(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Inf" : "-Inf";
  if (value === 0) return "0";
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) return value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e");
  return String(Number(value.toPrecision(digits)));
}

/** A difference, with its sign. */
export function signed(value: number, digits = 4): string {
  return value > 0 ? `+${short(value, digits)}` : short(value, digits);
}

const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function bytes(size: number): string {
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}

/** How long something took: "840 ms", "12.3 s", "4 min 10 s", "2 h 5 min", "3 d 4 h". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const STEPS: [number, string][] = [
  [60_000, "s"],
  [3_600_000, "min"],
  [86_400_000, "h"],
  [30 * 86_400_000, "d"],
  [365 * 86_400_000, "mo"],
  [Number.POSITIVE_INFINITY, "y"],
];
const SIZES: Record<string, number> = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000, mo: 30 * 86_400_000, y: 365 * 86_400_000 };

/** How long ago: "just now", "12 s ago", "3 d ago"; times to come have "in" before them. */
export function ago(ms: number, now: number): string {
  const passed = now - ms;
  if (Math.abs(passed) < 2000) return "just now";
  const [, unit] = STEPS.find(([limit]) => Math.abs(passed) < limit) ?? [0, "y"];
  const count = Math.floor(Math.abs(passed) / (SIZES[unit] ?? 1));
  return passed > 0 ? `${count} ${unit} ago` : `in ${count} ${unit}`;
}

/** A moment to the second, in the reader's time or UTC. */
export function moment(ms: number, utc = false): string {
  const shifted = utc ? ms : ms - new Date(ms).getTimezoneOffset() * 60_000;
  const text = new Date(shifted).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)}${utc ? " UTC" : ""}`;
}

/** "1 run", "2 runs", "1,204 runs". */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : plural}`;
}

export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

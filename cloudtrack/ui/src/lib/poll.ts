/** When to ask again: 5 s after something new, then longer and longer to 30 s; never sooner than the server asks. */

export const SOONEST_MS = 5_000;
export const LATEST_MS = 30_000;
const GROWTH = 1.5;
const SPREAD = 0.2;

/** The wait after an answer, in ms, without its spread. */
export function nextWait(last: number, outcome: "new" | "same" | "failed", retryAfterMs = 0): number {
  const wait = outcome === "new" ? SOONEST_MS : Math.min(LATEST_MS, Math.max(SOONEST_MS, last * GROWTH));
  return Math.max(wait, retryAfterMs);
}

/** The wait made a little longer or shorter, so that many pages do not ask at once; `chance` is from 0 to 1. */
export function spreadWait(wait: number, chance: number): number {
  return wait * (1 - SPREAD + 2 * SPREAD * chance);
}

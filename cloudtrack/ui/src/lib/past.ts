/** What a model's history says of a moment: which version was where, since when, and by whom. */

import type { Timeline } from "../api/registry";

export interface Held {
  version: number;
  since: number;
  until: number | null;
  by: string;
  comment: string;
}

/** The versions that were in a stage at a moment, newest first. */
export function heldAt(line: Timeline, stage: string, at: number): Held[] {
  return line.versions
    .flatMap(({ version, periods }) => periods.filter(([what, begin, end]) => what === stage && begin <= at && (end === null || at < end)).map(([, begin, end]) => {
      const tick = line.ticks.find((each) => each.version === version && each.time === begin);
      return { version, since: begin, until: end, by: tick?.user ?? "", comment: tick?.comment ?? "" };
    }))
    .sort((a, b) => b.version - a.version);
}

/** "v5 was in Production from … to …, put there by ana"; or that nothing was. */
export function answer(line: Timeline, stage: string, at: number, moment: (ms: number) => string): string {
  const held = heldAt(line, stage, at);
  if (!held.length) return `On ${moment(at)} no version was in ${stage}.`;
  const parts = held.map(({ version, since, until, by, comment }) =>
    `v${version} (${until === null ? `since ${moment(since)}` : `from ${moment(since)} to ${moment(until)}`}${by && `, put there by ${by}`}${comment && `: “${comment}”`})`);
  return `On ${moment(at)} ${stage} had ${parts.join(" and ")}.`;
}

/** From the first event to now, with a little room at the end. */
export function span(line: Timeline, now: number): [number, number] {
  const first = Math.min(now, ...line.versions.flatMap(({ periods }) => periods.map(([, begin]) => begin)));
  const last = Math.max(first + 1000, now);
  return [first - (last - first) * 0.01, last + (last - first) * 0.01];
}

const STEPS = [1, 5, 20, 100, 500, 1e3, 5e3, 15e3, 60e3, 300e3, 900e3, 36e5, 6 * 36e5, 864e5, 7 * 864e5, 30 * 864e5, 91 * 864e5, 365 * 864e5, 3650 * 864e5];

/** Round moments between two others, at most so many; with what is worth saying of each. */
export function marks([from, to]: readonly [number, number], most: number, utc: boolean): { at: number; text: string }[] {
  const step = STEPS.find((each) => (to - from) / each <= most) ?? (STEPS.at(-1) as number);
  const shift = utc ? 0 : new Date(from).getTimezoneOffset() * 60_000;
  const found: { at: number; text: string }[] = [];
  for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to; at += step) {
    const iso = new Date(at - shift).toISOString();
    found.push({ at, text: step >= 864e5 ? iso.slice(0, 10) : step >= 60e3 ? iso.slice(5, 16).replace("T", " ") : step >= 1e3 ? iso.slice(11, 19) : iso.slice(14, 23) });
  }
  return found;
}

/** A moment of a form's field (`2026-05-01T12:00`), in UTC or in the reader's time; null where it is none. */
export function fromField(text: string, utc: boolean): number | null {
  const ms = Date.parse(text ? `${text}${utc ? "Z" : ""}` : "");
  return Number.isNaN(ms) ? null : ms;
}

export function toField(ms: number, utc: boolean): string {
  return new Date(utc ? ms : ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

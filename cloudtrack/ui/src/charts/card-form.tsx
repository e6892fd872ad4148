/** The form of what a card has of its own, and what it says of that. */

import type { Field } from "../app/dialog";
import type { OwnState } from "../lib/card-state";
import { AXES, MOST_SMOOTHING } from "../lib/chart-state";
import { AXIS_NAMES, MOST_METRICS } from "./controls";

const PAGE = { value: "", title: "as the page" };
const LOGS = [{ value: "-", title: "none" }, { value: "y", title: "y" }, { value: "x", title: "x" }, { value: "xy", title: "x and y" }];

/** Fields of a form; `keys` are the metrics that x can be. */
export function ownFields(own: OwnState | undefined, keys: readonly string[]): Field[] {
  const axes = AXES.map((axis) => ({ value: axis as string, title: AXIS_NAMES[axis] }));
  const metrics = keys.slice(0, MOST_METRICS).map((key) => ({ value: `metrics.${key}`, title: key }));
  const known = [PAGE, ...axes, ...metrics];
  if (own?.x && !known.some(({ value }) => value === own.x)) known.push({ value: own.x, title: own.x });
  return [
    { name: "x", label: "x", value: own?.x ?? "", options: known },
    { name: "log", label: "logarithmic axes", value: own?.log ?? "", options: [PAGE, ...LOGS] },
    { name: "sm", label: "smoothing", value: own?.sm ?? "", hint: `from 0 to ${MOST_SMOOTHING}; empty is as the page` },
  ];
}

/** What a filled form means. Raises Error where the smoothing is none. */
export function ownOf({ x, log, sm }: Record<string, string>, before: OwnState | undefined): OwnState {
  const smoothing = Number(sm?.trim() || 0);
  if (!(smoothing >= 0 && smoothing <= MOST_SMOOTHING)) throw new Error(`Smoothing is a number from 0 to ${MOST_SMOOTHING}, not ${sm}`);
  return {
    ...(x && { x }),
    ...(log && { log }),
    ...(sm?.trim() && { sm: String(smoothing) }),
    ...(x && x === before?.x && before.zoom && { zoom: before.zoom }),
  };
}

/** What a card shows beside its name, so that nobody takes it for one of the others. */
export function ownTexts(own: OwnState | undefined): string[] {
  if (!own) return [];
  return [
    own.x ? `x ${AXIS_NAMES[own.x as keyof typeof AXIS_NAMES] ?? own.x.replace(/^metrics\./, "")}` : "",
    own.log === "-" ? "not log" : own.log ? `log ${own.log}` : "",
    own.sm ? `smoothing ${own.sm}` : "",
    own.zoom ? "zoom of its own" : "",
  ].filter(Boolean);
}

/** Colours of marks by a number from 0 to 1, in as many steps as are drawn at once, readable on the ground of the theme. */

import { cssColor } from "../app/theme";
import { scale } from "../lib/colors";

export const STEPS = 16;

/** A step's colour: the pale end of the scale is left out on a light ground, the dark end on a dark one. */
export function stepColour(step: number, isDark: boolean, alpha = 1): string {
  const part = (step + 0.5) / STEPS;
  return scale(isDark ? 0.22 + part * 0.78 : part * 0.84, alpha);
}

/** The step of a place from 0 to 1; -1 where there is none. */
export function stepOf(place: number): number {
  return Number.isNaN(place) ? -1 : Math.max(0, Math.min(STEPS - 1, Math.floor(place * STEPS)));
}

export function isDarkTheme(): boolean {
  const [red = 255, green = 255, blue = 255] = (cssColor("--ground").match(/[\d.]+/g) ?? []).map(Number);
  return red + green + blue < 384;
}

/** The scale as a gradient, from below to above. */
export function gradient(isDark: boolean, isFlipped = false): string {
  const steps = Array.from({ length: STEPS }, (_, step) => stepColour(step, isDark));
  return `linear-gradient(${isFlipped ? "to bottom" : "to top"}, ${steps.join(", ")})`;
}

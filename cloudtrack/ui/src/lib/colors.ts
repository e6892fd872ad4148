/** Colours of lines: ten hues that people with any colour vision tell apart, then the same dashed and dotted. */

/** Names of CSS custom properties, which differ with the theme. */
export const HUES = Array.from({ length: 10 }, (_, number) => `--hue-${number}`);
export const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3]];

export interface Ink {
  color: string;
  dash: readonly number[];
}

/** The ink of the n-th thing by order of appearance; `resolve` says what colour a custom property is now (`cssColor`). */
export function ink(place: number, resolve: (name: string) => string): Ink {
  const hue = HUES[place % HUES.length] as string;
  return { color: resolve(hue), dash: DASHES[Math.floor(place / HUES.length) % DASHES.length] as readonly number[] };
}

const VIRIDIS = [
  [68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137], [53, 183, 121], [110, 206, 88], [181, 222, 43], [253, 231, 37],
] as const;

/** A colour of the scale from 0 to 1 that is perceptually even (viridis), as `rgb()` or `rgba()`. */
export function scale(part: number, alpha = 1): string {
  const at = Math.max(0, Math.min(1, part)) * (VIRIDIS.length - 1);
  const low = VIRIDIS[Math.floor(at)] as readonly number[];
  const high = VIRIDIS[Math.min(VIRIDIS.length - 1, Math.floor(at) + 1)] as readonly number[];
  const mix = low.map((value, channel) => Math.round(value + (high[channel]! - value) * (at - Math.floor(at))));
  return alpha === 1 ? `rgb(${mix.join(",")})` : `rgba(${mix.join(",")},${alpha})`;
}

/** Places of lines by order of appearance, as `vis` says it: an empty name in the list keeps the place of one that was hidden. */
export function placesOf(vis: string | undefined, shown: readonly string[], lengthen: (short: string) => string | null): Map<string, number> {
  const places = new Map<string, number>();
  if (vis && vis !== "first10" && vis !== "sel") {
    vis.split(".").forEach((short, place) => {
      const id = short && lengthen(short);
      if (id) places.set(id, place);
    });
  }
  let next = 0;
  const taken = new Set(places.values());
  for (const id of shown) {
    if (places.has(id)) continue;
    while (taken.has(next)) next += 1;
    places.set(id, next);
    taken.add(next);
  }
  return places;
}

/** Pictures that were logged by step: `images/<key>%step%<step>%timestamp%<ms>.<kind>`, a slash of the key being a `#`. Pure. */

export interface StepImage {
  run: string;
  key: string;
  step: number;
  timestamp: number;
  path: string;
}

const NAME = /^images\/(.+?)%step%(-?\d+)%timestamp%(\d+)(?:%[^/]*)?\.(png|jpe?g|webp|gif)$/i;

/** What a path says; null where it is no such picture. A small twin of another is left out. */
export function stepImage(run: string, path: string): StepImage | null {
  const found = NAME.exec(path);
  if (!found || /%compressed\./.test(path)) return null;
  const [, key, step, timestamp] = found;
  return { run, key: (key as string).replace(/#/g, "/"), step: Number(step), timestamp: Number(timestamp), path };
}

/** By key and run the last picture at or before a step, or the first where all are later. */
export function shownAt(images: readonly StepImage[], key: string, run: string, step: number): StepImage | null {
  const own = images.filter((each) => each.key === key && each.run === run).sort((a, b) => a.step - b.step || a.timestamp - b.timestamp);
  return own.findLast((each) => each.step <= step) ?? own[0] ?? null;
}

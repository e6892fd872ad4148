/** What differs among runs that stand side by side, in tables and in words. */

import type { Primary } from "./columns";
import { better } from "./columns";
import { counted, short, signed } from "./format";

export interface Summary {
  value: number;
  min: number;
  max: number;
  count: number;
}

/** One run as comparing needs it; records have no inherited names. */
export interface Side {
  id: string;
  name: string;
  experiment: string;
  status: string;
  start: number | null;
  end: number | null;
  user: string;
  params: Record<string, string>;
  metrics: Record<string, Summary>;
  tags: Record<string, string>;
  datasets: Record<string, string>;
}

export interface Line {
  key: string;
  /** By run; null where it has none. */
  values: (string | null)[];
  isSame: boolean;
}

/** A line for each key that one of the records has. */
export function linesOf(records: readonly Record<string, string>[]): Line[] {
  const keys = [...new Set(records.flatMap((record) => Object.keys(record)))].sort();
  return keys.map((key) => {
    const values = records.map((record) => record[key] ?? null);
    return { key, values, isSame: values.every((value) => value === values[0]) };
  });
}

/** Tags that people set: those of this program and MLflow's are told elsewhere. */
export function ownTags(tags: Record<string, string>): Record<string, string> {
  return pick(tags, (key) => !/^(mlflow|cloudtrack)\./.test(key));
}

const ENVIRONMENT: [string, string][] = [
  ["source", "mlflow.source.name"], ["commit", "mlflow.source.git.commit"], ["branch", "mlflow.source.git.branch"], ["repository", "mlflow.source.git.repoURL"],
  ["changed files", "cloudtrack.git.dirty"], ["command", "cloudtrack.command"], ["python", "cloudtrack.python"], ["host", "cloudtrack.host"],
];

export function environment(side: Side): Record<string, string> {
  const found = Object.create(null) as Record<string, string>;
  for (const [word, tag] of ENVIRONMENT) if (side.tags[tag] !== undefined) found[word] = side.tags[tag] as string;
  if (found["changed files"]) found["changed files"] = found["changed files"] === "true" ? "yes: see the patch" : "none";
  return found;
}

function pick(record: Record<string, string>, wanted: (key: string) => boolean): Record<string, string> {
  const found = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries(record)) if (wanted(key)) found[key] = value;
  return found;
}

export interface MetricCell {
  summary: Summary;
  /** Less that of the baseline; null for the baseline itself and where either has no number. */
  delta: number | null;
  verdict: "better" | "worse" | "equal" | "";
  isBest: boolean;
}

export interface MetricLine {
  key: string;
  isLow: boolean;
  cells: (MetricCell | null)[];
}

/** Metrics by name, the primary one first; the baseline is a place among the runs. */
export function metricLines(sides: readonly Side[], base: number, primary: Primary | null): MetricLine[] {
  const keys = [...new Set(sides.flatMap((side) => Object.keys(side.metrics)))].sort((a, b) => Number(b === primary?.key) - Number(a === primary?.key) || (a < b ? -1 : 1));
  return keys.map((key) => {
    const isLow = (key === primary?.key ? primary.direction : better(`metrics.${key}`)) === "min";
    const known = sides.map((side) => side.metrics[key] ?? null);
    const numbers = known.flatMap((each) => (each && Number.isFinite(each.value) ? [each.value] : []));
    const best = numbers.length > 1 ? (isLow ? Math.min(...numbers) : Math.max(...numbers)) : Number.NaN;
    const least = known[base]?.value ?? Number.NaN;
    const cells = known.map((summary, at): MetricCell | null => {
      if (!summary) return null;
      const difference = summary.value - least;
      const delta = at === base || !Number.isFinite(difference) ? null : difference;
      const verdict = delta === null ? "" : delta === 0 ? "equal" : delta < 0 === isLow ? "better" : "worse";
      return { summary, delta, verdict, isBest: summary.value === best && numbers.some((value) => value !== best) };
    });
    return { key, isLow, cells };
  });
}

const MOST_NAMED = 6;

/** The comparison in a sentence or two. */
export function inWords(sides: readonly Side[], base: number, primary: Primary | null): string {
  const differing = linesOf(sides.map(({ params }) => params)).filter(({ isSame }) => !isSame).map(({ key }) => key);
  const named = differing.length > MOST_NAMED ? `${differing.slice(0, MOST_NAMED).join(", ")} and ${counted(differing.length - MOST_NAMED, "more param")}` : listed(differing);
  const said = [differing.length ? `${counted(sides.length, "run")} that differ in ${named}.` : `${counted(sides.length, "run")} with the same params.`];
  const lines = metricLines(sides, base, primary);
  const main = lines.find(({ key }) => key === primary?.key) ?? mostKnown(lines);
  if (!main) return `${said[0]} None has metrics.`;
  const best = main.cells.findIndex((cell) => cell?.isBest);
  if (best < 0) return `${said[0]} None is ahead in ${main.key}.`;
  const cell = main.cells[best] as MetricCell;
  const ahead = best === base ? "the baseline" : cell.delta === null ? "" : `${signed(cell.delta, 3)} over ${sides[base]?.name}`;
  said.push(`${sides[best]?.name} is the best in ${main.key} with ${short(cell.summary.value)}${ahead && ` (${ahead})`}.`);
  if (sides.length === 2) {
    const others = lines.filter((line) => line !== main).flatMap(({ key, cells }) => {
      const other = cells[1 - base];
      return other?.delta ? [`${signed(other.delta, 3)} ${key} (${other.verdict})`] : [];
    });
    if (others.length) said.push(`${sides[1 - base]?.name} besides: ${others.slice(0, MOST_NAMED).join(", ")}.`);
  }
  return said.join(" ");
}

/** The metric that most of the runs have. */
function mostKnown(lines: readonly MetricLine[]): MetricLine | undefined {
  const known = (line: MetricLine): number => line.cells.filter(Boolean).length;
  return lines.reduce<MetricLine | undefined>((most, line) => (!most || known(line) > known(most) ? line : most), undefined);
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** The list with one of it moved before another place. */
export function movedTo<T>(items: readonly T[], from: number, to: number): T[] {
  const rest = items.toSpliced(from, 1);
  return rest.toSpliced(Math.max(0, Math.min(rest.length, to)), 0, items[from] as T);
}

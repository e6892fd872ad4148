/** The lines of runs side by side: params, metrics, tags, environment, data. */

import { Button, RelTime, Took } from "../../app/parts";
import { environment, linesOf, metricLines, ownTags, type Side } from "../../lib/compare";
import type { Primary } from "../../lib/columns";
import { counted } from "../../lib/format";
import { MetricValue, TextValue } from "./cells";
import type { SheetLine, SheetSection } from "./sheet";

const NOTE = "mlflow.note.content";
const MOST = 300;
const SYSTEM = "system/";

/** With `all` also what is the same in all runs. */
export function sectionsOf(sides: readonly Side[], base: number, primary: Primary | null, all: boolean, setAll: (all: boolean) => void): SheetSection[] {
  const metrics = metricLines(sides, base, primary);
  const own = metrics.filter(({ key }) => !key.startsWith(SYSTEM));
  const system = metrics.filter(({ key }) => key.startsWith(SYSTEM));
  const asLines = (lines: typeof metrics): SheetLine[] => lines.slice(0, MOST).map(({ key, isLow, cells }) => ({
    key, title: <span title={`${key}: ${isLow ? "less" : "more"} is better`}>{key} <small>{isLow ? "less is better" : ""}</small></span>,
    cell: (run) => <MetricValue cell={cells[run] ?? null} />, tone: (run) => (cells[run]?.isBest ? "best" : ""),
  }));
  const texts = (title: string, records: readonly Record<string, string>[]): SheetSection => textSection(title, records, all, setAll);
  const sections: SheetSection[] = [
    texts("params", sides.map(({ params }) => params)),
    { title: "metrics", lines: asLines(own), more: own.length > MOST ? <small>{own.length - MOST} more are not listed</small> : undefined },
    texts("tags", sides.map(({ tags }) => ownTags(tags))),
    { title: "run", lines: runLines(sides) },
    texts("environment", sides.map(environment)),
    texts("datasets", sides.map(({ datasets }) => datasets)),
  ];
  if (sides.some(({ tags }) => tags[NOTE])) sections.push({ title: "notes", lines: [{ key: "note", title: "description", cell: (run) => <span class="note-text">{sides[run]?.tags[NOTE] ?? "–"}</span> }] });
  if (system.length) sections.push({ title: "system metrics", lines: asLines(system) });
  return sections.filter(({ lines, more }) => lines.length > 0 || more);
}

/** Differences only, with how many are equal. */
export function textSection(title: string, records: readonly Record<string, string>[], all: boolean, setAll: (all: boolean) => void): SheetSection {
  const lines = linesOf(records);
  const same = lines.filter(({ isSame }) => isSame).length;
  const shown = (all ? lines : lines.filter(({ isSame }) => !isSame)).slice(0, MOST);
  const cut = (all ? lines.length : lines.length - same) - shown.length;
  return {
    title,
    lines: shown.map(({ key, values, isSame }) => ({ key, title: key, cell: (run) => <TextValue value={values[run] ?? null} />, tone: () => (isSame ? "" : "differs") })),
    more: same > 0 || cut > 0 ? (
      <>
        {same > 0 && <Button kind="quiet" onClick={() => setAll(!all)}>{all ? "only differences" : `${counted(same, "equal one")}: show`}</Button>}
        {cut > 0 && <small>{cut} more are not listed</small>}
      </>
    ) : undefined,
  };
}

function runLines(sides: readonly Side[]): SheetLine[] {
  const side = (run: number): Side => sides[run] as Side;
  return [
    { key: "start", title: "start", cell: (run) => <RelTime ms={side(run).start} /> },
    { key: "duration", title: "duration", cell: (run) => <Took start={side(run).start} end={side(run).end} running={side(run).status === "RUNNING"} /> },
    { key: "status", title: "status", cell: (run) => side(run).status.toLowerCase() },
    { key: "user", title: "user", cell: (run) => side(run).user || "–" },
  ];
}

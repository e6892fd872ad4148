/** The runs before and after this one, in the list that it was opened from: asked for when somebody goes there. */

import { useEffect, useMemo } from "preact/hooks";
import { complain, toast } from "../../app/toasts";
import { LIST_KEYS } from "../../lib/routes";
import { current, go, href } from "../../lib/url";
import { useRuns } from "../runs/model";
import type { RunView } from "./model";

export function Neighbours({ view, way, onDone }: { view: RunView; way: -1 | 1; onDone: () => void }) {
  const experiments = useMemo(() => [view.run.info.experiment_id], [view.run.info.experiment_id]);
  const list = useMemo(() => new Map([...view.query].filter(([key]) => LIST_KEYS.includes(key))), [view.query]);
  const { runs, error } = useRuns(experiments, list);
  useEffect(() => {
    if (error) complain(error);
    if (!runs && !error) return;
    onDone();
    if (!runs) return;
    const ids = Array.from(runs.rows, (row) => runs.frame.ids[row] as string);
    const place = ids.indexOf(view.id);
    const next = place < 0 ? ids[0] : ids[place + way];
    if (next === undefined || next === view.id) toast(way < 0 ? "this is the first run of the list" : "this is the last run of the list");
    else {
      const { path, query } = current();
      const below = path.slice(4, path[4] === "artifacts" ? 5 : undefined);
      go(href(["experiments", view.run.info.experiment_id, "runs", next, ...below], new Map([...query].filter(([key]) => !["at", "as"].includes(key)))));
    }
  }, [Boolean(runs), error]);
  return null;
}

/** Side by side as a view of a list of runs: the selected ones, else the first of the order. */

import { useMemo } from "preact/hooks";
import { Empty, Failure } from "../../app/failure";
import { Button, Skeleton } from "../../app/parts";
import { counted, grouped } from "../../lib/format";
import { FIRST_VISIBLE, type Runs } from "../runs/model";
import { compare, MOST_COMPARED } from "../runs/selection-bar";
import { sameItems, useSame } from "../../charts/canvas";
import { Comparison } from "./comparison";
import { useSeveral } from "./several";

export default function SideView({ runs }: { runs: Runs }) {
  const chosen = runs.selected.length > 1 ? runs.selected : Array.from(runs.rows.slice(0, FIRST_VISIBLE), (row) => runs.frame.ids[row] as string);
  const ids = useSame(useMemo(() => chosen.slice(0, MOST_COMPARED), [chosen]), sameItems);
  const { sides, error, refresh } = useSeveral(ids);
  if (ids.length < 2) return <Empty title="One run alone"><p>Two runs or more stand side by side: select some, or loosen the filter.</p></Empty>;
  if (error) return <Failure error={error} retry={refresh} what="run" />;
  if (!sides) return <Skeleton rows={12} what="the runs" />;
  const isSelection = runs.selected.length > 1;
  return (
    <>
      <p class="note">
        {isSelection ? `The ${counted(ids.length, "selected run")}` : `The first ${ids.length} of ${grouped(runs.rows.length)} in their order; select others to see them instead`}
        {chosen.length > ids.length && `; the other ${grouped(chosen.length - ids.length)} are not shown: at most ${MOST_COMPARED} are`}.
        {" "}{isSelection && <Button onClick={() => compare(runs)}>Open as a page</Button>}
      </p>
      <Comparison sides={sides} primary={runs.primary} query={runs.query} setQuery={runs.setQuery} />
    </>
  );
}

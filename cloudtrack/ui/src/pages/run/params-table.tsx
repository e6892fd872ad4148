/** The params of a run, to search and to copy. */

import { useMemo, useState } from "preact/hooks";
import type { Tag } from "../../api/types";
import { Button, copy } from "../../app/parts";
import { Grid } from "../../grid/grid";

const ROW = 30;
const MOST_ROWS = 14;

export function ParamsTable({ params }: { params: readonly Tag[] }) {
  const [words, setWords] = useState("");
  const rows = useMemo(() => {
    const wanted = words.toLowerCase();
    return params.filter(({ key, value }) => key.toLowerCase().includes(wanted) || value.toLowerCase().includes(wanted));
  }, [params, words]);
  const at = (row: number): Tag => rows[row] as Tag;
  return (
    <div class="small-table">
      {params.length > 5 && <input type="search" aria-label="Find a param" placeholder="find a param" value={words} onInput={(event) => setWords(event.currentTarget.value)} />}
      <div class="small-grid" style={{ height: `${(Math.min(MOST_ROWS, Math.max(1, rows.length)) + 1) * ROW + 2}px` }}>
        <Grid
          label="Params" rows={rows.length} rowHeight={ROW} rowKey={(row) => at(row).key}
          columns={[
            { id: "param", title: "param", width: 150, pinned: true, cell: (row) => <span title={at(row).key}>{at(row).key}</span> },
            { id: "value", title: "value", width: 226, cell: (row) => <span title={at(row).value}>{at(row).value}</span> },
            { id: "copy", title: "", width: 40, cell: (row) => <Button kind="quiet" icon="copy" label={`Copy ${at(row).key}`} onClick={() => copy(`${at(row).key}\t${at(row).value}`, at(row).key)} /> },
          ]}
        />
      </div>
    </div>
  );
}

/** Two texts beside each other, line by line, with what is equal folded. */

import { useMemo, useState } from "preact/hooks";
import { Button } from "../../app/parts";
import { changedPart, diffLines, type Fold, folded, linesOf, paired, type Row } from "../../lib/diff";
import { counted } from "../../lib/format";
import "../../styles/compare.css";

const PAGE = 400;

export { DirDiff } from "./dir-diff";

export function TextDiff({ left, right, leftName, rightName }: { left: string; right: string; leftName: string; rightName: string }) {
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const [most, setMost] = useState(PAGE);
  const lines = useMemo(() => ({ left: linesOf(left), right: linesOf(right) }), [left, right]);
  const diff = useMemo(() => diffLines(lines.left, lines.right), [lines]);
  const parts = useMemo(() => folded(paired(diff.edits)), [diff]);
  if (!diff.removed && !diff.added) {
    return <p class="note diff-same">{left === right ? `Both are the same: ${counted(lines.left.length, "line")}.` : "The lines are the same; only how lines end differs."}</p>;
  }
  const rows = parts.flatMap((part, at): (Row | (Fold & { at: number }))[] => (part.kind !== "fold" ? [part] : open.has(at) ? part.rows : [{ ...part, at }]));
  return (
    <figure class="diff">
      <figcaption>
        <span class="diff-removed">{counted(diff.removed, "line")} removed</span>, <span class="diff-added">{counted(diff.added, "line")} added</span>
        {diff.capped && <span class="note"> · too different for the fewest changes; the middle is shown as replaced</span>}
      </figcaption>
      <div class="diff-scroll" tabIndex={0} role="group" aria-label={`Lines of ${leftName} and ${rightName}`}>
        <table class="diff-lines">
          <colgroup><col class="diff-number" /><col /><col class="diff-number" /><col /></colgroup>
          <thead><tr><th colSpan={2} scope="col">{leftName}</th><th colSpan={2} scope="col">{rightName}</th></tr></thead>
          <tbody>
            {rows.slice(0, most).map((row) => row.kind === "fold" ? (
              <tr key={`fold ${row.at}`} class="diff-fold">
                <td colSpan={4}><Button kind="quiet" onClick={() => setOpen(new Set([...open, row.at]))}>{counted(row.rows.length, "equal line")}: show</Button></td>
              </tr>
            ) : <Line key={`${row.left} ${row.right}`} row={row} left={lines.left[row.left]} right={lines.right[row.right]} />)}
          </tbody>
        </table>
      </div>
      {rows.length > most && <Button onClick={() => setMost(most + 5 * PAGE)}>{counted(rows.length - most, "more row")}: show</Button>}
    </figure>
  );
}

function Line({ row, left, right }: { row: Row; left: string | undefined; right: string | undefined }) {
  const part = row.kind === "changed" ? changedPart(left ?? "", right ?? "") : null;
  return (
    <tr class={`line-${row.kind}`}>
      <td class="diff-number">{left === undefined ? "" : row.left + 1}</td>
      <td class={left !== undefined && row.kind !== "same" ? "removed" : ""}>{left !== undefined && <Content text={left} start={part?.start} end={part?.left} word="removed" isChange={row.kind !== "same"} />}</td>
      <td class="diff-number">{right === undefined ? "" : row.right + 1}</td>
      <td class={right !== undefined && row.kind !== "same" ? "added" : ""}>{right !== undefined && <Content text={right} start={part?.start} end={part?.right} word="added" isChange={row.kind !== "same"} />}</td>
    </tr>
  );
}

/** A line; the part that was changed is marked, and readers who hear it are told which side it is. */
function Content({ text, start, end, word, isChange }: { text: string; start?: number; end?: number; word: "removed" | "added"; isChange: boolean }) {
  if (!isChange) return <code>{text || " "}</code>;
  const Tag = word === "removed" ? "del" : "ins";
  const [from, to] = [start ?? 0, end ?? text.length];
  return (
    <code>
      <i aria-hidden="true">{word === "removed" ? "−" : "+"}</i>
      {text.slice(0, from)}
      {to > from && <Tag>{text.slice(from, to)}</Tag>}
      {text.slice(to)}
    </code>
  );
}

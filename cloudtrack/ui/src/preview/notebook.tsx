/** A notebook, to read: code, text and pictures. HTML in it is shown as its tables and its text, and no script runs. */

import { useMemo } from "preact/hooks";
import { useLoaded } from "../app/data";
import { Failure } from "../app/failure";
import { MarkdownView } from "../app/markdown";
import { Skeleton } from "../app/parts";
import { pieces } from "../lib/ansi";
import { nameOf, parentOf } from "../lib/folders";
import { type NotebookCell, notebook, type Output } from "../lib/notebook";
import type { PreviewProps } from "./file-pane";
import { besides } from "./markdown";
import { readText, sourceKey } from "./source";
import TextPreview from "./text";

const MOST_TEXT = 100_000;
const MOST_ROWS = 200;

export default function NotebookPreview(props: PreviewProps) {
  const { source, entry, linkTo } = props;
  const text = useLoaded(`notebook ${sourceKey(source)} ${entry.path} ${entry.etag ?? entry.size}`, (signal) => readText(source, entry.path, signal));
  const found = useMemo(() => (text.data === null ? null : notebook(text.data)), [text.data]);
  if (text.error) return <Failure error={text.error} retry={text.refresh} what="file" />;
  if (text.data === null) return <Skeleton rows={12} what={nameOf(entry.path)} />;
  if (!found) return <TextPreview {...props} />;
  const around = besides(source, parentOf(entry.path), linkTo);
  return (
    <div class="notebook">
      {found.cells.map((cell, at) => <Cell key={at} cell={cell} around={around} />)}
    </div>
  );
}

function Cell({ cell, around }: { cell: NotebookCell; around: ReturnType<typeof besides> }) {
  if (cell.kind === "markdown") return <MarkdownView text={cell.text} {...around} />;
  if (cell.kind === "raw") return <pre tabIndex={0} aria-label="raw cell">{cell.text}</pre>;
  return (
    <div class="notebook-code">
      <span class="note num">[{cell.count ?? " "}]</span>
      <pre tabIndex={0} aria-label={`code ${cell.count ?? ""}`}><code>{cell.text}</code></pre>
      {cell.outputs.map((output, at) => (
        <div key={at} class="notebook-output"><OutputView output={output} /></div>
      ))}
    </div>
  );
}

function OutputView({ output }: { output: Output }) {
  switch (output.kind) {
    case "image": return <img src={output.source} alt="output of the cell" />;
    case "markdown": return <MarkdownView text={output.text} />;
    case "html": return <Html html={output.html} />;
    default: {
      const shown = output.text.slice(0, MOST_TEXT);
      return (
        <pre tabIndex={0} aria-label="output" class={output.isError ? "wrong" : ""}>
          {pieces(shown).map(({ text, tone }, at) => <span key={at} class={tone}>{text}</span>)}
          {output.text.length > MOST_TEXT && "…"}
        </pre>
      );
    }
  }
}

/** HTML as its text and the cells of its tables: parsed by the browser into a document that runs and loads nothing. */
function Html({ html }: { html: string }) {
  const { text, tables } = useMemo(() => {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    for (const gone of parsed.querySelectorAll("script, style, template, noscript")) gone.remove();
    const found = [...parsed.querySelectorAll("table")].map((table) => {
      const rows = [...table.rows].map((row) => [...row.cells].map((cell) => ({ text: cell.textContent?.trim() ?? "", isHead: cell.tagName === "TH" })));
      table.remove();
      return rows;
    });
    return { text: parsed.body.textContent?.trim() ?? "", tables: found };
  }, [html]);
  return (
    <>
      {tables.map((rows, at) => (
        <table key={at} class="plain-table">
          <tbody>
            {rows.slice(0, MOST_ROWS).map((row, place) => <tr key={place}>{row.map((cell, column) => (cell.isHead ? <th key={column}>{cell.text}</th> : <td key={column}>{cell.text}</td>))}</tr>)}
          </tbody>
        </table>
      ))}
      {text && <pre tabIndex={0} aria-label="HTML as text">{text.slice(0, MOST_TEXT)}</pre>}
      <p class="note">HTML, shown as text</p>
    </>
  );
}

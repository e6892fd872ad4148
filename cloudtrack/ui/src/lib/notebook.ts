/** A Jupyter notebook as cells to draw. Nothing in it runs: HTML becomes its text. */

export type Output =
  | { kind: "text"; text: string; isError: boolean }
  | { kind: "image"; source: string }
  | { kind: "markdown"; text: string }
  | { kind: "html"; html: string };

export type NotebookCell =
  | { kind: "markdown"; text: string }
  | { kind: "raw"; text: string }
  | { kind: "code"; count: number | null; text: string; outputs: Output[] };

export interface Notebook {
  language: string;
  cells: NotebookCell[];
}

type Json = Record<string, unknown>;
const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** Null for what is no notebook of format 4. */
export function notebook(text: string): Notebook | null {
  let found: Json;
  try {
    found = JSON.parse(text) as Json;
  } catch {
    return null;
  }
  if (!found || typeof found !== "object" || !Array.isArray(found.cells)) return null;
  const metadata = record(found.metadata);
  const language = String(record(metadata.language_info).name ?? record(metadata.kernelspec).language ?? "");
  return { language, cells: found.cells.map((each) => cellOf(record(each))) };
}

function cellOf(cell: Json): NotebookCell {
  const text = joined(cell.source);
  if (cell.cell_type === "markdown") return { kind: "markdown", text };
  if (cell.cell_type !== "code") return { kind: "raw", text };
  const outputs = Array.isArray(cell.outputs) ? cell.outputs.flatMap((each) => outputOf(record(each))) : [];
  return { kind: "code", count: typeof cell.execution_count === "number" ? cell.execution_count : null, text, outputs };
}

function outputOf(output: Json): Output[] {
  if (output.output_type === "stream") return [{ kind: "text", text: joined(output.text), isError: output.name === "stderr" }];
  if (output.output_type === "error") {
    const trace = Array.isArray(output.traceback) ? output.traceback.map(String).join("\n") : `${String(output.ename)}: ${String(output.evalue)}`;
    return [{ kind: "text", text: trace, isError: true }];
  }
  const data = record(output.data);
  const picture = PICTURES.find((type) => typeof data[type] === "string" || Array.isArray(data[type]));
  if (picture) {
    const body = joined(data[picture]).replace(/\s/g, "");
    if (/^[\w+/=]+$/.test(body)) return [{ kind: "image", source: `data:${picture};base64,${body}` }];
  }
  if (data["image/svg+xml"]) return [{ kind: "image", source: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(joined(data["image/svg+xml"]))}` }];
  if (data["text/markdown"]) return [{ kind: "markdown", text: joined(data["text/markdown"]) }];
  if (data["text/html"]) return [{ kind: "html", html: joined(data["text/html"]) }];
  const plain = data["text/plain"] ?? data["application/json"];
  return plain === undefined ? [] : [{ kind: "text", text: typeof plain === "object" && !Array.isArray(plain) ? JSON.stringify(plain, null, 1) : joined(plain), isError: false }];
}

function joined(source: unknown): string {
  if (Array.isArray(source)) return source.map(String).join("");
  return source === undefined || source === null ? "" : String(source);
}

function record(value: unknown): Json {
  return value && typeof value === "object" && !Array.isArray(value) ? (value as Json) : {};
}

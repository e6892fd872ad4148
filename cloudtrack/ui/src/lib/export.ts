/** Tables as text to take away: CSV, JSON, Markdown, Python. */

import type { Value } from "./frame";

export interface Sheet {
  names: readonly string[];
  rows: readonly (readonly Value[])[];
}

/** RFC 4180; NaN and infinities by name; texts that a spreadsheet would take for a formula keep a quote before them. */
export function csv({ names, rows }: Sheet): string {
  return [names, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

export function json({ names, rows }: Sheet): string {
  const objects = rows.map((row) => Object.fromEntries(row.map((value, at) => [names[at], finite(value)])));
  return `${JSON.stringify(objects, null, 1)}\n`;
}

export function markdown({ names, rows }: Sheet): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((each) => each.replace(/\|/g, "\\|").replace(/\s+/g, " ")).join(" | ")} |`;
  return [line(names), line(names.map(() => "---")), ...rows.map((row) => line(row.map((value) => (value === null ? "" : String(value)))))].join("\n");
}

export function python(experiments: readonly string[], filter: string, orderBy: string): string {
  const parts = [`experiment_ids=${JSON.stringify(experiments)}`];
  if (filter) parts.push(`filter_string=${JSON.stringify(filter)}`);
  if (orderBy) parts.push(`order_by=[${JSON.stringify(orderBy)}]`);
  return `import cloudtrack as ct\n\nruns = ct.search_runs(${parts.join(", ")})`;
}

/** Give the reader a file. */
export function save(name: string, type: string, content: BlobPart): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function cell(value: Value): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) && !Number.isFinite(Number(value)) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

function finite(value: Value): Value {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** What a run's document says of a dataset, whoever wrote it. */

export interface DatasetColumn { name: string; type: string; missing: boolean }

/** Rows of a table or an array, files of a folder; a dash where nothing says. */
export function sizeOf(profile: string | undefined): string {
  const said = parsed(profile) as { num_rows?: number; num_files?: number; features_shape?: number[] } | null;
  const count = said?.num_rows ?? said?.features_shape?.[0] ?? said?.num_files;
  if (typeof count !== "number") return "–";
  const text = count.toLocaleString("en-US");
  return count === said?.num_files ? `${text} ${count === 1 ? "file" : "files"}` : text;
}

/** The columns of a table, the arrays of tensors. */
export function columnsOf(schema: string | undefined): DatasetColumn[] {
  const said = parsed(schema) as { mlflow_colspec?: unknown; mlflow_tensorspec?: Record<string, unknown> } | null;
  if (Array.isArray(said?.mlflow_colspec)) {
    return (said.mlflow_colspec as Record<string, unknown>[]).filter((each) => each && typeof each === "object")
      .map((each) => ({ name: String(each.name ?? ""), type: String(each.type ?? ""), missing: each.required === false }));
  }
  return Object.entries(said?.mlflow_tensorspec ?? {}).flatMap(([part, spec]) => tensors(part, typeof spec === "string" ? parsed(spec) : spec));
}

/** How many columns there are, also where the document has the first of them alone. */
export function widthOf(schema: string | undefined): number {
  return (parsed(schema) as { num_columns?: number } | null)?.num_columns ?? columnsOf(schema).length;
}

/** Where it comes from, for people; empty where nothing says. */
export function placeOf(source: string | undefined): string {
  const said = parsed(source) as Record<string, unknown> | null;
  const place = said && ["uri", "url", "path", "table_name", "sql"].map((key) => said[key]).find((each) => typeof each === "string" && each);
  return typeof place === "string" ? place : "";
}

/** The filter that finds the runs which read it. */
export function readersFilter(digest: string): string {
  return `datasets.digest = '${digest.replace(/'/g, "''")}'`;
}

function tensors(part: string, spec: unknown): DatasetColumn[] {
  if (!Array.isArray(spec)) return [];
  return spec.map((each: { name?: string; "tensor-spec"?: { dtype?: string; shape?: number[] } } | null) => ({
    name: each?.name ? `${part}.${each.name}` : part,
    type: `${each?.["tensor-spec"]?.dtype ?? ""} [${(each?.["tensor-spec"]?.shape ?? []).map((n) => (n < 0 ? "any" : n)).join(", ")}]`,
    missing: false,
  }));
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

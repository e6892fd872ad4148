/** The lines of the list of experiments: these alone, or below the folders that their names have. */

import type { ExperimentRow } from "../../api/types";
import { nameTree } from "../../lib/name-tree";

export interface FolderLine {
  kind: "folder";
  path: string;
  title: string;
  level: number;
  isOpen: boolean;
  /** Of all experiments below. */
  ids: readonly string[];
  runs: ExperimentRow["runs"];
  last: number | null;
}

export interface RowLine {
  kind: "experiment";
  row: ExperimentRow;
  title: string;
  level: number;
}

export type ExperimentLine = FolderLine | RowLine;

export function flat(rows: readonly ExperimentRow[]): ExperimentLine[] {
  return rows.map((row) => ({ kind: "experiment", row, title: row.name, level: 0 }));
}

/** Folders have the sums of what lies below, and the last activity there. */
export function inFolders(rows: readonly ExperimentRow[], isOpen: (path: string) => boolean): ExperimentLine[] {
  return nameTree(rows.map((row) => row.name), isOpen).map((branch): ExperimentLine => {
    if (branch.kind === "leaf") return { kind: "experiment", row: rows[branch.place] as ExperimentRow, title: branch.title, level: branch.level };
    const { path, title, level, members } = branch;
    const below = members.map((place) => rows[place] as ExperimentRow);
    const sum = (of: keyof ExperimentRow["runs"]): number => below.reduce((all, row) => all + row.runs[of], 0);
    return {
      kind: "folder", path, title, level, isOpen: branch.isOpen,
      ids: below.map((row) => row.experiment_id),
      runs: { total: sum("total"), running: sum("running"), failed: sum("failed") },
      last: below.reduce<number | null>((last, row) => (row.last_activity === null ? last : Math.max(last ?? 0, row.last_activity)), null),
    };
  });
}

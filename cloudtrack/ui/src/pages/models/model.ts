/** What all pages of a registered model ask: its board, and what the reader may do with it. */

import { useMemo, useRef } from "preact/hooks";
import { get } from "../../api/client";
import type { Board, Permissions } from "../../api/registry";
import { useUiConfig } from "../../app/config";
import { type Data, useGet, useLoaded } from "../../app/data";

export interface ModelBoard extends Data<Board> {
  /** Read an older page of versions too. */
  more: () => void;
}

export function useBoard(name: string): ModelBoard {
  const pages = useRef(1);
  const loaded = useLoaded<Board>(`board ${name}`, async (signal) => {
    const first = await get<Board>("cloudtrack/models/board", { name }, signal);
    let whole = first;
    for (let page = 1; page < pages.current && whole.next !== null; page += 1) {
      const older: Board = await get<Board>("cloudtrack/models/board", { name, cursor: whole.next }, signal);
      const there = new Set(older.versions.map((each) => each.version));
      whole = { ...first, versions: [...whole.versions, ...older.versions], pinned: whole.pinned.filter((each) => !there.has(each.version)), next: older.next };
    }
    return whole;
  });
  const more = (): void => {
    pages.current += 1;
    void loaded.refresh();
  };
  return { ...loaded, more };
}

/** Each right as the reason why one has it not; "" where one has it. */
export interface Rights {
  edit: string;
  manage: string;
  /** Move versions between stages, and approve that. */
  move: string;
  user: string;
  /** What the reader may do here, in words. */
  held: string;
  /** Whether every move needs a comment here. */
  needsComment: boolean;
}

export function useRights(name: string): Rights {
  const config = useUiConfig();
  const held = useGet<Permissions>("cloudtrack/permissions", { name });
  return useMemo(() => {
    const needs = (right: string): string => (config?.read_only ? "this page is read-only" : held.data && !held.data.can.includes(right) ? `it needs ${right.toUpperCase()} on ${name}` : "");
    const edit = needs("edit");
    return {
      edit, manage: needs("manage"), user: config?.user ?? "", held: held.data ? `${held.data.permission}${held.data.is_approver ? ", and you approve moves" : ""}` : "", needsComment: config?.rules?.comment ?? false,
      move: edit || (held.data && !held.data.is_approver ? `only approvers of ${name} move versions: request it` : ""),
    };
  }, [config, held.data, name]);
}

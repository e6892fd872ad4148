import { describe, expect, test } from "vitest";
import { changedPart, type Diff, diffLines, folded, linesOf, paired, prettyJson } from "../src/lib/diff";
import { diffFolders, type FileEntry } from "../src/lib/dirdiff";
import { diffTables, tableOf } from "../src/lib/rowdiff";

/** The right text made of the left one and the edits. */
function applied(left: readonly string[], right: readonly string[], { edits }: Diff): { left: string[]; right: string[] } {
  return {
    left: edits.filter(({ kind }) => kind !== "added").map((edit) => left[edit.left] as string),
    right: edits.filter(({ kind }) => kind !== "removed").map((edit) => (edit.kind === "same" ? left[edit.left] : right[edit.right]) as string),
  };
}

/** Length of the longest common subsequence, by the book. */
function common(a: readonly string[], b: readonly string[]): number {
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      lengths[i]![j] = a[i - 1] === b[j - 1] ? lengths[i - 1]![j - 1]! + 1 : Math.max(lengths[i - 1]![j]!, lengths[i]![j - 1]!);
    }
  }
  return lengths[a.length]![b.length]!;
}

describe("lines", () => {
  test("edits lead from one text to the other, and are the fewest", () => {
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
    for (let turn = 0; turn < 300; turn++) {
      const [a, b] = [0, 0].map(() => Array.from({ length: random(14) }, () => "abcd"[random(4)] as string)) as [string[], string[]];
      const diff = diffLines(a, b);
      expect(applied(a, b, diff)).toEqual({ left: a, right: b });
      expect(diff.removed + diff.added).toBe(a.length + b.length - 2 * common(a, b));
    }
  });
  test("texts that are too different are replaced whole, and it is said", () => {
    const [a, b] = [Array.from({ length: 40 }, (_, at) => `a${at}`), Array.from({ length: 40 }, (_, at) => `b${at}`)];
    const diff = diffLines(["head", ...a, "foot"], ["head", ...b, "foot"], 20);
    expect(diff).toMatchObject({ capped: true, removed: 40, added: 40 });
    expect(diff.edits.filter(({ kind }) => kind === "same")).toHaveLength(2);
  });
  test("rows pair what was removed with what came in its place, and fold what is equal", () => {
    const lines = Array.from({ length: 20 }, (_, at) => `line ${at}`);
    const rows = paired(diffLines(lines, [...lines.slice(0, 10), "other", ...lines.slice(11), "more"]).edits);
    expect(rows.filter(({ kind }) => kind !== "same")).toEqual([{ kind: "changed", left: 10, right: 10 }, { kind: "added", left: -1, right: 20 }]);
    expect(folded(rows).map((row) => row.kind === "fold" ? row.rows.length : row.kind)).toEqual([7, ...Array<string>(3).fill("same"), "changed", ...Array<string>(3).fill("same"), 3, ...Array<string>(3).fill("same"), "added"]);
  });
  test("the changed part of a line", () => {
    expect(changedPart("lr: 0.001 # x", "lr: 0.01 # x")).toEqual({ start: 7, left: 8, right: 7 });
    expect(changedPart("aa", "aaa")).toEqual({ start: 2, left: 2, right: 3 });
  });
  test("a newline at the end makes no line; JSON is put in order", () => {
    expect(linesOf("a\r\nb\n")).toEqual(["a", "b"]);
    expect(prettyJson('{"b":1,"a":{"__proto__":2,"c":[1]}}')).toBe(prettyJson('{"a":{"c":[1],"__proto__":2},"b":1}'));
    expect(prettyJson("{broken")).toBe("{broken");
  });
});

describe("folders", () => {
  const file = (path: string, more: Partial<FileEntry> = {}): FileEntry => ({ path, size: 1, ...more });
  test("files are told apart by hash, size and etag, below a root", () => {
    const hash = "0".repeat(32);
    const left = [file("m/a", { etag: hash }), file("m/b", { etag: hash }), file("m/c", { size: 2 }), file("m/d"), file("m/gone"), file("other")];
    const right = [file("n/a", { etag: hash }), file("n/b", { etag: "1".repeat(32) }), file("n/c"), file("n/d"), file("n/new")];
    expect(diffFolders(left, right, "m", "n").map(({ path, state }) => `${path} ${state}`)).toEqual(["a same", "b changed", "c changed", "d unknown", "gone removed", "new added"]);
  });
  test("etags of files in parts say nothing where they differ", () => {
    expect(diffFolders([file("a", { etag: `${"0".repeat(32)}-2` })], [file("a", { etag: `${"0".repeat(32)}-3` })])[0]?.state).toBe("unknown");
    expect(diffFolders([file("a", { sha256: "x", etag: "1" })], [file("a", { sha256: "x", etag: "2" })])[0]?.state).toBe("same");
  });
});

describe("tables", () => {
  test("MLflow's tables are known by their shape", () => {
    expect(tableOf('{"columns": ["a", "b"], "data": [[1, {"x": 2}], [null]]}')).toEqual({ names: ["a", "b"], columns: [[1, null], ['{"x":2}', null]] });
    for (const text of ['{"columns": []}', '{"columns": ["a"], "data": [1]}', '{"columns": [], "data": [], "more": 1}', "[1]", "null", "{"]) expect(tableOf(text)).toBeNull();
  });
  test("rows are paired by a key column, else by their place", () => {
    const left = { names: ["id", "v"], columns: [[1, 2, 3], ["a", "b", "c"]] };
    const right = { names: ["id", "v", "w"], columns: [[2, 3, 4], ["b", "x", "d"], [0, 0, 0]] };
    const change = diffTables(left, right);
    expect(change).toMatchObject({ key: "id", onlyRight: ["w"], onlyLeft: [] });
    expect(change.rows.map(({ key, kind }) => `${key} ${kind}`)).toEqual(["1 removed", "2 same", "3 changed", "4 added"]);
    const byPlace = diffTables({ names: ["v"], columns: [[0.5, 0.5]] }, { names: ["v"], columns: [[0.5, 0.7]] });
    expect(byPlace).toMatchObject({ key: null });
    expect(byPlace.rows.map(({ kind }) => kind)).toEqual(["same", "changed"]);
  });
});

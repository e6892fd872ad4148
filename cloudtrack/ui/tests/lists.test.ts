import { describe, expect, test } from "vitest";
import type { ExperimentRow } from "../src/api/types";
import { withDot } from "../src/app/favicon";
import { folderNames } from "../src/lib/archive-names";
import { cardColumns } from "../src/lib/cards";
import { nameTree } from "../src/lib/name-tree";
import { inFolders } from "../src/pages/experiments/lines";

describe("the facts of a card", () => {
  const shown = ["attributes.start_time", "params.lr", "params.depth", "params.seed", "metrics.loss", "metrics.acc"];
  test("are the primary metric and two params", () => {
    expect(cardColumns(shown, [], "acc")).toEqual(["metrics.acc", "params.lr", "params.depth"]);
  });
  test("the metric that sorts comes before the primary one, and the first where there is none", () => {
    expect(cardColumns(shown, ["params.lr", "metrics.far"], "acc")[0]).toBe("metrics.far");
    expect(cardColumns(shown, ["params.lr"], null)[0]).toBe("metrics.loss");
  });
  test("where no metric is shown, params alone", () => {
    expect(cardColumns(["params.lr"], [], "acc")).toEqual(["params.lr"]);
  });
});

describe("names as a tree", () => {
  const told = (names: string[], closed: string[] = []): string[] =>
    nameTree(names, (path) => !closed.includes(path)).map((each) =>
      "  ".repeat(each.level) + (each.kind === "folder" ? `${each.title}/ ${each.members.join()}` : `${each.title} ${each.place}`));
  test("a folder stands where the first of its names does", () => {
    expect(told(["b", "v/x", "a", "v/y/z", "v/w"])).toEqual(["b 0", "v/ 1,3,4", "  x 1", "  y/ 3", "    z 3", "  w 4", "a 2"]);
  });
  test("what is in a closed folder is not there, and is counted", () => {
    expect(told(["v/x", "v/y/z", "a"], ["v"])).toEqual(["v/ 0,1", "a 2"]);
    expect(told(["v/x", "v/y/z", "a"], ["v/y"])).toEqual(["v/ 0,1", "  x 0", "  y/ 1", "a 2"]);
  });
  test("a name may be that of a folder too, and parts may be empty", () => {
    expect(told(["v", "v/x", "/v//y/", "/", ""])).toEqual(["v 0", "v/ 1,2", "  x 1", "  y 2", "/ 3", " 4"]);
  });
  test("names of objects' own are names as others", () => {
    expect(told(["__proto__/constructor"])).toEqual(["__proto__/ 0", "  constructor 0"]);
  });
});

describe("experiments in folders", () => {
  const row = (name: string, total: number, running: number, last: number | null): ExperimentRow => ({
    experiment_id: name, name, lifecycle_stage: "active", creation_time: 1, last_update_time: 1, tags: {},
    runs: { total, running, failed: 1 }, last_activity: last, activity: [], best: null,
  });
  test("a folder tells the sums of all below it", () => {
    const [folder] = inFolders([row("v/a", 2, 1, 10), row("v/w/b", 3, 0, 30), row("v/c", 0, 0, null)], () => false);
    expect(folder).toMatchObject({ kind: "folder", path: "v", ids: ["v/a", "v/w/b", "v/c"], runs: { total: 5, running: 1, failed: 3 }, last: 30, isOpen: false });
  });
  test("where nothing has happened there is no last activity", () => {
    expect(inFolders([row("v/a", 0, 0, null)], () => false)[0]).toMatchObject({ last: null });
  });
});

describe("folders of an archive", () => {
  const names = (...given: string[]): string[] => folderNames(given.map((name, at) => ({ name, id: `id${at}` })));
  test("are the names, and equal ones have their ids", () => {
    expect(names("a", "b", "A")).toEqual(["a id0", "b", "A id2"]);
  });
  test("lead nowhere else and are taken by every system", () => {
    expect(names("../../etc/x", "a:b\\c", "nul", "..", "  ", "x.", "\u202eevil\n")).toEqual([".._.._etc_x", "a_b_c", "nul_", "id3", "id4", "x", "_evil_"]);
    expect(names("y".repeat(10_000))[0]).toHaveLength(80);
  });
});

describe("the icon while something runs", () => {
  const icon = "data:image/svg+xml,%3Csvg%3E%3Cpath/%3E%3C/svg%3E";
  test("has a dot before its end", () => {
    expect(withDot(icon)).toMatch(/^data:image\/svg\+xml,%3Csvg%3E%3Cpath\/%3E%3Ccircle .*%3C\/svg%3E$/);
  });
  test("another icon stays", () => {
    expect(withDot("https://example.com/icon.png")).toBe("https://example.com/icon.png");
  });
});

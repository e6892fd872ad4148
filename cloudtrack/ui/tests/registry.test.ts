import { describe, expect, test } from "vitest";
import type { Board, Card, Rule, Timeline } from "../src/api/registry";
import { action, fromTo, sheet } from "../src/lib/activity";
import { type Edge, HEIGHT, layout, walk, WIDTH } from "../src/lib/lineage-layout";
import { answer, fromField, heldAt, marks, span, toField } from "../src/lib/past";
import { loadSnippets } from "../src/lib/snippets";
import { inWords, nextStage, replaced, seen } from "../src/lib/stage-rules";

const card = (version: number, stage: string): Card => ({ version, stage, metrics: {}, aliases: [], tags: {} }) as unknown as Card;
const stage = (name: string, archives = false) => ({ name, archives_existing: archives, requires: [], approvals: 0 });
const board = (cards: Card[], stages = ["None", "Staging", "Production", "Archived"], next: number | null = null): Board =>
  ({ stages: stages.map((name) => stage(name)), versions: cards, pinned: [], next, model: { name: "m" } }) as unknown as Board;

describe("moves", () => {
  const four = board([card(4, "None"), card(3, "Staging"), card(2, "Production"), card(1, "Archived")]);

  test("a move replaces those that hold the stage, but itself", () => {
    expect(replaced(four, 4, "Production").map((each) => each.version)).toEqual([2]);
    expect(replaced(four, 2, "Production")).toEqual([]);
    expect(replaced(four, 4, "Archived")).toEqual([]);
  });

  test("a move carries what was seen: who holds the stage, and where the version is", () => {
    expect(seen(four, card(4, "None"), "Production")).toEqual({ stage: "None", holder: 2 });
    expect(seen(four, card(4, "None"), "Archived")).toEqual({ stage: "None" });
    expect(seen(board([card(4, "None")]), card(4, "None"), "Production")).toEqual({ stage: "None", holder: 0 });
  });

  test("of several holders, or where older versions are not seen, no holder is expected", () => {
    const two = board([card(3, "None"), card(2, "Production"), card(1, "Production")]);
    expect(seen(two, card(3, "None"), "Production")).toEqual({ stage: "None" });
    expect(seen(board([card(300, "None")], undefined, 44), card(300, "None"), "Production")).toEqual({ stage: "None" });
  });

  test("the next stage is that of the model's own order", () => {
    expect(nextStage(four, "None")).toBe("Staging");
    expect(nextStage(four, "Staging")).toBe("Production");
    expect(nextStage(four, "Production")).toBe("Archived");
    expect(nextStage(board([], ["None", "Dev", "Live", "Archived"]), "Dev")).toBe("Live");
  });

  test("rules are told in words", () => {
    const rule: Rule = { line: 1, signature: true, input_example: false, no_pickle: true, tags: { reviewed: null, risk: "low" }, metrics: [{ metric: "auc", sign: ">=", limit: 0.9 }], not_worse: { loss: true }, approvals: 2, two_person: true, approvers: ["ann"] };
    expect(inWords(rule)).toEqual(["a signature", "no pickle", "a tag reviewed", "the tag risk: low", "auc >= 0.9", "loss not higher than what is there", "2 approvals from ann, not by who asks"]);
  });
});

describe("the past", () => {
  const line: Timeline = {
    stages: ["None", "Production"], truncated: false, aliases: [],
    versions: [{ version: 1, periods: [["None", 0, 100], ["Production", 100, 200], ["Archived", 200, null]] }, { version: 2, periods: [["Production", 200, null]] }],
    ticks: [{ time: 200, version: 2, from_stage: "None", to_stage: "Production", user: "ana", comment: "better", number: 3, request: null, archived: [1] }],
  };

  test("a version is in a stage from the first moment on, and no longer at the last", () => {
    expect(heldAt(line, "Production", 99)).toEqual([]);
    expect(heldAt(line, "Production", 100).map((each) => each.version)).toEqual([1]);
    expect(heldAt(line, "Production", 200).map((each) => each.version)).toEqual([2]);
  });

  test("the answer names version, period, person and comment", () => {
    expect(answer(line, "Production", 250, String)).toBe("On 250 Production had v2 (since 200, put there by ana: “better”).");
    expect(answer(line, "Production", 50, String)).toBe("On 50 no version was in Production.");
  });

  test("marks are round, within the span and not too many", () => {
    for (const width of [10, 5e3, 36e5, 864e5 * 400, 864e5 * 9000]) {
      const found = marks([1e12, 1e12 + width], 8, true);
      expect(found.length).toBeGreaterThan(0);
      expect(found.length).toBeLessThanOrEqual(9);
      expect(found.every((each) => each.at >= 1e12 && each.at <= 1e12 + width)).toBe(true);
    }
    expect(span(line, 1000)[1]).toBeGreaterThanOrEqual(1000);
  });

  test("a moment of a field comes back", () => {
    expect(toField(fromField("2026-05-01T12:30:15", true) as number, true)).toBe("2026-05-01T12:30:15");
    expect(toField(fromField("2026-05-01T12:30:15", false) as number, false)).toBe("2026-05-01T12:30:15");
    expect(fromField("", true)).toBeNull();
  });
});

describe("lineage", () => {
  const nodes = [{ id: "data", column: 0 }, { id: "run", column: 1 }, { id: "model", column: 2 }, { id: "a", column: 3 }, { id: "b", column: 3 }, { id: "stage", column: 4 }];
  const edges: Edge[] = [["data", "run"], ["run", "model"], ["model", "a"], ["data", "b"], ["a", "stage"]];
  const drawn = layout(nodes, edges);

  test("nodes stand in their columns and do not lie over each other", () => {
    const places = drawn.placed.map(({ node, x, y }) => ({ id: node.id, x, y }));
    for (const one of places) for (const other of places) if (one.id !== other.id) expect(Math.abs(one.x - other.x) >= WIDTH || Math.abs(one.y - other.y) >= HEIGHT).toBe(true);
    expect(drawn.lines).toHaveLength(edges.length);
  });

  test("a line over several columns passes beside what is in them", () => {
    const long = drawn.lines.find((each) => each.from === "data" && each.to === "b")?.path ?? "";
    const run = drawn.placed.find((each) => each.node.id === "run") as { x: number; y: number };
    const lanes = [...long.matchAll(/[\d.]+ ([\d.]+)H/g)].map((each) => Number(each[1]));
    expect(lanes.length).toBeGreaterThan(0);
    expect(lanes.every((y) => y < run.y || y > run.y + HEIGHT)).toBe(true);
  });

  test("arrows follow the lines, up and down walk a column, and the ends are ends", () => {
    expect(walk(drawn, "a", "ArrowLeft")).toBe("model");
    expect(walk(drawn, "model", "ArrowRight")).toBe("a");
    expect(new Set([walk(drawn, "a", "ArrowDown"), walk(drawn, "a", "ArrowUp")])).toEqual(new Set(["b", null]));
    expect(walk(drawn, "stage", "ArrowRight")).toBeNull();
    expect(walk(drawn, "data", "ArrowLeft")).toBeNull();
    expect(walk(drawn, "a", "x")).toBeNull();
  });

  test("edges of nodes that are not there are left out", () => {
    expect(layout(nodes, [["data", "nobody"]]).lines).toEqual([]);
    expect(layout([], []).placed).toEqual([]);
  });
});

describe("activity", () => {
  const moved = { name: "m", number: 3, time: 0, user: "ana", action: "stage_transitioned", summary: "", version: 2, from_stage: "None", to_stage: "Production", archived: [1], request: 4, comment: "x" };

  test("events are told in words", () => {
    expect(action(moved)).toBe("moved by request 4, archived v1");
    expect(fromTo(moved)).toEqual({ from: "None", to: "Production" });
    expect(fromTo({ ...moved, action: "alias_set", alias: "champion", previous: [1] })).toEqual({ from: "v1", to: "v2" });
    expect(action({ ...moved, action: "something_new", request: undefined })).toBe("something new");
  });

  test("a file has a cell for each name", () => {
    const { names, rows } = sheet([moved]);
    expect(rows[0]).toHaveLength(names.length);
    expect(rows[0]?.slice(0, 4)).toEqual(["1970-01-01T00:00:00.000Z", "ana", "m", 2]);
  });
});

describe("snippets", () => {
  test("quotes in names stay in their strings", () => {
    const texts = loadSnippets("http://x", `a"b'c`, "1", ["Live"], ["x"]).map((each) => each.text);
    expect(texts[0]).toContain(String.raw`"models:/a\"b'c/1"`);
    expect(texts.join("\n")).toContain(`'models:/a"b'\\''c/1'`);
  });

  test("a model that brings code is trusted in so many words, and a login is named", () => {
    const [first] = loadSnippets("http://x", "m", "1", [], [], { hasCode: true, isGuarded: true });
    expect(first?.text).toContain("trust=True");
    expect(first?.text).toContain("MLFLOW_TRACKING_TOKEN");
  });
});

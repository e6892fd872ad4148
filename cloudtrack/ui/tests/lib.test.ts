import { describe, expect, test } from "vitest";
import { FilterError, parseFilter } from "../src/lib/filter-parser";
import { containing, matching, plan } from "../src/lib/filter";
import { column, frame, type Frame, merged, type TableWire } from "../src/lib/frame";
import { ago, bytes, duration, short, signed } from "../src/lib/format";
import { lengthen, lengthenAll, shorten, shortenAll } from "../src/lib/ids";
import { canonicalFromMlflow } from "../src/lib/mlflow-urls";
import { ordered } from "../src/lib/order";
import { route } from "../src/lib/routes";
import { changed, href, parse } from "../src/lib/url";
import { layered, slugOf, viewsOf } from "../src/lib/views";

const A = "0123456789abcdef0123456789abcdef";
const B = "ffffffffffffffffffffffffffffffff";

describe("ids", () => {
  test("a run id takes 22 characters and comes back", () => {
    expect(shorten(A)).toHaveLength(22);
    expect(lengthen(shorten(A))).toBe(A);
    expect(lengthenAll(shortenAll([A, B]))).toEqual([A, B]);
  });
  test("whole ids, foreign ids and rubbish are told apart", () => {
    expect(lengthen(A)).toBe(A);
    expect(lengthen(shorten("my-run"))).toBe("my-run");
    expect(lengthen("<img>")).toBeNull();
  });
});

describe("url", () => {
  test("equal pictures have equal addresses", () => {
    const one = href(["experiments", "1"], { sort: "metrics.val/acc", q: "a = 'b'", dir: "desc" });
    const two = href(["experiments", "1"], { dir: "desc", q: "a = 'b'", sort: "metrics.val/acc" });
    expect(one).toBe(two);
    expect(one).toBe("#/experiments/1?q=a+%3D+'b'&sort=metrics.val/acc&dir=desc");
  });
  test("what is written is read back, whatever it is", () => {
    const query = new Map([["q", "a%2e&b=c#d +é\u202e\n"], ["zz", "1"]]);
    const address = parse(href(["models", "a/b c#?%"], query));
    expect(address.path).toEqual(["models", "a/b c#?%"]);
    expect(new Map(address.query)).toEqual(query);
  });
  test("unknown keys survive a change and stand last", () => {
    const query = parse("#/experiments/1?future=1&q=x").query;
    expect(href(["experiments", "1"], changed(query, { sort: "a" }))).toBe("#/experiments/1?q=x&sort=a&future=1");
  });
  test("a broken percent sign is kept", () => {
    expect(parse("#/models/100%").path).toEqual(["models", "100%"]);
  });
});

describe("MLflow's addresses", () => {
  const cases: [string, string][] = [
    ["#/", "#/experiments"],
    [`#/experiments/3/runs`, "#/experiments/3"],
    [`#/experiments/3?compareRunsMode=CHART`, "#/experiments/3?view=charts"],
    [`#/experiments/3/runs/${A}/model-metrics`, `#/experiments/3/runs/${A}/metrics`],
    [`#/experiments/3/runs/${A}/artifactPath/model/MLmodel`, `#/experiments/3/runs/${A}/artifacts/model/MLmodel`],
    [`#/compare-experiments/s?experiments=["1","2"]`, "#/experiments/1,2"],
    [`#/compare-runs?runs=["${A}","${B}"]&experiments=["1"]`, `#/compare?runs=${shortenAll([A, B])}`],
    [`#/metric?runs=["${A}"]&metric="loss"&experiments=["1"]`, `#/metric/loss?runs=${shorten(A)}`],
  ];
  test.each(cases)("%s", (theirs, ours) => {
    const found = canonicalFromMlflow(parse(theirs));
    expect(found && href(found.path, found.query)).toBe(ours);
  });
  test("the address that a client prints is a run's page as it is", () => {
    const address = parse(`#/experiments/3/runs/${A}`);
    expect(canonicalFromMlflow(address)).toBeNull();
    expect(route(address)).toMatchObject({ page: "run", experiment: "3", run: A, tab: "overview" });
  });
});

describe("routes", () => {
  test("every canonical address has its page", () => {
    const pages = [
      ["#/experiments", "experiments"], ["#/experiments/1,2", "runs"], [`#/experiments/1/runs/${A}/artifacts/a/b`, "run"],
      ["#/compare", "compare"], ["#/metric/val/acc", "metric"], ["#/models", "models"], ["#/models/m/board", "model"],
      ["#/models/m/versions/3/lineage", "version"], ["#/models/m/compare/1..2", "versions"], ["#/requests", "requests"],
      ["#/activity", "activity"], ["#/trash", "trash"], ["#/settings", "settings"], ["#/keys", "keys"],
      ["#/nowhere", "unknown"], ["#/experiments/1/runs/x/nothing", "unknown"], ["#/models/m/versions/1/lineage/x", "unknown"],
    ];
    for (const [hash, page] of pages) expect([hash, route(parse(hash as string)).page]).toEqual([hash, page]);
    expect(route(parse("#/metric/val/acc"))).toEqual({ page: "metric", key: "val/acc" });
  });
});

const wire: TableWire = {
  rows: 4, total: 4, truncated: false, cursor: "1", delta: false, removed: [], ids: "a".repeat(32) + "b".repeat(32) + "c".repeat(32) + "d".repeat(32),
  catalogue: [],
  columns: {
    "metrics.loss": { numbers: [0.5, null, "NaN", 0.1] },
    "params.depth": { dict: ["10", "9"], codes: [0, 1, -1, 1] },
    "params.model": { dict: ["tree", "Forest"], codes: [0, 1, 1, -1] },
    "attributes.start_time": { base: 100, deltas: [5, -1, null, 2] },
  },
};
const table: Frame = frame(wire);
const rowsOf = (text: string): number[] => [...matching(table, parseFilter(text))];

describe("frame", () => {
  test("columns come back as they were sent", () => {
    expect(table.columns.get("metrics.loss")?.at(1)).toBeNull();
    expect(table.columns.get("metrics.loss")?.at(2)).toBeNaN();
    expect([0, 1, 2, 3].map((row) => table.columns.get("attributes.start_time")?.at(row))).toEqual([105, 104, null, 106]);
  });
  test("what changed is laid over what is known", () => {
    const next = merged(table, {
      ...wire, delta: true, rows: 2, total: 4, removed: ["c".repeat(32)], ids: "e".repeat(32) + "a".repeat(32),
      columns: { "metrics.loss": { numbers: [1, 2] } },
    });
    expect(next.ids.map((id) => id[0])).toEqual(["e", "a", "b", "d"]);
    expect([0, 1, 2, 3].map((row) => next.columns.get("metrics.loss")?.at(row))).toEqual([1, 2, null, 0.1]);
    expect(next.columns.get("params.model")?.at(1)).toBe("tree");
  });
});

describe("order", () => {
  const by = (name: string, descending: boolean): number[] =>
    [...ordered([0, 1, 2, 3], [{ column: table.columns.get(name)!, descending }])];
  test("values, then NaN, then what is missing, in both directions", () => {
    expect(by("metrics.loss", false)).toEqual([3, 0, 2, 1]);
    expect(by("metrics.loss", true)).toEqual([0, 3, 2, 1]);
  });
  test("params that are all numbers are sorted as numbers", () => {
    expect(by("params.depth", false)).toEqual([1, 3, 0, 2]);
  });
  test("equal rows keep their order, and a second key decides", () => {
    const keys = [{ column: table.columns.get("params.depth")!, descending: false }, { column: table.columns.get("metrics.loss")!, descending: false }];
    expect([...ordered([0, 1, 2, 3], keys)]).toEqual([3, 1, 0, 2]);
  });
});

describe("filter", () => {
  const cases: [string, number[]][] = [
    ["metrics.loss < 0.3", [3]],
    ["metrics.loss != 0.5", [2, 3]],
    ["NOT metrics.loss <= inf", [2]],
    ["metric.loss IS NULL", [1]],
    ["params.model = 'tree'", [0]],
    ["params.model != 'tree'", [1, 2]],
    ["NOT params.model = 'tree'", [1, 2]],
    ["params.model LIKE 'F%'", [1, 2]],
    ["params.model ilike '_REE'", [0]],
    ["params.model NOT IN ('tree', 'x')", [1, 2]],
    ["(params.model = 'tree' OR metrics.loss < 1) and params.depth = '9'", [3]],
    ["metrics.loss BETWEEN 0.1 AND 0.4", [3]],
    ["start_time >= 105", [0, 3]],
    ["metrics.other > 1 OR params.model = 'tree'", [0]],
    ["NOT (metrics.other > 1 OR params.model = 'tree')", []],
  ];
  test.each(cases)("%s", (text, rows) => expect(rowsOf(text)).toEqual(rows));
  test("an error has its place", () => {
    for (const [text, start] of [["metrics.loss lss 3", 13], ["params.depth > 5", 13], ["AND metrics.a = 1", 0], ["metrics.a = ", 11], ["metrics.a < 1 )", 14]] as const) {
      try {
        parseFilter(text);
        expect.unreachable(text);
      } catch (error) {
        expect([text, (error as FilterError).start]).toEqual([text, start]);
      }
    }
  });
  test("keys in quotes and quotes in text", () => {
    expect(plan("tags.`a b` = 'it''s' AND params.\"c\"\"d\" = \"x'\"").columns).toEqual(["tags.a b", 'params.c"d']);
  });
  test("regular expressions and datasets are the server's", () => {
    expect(plan("params.a RLIKE 'x'").remote).toBe(true);
    expect(plan("datasets.name = 'x'").remote).toBe(true);
    expect(plan("metrics.loss.min < 1").remote).toBe(true);
    expect(plan("metrics.loss < 1").remote).toBe(false);
  });
  test("words without an operator are looked for everywhere", () => {
    expect([...containing(table, "TREE")]).toEqual([0]);
    expect([...containing(table, "bbbb")]).toEqual([1]);
  });
});

describe("format", () => {
  test("numbers have four digits, and no more than they need", () => {
    expect([0.95, 0.1043347554218477, 1e-9, 123456789.5, 3, -0.00001, Number.NaN].map((each) => short(each))).toEqual(
      ["0.95", "0.1043", "1e-9", "1.235e8", "3", "-1e-5", "NaN"],
    );
    expect(signed(0.013)).toBe("+0.013");
  });
  test("sizes, durations, ages", () => {
    expect([999, 12_400, 5_000_000].map(bytes)).toEqual(["999 B", "12.4 KB", "5.0 MB"]);
    expect([840, 12_300, 250_000, 7_500_000, 273_600_000].map(duration)).toEqual(["840 ms", "12 s", "4 min 10 s", "2 h 5 min", "3 d 4 h"]);
    expect([0, 12_000, 90_000].map((passed) => ago(1e12 - passed, 1e12))).toEqual(["just now", "12 s ago", "1 min ago"]);
  });
});

test("a column of values at hand is as one that was sent", () => {
  expect(column(["b", null, "b"], "text").at(2)).toBe("b");
});

test("views are tags that hold an address", () => {
  const tags = { "cloudtrack.view.b": '{"title":"B","query":"q=1","by":"ana"}', "cloudtrack.view.bad": "{", "cloudtrack.view.none": "3", other: "x" };
  expect(viewsOf(tags)).toEqual([{ slug: "b", title: "B", query: "q=1", by: "ana" }]);
  expect([slugOf("Best of May!"), slugOf("  ")]).toEqual(["best-of-may", slugOf("  ")]);
  expect(slugOf("最好的")).toMatch(/^view-\d+$/);
  expect([...layered(new Map([["q", "1"], ["sort", "a"]]), new Map([["q", "2"]]))]).toEqual([["q", "2"], ["sort", "a"]]);
});

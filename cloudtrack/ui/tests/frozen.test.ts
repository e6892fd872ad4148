import { describe, expect, test } from "vitest";
import { ApiError } from "../src/api/errors";
import { answer } from "../src/api/frozen/answers";
import { below, cutBytes, level } from "../src/api/frozen/files";
import { type Kept, notFrozen } from "../src/api/frozen/kept";
import { Memory } from "../src/api/frozen/memory";
import { canonical, nameFilter, parsed } from "../src/api/frozen/query";
import { activityFilter } from "../src/api/frozen/registry";
import { joined, picked } from "../src/api/frozen/run-tables";
import { csvRows, tableOf } from "../src/api/frozen/table-files";
import type { Activity } from "../src/api/registry";
import { frame, type TableWire } from "../src/lib/frame";

/** An export in memory: answers by route and canonical query, files by address. */
class Held implements Kept {
  readonly asked: string[] = [];
  constructor(private readonly answers: Record<string, Record<string, unknown>>, private readonly files: Record<string, string> = {}) {}
  async queries(route: string): Promise<string[]> {
    return Object.keys(this.answers[route] ?? {});
  }
  async read<T>(route: string, query: readonly (readonly [string, string])[]): Promise<T> {
    this.asked.push(`${route}?${canonical(query)}`);
    const found = this.answers[route]?.[canonical(query)];
    if (found === undefined) throw notFrozen();
    return found as T;
  }
  async bytes(address: string, start: number, end: number): Promise<Uint8Array> {
    return new TextEncoder().encode(this.files[address]).subarray(start, end);
  }
}

const ask = (kept: Kept, path: string, query: string): Promise<unknown> => answer(kept, path, new URLSearchParams(query));
const table = (ids: string[], more: Partial<TableWire> = {}): TableWire => ({
  rows: ids.length, total: ids.length, truncated: false, cursor: ids.join(""), delta: false, removed: [], ids, catalogue: [], columns: {}, experiments: [], ...more,
});
const ONE = table(["b", "a"], {
  columns: {
    "attributes.start_time": { base: 30, deltas: [0, -20] }, "params.lr": { dict: ["1", "2"], codes: [0, 1] }, "metrics.acc": { numbers: [0.5, "NaN"] },
  },
  catalogue: [{ name: "params.lr", kind: "text", count: 2, distinct: 2 }, { name: "metrics.acc", kind: "number", count: 2, distinct: 2, min: 0.5, max: 0.5 }],
});
const TWO = table(["c"], {
  columns: { "attributes.start_time": { base: 20, deltas: [0] }, "metrics.acc": { numbers: [0.9] }, "tags.t": { dict: ["x"], codes: [0] } },
  catalogue: [{ name: "metrics.acc", kind: "number", count: 1, distinct: 1, min: 0.9, max: 0.9 }],
});
const RUNS = { "cloudtrack/runs/table": { "experiment_ids=1": ONE, "experiment_ids=2": TWO } };
const column = (wire: TableWire, name: string) => wire.rows && Array.from({ length: wire.rows }, (_, row) => frame(wire).columns.get(name)?.at(row) ?? null);

describe("queries", () => {
  test("are the same in any order, and are read back", () => {
    const pairs = [["keys", "b c"], ["run_ids", "ä/&=+%(1)~'!*"], ["keys", "a"]] as const;
    expect(canonical(pairs)).toBe("keys=a&keys=b%20c&run_ids=%C3%A4%2F%26%3D%2B%25(1)~'!*");
    expect(parsed(canonical(pairs))).toEqual([["keys", "a"], ["keys", "b c"], pairs[1]]);
    expect(canonical([])).toBe("");
    expect(parsed("")).toEqual([]);
  });
  test("find names by the filters that the page sends", () => {
    expect(["Churn", "o'x"].filter(nameFilter("name ILIKE '%CHU%'"))).toEqual(["Churn"]);
    expect(["Churn", "o'x"].filter(nameFilter("name ILIKE '%o''%'"))).toEqual(["o'x"]);
    expect(["Churn"].filter(nameFilter(null))).toEqual(["Churn"]);
  });
});

describe("what was asked for", () => {
  test("is asked for once, again where it failed, and forgotten where it is old", async () => {
    let count = 0;
    const load = async (key: string): Promise<string> => {
      count += 1;
      if (count === 1) throw new Error("away");
      return key;
    };
    const memory = new Memory<string>(2);
    await expect(memory.get("a", load)).rejects.toThrow("away");
    expect(await Promise.all([memory.get("a", load), memory.get("a", load)])).toEqual(["a", "a"]);
    expect(count).toBe(2);
    await memory.get("b", load);
    await memory.get("a", load);
    await memory.get("c", load);
    await memory.get("a", load);
    expect(count).toBe(4);
    await memory.get("b", load);
    expect(count).toBe(5);
  });
});

describe("tables of runs", () => {
  test("of several experiments are one, newest first", () => {
    const both = joined([ONE, TWO]);
    expect(both.ids).toEqual(["b", "c", "a"]);
    expect(column(both, "metrics.acc")).toEqual([0.5, 0.9, Number.NaN]);
    expect(column(both, "params.lr")).toEqual(["1", null, "2"]);
    expect(column(both, "tags.t")).toEqual([null, "x", null]);
    expect(column(both, "attributes.start_time")).toEqual([30, 20, 10]);
    expect(both.catalogue.find(({ name }) => name === "metrics.acc")).toMatchObject({ count: 3, min: 0.5, max: 0.9 });
    expect(both.total).toBe(3);
  });
  test("of one are what was kept, whatever columns are asked for", async () => {
    expect(await ask(new Held(RUNS), "cloudtrack/runs/table", "experiment_ids=1&columns=auto&columns=params.lr")).toBe(ONE);
  });
  test("are filtered here, or say that they cannot be", async () => {
    const kept = new Held(RUNS);
    const found = (await ask(kept, "cloudtrack/runs/table", "experiment_ids=1&experiment_ids=2&filter=metrics.acc+%3E+0.4")) as TableWire;
    expect(found.ids).toEqual(["b", "c"]);
    expect(column(found, "attributes.start_time")).toEqual([30, 20]);
    expect(((await ask(kept, "cloudtrack/runs/table", "experiment_ids=1&state=deleted")) as TableWire).rows).toBe(0);
    await expect(ask(kept, "cloudtrack/runs/table", "experiment_ids=1&filter=params.lr+RLIKE+%27a%27")).rejects.toMatchObject({ code: "NOT_FROZEN" });
  });
  test("have nothing new", async () => {
    const delta = (await ask(new Held(RUNS), "cloudtrack/runs/table", `experiment_ids=1&since=${ONE.cursor}`)) as TableWire;
    expect(delta).toMatchObject({ delta: true, rows: 0, cursor: ONE.cursor });
  });
  test("keep the order of the rows that are picked", () => {
    expect(picked(ONE, [1, 0]).ids).toEqual(["a", "b"]);
    expect(column(picked(ONE, [1]), "params.lr")).toEqual(["2"]);
  });
});

test("series are found by run, key and axis, wherever they were kept", async () => {
  const of = (run: string, ...keys: string[]) => ({ series: keys.map((key) => ({ run_id: run, key, raw: 1, exact: true, x: [0], last: [1] })) });
  const kept = new Held({
    "cloudtrack/metrics/series": {
      "keys=a&keys=b&run_ids=r&x=step": of("r", "a", "b"), "keys=c&run_ids=r&x=step": of("r", "c"), "keys=a&keys=b&run_ids=r&x=time": of("r", "a"), "keys=a&run_ids=xr&x=step": of("xr", "a"),
    },
  });
  const found = (await ask(kept, "cloudtrack/metrics/series", "run_ids=r&run_ids=xr&keys=b&keys=c&x=step&from=3&buckets=40")) as { series: { run_id: string; key: string; raw: number }[] };
  expect(found.series.map((each) => `${each.run_id} ${each.key} ${each.raw}`)).toEqual(["r b 1", "r c 1", "xr b 0", "xr c 0"]);
  expect(kept.asked).toEqual(["cloudtrack/metrics/series?keys=a&keys=b&run_ids=r&x=step", "cloudtrack/metrics/series?keys=c&run_ids=r&x=step"]);
  expect(await ask(kept, "cloudtrack/metrics/series", "run_ids=r&keys=a")).toEqual(of("r", "a"));
});

describe("files", () => {
  const files = ["a.txt", "b/c.csv", "b/d/e.txt", "bc/f.txt"].map((path) => ({ path, is_dir: false, size: 9 }));
  const place = (name: string, size: number) => ({ url: `frozen/files/r/${name}`, size, content_type: "text/plain", etag: "e", name });
  const kept = new Held(
    {
      "cloudtrack/artifacts/tree": { "run_id=r": { files: [{ path: "m", is_dir: true, model_id: "m-1" }], truncated: false }, "recursive=true&run_id=r": { files, truncated: true }, "name=n&recursive=true&version=1": { files, truncated: false } },
      places: { "run_id=r": { "c.csv": place("c.csv", 12), "t.txt": place("t.txt", 65_537), "p.parquet": place("p.parquet", 3), "big.csv": place("big.csv", 5_000_001) } },
    },
    { "frozen/files/r/c.csv": "a,b\n1,x\n2,\n", "frozen/files/r/t.txt": `${"x".repeat(65_535)}ü` },
  );
  test("of a folder are those in it, and folders", () => {
    expect(level(files, "").map(({ path, is_dir }) => path + (is_dir ? "/" : ""))).toEqual(["a.txt", "b/", "bc/"]);
    expect(level(files, "b").map(({ path }) => path)).toEqual(["b/c.csv", "b/d"]);
    expect(below(files, "b").map(({ path }) => path)).toEqual(["b/c.csv", "b/d/e.txt"]);
  });
  test("are listed from what was kept", async () => {
    expect(await ask(kept, "cloudtrack/artifacts/tree", "run_id=r")).toMatchObject({ files: [{ model_id: "m-1" }] });
    expect(await ask(kept, "cloudtrack/artifacts/tree", "run_id=r&path=b")).toMatchObject({ truncated: true, files: [{ path: "b/c.csv" }, { path: "b/d" }] });
    expect(await ask(kept, "cloudtrack/artifacts/tree", "name=n&version=1")).toMatchObject({ files: [{ path: "a.txt" }, { path: "b" }, { path: "bc" }] });
  });
  test("that did not fit are said to be missing", async () => {
    expect(await ask(kept, "cloudtrack/artifacts/url", "run_id=r&path=c.csv&disposition=inline")).toMatchObject({ url: "frozen/files/r/c.csv", size: 12 });
    await expect(ask(kept, "cloudtrack/artifacts/url", "run_id=r&path=b/c.csv")).rejects.toThrow("--max-bytes");
    await expect(ask(kept, "cloudtrack/artifacts/url", "run_id=other&path=c.csv")).rejects.toMatchObject({ status: 404, code: "NOT_FROZEN" });
  });
  test("are looked into", async () => {
    expect(await ask(kept, "cloudtrack/artifacts/preview", "run_id=r&path=c.csv&kind=table")).toMatchObject({ names: ["a", "b"], kinds: ["number", "string"], columns: [[1, 2], ["x", ""]], total: 2, next: null, size: 12 });
    const first = (await ask(kept, "cloudtrack/artifacts/preview", "run_id=r&path=t.txt&kind=text")) as { text: string; next: number };
    expect([first.text.length, first.next]).toEqual([65_535, 65_535]);
    expect(await ask(kept, "cloudtrack/artifacts/preview", "run_id=r&path=t.txt&kind=text&offset=65535")).toMatchObject({ text: "ü", next: null, is_binary: false });
    await expect(ask(kept, "cloudtrack/artifacts/preview", "run_id=r&path=p.parquet&kind=table")).rejects.toThrow("Parquet");
    await expect(ask(kept, "cloudtrack/artifacts/preview", "run_id=r&path=big.csv&kind=table")).rejects.toThrow("5 MB");
  });
  test("are cut between characters", () => {
    const bytes = new TextEncoder().encode("a😀");
    expect([5, 4, 3, 2, 1, 0].map((end) => cutBytes(bytes.subarray(0, end)))).toEqual([0, 3, 2, 1, 0, 0]);
  });
});

describe("tables in files", () => {
  test("of quoted cells", () => {
    expect(csvRows('a,"b ""c"", d"\r\n\n"x\ny",\n', ",")).toEqual([["a", 'b "c", d'], ["x\ny", ""]]);
    expect(tableOf("x.csv", "a;b\n1,5;2\n", 0)).toMatchObject({ names: ["a", "b"], columns: [["1,5"], [2]] });
    expect(tableOf("x.tsv", "a\tb\n007\t9007199254740993\n", 0)).toMatchObject({ kinds: ["string", "string"], columns: [["007"], ["9007199254740993"]] });
  });
  test("come by pages, and long cells are cut", () => {
    const csv = `n\n${Array.from({ length: 450 }, (_, at) => at).join("\n")}\n`;
    expect([0, 200, 400].map((at) => tableOf("x.csv", csv, at).next)).toEqual([200, 400, null]);
    expect(tableOf("x.csv", csv, 400).columns[0]?.at(-1)).toBe(449);
    expect(tableOf("x.csv", `n\n${"x".repeat(5000)}\n`, 0)).toMatchObject({ cut: 1, columns: [[`${"x".repeat(4000)}…`]] });
  });
  test("of JSON lines, and of MLflow", () => {
    expect(tableOf("x.jsonl", '{"a": 1}\n\n{"b": [2], "a": null}\n', 0)).toMatchObject({ names: ["a", "b"], kinds: ["number", "json"], columns: [[1, null], [null, "[2]"]], total: 2 });
    expect(tableOf("x.json", '{"columns": ["t"], "data": [[true], [false]]}', 0)).toMatchObject({ names: ["t"], kinds: ["boolean"], columns: [[true, false]] });
    expect(() => tableOf("x.json", "[]", 0)).toThrow(ApiError);
    expect(() => tableOf("x.jsonl", "{}\nno", 0)).toThrow("line 2 is not JSON");
  });
});

describe("the registry", () => {
  const entry = (number: number, more: Partial<Activity>): Activity => ({ name: "m", number, time: number, user: "ada", action: "version_created", summary: "", ...more });
  const history = { activity: [entry(4, { version: 3, archived: [2] }), entry(3, { user: "bob" })], next: "3" };
  const older = { activity: [entry(2, { action: "alias_set", version: 1 })], next: null };
  const card = (version: number) => ({ version });
  const kept = new Held({
    "cloudtrack/models/table": { "": { models: [{ name: "churn" }], next: "t" }, "cursor=t": { models: [{ name: "price" }], next: null } },
    "cloudtrack/models/activity": { "name=m": history, "cursor=3&name=m": older },
    "cloudtrack/models/board": { "name=m": { versions: [card(9), card(8)], pinned: [card(2)], next: 8 }, "cursor=8&name=m": { versions: [card(7), card(6)], pinned: [], next: null } },
    "cloudtrack/model-versions/diff": { "after=models%3A%2Fm%2F2&before=models%3A%2Fm%2F1": { diff: {} } },
    "mlflow/logged-models": { "model_id=m-1": { model: {} } },
    "cloudtrack/ui-config": { "": { read_only: false, user: "ada", store: "s" } },
  });
  test("has lists whole, and names by their words", async () => {
    expect(await ask(kept, "cloudtrack/models/table", "max_results=50")).toEqual({ models: [{ name: "churn" }, { name: "price" }], next: null });
    expect(await ask(kept, "mlflow/registered-models/search", "filter=name+ILIKE+%27%25RIC%25%27")).toEqual({ registered_models: [{ name: "price" }] });
  });
  test("has histories that are filtered here, over all pages", async () => {
    expect(await ask(kept, "cloudtrack/models/activity", "name=m")).toEqual(history);
    expect(await ask(kept, "cloudtrack/models/activity", "name=m&cursor=3")).toEqual(older);
    expect(await ask(kept, "cloudtrack/models/activity", "name=m&version=1&max_results=5")).toEqual(older);
    const passes = (query: string) => history.activity.filter(activityFilter(new URLSearchParams(query))).map(({ number }) => number);
    expect([passes("version=2"), passes("user=bob"), passes("since=4"), passes("until=3"), passes("action=a,version_created")]).toEqual([[4], [3], [4], [3], [4, 3]]);
  });
  test("has boards by page, and single cards from any page", async () => {
    expect(await ask(kept, "cloudtrack/models/board", "name=m&cursor=8")).toMatchObject({ versions: [{ version: 7 }, { version: 6 }] });
    expect(await ask(kept, "cloudtrack/models/board", "name=m&cursor=7&limit=1")).toMatchObject({ versions: [{ version: 6 }], pinned: [] });
  });
  test("knows that no versions came from what none came from, and which comparisons it lacks", async () => {
    expect(await ask(kept, "cloudtrack/model-versions/versions-from", "run_id=r")).toEqual({ model_versions: [] });
    expect(await ask(kept, "cloudtrack/model-versions/diff", "before=models:/m/1&after=models:/m/2")).toEqual({ diff: {} });
    await expect(ask(kept, "cloudtrack/model-versions/diff", "before=models:/m/1&after=models:/m/9")).rejects.toThrow("three apart");
  });
  test("lets nobody change anything", async () => {
    expect(await ask(kept, "cloudtrack/permissions", "name=m")).toMatchObject({ can: ["read"] });
    expect(await ask(kept, "cloudtrack/ui-config", "")).toEqual({ read_only: true, user: "", is_admin: false, store: "s" });
  });
  test("has logged models by their path", async () => {
    expect(await ask(kept, "mlflow/logged-models/m-1", "")).toEqual({ model: {} });
    await expect(ask(kept, "mlflow/logged-models/m-2", "")).rejects.toMatchObject({ code: "NOT_FROZEN" });
  });
});

import { describe, expect, test } from "vitest";
import type { Column, Lineage, MlModel, Version } from "../src/api/registry";
import { readersOf } from "../src/lib/readers";
import { route } from "../src/lib/routes";
import { parse } from "../src/lib/url";
import { numbersOf, placeOf } from "../src/lib/version-numbers";
import { aheadInWords, sideOf, signatureChanges } from "../src/lib/version-sides";

const column = (name: string | null, type: string, more: Partial<Column> = {}): Column => ({ name, type, ...more });

describe("versions in an address", () => {
  test("two are a pair, more are a table, and nonsense is neither", () => {
    expect(placeOf([1, 2])).toBe("1..2");
    expect(placeOf([1, 2, 3])).toBe("1.2.3");
    expect(numbersOf("3.1.3.x.2")).toEqual(["3", "1", "2"]);
    const shown = (text: string) => route(parse(text));
    expect(shown("#/models/m/compare/1..2")).toEqual({ page: "versions", name: "m", a: "1", b: "2" });
    expect(shown("#/models/m/compare/3.1.2")).toEqual({ page: "several", name: "m", versions: ["3", "1", "2"] });
    for (const wrong of ["1", "1.x", "1.2/3", "1.2."]) expect(shown(`#/models/m/compare/${wrong}`).page).toBe("unknown");
  });
});

describe("signatures", () => {
  const base = [column("age", "double"), column("visits", "long")];

  test("the same says nothing", () => {
    expect(signatureChanges(base, base.map((each) => ({ ...each, required: true })))).toEqual([]);
    expect(signatureChanges([], [])).toEqual([]);
  });

  test("what came, what went, what has another type, shape, need or default", () => {
    expect(signatureChanges(base, [column("age", "float"), column("income", "double", { required: false })])).toEqual(["age double → float", "− visits", "+ income double, optional"]);
    expect(signatureChanges([column(null, "tensor", { shape: [-1, 2] })], [column(null, "tensor", { shape: [-1, 3] })])).toEqual(["#1 tensor (-1, 2) → tensor (-1, 3)"]);
    expect(signatureChanges([column("k", "long", { default: 1 })], [column("k", "long", { default: 2 })])).toEqual(["k long = 1 → long = 2"]);
    expect(signatureChanges(base, [...base].reverse())).toEqual(["in another order"]);
  });
});

describe("sides", () => {
  const side = (version: string, metrics: Record<string, number | string>, model: Lineage["model"] = null) =>
    sideOf({ version, status: "READY", tags: [] } as unknown as Version, { metrics, params: { C: "1" }, datasets: [], run: null, model } as unknown as Lineage, { problem: null } as MlModel);

  test("values of the logged model come before those of the run", () => {
    const both = side("1", { auc: 0.5, loss: 1 }, { model_id: "m", name: "", params: { depth: "3" }, metrics: { auc: 0.7 } });
    expect([both.metrics.auc?.value, both.metrics.loss?.value]).toEqual([0.7, 1]);
    expect({ ...both.params }).toEqual({ C: "1", depth: "3" });
  });

  test("who is ahead is said by the primary metric's direction, against the first", () => {
    const three = [side("2", { auc: 0.8, err: 0.2 }), side("1", { auc: 0.7, err: 0.1 }), side("3", { auc: 0.9, err: 0.3 })];
    expect(aheadInWords(three, { key: "auc", direction: "max" })).toBe("v3 is ahead in auc, +0.1 over v2.");
    expect(aheadInWords(three, { key: "err", direction: "min" })).toBe("v1 is ahead in err, -0.1 over v2.");
    expect(aheadInWords([three[2] as never, three[0] as never], { key: "auc", direction: "max" })).toBe("v3, the baseline, is ahead in auc.");
    expect(aheadInWords([side("1", {}), side("2", {})], null)).toBe("None has metrics.");
  });
});

test("runs that read a model are its users, but for the run that made it", () => {
  const run = (id: string) => ({ id: `run:${id}`, kind: "run", label: id, link: { run_id: id, experiment_id: "0" } });
  const edges = [["run:a", "model:m", "made"], ["model:m", "run:a", "read"], ["model:m", "run:b", "read"], ["model:x", "run:c", "read"], ["model:m", "version:v", "registered"]];
  const graph = { nodes: [run("a"), run("b"), run("c")], edges: edges.map(([from = "", to = "", kind = ""]) => ({ from, to, kind })), truncated: false };
  expect(readersOf(graph, "m")).toEqual([{ run: "b", experiment: "0", name: "b" }]);
});

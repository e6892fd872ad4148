import { describe, expect, test } from "vitest";
import { inWords, linesOf, metricLines, movedTo, type Side } from "../src/lib/compare";
import { joined } from "../src/lib/filter-join";
import { matching } from "../src/lib/filter";
import { parseFilter } from "../src/lib/filter-parser";
import { column, type Column, type Frame, type Value } from "../src/lib/frame";
import { brushBetween, filterOf, parseBrushes, printBrushes, within } from "../src/lib/brushes";
import { autoAxes, type Axis, axisOf, placeOf, ticksOf, valueAt } from "../src/lib/parallel";
import { binned, etaSquared, importance, inside, pareto, ranks, spearman, trend } from "../src/lib/statistics";

function frameOf(columns: Record<string, Value[]>, kinds: Record<string, "number" | "text"> = {}): Frame {
  const made = new Map(Object.entries(columns).map(([name, values]): [string, Column] => [name, column(values, kinds[name] ?? (typeof values.find((each) => each !== null) === "number" ? "number" : "text"))]));
  const rows = Object.values(columns)[0]?.length ?? 0;
  const catalogue = Object.entries(columns).map(([name, values]) => ({ name, kind: made.get(name)?.kind ?? "text", count: values.filter((each) => each !== null).length, distinct: new Set(values).size }));
  return { rows, total: rows, ids: Array.from({ length: rows }, (_, row) => row.toString(16).padStart(32, "0")), catalogue, columns: made };
}

const FRAME = frameOf({
  "params.lr": ["0.001", "0.01", "0.1", "1", null],
  "params.opt": ["sgd", "adam", "sgd", "adam", "lion"],
  "metrics.loss": [0.4, 0.1, 0.3, Number.NaN, 0.2],
  "metrics.acc": [0.6, 0.9, 0.7, 0.8, 0.95],
});
const ALL = Int32Array.of(0, 1, 2, 3, 4);
const axis = (name: string, options: Partial<{ log: boolean | null; isFlipped: boolean }> = {}): Axis =>
  axisOf(FRAME, ALL, name, { log: null, isFlipped: false, colour: FRAME.columns.get("metrics.acc"), ...options }) as Axis;

describe("axes", () => {
  test("params that vary come first, the primary metric last", () => {
    expect(autoAxes(FRAME, ALL, { key: "loss", direction: "min" })).toEqual(["params.lr", "params.opt", "metrics.acc", "metrics.loss"]);
  });
  test("a value and its place lead to each other, in either scale and either way", () => {
    for (const options of [{}, { log: false }, { isFlipped: true }, { log: false, isFlipped: true }]) {
      const lr = axis("params.lr", options);
      for (const value of [0.001, 0.02, 0.5, 1]) expect(valueAt(lr, placeOf(lr, value))).toBeCloseTo(value, 9);
    }
    expect(axis("params.lr").isLog).toBe(true);
    expect(placeOf(axis("params.lr"), 0.1)).toBeCloseTo(2 / 3, 9);
  });
  test("what has no place is counted: missing, NaN, and under a logarithm what is not positive", () => {
    expect(axis("params.lr").missing).toBe(1);
    expect(axis("metrics.loss").missing).toBe(1);
    const frame = frameOf({ "metrics.m": [-1, 0, 10, 100] });
    expect(axisOf(frame, Int32Array.of(0, 1, 2, 3), "metrics.m", { log: true, isFlipped: false, colour: undefined })).toMatchObject({ missing: 2, lo: 10, hi: 100 });
  });
  test("categories stand in the order of the mean of the colour, each in its own band", () => {
    const opt = axis("params.opt");
    expect(opt.categories).toEqual(["sgd", "adam", "lion"]);
    opt.values.forEach((value, row) => expect(Math.floor((opt.places[row] as number) * 3)).toBe(value));
  });
  test("ticks are round, or the values themselves where they are few", () => {
    expect(ticksOf(axis("params.lr")).map(({ text }) => text)).toEqual(["0.001", "0.01", "0.1", "1"]);
    const many = frameOf({ "metrics.m": Array.from({ length: 50 }, (_, at) => at / 49) });
    const ticks = ticksOf(axisOf(many, Int32Array.from({ length: 50 }, (_, at) => at), "metrics.m", { log: null, isFlipped: false, colour: undefined }) as Axis);
    expect(ticks.map(({ text }) => text)).toEqual(["0", "0.2", "0.4", "0.6", "0.8", "1"]);
  });
});

describe("brushes", () => {
  test("go through the address whatever the names are", () => {
    const brushes = [{ name: "params.a~b;c%", from: "x;y", to: "z~" }, { name: "metrics.m", from: "-1", to: "1e-7" }];
    expect(parseBrushes(printBrushes(brushes))).toEqual(brushes);
    expect(parseBrushes("broken;~;a~1")).toEqual([]);
  });
  test("let through what is within one of them on each axis", () => {
    const axes = [axis("params.lr"), axis("params.opt"), axis("metrics.acc")];
    const rows = (text: string): number[] | null => within(axes, parseBrushes(text), ALL)?.reduce((all: number[], row) => [...all, row], []) ?? null;
    expect(rows("")).toBeNull();
    expect(rows("params.lr~0.01~0.1")).toEqual([1, 2]);
    expect(rows("params.lr~0.001~0.001;params.lr~1~1")).toEqual([0, 3]);
    expect(rows("params.opt~adam~lion;metrics.acc~0.85~1")).toEqual([1, 4]);
    expect(rows("params.opt~gone~gone")).toBeNull();
  });
  test("a drag over bands takes whole categories", () => {
    expect(brushBetween(axis("params.opt"), 0.1, 0.5)).toEqual({ name: "params.opt", from: "sgd", to: "adam" });
  });
  test("become a filter that finds the same runs", () => {
    const axes = [axis("params.lr"), axis("params.opt"), axis("metrics.acc")];
    for (const text of ["params.lr~0.005~0.5", "params.opt~sgd~adam", "metrics.acc~0.65~0.85", "metrics.acc~0.6~0.6;metrics.acc~0.9~1;params.opt~adam~adam"]) {
      const filter = filterOf(axes, parseBrushes(text), FRAME) as string;
      expect([...matching(FRAME, parseFilter(filter))]).toEqual([...(within(axes, parseBrushes(text), ALL) as Int32Array)]);
    }
  });
  test("a filter is joined to one that is there", () => {
    expect(joined("", "a = 1")).toBe("a = 1");
    expect(joined("words", "a = 1")).toBe("a = 1");
    expect(joined("x = 1 or y = 2", "a = 1")).toBe("(x = 1 or y = 2) AND a = 1");
  });
});

describe("statistics", () => {
  const iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110];
  const tv = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17];
  test("rank correlation as the books have it, ties sharing their rank", () => {
    expect(spearman(iq, tv)).toBeCloseTo(-0.17575757575757575, 12);
    expect(spearman([1, 2, 2, 3, 5], [2, 1, 4, 4, 6])).toBeCloseTo(0.7631578947368421, 12);
    expect([...ranks([10, 20, 10, 30])]).toEqual([1.5, 3, 1.5, 4]);
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeNull();
  });
  test("eta squared is the share of the variance between groups", () => {
    expect(etaSquared([0, 0, 1, 1], [1, 2, 5, 6])).toBeCloseTo(16 / 17, 12);
    expect(etaSquared([0, 1, 0, 1], [1, 1, 2, 2])).toBe(0);
    expect(etaSquared([0, 0, 0], [1, 2, 3])).toBeNull();
  });
  test("importance says its method, its direction and of how many runs", () => {
    const [lr, opt, loss] = ["params.lr", "params.opt", "metrics.acc"].map((name) => FRAME.columns.get(name) as Column) as [Column, Column, Column];
    expect(importance("params.lr", lr, loss, ALL)).toMatchObject({ method: "Spearman", n: 4, direction: 1 });
    expect(importance("params.opt", opt, loss, ALL)).toMatchObject({ method: "eta squared", n: 5, direction: 0 });
  });
  test("the line of least squares", () => {
    const line = trend(iq, tv);
    expect(line?.slope).toBeCloseTo(-0.12430332714068576, 10);
    expect(line?.intercept).toBeCloseTo(32.565951697348424, 8);
    expect(line?.r2).toBeCloseTo(0.07021632602905677 ** 2, 10);
  });
  test("the front has what nothing beats, whichever way is better", () => {
    const [x, y] = [[1, 2, 3, 4, 2], [1, 3, 2, 5, 3]];
    expect(pareto(x, y, { x: "min", y: "max" }).sort()).toEqual([0, 1, 3, 4]);
    expect(pareto(x, y, { x: "max", y: "max" })).toEqual([3]);
    expect(pareto(x, y, { x: "min", y: "min" })).toEqual([0]);
  });
  test("a lasso holds what is inside of it, also where it is not convex", () => {
    const shape: [number, number][] = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]];
    expect(inside(shape, 0.5, 1)).toBe(true);
    expect(inside(shape, 2, 3)).toBe(false);
    expect(inside(shape, 5, 1)).toBe(false);
  });
  test("cells count points and have the means of those that have a value", () => {
    const bins = binned([0, 0.4, 1], [0, 0.1, 1], [1, 3, Number.NaN], 2, 2);
    expect([...bins.counts]).toEqual([2, 0, 0, 1]);
    expect(bins.means[0]).toBe(2);
    expect(bins.means[3]).toBeNaN();
  });
});

describe("side by side", () => {
  const side = (name: string, params: Record<string, string>, metrics: Record<string, number>): Side => ({
    id: name, name, experiment: "1", status: "FINISHED", start: 0, end: 1, user: "", tags: {}, datasets: {}, params,
    metrics: Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, { value, min: value, max: value, count: 1 }])),
  });
  const sides = [side("A", { lr: "1", depth: "2", same: "x" }, { "val/acc": 0.9, loss: 0.5 }), side("B", { lr: "2", depth: "3", same: "x" }, { "val/acc": 0.913, loss: 0.6 })];
  test("says what differs and who is ahead", () => {
    expect(inWords(sides, 0, { key: "val/acc", direction: "max" })).toBe("2 runs that differ in depth and lr. B is the best in val/acc with 0.913 (+0.013 over A). B besides: +0.1 loss (worse).");
    expect(linesOf(sides.map(({ params }) => params)).filter(({ isSame }) => isSame).map(({ key }) => key)).toEqual(["same"]);
  });
  test("deltas are to the baseline, and less is better for a loss", () => {
    const [acc, loss] = metricLines(sides, 1, { key: "val/acc", direction: "max" });
    expect(acc?.cells.map((cell) => [cell?.verdict, cell?.isBest])).toEqual([["worse", false], ["", true]]);
    expect(loss?.cells.map((cell) => [cell?.verdict, cell?.isBest])).toEqual([["better", true], ["", false]]);
  });
  test("the same value in all is the best of none; NaN is no rival", () => {
    const [line] = metricLines([side("A", {}, { m: 1 }), side("B", {}, { m: 1 })], 0, null);
    expect(line?.cells.map((cell) => [cell?.isBest, cell?.verdict])).toEqual([[false, ""], [false, "equal"]]);
    const [other] = metricLines([side("A", {}, { m: Number.NaN }), side("B", {}, { m: 1 })], 0, null);
    expect(other?.cells.map((cell) => [cell?.isBest, cell?.delta])).toEqual([[false, null], [false, null]]);
  });
  test("one is moved to a place", () => {
    expect(movedTo([1, 2, 3], 0, 2)).toEqual([2, 3, 1]);
    expect(movedTo([1, 2, 3], 2, -5)).toEqual([3, 1, 2]);
  });
});

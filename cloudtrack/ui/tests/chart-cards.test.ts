import { describe, expect, test } from "vitest";
import { ownOf } from "../src/charts/card-form";
import { type ChartRun, linesOf } from "../src/charts/lines-of";
import { columnsOf, parseAdded, printAdded } from "../src/lib/added-cards";
import { parseCards, printCards } from "../src/lib/card-state";
import { cardState, chartState } from "../src/lib/chart-state";
import { boxes, histogram, sampled } from "../src/lib/distribution";
import { type Column, frame } from "../src/lib/frame";
import { decode } from "../src/lib/series";
import { evenTicks, niceStep } from "../src/lib/ticks";

describe("what a card has of its own", () => {
  test("is said by the address, whatever its metric is called", () => {
    const cards = new Map([["val/acc", { x: "time", log: "y", sm: "0.6" }], ["a~b;c%7E:d", { x: "metrics.e~f:g", zoom: "-1e-9:5" }]]);
    expect(printCards(new Map([["val/acc", { x: "time", log: "y", sm: "0.6" }]]))).toBe("val/acc~x:time~log:y~sm:0.6");
    expect(parseCards(printCards(cards) ?? "")).toEqual(cards);
  });
  test("that is nothing is not said, and nonsense is nothing", () => {
    expect(printCards(new Map([["loss", {}]]))).toBeNull();
    expect(parseCards(undefined).size).toBe(0);
    expect(parseCards(";~x:time;loss;loss~what:1;loss~x:").size).toBe(0);
  });
  test("goes before the page's, and the rest stays the page's", () => {
    const page = chartState(new Map(Object.entries({ log: "x", sm: "0.5", zoom: "1~2", clip: "1", card: "a~x:time;b~log:-~sm:0;c~x:metrics.d~zoom:3:4" })));
    expect(cardState(page, "a")).toMatchObject({ axis: "time", metric: null, zoom: null, logX: true, smoothing: 0.5, clip: true });
    expect(cardState(page, "b")).toMatchObject({ axis: "step", zoom: { min: 1, max: 2 }, logX: false, logY: false, smoothing: 0 });
    expect(cardState(page, "c")).toMatchObject({ axis: "step", metric: "d", zoom: { min: 3, max: 4 } });
    expect(cardState(page, "other")).toBe(page);
  });
  test("comes from a form, which keeps the zoom of the same x alone", () => {
    expect(ownOf({ x: "", log: "", sm: " " }, { x: "time" })).toEqual({});
    expect(ownOf({ x: "time", log: "-", sm: "0" }, { x: "time", zoom: "1:2" })).toEqual({ x: "time", log: "-", sm: "0", zoom: "1:2" });
    expect(ownOf({ x: "relative", log: "", sm: ".5" }, { x: "time", zoom: "1:2" })).toEqual({ x: "relative", sm: "0.5" });
    expect(() => ownOf({ x: "", log: "", sm: "much" }, undefined)).toThrow("much");
    expect(() => ownOf({ x: "", log: "", sm: "1" }, undefined)).toThrow("0.99");
  });
});

describe("the band of a group", () => {
  const runs = ["a", "b", "c"].map((id): ChartRun => ({ id, name: id, color: "red", dash: [], group: "g" }));
  const series = (last: number[]) => decode({ run_id: "", key: "k", raw: last.length, exact: true, x: last.map((_, at) => at), last });
  const of = new Map([["a", series([1, 1e9 + 1, 7])], ["b", series([3, 1e9 + 2])], ["c", series([8, 1e9 + 3])]]);
  const band = (query: Record<string, string>) => linesOf(runs, chartState(new Map(Object.entries(query))), (id) => of.get(id), null, [{ name: "g", color: "red", dash: [] }])[0]?.band;
  test("is from the least to the greatest, or the standard deviation of the sample around the mean", () => {
    expect([...(band({})?.min ?? [])]).toEqual([1, 1e9 + 1, 7]);
    const { min, max } = band({ band: "std" }) ?? { min: [], max: [] };
    const deviation = Math.sqrt(13); // of 1, 3, 8 around 4
    expect(min[0]).toBeCloseTo(4 - deviation, 12);
    expect(max[0]).toBeCloseTo(4 + deviation, 12);
    expect([min[1], max[1]]).toEqual([1e9 + 1, 1e9 + 3]); // great numbers lose nothing
    expect([min[2], max[2]]).toEqual([7, 7]); // a single run is apart from nothing
  });
});

describe("added cards", () => {
  test("are said by the address, whatever is in their names", () => {
    expect(printAdded({ kind: "box", metric: "val/acc", param: "lr" })).toBe("box:val/acc|lr");
    for (const card of [{ kind: "box", metric: "a|b%7C", param: "c:d|%" }, { kind: "hist", metric: "x|y, z" }] as const) {
      expect(parseAdded(printAdded(card))).toEqual(card);
    }
    expect(["loss", "box:loss", "hist:", "hist:a|b", "box:a|b|c", "pie:a"].map(parseAdded)).toEqual(Array(6).fill(null));
    expect(columnsOf({ kind: "box", metric: "a", param: "b" })).toEqual(["metrics.a", "params.b"]);
  });
  const numbers = (...all: (number | string | null)[]) => frame({
    rows: all.length, total: all.length, truncated: false, cursor: "", delta: false, removed: [], ids: all.map((_, at) => `r${at}`), catalogue: [], columns: { c: { numbers: all } },
  }).columns.get("c") as Column;
  test("a sample has what can be drawn, and counts the rest", () => {
    expect(sampled(numbers(1, null, "NaN", 4), [3, 2, 1, 0])).toEqual({ values: [4, 1], rows: [3, 0], odd: 1, missing: 1 });
  });
  test("a box has the quartiles of its values, whiskers to the last within reach, and what is beyond", () => {
    const values = [7, 1, 3, 2, 4, 5, 6, 100];
    const [box, other] = boxes(sampled(numbers(...values, 9), Array.from({ length: 9 }, (_, at) => at)), numbers(10, 10, 10, 10, 10, 10, 10, 10, 2)).reverse();
    expect(box).toEqual({ name: "10", count: 8, low: 1, q1: 2.75, median: 4.5, q3: 6.25, high: 7, beyond: [100] });
    expect(other).toEqual({ name: "2", count: 1, low: 9, q1: 9, median: 9, q3: 9, high: 9, beyond: [] });
  });
  test("boxes stand by number, then by text, runs without the param last", () => {
    const of = (...categories: (number | string | null)[]) => boxes({ values: categories.map(() => 1), rows: categories.map((_, at) => at), odd: 0, missing: 0 }, {
      kind: "text", at: (row) => categories[row] ?? null, numbers: null, present: Uint8Array.from(categories, (each) => Number(each !== null)), dict: null, codes: null,
    }).map(({ name }) => name);
    expect(of("b", null, "10", "9", "a", "1e-3")).toEqual(["1e-3", "9", "10", "a", "b", "none"]);
  });
  test("a histogram has round bins that hold every value once, each its lower end", () => {
    const values = Array.from({ length: 101 }, (_, at) => at / 100);
    const found = histogram(values);
    expect(found?.counts.reduce((a, b) => a + b, 0)).toBe(101);
    expect(found?.from).toBe(0);
    expect(found?.counts.length).toBeLessThanOrEqual(31);
    expect(histogram([0.1, 0.2, 0.3, 0.7, 0.6])).toEqual({ from: 0, step: 0.2, counts: [1, 2, 0, 2] });
    expect(histogram([5, 5])).toEqual({ from: 5, step: 0, counts: [2] });
    expect(histogram([])).toBeNull();
    for (const odd of [[-1e308, 1e308], [1e-320, 2e-320], [1e16, 1e16 + 2], [-3, 1e9, 0]]) expect(histogram(odd)?.counts.reduce((a, b) => a + b, 0)).toBe(odd.length);
  });
  test("steps and ticks are round", () => {
    expect([niceStep(1, 5), niceStep(1, 4), niceStep(0.003, 3), niceStep(99, 4)]).toEqual([0.2, 0.5, 0.001, 50]);
    expect(evenTicks(-0.05, 0.31, 4)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(evenTicks(2, 2, 4)).toEqual([2]);
  });
});

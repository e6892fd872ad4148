import { describe, expect, test } from "vitest";
import { ownOf } from "../src/charts/card-form";
import { type ChartRun, linesOf } from "../src/charts/lines-of";
import { parseCards, printCards } from "../src/lib/card-state";
import { cardState, chartState } from "../src/lib/chart-state";
import { decode } from "../src/lib/series";

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

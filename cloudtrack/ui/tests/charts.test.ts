import { describe, expect, test } from "vitest";
import { batches } from "../src/charts/store";
import { toggled } from "../src/charts/run-list";
import { chartState, parseZoom, pinnedBefore, printZoom, sections } from "../src/lib/chart-state";
import { placesOf } from "../src/lib/colors";
import { shownAt, stepImage } from "../src/lib/images";
import { lengthen, shorten } from "../src/lib/ids";
import { around, extents, type Line, nearest, summarised, together } from "../src/lib/lines";
import { against, border, decode, extended, lastX, points, type SeriesWire, trace } from "../src/lib/series";
import { smooth } from "../src/lib/smooth";
import { powerTicks } from "../src/lib/ticks";

const floats = (...values: number[]): Float64Array => Float64Array.from(values);
const wire = (part: Partial<SeriesWire>): SeriesWire => ({ run_id: "r", key: "k", raw: part.x?.length ?? 0, exact: true, x: [], last: [], ...part });
const line = (id: string, x: number[], y: number[]): Line => {
  const [fx, fy] = [floats(...x), floats(...y)];
  return { id, name: id, color: "red", dash: [], x: fx, y: fy, raw: fy, full: { x: fx, y: fy }, isSmoothed: false, band: null };
};

describe("smoothing", () => {
  test("is the mean of all before, weighted by distance in x, as a sum over them says", () => {
    const found = smooth([0, 1, 2, 4, 8, 9, 15], [1, 3, Number.NaN, 2, 5, -1, 4], 0.8);
    const expected = [1, 1.5570888431349872, Number.NaN, 1.7753379981215864, 3.2604759665672542, 2.7431988119120736, 3.356392209691116];
    expected.forEach((value, at) => (Number.isNaN(value) ? expect(found[at]).toBeNaN() : expect(found[at]).toBeCloseTo(value, 12)));
  });
  test("of a constant is the constant from the first point on", () => {
    expect([...smooth([5, 6, 90], [2, 2, 2], 0.99)].map((value) => value.toFixed(9))).toEqual(["2.000000000", "2.000000000", "2.000000000"]);
  });
  test("of nothing is the line itself, and a step of twice the length counts as two", () => {
    expect([...smooth([1, 2], [3, 7], 0)]).toEqual([3, 7]);
    const once = smooth([0, 2, 4], [0, 0, 1], 0.5);
    expect(once[2]).toBeCloseTo(0.5 / (0.125 + 0.25 + 0.5), 12);
  });
  test("points at one place, and infinities, do no harm", () => {
    expect([...smooth([1, 1, 1], [1, 2, 3], 0.5)].every(Number.isFinite)).toBe(true);
    expect(smooth([1, 2, 3], [1, Number.POSITIVE_INFINITY, 1], 0.5)[2]).toBe(1);
  });
});

describe("series", () => {
  const bucketed = wire({ exact: false, raw: 9, x: [0, 4, 8], last: [1, 1, 1], first: [1, 1, 1], min: [1, 1, -7], max: [1, 50, 1], count: [1, 4, 4] });
  test("a spike inside a bucket is drawn at its height, and all in order of x", () => {
    const { x, y } = trace(decode(bucketed));
    expect(Math.max(...y)).toBe(50);
    expect(Math.min(...y)).toBe(-7);
    expect([...x]).toEqual([...x].sort((a, b) => a - b));
    expect(points(decode(bucketed)).y).toEqual(floats(1, 1, 1));
  });
  test("NaN and infinities part the line where they are", () => {
    const { x, y } = points(decode(wire({ raw: 5, x: [0, 3], last: [1, 2], nan: { count: 2, x: [1, 4] }, inf: { count: 1, x: [2] } })));
    expect([...x]).toEqual([0, 1, 2, 3, 4]);
    expect([...y].map(Number.isNaN)).toEqual([false, true, true, false, true]);
  });
  test("exact lines grow by what is new, and the last step is laid over", () => {
    const old = decode(wire({ x: [0, 1, 2], last: [1, 2, 3] }));
    expect(border([old])).toBe(2);
    const next = extended(old, decode(wire({ x: [2, 3], last: [9, 4], nan: { count: 1, x: [4] }, raw: 3 })), 2);
    expect([next.x, next.last, next.raw, next.exact]).toEqual([[0, 1, 2, 3], [1, 2, 9, 4], 5, true]);
    expect(lastX(next)).toBe(4);
  });
  test("what is asked for anew begins where no bucket of any line is cut", () => {
    const other = decode(wire({ exact: false, raw: 12, x: [0, 5, 11], last: [0, 0, 0], first: [0, 0, 0], min: [0, 0, 0], max: [0, 0, 0], count: [1, 5, 6] }));
    const of = decode(bucketed);
    expect(border([of, other])).toBe(1);
    const next = extended(of, decode(wire({ raw: 12, x: [5, 6, 7, 8, 9], last: [1, 1, 1, 1, 1] })), 5);
    expect([next.raw, next.x.length, next.exact]).toEqual([1 + 4 + 5, 7, false]);
  });
  test("no border where a line has no points yet", () => expect(border([decode(wire({}))])).toBeNull());
  test("over another metric each point has that metric's last value", () => {
    const found = against({ x: floats(0, 1, 2, 3), y: floats(10, 11, 12, 13) }, { x: floats(1, 3), y: floats(0.5, 0.7) });
    expect([[...found.x], [...found.y]]).toEqual([[0.5, 0.5, 0.7], [11, 12, 13]]);
  });
});

describe("lines", () => {
  const lines = [line("a", [1, 2, 3], [1, -1, 3]), line("b", [2, 4], [10, Number.NaN])];
  const plain = { logX: false, logY: false, clip: false, zoom: null };
  test("axes hold all lines, and a zoom only what lies in it", () => {
    expect(extents(lines, plain)?.x).toEqual({ min: 1, max: 3 });
    const zoomed = extents(lines, { ...plain, zoom: { min: 2.5, max: 9 } });
    expect(zoomed?.x).toEqual({ min: 2.5, max: 9 });
    expect(zoomed?.y.max).toBeCloseTo(3.3);
  });
  test("values that powers cannot show are counted once", () => {
    const found = extents(lines, { ...plain, logY: true });
    expect(found?.nonPositive).toBe(1);
    expect(found?.y.min).toBeGreaterThan(0);
    expect(extents([line("c", [0, 1], [0, -1])], { ...plain, logY: true })?.nonPositive).toBe(2);
  });
  test("clipping leaves the outlier out of sight and says so", () => {
    const found = extents([line("a", Array.from({ length: 300 }, (_, at) => at), Array.from({ length: 300 }, (_, at) => (at === 7 ? 1e9 : at)))], { ...plain, clip: true });
    expect(found?.y.max).toBeLessThan(400);
    expect(found?.clipped).toBeGreaterThan(0);
  });
  test("nothing but NaN is no picture", () => expect(extents([line("n", [1], [Number.NaN])], plain)).toBeNull());
  test("the nearest point has a value, whichever way the line goes", () => {
    expect(nearest(lines[1] as Line, 5)).toBe(0);
    expect(nearest(line("back", [3, 1, 2], [1, 1, 1]), 1.1)).toBe(1);
    expect(nearest(line("none", [1], [Number.NaN]), 1)).toBe(-1);
  });
  test("the nearest in height comes first, and what has ended long before is not there", () => {
    expect(around(lines, 2, 9, 1, (a, b) => a - b).map((each) => each.line)).toEqual([1, 0]);
    expect(around(lines, 9, 0, 1, (a, b) => a - b)).toEqual([]);
  });
  test("a group is its mean between its least and greatest, each line between its own ends", () => {
    const found = together([{ x: floats(0, 2), y: floats(0, 2) }, { x: floats(1, 3), y: floats(3, 5) }]);
    expect([...found.x]).toEqual([0, 1, 2, 3]);
    expect([...found.mean]).toEqual([0, 2, 3, 5]);
    expect([[...found.min], [...found.max]]).toEqual([[0, 1, 2, 5], [0, 3, 4, 5]]);
  });
  test("a sentence says which is best", () => {
    expect(summarised("acc", lines, false, String, "step")).toBe("2 lines, acc, best b 10 at step 2");
    expect(summarised("loss", lines, true, String, "step")).toBe("2 lines, loss, best a -1 at step 2");
    expect(summarised("loss", [], true, String, "step")).toBe("0 lines, loss, no values");
  });
});

describe("the address of charts", () => {
  const of = (query: Record<string, string>) => chartState(new Map(Object.entries(query)));
  test("says axes, smoothing, cards", () => {
    expect(of({ x: "metrics.val/acc", log: "y", sm: "5", ch: "a,b%2Cc", zoom: "1~2" })).toMatchObject({
      axis: "step", metric: "val/acc", logX: false, logY: true, smoothing: 0.99, pins: ["a", "b,c"], zoom: { min: 1, max: 2 }, size: "M",
    });
    expect(of({ x: "relative", sm: "-1", zoom: "2~1", size: "XXL" })).toMatchObject({ axis: "relative", metric: null, smoothing: 0, zoom: null, size: "M" });
  });
  test("keeps a zoom in few digits, and of times every ms", () => {
    expect(printZoom({ min: 10.123456, max: 20.98765 })).toBe("10.12~20.99");
    expect(parseZoom(printZoom({ min: 1_795_650_293_847, max: 1_795_650_294_029 }) ?? "")).toEqual({ min: 1_795_650_293_847, max: 1_795_650_294_029 });
    expect(printZoom({ min: 1, max: 1 })).toBeNull();
  });
  test("cards stand under their prefixes, pinned and primary ones first", () => {
    const state = { find: "", pins: ["z", "gone"], hidden: ["val/b"] };
    expect(sections(["a", "system/cpu", "val/a", "val/acc", "val/b", "z"], state, "val/acc")).toEqual([
      { title: "pinned", keys: ["z"] }, { title: "val", keys: ["val/acc", "val/a"] }, { title: "", keys: ["a"] }, { title: "system", keys: ["system/cpu"] },
    ]);
    expect(sections(["a", "val/acc"], { ...state, find: "AL cc" })).toEqual([{ title: "val", keys: ["val/acc"] }]);
  });
  test("pins move before another", () => {
    expect(pinnedBefore(["a", "b"], "c", "b")).toBe("a,c,b");
    expect(pinnedBefore(["a", "b"], "a", null)).toBe("b,a");
  });
  test("a run keeps its colour when others are hidden and shown again", () => {
    const [a, b, c] = ["a", "b", "c"].map((char) => char.repeat(32)) as [string, string, string];
    const without = toggled(undefined, [a, b, c], b);
    expect(placesOf(without, [a, c], lengthen).get(c)).toBe(2);
    const again = toggled(without, [a, c], b);
    expect([...placesOf(again, [a, b, c], lengthen)]).toEqual([[a, 0], [b, 1], [c, 2]]);
    expect(placesOf(undefined, [c, a], lengthen).get(a)).toBe(1);
    expect(lengthen(shorten(a))).toBe(a);
  });
});

describe("ticks of powers", () => {
  const named = (min: number, max: number) => powerTicks(min, max).flatMap(({ at, isNamed }) => (isNamed ? [at] : []));
  test("are named at the powers, and more where there are few", () => {
    expect(named(0.0008, 150)).toEqual([0.001, 0.01, 0.1, 1, 10, 100]);
    expect(named(0.9, 25)).toEqual([1, 2, 5, 10, 20]);
    expect(named(1.5, 4.5)).toEqual([2, 3, 4]);
  });
  test("are few, in order and in the range, whatever that is", () => {
    for (const [min, max] of [[1.01, 1.05], [1e-300, 1e300], [3e-16, 2], [0.0961, 2.4e5], [1.9999, 2.0001]] as const) {
      const at = powerTicks(min, max).map((tick) => tick.at);
      expect(at.length).toBeGreaterThan(0);
      expect(at.length).toBeLessThan(70);
      expect(at.every((each) => each >= min && each <= max)).toBe(true);
      expect(at).toEqual([...at].sort((a, b) => a - b));
    }
  });
});

describe("images", () => {
  const of = (run: string, path: string) => stepImage(run, `images/${path}`);
  test("say their key and step in their names", () => {
    expect(of("r", "val#sample%step%20%timestamp%1750.png")).toMatchObject({ run: "r", key: "val/sample", step: 20, timestamp: 1750 });
    expect(of("r", "a%step%-1%timestamp%2%0f-e.webp")?.step).toBe(-1);
    expect(of("r", "a%step%1%timestamp%2%0f-e%compressed.webp")).toBeNull();
    expect([of("r", "photo.png"), stepImage("r", "plots/a%step%1%timestamp%2.png")]).toEqual([null, null]);
  });
  test("at a step are the last until then, or the first there is", () => {
    const images = [of("r", "a%step%10%timestamp%1.png"), of("r", "a%step%20%timestamp%1.png"), of("r", "a%step%20%timestamp%9.png"), of("q", "a%step%5%timestamp%1.png")].flatMap((each) => each ?? []);
    expect([0, 10, 19, 20, 99].map((step) => shownAt(images, "a", "r", step)?.path.slice(-18))).toEqual([
      "10%timestamp%1.png", "10%timestamp%1.png", "10%timestamp%1.png", "20%timestamp%9.png", "20%timestamp%9.png",
    ]);
    expect(shownAt(images, "b", "r", 1)).toBeNull();
  });
});

describe("requests", () => {
  test("hold at most 60 series, and every pair once", () => {
    const runs = Array.from({ length: 130 }, (_, at) => `r${at}`);
    const keys = ["a", "b", "c"];
    const seen: string[] = [];
    for (const [some, of] of batches(runs, keys)) {
      expect(some.length * of.length).toBeLessThanOrEqual(60);
      for (const run of some) for (const key of of) seen.push(`${run} ${key}`);
    }
    expect(new Set(seen).size).toBe(390);
    expect(seen.length).toBe(390);
    expect([...batches([], keys)]).toEqual([]);
  });
});

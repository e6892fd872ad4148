import { describe, expect, test } from "vitest";
import { type Piece, streamsOf, textOf } from "../src/lib/console";
import { route } from "../src/lib/routes";

const piece = (stream: string, text: string, offset = 0): Piece => ({ stream, name: `host:${stream}`, offset, text });

describe("a console log", () => {
  test("of one process is its text, without colours and what a bar overwrote", () => {
    const pieces = [piece("1", "\u001b[31mred\u001b[0m\n10%"), piece("1", "\r50%", 20), piece("1", "\r100%\r\nend", 30)];
    expect(textOf(pieces, "")).toBe("red\n100%\nend");
  });
  test("of several has the name before each whole line", () => {
    const pieces = [piece("1", "one\nhalf"), piece("2", "two\n"), piece("1", " line\n", 8), piece("2", "rest", 4)];
    expect(textOf(pieces, "")).toBe("host:1 | one\nhost:2 | two\nhost:1 | half line\nhost:2 | rest");
    expect(textOf(pieces, "1")).toBe("one\nhalf line");
  });
  test("has its streams in order of their start", () => {
    expect(streamsOf([piece("20-b", "x"), piece("10-a", "y"), piece("20-b", "z", 1)])).toEqual([["10-a", "host:10-a"], ["20-b", "host:20-b"]]);
    expect(textOf([], "")).toBe("");
  });
  test("has an address", () => {
    expect(route({ path: ["experiments", "1", "runs", "r", "logs"], query: new Map() })).toMatchObject({ page: "run", tab: "logs" });
  });
});

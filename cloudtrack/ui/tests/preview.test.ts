import { describe, expect, test } from "vitest";
import { pieces, stripped } from "../src/lib/ansi";
import { elements, npyHeader, tensorsHeaderLength, tensorsOf } from "../src/lib/array-headers";
import { beside } from "../src/lib/beside";
import { CAPS, kindOf } from "../src/lib/file-kinds";
import { type Entry, foldersAbove, foldersOf, rowsOf } from "../src/lib/folders";
import { layout, lineAt, lineOf, linesWith } from "../src/lib/text-lines";
import { type Block, type Inline, isSafe, markdown } from "../src/lib/markdown";
import { notebook } from "../src/lib/notebook";
import { factsOf, kept } from "../src/lib/table-page";
import { crc32, zip, type ZipFile } from "../src/lib/zipstream";
import { commitLink } from "../src/pages/run/source-link";

const text = (parts: readonly Inline[]): string => parts.map((part) => ("text" in part ? part.text : "parts" in part ? text(part.parts) : "")).join("");
const first = (source: string): Block => markdown(source)[0] as Block;
const inlineOf = (source: string): Inline[] => {
  const block = first(source);
  return block.kind === "paragraph" ? block.parts : [];
};

describe("Markdown", () => {
  test("blocks", () => {
    const kinds = markdown("# A\n\nB\nC\n\n- one\n- two\n  - three\n\n1. x\n2. y\n\n> q\n\n---\n\n```py\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n").map((each) => each.kind);
    expect(kinds).toEqual(["heading", "paragraph", "list", "list", "quote", "rule", "code", "table"]);
  });
  test("lists nest, and tasks are done or not", () => {
    const list = first("- [x] one\n- [ ] two\n  - three\n");
    if (list.kind !== "list") throw new Error("no list");
    expect(list.items.map((each) => each.done)).toEqual([true, false]);
    expect(list.items[1]?.blocks.map((each) => each.kind)).toEqual(["paragraph", "list"]);
  });
  test("code keeps its signs", () => {
    expect(first("```\n<b> *x* [a](b)\n```")).toEqual({ kind: "code", language: "", text: "<b> *x* [a](b)" });
    expect(inlineOf("a `*b*` c")[1]).toEqual({ kind: "code", text: "*b*" });
  });
  test("inlines", () => {
    expect(inlineOf("**a** *b* ~~c~~ [d](https://e.f) ![g](h.png)").map((each) => each.kind)).toEqual(["strong", "text", "em", "text", "del", "text", "link", "text", "image"]);
    expect(inlineOf("snake_case_name and 2 * 3 * 4")).toEqual([{ kind: "text", text: "snake_case_name and 2 * 3 * 4" }]);
    expect(inlineOf("see https://a.b/c_d_e.")[1]).toMatchObject({ kind: "link", to: "https://a.b/c_d_e" });
    expect(inlineOf("**a *b* c**")[0]).toMatchObject({ kind: "strong", parts: [{ text: "a " }, { kind: "em" }, { text: " c" }] });
  });
  test("HTML is text", () => {
    expect(text(inlineOf("<script>alert(1)</script><img src=x onerror=alert(1)>"))).toBe("<script>alert(1)</script><img src=x onerror=alert(1)>");
  });
  test.each(["javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "\u0001javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "//evil.example", "\\\\evil"])("%j is no link", (address) => {
    expect(isSafe(address)).toBe(false);
    expect(inlineOf(`[x](${address})`).some((each) => each.kind === "link")).toBe(false);
  });
  test.each(["https://a.b", "mailto:a@b.c", "#/models", "notes/other.md", "../up.md"])("%j is a link", (address) => expect(isSafe(address)).toBe(true));
  test("broken and hostile texts end soon", () => {
    const long = (piece: string): string => piece.repeat(Math.floor(19_000 / piece.length)); // just below where inlines are no more looked for
    for (const piece of ["*", "[", "`", "> ", "- ", "**a ", "![", "|", "![a](", "*a ", "`a``", "~~a", "[a](b", "a_", "_a ", "\\", "<https://", "[a](b(", "**a*", "[[a]"]) markdown(long(piece));
    for (const line of ["> ", "- ", "1. ", "  - a\n", "|a\n", "```\n", "- a\n  - b\n"]) markdown(line.repeat(2000));
  });
});

describe("terminal colours", () => {
  test("are classes, and the rest of the sequences is left out", () => {
    expect(pieces("\x1b[1;32mok\x1b[0m done\x1b[2K")).toEqual([{ text: "ok", tone: "bold fg-2" }, { text: " done", tone: "" }]);
    expect(stripped("\x1b]0;title\x07a\x1b[38;5;1mb\x1b[38;2;1;2;3mc")).toBe("abc");
  });
  test("of a progress bar the last state is left", () => expect(stripped("10%\r50%\r100%")).toBe("100%"));
});

describe("lines", () => {
  test("are found by their rows, wrapped or not", () => {
    const lines = ["a", "b".repeat(25), "c"];
    const wrapped = layout(lines, 10);
    expect([...wrapped.tops]).toEqual([0, 1, 4, 5]);
    expect([0, 1, 3, 4, 9].map((row) => lineAt(wrapped, row))).toEqual([0, 1, 1, 2, 2]);
    expect([...layout(lines, 0).tops]).toEqual([0, 1, 2, 3]);
  });
  test("are searched without regard to case, unless the words have one", () => {
    expect(linesWith(["Loss", "loss", "x"], "loss")).toEqual([0, 1]);
    expect(linesWith(["Loss", "loss", "x"], "Loss")).toEqual([0]);
  });
  test("have addresses", () => expect([lineOf("L10"), lineOf("x"), lineOf(undefined)]).toEqual([10, 0, 0]));
});

describe("folders", () => {
  const file = (path: string): Entry => ({ path, is_dir: false, size: 1 });
  test("folders come first, numbers in their order", () => {
    const known = new Map([["", [file("b10"), file("b9"), { path: "z", is_dir: true }]], ["z", [file("z/a")]]]);
    expect(rowsOf(known, new Set(["z"])).map((row) => [row.entry.path, row.level, row.place])).toEqual([["z", 1, 1], ["z/a", 2, 1], ["b9", 1, 2], ["b10", 1, 3]]);
  });
  test("what is found keeps its folders", () => {
    const found = foldersOf([file("a/b/c.txt"), file("a/d.txt"), file("e.png")], "C.T");
    expect(rowsOf(found, new Set(found.keys())).map((row) => row.entry.path)).toEqual(["a", "a/b", "a/b/c.txt"]);
  });
  test("above and beside", () => {
    expect(foldersAbove("a/b/c")).toEqual(["a", "a/b"]);
    expect(beside("docs/x", "../images/a%20b.png?raw=1")).toBe("docs/images/a b.png");
    expect([beside("docs", "../../../etc"), beside("", "https://a"), beside("", "//a"), beside("", "#x"), beside("a", "javascript:x")]).toEqual([null, null, null, null, null]);
  });
});

describe("kinds of files", () => {
  test("by name, whatever it is", () => {
    expect(["a/b.CSV", "x.ipynb", "MLmodel", "constructor", "a.tar.gz", "__proto__", ".gitignore", "m.safetensors"].map(kindOf)).toEqual(["table", "notebook", "text", "unknown", "binary", "unknown", "text", "tensors"]);
  });
  test("what is loaded whole has a cap", () => expect(Object.values(CAPS).every((cap) => cap <= 20 << 20)).toBe(true));
});

describe("headers of arrays", () => {
  test("NumPy's, with its shape and type", () => {
    const head = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }".padEnd(117) + "\n";
    const bytes = Uint8Array.from([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, head.length, 0, ...new TextEncoder().encode(head)]);
    expect(npyHeader(bytes)).toEqual({ dtype: "<f8", shape: [3, 4], isFortran: false });
    expect([npyHeader(bytes.slice(0, 8)), npyHeader(new Uint8Array(200))]).toEqual([null, null]);
    expect(elements([3, 4])).toBe(12);
  });
  test("of safetensors", () => {
    expect(tensorsHeaderLength(Uint8Array.from([16, 1, 0, 0, 0, 0, 0, 0]))).toBe(272);
    expect(tensorsOf('{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}')).toEqual({
      tensors: [{ name: "w", dtype: "F32", shape: [2, 3], bytes: 24 }], metadata: { format: "pt" },
    });
    expect(tensorsOf("<html>")).toBeNull();
  });
});

describe("notebooks", () => {
  test("cells and outputs; HTML stays HTML, and a picture is one only where it is base64", () => {
    const found = notebook(JSON.stringify({ cells: [
      { cell_type: "markdown", source: ["# a"] },
      { cell_type: "code", execution_count: 3, source: "x", outputs: [
        { output_type: "stream", name: "stderr", text: ["no"] },
        { output_type: "display_data", data: { "text/html": "<b>x</b>" } },
        { output_type: "display_data", data: { "image/png": "aGk=\n" } },
        { output_type: "display_data", data: { "image/png": 'x" onload="evil' } },
        { output_type: "error", ename: "E", evalue: "v", traceback: ["t"] },
      ] },
    ] }));
    const [, code] = found?.cells ?? [];
    expect(code?.kind === "code" && code.outputs).toEqual([
      { kind: "text", text: "no", isError: true }, { kind: "html", html: "<b>x</b>" }, { kind: "image", source: "data:image/png;base64,aGk=" }, { kind: "text", text: "t", isError: true },
    ]);
    expect([notebook("{}"), notebook("no"), notebook("null")]).toEqual([null, null, null]);
  });
});

describe("pages of tables", () => {
  test("rows are kept and sorted, empty cells last", () => {
    const columns = [[3, null, 1], ["a", "b", "ab"]];
    expect(kept(columns, "a", { column: 0, descending: true })).toEqual([0, 2]);
    expect(kept(columns, "", { column: 0, descending: false })).toEqual([2, 0, 1]);
    expect(factsOf([3, null, 1, 1])).toEqual({ empty: 1, distinct: 2, least: "1", most: "3" });
  });
});

describe("zip", () => {
  test("has the bytes of its files, their checks and their names", async () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    const file = (name: string, body: string): ZipFile => ({ name, chunks: () => [new TextEncoder().encode(body)] });
    const parts: number[] = [];
    for await (const piece of zip([file("a.txt", "hello"), file("b/ü.txt", "")])) parts.push(...piece);
    const bytes = Uint8Array.from(parts);
    const view = new DataView(bytes.buffer);
    const end = bytes.length - 22;
    expect([view.getUint32(end, true), view.getUint16(end + 10, true)]).toEqual([0x06054b50, 2]);
    const directory = view.getUint32(end + 16, true);
    expect([view.getUint32(directory, true), view.getUint32(directory + 16, true), view.getUint32(directory + 24, true)]).toEqual([0x02014b50, crc32(new TextEncoder().encode("hello")), 5]);
  });
});

describe("commits", () => {
  test("have an address where the repository is on the web", () => {
    const sha = "0123456789abcdef";
    expect(commitLink("git@github.com:a/b.git", sha)).toBe(`https://github.com/a/b/commit/${sha}`);
    expect(commitLink("https://github.com/a/b", sha)).toBe(`https://github.com/a/b/commit/${sha}`);
    expect([commitLink("/home/x", sha), commitLink("javascript:alert(1)//a/b", sha), commitLink("https://a/b", "<x>")]).toEqual([null, null, null]);
  });
});

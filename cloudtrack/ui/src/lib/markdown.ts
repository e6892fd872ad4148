/** Markdown as a tree of what we can draw: an allow-list, in which HTML is text and nothing has attributes of its own. */

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "break" }
  | { kind: "strong" | "em" | "del"; parts: Inline[] }
  | { kind: "link"; to: string; parts: Inline[] }
  | { kind: "image"; from: string; alt: string };

export type Block =
  | { kind: "heading"; level: number; parts: Inline[] }
  | { kind: "paragraph"; parts: Inline[] }
  | { kind: "code"; language: string; text: string }
  | { kind: "quote"; blocks: Block[] }
  | { kind: "list"; ordered: boolean; start: number; items: { done: boolean | null; blocks: Block[] }[] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

const DEEPEST = 12;
const LONGEST_INLINE = 20_000;
const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])( *\1){2,} *$/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])( +|$)(.*)$/;
const QUOTE = /^ {0,3}> ?/;
const TABLE_LINE = /^ *\|?( *:?-+:? *\|)+( *:?-+:? *)?\|? *$/;

export function markdown(text: string): Block[] {
  return blocksOf(text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n"), 0);
}

function blocksOf(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] as string;
    const fence = FENCE.exec(line);
    const heading = HEADING.exec(line);
    if (!line.trim()) at += 1;
    else if (fence) at = fenced(lines, at, fence, blocks);
    else if (heading) {
      blocks.push({ kind: "heading", level: heading[1]?.length ?? 1, parts: inline(heading[2] ?? "") });
      at += 1;
    } else if (RULE.test(line)) {
      blocks.push({ kind: "rule" });
      at += 1;
    } else if (QUOTE.test(line) && depth < DEEPEST) at = quoted(lines, at, depth, blocks);
    else if (ITEM.test(line) && depth < DEEPEST) at = listed(lines, at, depth, blocks);
    else if (line.includes("|") && TABLE_LINE.test(lines[at + 1] ?? "")) at = tabled(lines, at, blocks);
    else if (/^ {4}/.test(line)) at = indented(lines, at, blocks);
    else at = paragraph(lines, at, blocks);
  }
  return blocks;
}

function fenced(lines: readonly string[], at: number, [, fence = "", language = ""]: RegExpExecArray, blocks: Block[]): number {
  const end = lines.findIndex((line, place) => place > at && line.trim().startsWith(fence) && !line.trim().replaceAll(fence[0] as string, ""));
  const last = end < 0 ? lines.length : end;
  blocks.push({ kind: "code", language, text: lines.slice(at + 1, last).join("\n") });
  return last + 1;
}

function indented(lines: readonly string[], at: number, blocks: Block[]): number {
  let end = at;
  while (end < lines.length && (/^ {4}/.test(lines[end] as string) || !lines[end]?.trim())) end += 1;
  blocks.push({ kind: "code", language: "", text: lines.slice(at, end).map((line) => line.slice(4)).join("\n").trimEnd() });
  return end;
}

function quoted(lines: readonly string[], at: number, depth: number, blocks: Block[]): number {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end] as string)) end += 1;
  blocks.push({ kind: "quote", blocks: blocksOf(lines.slice(at, end).map((line) => line.replace(QUOTE, "")), depth + 1) });
  return end;
}

function listed(lines: readonly string[], at: number, depth: number, blocks: Block[]): number {
  const [, indent = "", bullet = ""] = ITEM.exec(lines[at] as string) as RegExpExecArray;
  const ordered = /\d/.test(bullet);
  const items: { done: boolean | null; blocks: Block[] }[] = [];
  let end = at;
  while (end < lines.length) {
    const match = ITEM.exec(lines[end] as string);
    if (!match || match[1] !== indent || /\d/.test(match[2] as string) !== ordered || RULE.test(lines[end] as string)) break;
    const inner = (match[1]?.length ?? 0) + (match[2]?.length ?? 1) + Math.max(1, Math.min(4, match[3]?.length ?? 1));
    const own = [match[4] ?? ""];
    end += 1;
    while (end < lines.length) {
      const line = lines[end] as string;
      const isBlank = !line.trim();
      const isInside = line.length - line.trimStart().length >= Math.min(inner, indent.length + 2) && !isBlank;
      const goesOn = isBlank ? /^ {2,}\S/.test(lines[end + 1] ?? "") && (lines[end + 1] as string).search(/\S/) >= indent.length + 2 : isInside || (!ITEM.test(line) && lines[end - 1]?.trim() !== "" && !startsBlock(line));
      if (!goesOn) break;
      own.push(line.slice(Math.min(inner, line.length - line.trimStart().length)));
      end += 1;
    }
    const task = /^\[([ xX])\] +/.exec(own[0] as string);
    if (task) own[0] = (own[0] as string).slice(task[0].length);
    items.push({ done: task ? task[1] !== " " : null, blocks: blocksOf(own, depth + 1) });
    while (end < lines.length && !lines[end]?.trim() && ITEM.exec(lines[end + 1] ?? "")?.[1] === indent) end += 1;
  }
  blocks.push({ kind: "list", ordered, start: ordered ? Number.parseInt(bullet, 10) : 1, items });
  return Math.max(end, at + 1);
}

function startsBlock(line: string): boolean {
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line);
}

function tabled(lines: readonly string[], at: number, blocks: Block[]): number {
  const cells = (line: string): Inline[][] => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => inline(cell.trim().replace(/\\\|/g, "|")));
  const head = cells(lines[at] as string);
  let end = at + 2;
  const rows: Inline[][][] = [];
  for (; end < lines.length && lines[end]?.trim() && lines[end]?.includes("|"); end++) {
    const row = cells(lines[end] as string);
    rows.push(head.map((_, place) => row[place] ?? []));
  }
  blocks.push({ kind: "table", head, rows });
  return end;
}

function paragraph(lines: readonly string[], at: number, blocks: Block[]): number {
  let end = at + 1;
  while (end < lines.length && lines[end]?.trim() && !startsBlock(lines[end] as string) && !/^ {0,3}([-*+]|1[.)]) +\S/.test(lines[end] as string)) {
    const under = /^ {0,3}(=+|-+) *$/.exec(lines[end] as string);
    if (under) {
      blocks.push({ kind: "heading", level: under[1]?.startsWith("=") ? 1 : 2, parts: inline(lines.slice(at, end).join("\n").trim()) });
      return end + 1;
    }
    end += 1;
  }
  blocks.push({ kind: "paragraph", parts: inline(lines.slice(at, end).map((line) => line.trimStart()).join("\n")) });
  return end;
}

const TOKEN = new RegExp([
  String.raw`\\([!-/:-@[-\`{-~])`, // 1: escaped
  String.raw`(\`+)([^\`]|[^\`][\s\S]*?[^\`])\2(?!\`)`, // 2, 3: code
  String.raw`(!?)\[((?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+["'(][^)]*)?\s*\)`, // 4: image, 5: text, 6: address
  String.raw`<((?:https?:\/\/|mailto:)[^\s<>]+)>`, // 7: address in angles
  String.raw`(https?:\/\/[^\s<>()\[\]"'\`]*[^\s<>()\[\]"'\`.,;:!?])`, // 8: bare address
  String.raw`(\*\*|__)(?=\S)([\s\S]*?\S)\9`, // 9, 10: strong
  String.raw`(\*|(?<!\w)_)(?=[^\s*_])([^*_]*?[^\s*_])(?:\11(?!\w)|\11(?<=\*))`, // 11, 12: emphasis
  String.raw`~~(?=\S)([\s\S]*?\S)~~`, // 13: struck out
  String.raw`( {2,}|\\)\n`, // 14: break
].join("|"), "g");

function inline(text: string, depth = 0): Inline[] {
  if (depth > DEEPEST || text.length > LONGEST_INLINE) return [{ kind: "text", text }];
  const parts: Inline[] = [];
  let from = 0;
  const plain = (upTo: number): void => {
    if (upTo > from) push(parts, text.slice(from, upTo));
  };
  for (const match of text.matchAll(TOKEN)) {
    plain(match.index);
    from = match.index + match[0].length;
    const [whole, escaped, , code, bang, label, address, angled, bare, , strong, , em, del, gap] = match;
    if (escaped !== undefined) push(parts, escaped);
    else if (code !== undefined) parts.push({ kind: "code", text: code.replace(/^ (.+) $/s, "$1") });
    else if (address !== undefined) parts.push(bang ? { kind: "image", from: address, alt: label ?? "" } : linked(address, inline(label ?? "", depth + 1), whole));
    else if (angled ?? bare) parts.push(linked((angled ?? bare) as string, [{ kind: "text", text: (angled ?? bare) as string }], whole));
    else if (strong !== undefined) parts.push({ kind: "strong", parts: inline(strong, depth + 1) });
    else if (em !== undefined) parts.push({ kind: "em", parts: inline(em, depth + 1) });
    else if (del !== undefined) parts.push({ kind: "del", parts: inline(del, depth + 1) });
    else if (gap !== undefined) parts.push({ kind: "break" });
  }
  plain(text.length);
  return parts;
}

function push(parts: Inline[], text: string): void {
  const last = parts.at(-1);
  if (last?.kind === "text") last.text += text;
  else parts.push({ kind: "text", text });
}

function linked(address: string, parts: Inline[], whole: string): Inline {
  return isSafe(address) ? { kind: "link", to: address, parts } : { kind: "text", text: whole };
}

/** Whether an address may be a link: the web, mail, a page of ours, or a file beside. */
export function isSafe(address: string): boolean {
  const scheme = /^[\s\u0000-\u001f]*([a-z][a-z0-9+.-]*):/i.exec(address);
  return scheme ? ["http", "https", "mailto"].includes((scheme[1] as string).toLowerCase()) : !/^[/\\]{2}/.test(address.trim());
}

/** Markdown drawn from its tree: links lead to the web, to mail, to pages of ours; pictures come from where the caller says. */

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { type Block, type Inline, markdown } from "../lib/markdown";
import "../styles/markdown.css";

export interface Surroundings {
  /** The address of a picture beside the text; without it such a picture is its description. */
  image?: (path: string) => Promise<string>;
  /** Where a link to a file beside the text leads; null for nowhere. */
  link?: (path: string) => string | null;
}

const PICTURE = /^data:image\/(png|jpeg|gif|webp);base64,[\w+/=]+$/;

export function MarkdownView({ text, ...around }: { text: string } & Surroundings) {
  const blocks = useMemo(() => markdown(text), [text]);
  return <div class="markdown">{blocks.map((block, at) => <BlockView key={at} block={block} around={around} />)}</div>;
}

function BlockView({ block, around }: { block: Block; around: Surroundings }): ComponentChildren {
  switch (block.kind) {
    case "heading": {
      const Level = `h${Math.min(6, block.level + 1)}` as "h2"; // the page has the one h1
      return <Level>{inlines(block.parts, around)}</Level>;
    }
    case "paragraph": return <p>{inlines(block.parts, around)}</p>;
    case "code": return <pre tabIndex={0} aria-label={block.language || "code"}><code>{block.text}</code></pre>;
    case "quote": return <blockquote>{block.blocks.map((each, at) => <BlockView key={at} block={each} around={around} />)}</blockquote>;
    case "rule": return <hr />;
    case "table": return <TableView block={block} around={around} />;
    case "list": {
      const items = block.items.map(({ done, blocks }, at) => (
        <li key={at} class={done === null ? undefined : "task"}>
          {done !== null && <span role="img" aria-label={done ? "done" : "to do"}>{done ? "☑ " : "☐ "}</span>}
          {blocks.map((each, place) => (each.kind === "paragraph" && blocks.length === 1 ? inlines(each.parts, around) : <BlockView key={place} block={each} around={around} />))}
        </li>
      ));
      return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
    }
  }
}

function TableView({ block, around }: { block: Block & { kind: "table" }; around: Surroundings }) {
  return (
    <div class="markdown-table" role="group" aria-label="table" tabIndex={0}>
      <table>
        <thead><tr>{block.head.map((cell, at) => <th key={at} scope="col">{inlines(cell, around)}</th>)}</tr></thead>
        <tbody>{block.rows.map((row, at) => <tr key={at}>{row.map((cell, place) => <td key={place}>{inlines(cell, around)}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}

function inlines(parts: readonly Inline[], around: Surroundings): ComponentChildren {
  return parts.map((part, at) => {
    switch (part.kind) {
      case "text": return part.text;
      case "code": return <code key={at}>{part.text}</code>;
      case "break": return <br key={at} />;
      case "strong": return <strong key={at}>{inlines(part.parts, around)}</strong>;
      case "em": return <em key={at}>{inlines(part.parts, around)}</em>;
      case "del": return <del key={at}>{inlines(part.parts, around)}</del>;
      case "link": return <LinkView key={at} link={part} around={around} />;
      case "image": return <ImageView key={at} image={part} around={around} />;
    }
  });
}

function LinkView({ link, around }: { link: Inline & { kind: "link" }; around: Surroundings }) {
  const content = inlines(link.parts, around);
  if (/^(https?|mailto):/i.test(link.to)) return <a href={link.to} target="_blank" rel="noopener noreferrer nofollow">{content}</a>;
  if (link.to.startsWith("#/")) return <a href={link.to}>{content}</a>;
  const to = around.link?.(link.to) ?? null;
  return to ? <a href={to}>{content}</a> : <span>{content}</span>;
}

function ImageView({ image: { from, alt }, around }: { image: Inline & { kind: "image" }; around: Surroundings }) {
  const [source, setSource] = useState(PICTURE.test(from) ? from : "");
  const isBeside = !/^[a-z][a-z0-9+.-]*:|^[/\\]|^#/i.test(from);
  useEffect(() => {
    let gone = false;
    if (isBeside) around.image?.(from).then((found) => !gone && setSource(found), () => undefined);
    return () => {
      gone = true;
    };
  }, [from]);
  if (source) return <img src={source} alt={alt} loading="lazy" />;
  if (/^https?:/i.test(from)) return <a href={from} target="_blank" rel="noopener noreferrer nofollow">{alt || "picture"}</a>; // nothing of other sites is loaded
  return <em>{alt || "picture"}</em>;
}

/** One file: its facts, what can be done with it, and a look into it where that costs little. */

import { useState } from "preact/hooks";
import { useAddress, useSetQuery } from "../app/address";
import { Boundary } from "../app/failure";
import { lazy } from "../app/lazy";
import { Button, copy, RelTime } from "../app/parts";
import { CAPS, type FileKind, kindOf } from "../lib/file-kinds";
import type { Entry } from "../lib/folders";
import { bytes, grouped } from "../lib/format";
import { openFile, saveFile } from "./download";
import type { Source } from "./source";

export interface PreviewProps {
  source: Source;
  entry: Entry;
  /** The page's address for another file. */
  linkTo: (path: string) => string;
}

const VIEWS: Partial<Record<FileKind, ReturnType<typeof lazy<PreviewProps>>>> = {
  text: lazy(() => import("./text")),
  unknown: lazy(() => import("./text")),
  json: lazy(() => import("./json")),
  table: lazy(() => import("./table")),
  image: lazy(() => import("./image")),
  html: lazy(() => import("./html")),
  notebook: lazy(() => import("./notebook")),
  markdown: lazy(() => import("./markdown")),
  audio: lazy(() => import("./media")),
  video: lazy(() => import("./media")),
  pdf: lazy(() => import("./media")),
  array: lazy(() => import("./headers")),
  tensors: lazy(() => import("./headers")),
};
/** Kinds that are drawn, and whose text can be read too. */
const DRAWN: readonly FileKind[] = ["notebook", "markdown", "html"];
const TEXTS: readonly FileKind[] = ["json", "notebook", "markdown", "html", "unknown"];

export function FilePane({ source, entry, uri, linkTo }: PreviewProps & { uri: string }) {
  const { query } = useAddress();
  const setQuery = useSetQuery();
  const kind = kindOf(entry.path);
  const size = entry.size ?? 0;
  const [partly, setPartly] = useState(false);
  const asText = TEXTS.includes(kind) && query.get("as") === "text";
  const isOver = CAPS[kind] >= 0 && size > CAPS[kind];
  const View = asText || partly ? VIEWS.text : isOver || (kind === "binary") ? undefined : VIEWS[kind];
  return (
    <>
      <div class="file-bar">
        <span class="num" title={`${grouped(size)} bytes`}>{bytes(size)}</span>
        {entry.mtime !== undefined && <RelTime ms={entry.mtime} />}
        {entry.sha256 && <span class="note hash" title={`sha256 ${entry.sha256}`}>sha256 {entry.sha256.slice(0, 12)}…</span>}
        <span class="grow" />
        {DRAWN.includes(kind) && !isOver && <Button pressed={asText} onClick={() => setQuery({ as: asText ? null : "text", at: null })}>Source</Button>}
        <Button icon="copy" label="Copy URI (y)" onClick={() => copy(`${uri}/${entry.path}`, "URI")}>URI</Button>
        <Button icon="open" label="Open in a new tab" onClick={() => openFile(source, entry.path, kind === "html" || /\.svg$/i.test(entry.path))}>Open</Button>
        <Button icon="download" label="Download (d)" onClick={() => saveFile(source, entry.path)}>Download</Button>
      </div>
      <Boundary what="This file">
        {View ? <View source={source} entry={entry} linkTo={linkTo} /> : <Facts entry={entry} kind={kind} onLoad={TEXTS.includes(kind) && size > 0 ? () => setPartly(true) : undefined} />}
      </Boundary>
    </>
  );
}

/** For what is too large, or cannot be shown: nothing of it is loaded. */
function Facts({ entry, kind, onLoad }: { entry: Entry; kind: FileKind; onLoad?: () => void }) {
  return (
    <div class="empty">
      <h2>{CAPS[kind] > 0 ? "Too large to be shown whole" : "No preview"}</h2>
      <p>
        {CAPS[kind] > 0 ? `Files of this kind are shown up to ${bytes(CAPS[kind])}; this one has ${bytes(entry.size ?? 0)}.` : "What is in this file is read by programs. Nothing of it has been loaded."}
      </p>
      {entry.sha256 && <p class="note">sha256 <code>{entry.sha256}</code></p>}
      {onLoad && <p><Button onClick={onLoad}>Load the first part as text</Button></p>}
    </div>
  );
}

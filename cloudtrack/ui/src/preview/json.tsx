/** JSON as a tree that opens and closes; a table of MLflow's as a table. */

import { useMemo, useState } from "preact/hooks";
import { useAddress, useSetQuery } from "../app/address";
import { useLoaded } from "../app/data";
import { Failure } from "../app/failure";
import { Icon } from "../app/icons";
import { Button, Skeleton } from "../app/parts";
import { nameOf } from "../lib/folders";
import { counted } from "../lib/format";
import type { PreviewProps } from "./file-pane";
import { readText, sourceKey } from "./source";
import TablePreview from "./table";
import TextPreview from "./text";
import { TextView } from "./text-view";

const SHOWN = 100;
const OPEN_DEPTH = 2;

export default function JsonPreview(props: PreviewProps) {
  const { source, entry } = props;
  const { query } = useAddress();
  const setQuery = useSetQuery();
  const text = useLoaded(`json ${sourceKey(source)} ${entry.path} ${entry.etag ?? entry.size}`, (signal) => readText(source, entry.path, signal));
  const value = useMemo(() => parsed(text.data), [text.data]);
  if (text.error) return <Failure error={text.error} retry={text.refresh} what="file" />;
  if (text.data === null) return <Skeleton rows={12} what={nameOf(entry.path)} />;
  if (value === undefined) return <TextPreview {...props} />;
  const as = query.get("as") ?? (isTable(value) ? "table" : "tree");
  return (
    <>
      <div class="views" role="group" aria-label="Form">
        {[...(isTable(value) ? ["table"] : []), "tree", "raw"].map((each) => (
          <button key={each} type="button" aria-pressed={as === each} onClick={() => setQuery({ as: each === (isTable(value) ? "table" : "tree") ? null : each })}><b class="plain-word">{each}</b></button>
        ))}
      </div>
      {as === "table" && <TablePreview {...props} />}
      {as === "tree" && <div class="json" role="group" aria-label={nameOf(entry.path)}><Value name="" value={value} depth={0} /></div>}
      {as === "raw" && <TextView text={text.data} label={nameOf(entry.path)} />}
    </>
  );
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text.replace(/(?<=[[:,\s])(-?Infinity|NaN)(?=[\],}\s])/g, '"$1"')) as unknown;
  } catch {
    return undefined;
  }
}

function isTable(value: unknown): boolean {
  const found = value as { columns?: unknown; data?: unknown } | null;
  return Boolean(found) && typeof found === "object" && Array.isArray(found?.columns) && Array.isArray(found.data) && found.data.every(Array.isArray);
}

export function Value({ name, value, depth }: { name: string; value: unknown; depth: number }) {
  const [open, setOpen] = useState(depth < OPEN_DEPTH);
  const [shown, setShown] = useState(SHOWN);
  const key = name && <span class="json-key">{name}: </span>;
  if (value === null || typeof value !== "object") return <div class="json-row">{key}<Plain value={value} /></div>;
  const entries = Array.isArray(value) ? value.map((each, at) => [String(at), each] as const) : Object.entries(value);
  const size = Array.isArray(value) ? counted(entries.length, "item") : counted(entries.length, "key");
  return (
    <div class="json-row">
      <button type="button" class="twisty" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? "down" : "right"} />{key || <span class="json-key">{Array.isArray(value) ? "list" : "object"}</span>} <span class="note">{size}</span>
      </button>
      {open && (
        <div class="json-inner">
          {entries.slice(0, shown).map(([inner, each]) => <Value key={inner} name={inner} value={each} depth={depth + 1} />)}
          {entries.length > shown && <Button onClick={() => setShown(shown + 10 * SHOWN)}>{counted(entries.length - shown, "more", "more")}</Button>}
        </div>
      )}
    </div>
  );
}

function Plain({ value }: { value: unknown }) {
  if (typeof value === "string") return <span class="json-text">{value.length > 2000 ? `${value.slice(0, 2000)}…` : value || '""'}</span>;
  return <span class="json-number">{String(value)}</span>;
}

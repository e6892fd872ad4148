/** A text file: the whole of a small one, of a large one the beginning, and more of it when that is asked for. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Failure } from "../app/failure";
import { useLoaded } from "../app/data";
import { attempt } from "../app/dialog";
import { Button, Skeleton } from "../app/parts";
import { nameOf } from "../lib/folders";
import { bytes } from "../lib/format";
import type { PreviewProps } from "./file-pane";
import { readRange, sourceKey } from "./source";
import { TextView } from "./text-view";

const WHOLE_BYTES = 1 << 20;
const FIRST_BYTES = 64 << 10;
const MORE_BYTES = 1 << 20;

export default function TextPreview({ source, entry }: PreviewProps) {
  const size = entry.size ?? 0;
  const decoder = useRef(new TextDecoder());
  const [more, setMore] = useState({ text: "", end: 0, busy: false });
  const first = useLoaded(`text ${sourceKey(source)} ${entry.path} ${entry.etag ?? size}`, async (signal) => {
    const end = size <= WHOLE_BYTES ? size : FIRST_BYTES;
    const content = await readRange(source, entry.path, 0, end, signal);
    decoder.current = new TextDecoder();
    return { text: decoder.current.decode(content, { stream: end < size }), end, isBinary: content.includes(0) };
  });
  useEffect(() => setMore({ text: "", end: 0, busy: false }), [entry.path]);
  if (first.error) return <Failure error={first.error} retry={first.refresh} what="file" />;
  if (!first.data) return <Skeleton rows={14} what={nameOf(entry.path)} />;
  if (size === 0) return <p class="note">The file is empty.</p>;
  if (first.data.isBinary) return <p class="note">The file is no text. Download it to read it with a program.</p>;
  const end = more.end || first.data.end;
  const load = (): void => void attempt(async () => {
    setMore((before) => ({ ...before, busy: true }));
    const next = Math.min(size, end + MORE_BYTES);
    try {
      const content = await readRange(source, entry.path, end, next);
      const text = decoder.current.decode(content, { stream: next < size });
      setMore((before) => ({ text: before.text + text, end: next, busy: false }));
    } catch (error) {
      setMore((before) => ({ ...before, busy: false }));
      throw error;
    }
  });
  return (
    <TextView text={first.data.text + more.text} label={nameOf(entry.path)}>
      {end < size && (
        <>
          <span class="note">first {bytes(end)} of {bytes(size)}</span>
          <Button disabled={more.busy} onClick={load}>Load {bytes(Math.min(MORE_BYTES, size - end))} more</Button>
        </>
      )}
    </TextView>
  );
}

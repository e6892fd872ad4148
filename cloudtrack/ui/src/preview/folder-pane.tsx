/** A folder: what is in it, how much, and all of it as a zip. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useLoaded } from "../app/data";
import { Icon } from "../app/icons";
import { Button, CopyButton } from "../app/parts";
import { complain } from "../app/toasts";
import { type Entry, nameOf, rowsOf } from "../lib/folders";
import { bytes, counted } from "../lib/format";
import { type Progress, saveFolder } from "./download";
import { listAll, type Source, sourceKey, type TreeWire } from "./source";

const MOST_ROWS = 200;

export function FolderPane({ source, path, uri, entries, show }: {
  source: Source; path: string; uri: string; entries: readonly Entry[] | undefined; show: (path: string) => void;
}) {
  const all = useLoaded<TreeWire>(`below ${sourceKey(source)} ${path}`, (signal) => listAll(source, path, signal));
  const files = all.data?.files.filter((each) => !each.is_dir) ?? [];
  const total = files.reduce((sum, each) => sum + (each.size ?? 0), 0);
  const rows = rowsOf(new Map([["", entries ?? []]]), new Set());
  return (
    <>
      <div class="file-bar">
        <span class="note">{all.data ? `${counted(files.length, "file")}${all.data.truncated ? " and more" : ""}, ${bytes(total)}` : "…"}</span>
        <span class="grow" />
        <CopyButton text={path ? `${uri}/${path}` : uri} label="Copy URI">URI</CopyButton>
        {files.length > 0 && <ZipButton source={source} path={path} />}
      </div>
      <ul class="folder-list">
        {rows.slice(0, MOST_ROWS).map(({ entry }) => (
          <li key={entry.path}>
            <button type="button" class="plain-link" onClick={() => show(entry.path)}>
              <Icon name={entry.is_dir ? "folder" : "file"} /> {nameOf(entry.path)}
            </button>
            <span class="note num">{entry.size === undefined ? "" : bytes(entry.size)}</span>
          </li>
        ))}
        {rows.length > MOST_ROWS && <li class="note">and {rows.length - MOST_ROWS} more: see the tree</li>}
      </ul>
    </>
  );
}

function ZipButton({ source, path }: { source: Source; path: string }) {
  const [progress, setProgress] = useState<Progress | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const start = async (): Promise<void> => {
    const control = new AbortController();
    running.current = control;
    setProgress({ files: 0, of: 0, bytes: 0, ofBytes: 0 });
    try {
      await saveFolder(source, path, nameOf(path) || "files", setProgress, control.signal);
    } catch (error) {
      if (!control.signal.aborted) complain(error);
    }
    setProgress(null);
  };
  if (!progress) return <Button icon="download" label="Download as zip" onClick={() => void start()}>zip</Button>;
  return (
    <span class="zip-progress">
      <progress aria-label="Making the zip" value={progress.bytes} max={Math.max(1, progress.ofBytes)} />
      <span class="note num">{progress.files} of {progress.of}</span>
      <Button onClick={() => running.current?.abort()}>Cancel</Button>
    </span>
  );
}

/** Files of a run, a version or a logged model: a tree of them, and a look at one. The path is the page's to keep in its address. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { useSetQuery } from "../app/address";
import { useLoaded } from "../app/data";
import { Boundary, Empty, Failure } from "../app/failure";
import { useKeys } from "../app/keys";
import { Button, copy, Skeleton } from "../app/parts";
import { type Entry, foldersAbove, foldersOf, nameOf, parentOf, rowsOf } from "../lib/folders";
import { counted } from "../lib/format";
import { changed, current, go, href, parse } from "../lib/url";
import { saveFile } from "./download";
import { FolderPane } from "./folder-pane";
import { lastPath, rememberPath } from "./last-path";
import { FilePane } from "./file-pane";
import { listAll, listFolder, type Source, sourceKey, type TreeWire } from "./source";
import { Tree } from "./tree";
import "../styles/artifacts.css";

export interface ArtifactsProps {
  source: Source;
  /** What is shown; "" for the root. */
  path: string;
  /** The page's address for a path. */
  linkTo: (path: string) => string;
  /** What clients call the root, such as `runs:/<id>`. */
  uri: string;
  /** Runs that share this word, as those of an experiment, offer what was last looked at. */
  memory?: string;
}

const TYPING_MS = 200;

export function Artifacts(props: ArtifactsProps) {
  return <Files key={sourceKey(props.source)} {...props} />;
}

function Files({ source, path, linkTo: toPath, uri, memory }: ArtifactsProps) {
  const setQuery = useSetQuery();
  const folders = useFolders(source, path);
  const [words, setWords] = useState(current().query.get("find") ?? "");
  const linkTo = (to: string): string => kept(toPath(to), words);
  const found = useFound(source, words);
  const shown = found.folders ?? folders.known;
  const open = found.folders ? new Set(found.folders.keys()) : folders.open;
  const rows = useMemo(() => rowsOf(shown, open), [shown, open]);
  const entry = path ? entryOf(folders.known, path) : undefined;
  const isFolder = path === "" || Boolean(entry?.is_dir) || folders.known.has(path);
  useEffect(() => {
    if (memory && entry && !entry.is_dir) rememberPath(memory, path);
  }, [memory, path, entry]);
  useKeys((pressed) => {
    if (pressed === "y") copy(path ? `${uri}/${path}` : uri, "URI");
    else if (pressed === "d" && entry && !entry.is_dir) saveFile(source, path);
    else return false;
    return true;
  });
  const show = (to: string): void => go(linkTo(to));
  const root = folders.known.get("");
  if (!root && folders.error) return <Failure error={folders.error} retry={folders.refresh} what="list of files" />;
  if (!root) return <Skeleton rows={12} what="the files" />;
  if (root.length === 0) return <NoFiles source={source} />;
  return (
    <div class={`artifacts ${path && !isFolder ? "file" : ""}`}>
      <div class="artifact-side">
        <input
          type="search" aria-label="Find a file" placeholder="find a file" value={words}
          onInput={(event) => {
            setWords(event.currentTarget.value);
            setQuery({ find: event.currentTarget.value }, "typing");
          }}
        />
        {found.note && <p class="note">{found.note}</p>}
        {found.error && <Failure error={found.error} what="list of files" />}
        <Tree
          rows={rows} current={path} loading={folders.loading}
          onToggle={(to, on) => folders.toggle(to, on)}
          onShow={(to, isDir) => {
            if (isDir) folders.toggle(to, true);
            show(to);
          }}
        />
        {folders.truncated && <p class="note">Only the first 10,000 are listed.</p>}
      </div>
      <div class="artifact-main">
        <PathCrumbs path={path} linkTo={linkTo} />
        {memory && !path && <Offer memory={memory} folders={folders.known} show={show} />}
        <Boundary key={path} what="This preview">
          {folders.error && !isFolder && !entry && <Failure error={folders.error} retry={folders.refresh} what="list of files" />}
          {isFolder
            ? <FolderPane source={source} path={path} uri={uri} entries={folders.known.get(path)} show={show} />
            : entry ? <FilePane key={path} source={source} entry={entry} uri={uri} linkTo={linkTo} />
            : !folders.error && (folders.isSettled(path) ? <Gone path={path} show={show} /> : <Skeleton rows={10} what={nameOf(path)} />)}
        </Boundary>
      </div>
    </div>
  );
}

function entryOf(folders: ReadonlyMap<string, readonly Entry[]>, path: string): Entry | undefined {
  return folders.get(parentOf(path))?.find((each) => each.path === path);
}

/** The page's address for a path, with the words that the tree is searched for. */
function kept(to: string, words: string): string {
  const { path, query } = parse(to);
  return href(path, changed(query, { find: words }));
}

/** The folders that have been listed: those above the path at once, others when they are opened. */
function useFolders(source: Source, path: string) {
  const key = sourceKey(source);
  const [known, setKnown] = useState<ReadonlyMap<string, Entry[]>>(new Map());
  const [asked, setAsked] = useState<ReadonlySet<string>>(new Set());
  const [truncated, setTruncated] = useState(false);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const wanted = useMemo(() => {
    const above = ["", ...foldersAbove(path)];
    const isFolder = entryOf(known, path)?.is_dir;
    return [...above, ...(isFolder ? [path] : []), ...open].filter((each, at, all) => !known.has(each) && all.indexOf(each) === at);
  }, [path, open, known]);
  const list = useLoaded<true>(wanted.length ? `tree ${key} ${wanted.join("\n")}` : null, async (signal) => {
    const answers = await Promise.all(wanted.map((folder) => listFolder(source, folder, signal).then((answer): [string, TreeWire] => [folder, answer])));
    setKnown((before) => new Map([...before, ...answers.map(([folder, { files }]) => [folder, files] as const)]));
    setAsked((before) => new Set([...before, ...wanted]));
    if (answers.some(([, answer]) => answer.truncated)) setTruncated(true);
    return true;
  });
  useEffect(() => {
    setOpen((before) => new Set([...before, ...foldersAbove(path), ...(entryOf(known, path)?.is_dir ? [path] : [])]));
  }, [path, known]);
  return {
    known, open, truncated, error: list.error, refresh: list.refresh,
    loading: new Set(wanted),
    isSettled: (to: string) => asked.has(parentOf(to)) && wanted.length === 0,
    toggle: (folder: string, on: boolean) => setOpen((before) => {
      const next = new Set(before);
      if (on) next.add(folder);
      else next.delete(folder);
      return next;
    }),
  };
}

/** Files at any depth whose path has the words; asked for once, when the first is typed. */
function useFound(source: Source, words: string) {
  const [settled, settle] = useState(words);
  useEffect(() => {
    const timer = setTimeout(() => settle(words), words ? TYPING_MS : 0);
    return () => clearTimeout(timer);
  }, [words]);
  const all = useLoaded<TreeWire>(settled ? `all ${sourceKey(source)}` : null, (signal) => listAll(source, "", signal));
  const folders = useMemo(() => (settled && words && all.data ? foldersOf(all.data.files, settled) : null), [all.data, settled, words]);
  const count = folders ? [...folders.values()].flat().filter((each) => !each.is_dir).length : 0;
  const note = folders && all.data ? `${counted(count, "file")} of ${all.data.files.length}${all.data.truncated ? "+ (only the first 10,000 are searched)" : ""}` : "";
  return { folders, note, error: settled ? all.error : null };
}

function PathCrumbs({ path, linkTo }: { path: string; linkTo: (path: string) => string }) {
  const folders = foldersAbove(path);
  return (
    <nav class="crumbs" aria-label="Path">
      <ol>
        <li>{path ? <a href={linkTo("")}>files</a> : <span aria-current="page">files</span>}</li>
        {folders.map((folder) => <li key={folder}><a href={linkTo(folder)}>{nameOf(folder)}</a></li>)}
        {path && <li><span aria-current="page">{nameOf(path)}</span></li>}
      </ol>
    </nav>
  );
}

/** What was looked at in another run, where it is here too. */
function Offer({ memory, folders, show }: { memory: string; folders: ReadonlyMap<string, readonly Entry[]>; show: (path: string) => void }) {
  const last = lastPath(memory);
  const top = last.split("/")[0];
  if (!last || !folders.get("")?.some((each) => each.path === top)) return null;
  return <p><Button icon="file" onClick={() => show(last)}>{last}, as last time</Button></p>;
}

function Gone({ path, show }: { path: string; show: (path: string) => void }) {
  return (
    <Empty title="There is no such file">
      <p>Nothing is at <code>{path}</code>.</p>
      <p><Button onClick={() => show("")}>All files</Button></p>
    </Empty>
  );
}

function NoFiles({ source }: { source: Source }) {
  return (
    <Empty title="No files">
      {"run_id" in source && <p>Log one with <code>ct.log_artifact("plot.png")</code>, or a text with <code>ct.log_text("…", "notes.md")</code>.</p>}
    </Empty>
  );
}


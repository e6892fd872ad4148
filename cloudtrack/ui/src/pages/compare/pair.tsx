/** What is looked at two by two: source, packages, models and files of the baseline and another run. */

import { useMemo, useState } from "preact/hooks";
import { get } from "../../api/client";
import { ApiError } from "../../api/errors";
import type { SetQuery } from "../../app/address";
import { useLoaded } from "../../app/data";
import { Failure } from "../../app/failure";
import { Button, Skeleton } from "../../app/parts";
import type { Side } from "../../lib/compare";
import { prettyJson } from "../../lib/diff";
import type { FileEntry } from "../../lib/dirdiff";
import type { Query } from "../../lib/url";
import { lengthen, shorten } from "../../lib/ids";
import { DirDiff } from "./dir-diff";
import { type Place, readTree } from "./files";
import { Near } from "./near";
import { Pictures } from "./pictures";
import { TextDiff } from "./text-diff";

export function PairSections({ sides, base, query, setQuery }: { sides: readonly Side[]; base: number; query: Query; setQuery: SetQuery }) {
  const others = sides.filter((_, at) => at !== base);
  const asked = lengthen(query.get("with") ?? "");
  const left = sides[base] as Side;
  const right = others.find(({ id }) => id === asked) ?? (others[0] as Side);
  return (
    <>
      <div class="toolbar pair">
        <strong>{left.name}</strong> <span>beside</span>
        {others.length > 1 ? (
          <select aria-label="Beside which run" value={right.id} onChange={(event) => setQuery({ with: shorten(event.currentTarget.value) })}>
            {others.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
          </select>
        ) : <strong>{right.name}</strong>}
      </div>
      <Near title="Source"><Source key={`${left.id} ${right.id}`} left={left} right={right} /></Near>
      <Near title="Files"><Files key={`${left.id} ${right.id}`} sides={sides} left={left} right={right} /></Near>
    </>
  );
}

const SOURCES = [{ name: "packages.txt", title: "Packages" }, { name: "code.patch", title: "Code patch" }] as const;

function Source({ left, right }: { left: Side; right: Side }) {
  const [open, setOpen] = useState<string | null>(null);
  return (
    <>
      <div class="actions">
        {SOURCES.map(({ name, title }) => <Button key={name} expanded={open === name} onClick={() => setOpen(open === name ? null : name)}>{title}</Button>)}
      </div>
      {open && <SourceDiff key={open} left={left} right={right} name={open} />}
    </>
  );
}

function SourceDiff({ left, right, name }: { left: Side; right: Side; name: string }) {
  const { data, error, refresh } = useLoaded(`source ${left.id} ${right.id} ${name}`, (signal) => Promise.all([left, right].map((side) => readSource(side.id, name, signal))));
  if (error) return <Failure error={error} retry={refresh} what="file" />;
  if (!data) return <Skeleton rows={4} what={name} />;
  const [a, b] = data as [string | null, string | null];
  if (a === null && b === null) return <p class="note">Neither run has a {name}: runs of cloudtrack's own client have.</p>;
  return (
    <>
      {(a === null || b === null) && <p class="note">{(a === null ? left : right).name} has no {name}.</p>}
      <TextDiff left={a ?? ""} right={b ?? ""} leftName={left.name} rightName={right.name} />
    </>
  );
}

/** Null where the run has none. */
async function readSource(id: string, name: string, signal: AbortSignal): Promise<string | null> {
  try {
    return (await get<{ text: string }>("cloudtrack/runs/source", { run_id: id, name }, signal)).text;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

function Files({ sides, left, right }: { sides: readonly Side[]; left: Side; right: Side }) {
  const { data, error, refresh } = useLoaded(`trees ${left.id} ${right.id}`, (signal) => Promise.all([left, right].map((side) => readTree(placeOf(side), signal))));
  const models = useMemo(() => (data ? [modelsOf(data[0]?.files ?? []), modelsOf(data[1]?.files ?? [])] : [[], []]) as [string[], string[]], [data]);
  if (error) return <Failure error={error} retry={refresh} what="list of files" />;
  if (!data) return <Skeleton rows={4} what="the lists of files" />;
  const paired = pairsOf(...models);
  const images = [...new Set(data.flatMap(({ files }) => files.map(({ path }) => path)))].filter((path) => /\.(png|jpe?g|webp|gif|svg)$/i.test(path)).sort();
  return (
    <>
      {images.length > 0 && <Pictures sides={sides} paths={images} />}
      {paired.map(([a, b]) => (
        <section key={`${a} ${b}`} class="model-diff" aria-label={`Model ${a}`}>
          <h3>Model {a === b ? a : `${a} and ${b}`}</h3>
          <DirDiff left={{ ...placeOf(left), path: a }} right={{ ...placeOf(right), path: b }} />
          <Signature left={{ ...placeOf(left), path: a }} right={{ ...placeOf(right), path: b }} />
        </section>
      ))}
      {paired.length > 0 && <h3>Other files</h3>}
      <DirDiff left={placeOf(left)} right={placeOf(right)} except={paired.flat()} />
    </>
  );
}

function placeOf({ id, name }: Side): Place {
  return { owner: { run_id: id }, path: "", name };
}

function modelsOf(files: readonly FileEntry[]): string[] {
  return files.flatMap(({ path }) => (path.endsWith("/MLmodel") ? [path.slice(0, -"/MLmodel".length)] : []));
}

/** Models of the same path, else the only ones that there are. */
function pairsOf(left: readonly string[], right: readonly string[]): [string, string][] {
  const same = left.filter((path) => right.includes(path)).map((path): [string, string] => [path, path]);
  return same.length || left.length !== 1 || right.length !== 1 ? same : [[left[0] as string, right[0] as string]];
}

function Signature({ left, right }: { left: Place; right: Place }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <div class="actions"><Button expanded={open} onClick={() => setOpen(!open)}>Signatures</Button></div>
      {open && <SignatureDiff left={left} right={right} />}
    </>
  );
}

function SignatureDiff({ left, right }: { left: Place; right: Place }) {
  const { data, error, refresh } = useLoaded(`signatures ${JSON.stringify([left, right])}`, (signal) => Promise.all(
    [left, right].map(({ owner, path }) => get<{ signature?: unknown; problem: string | null }>("cloudtrack/models/mlmodel", { ...owner, path }, signal)),
  ));
  if (error) return <Failure error={error} retry={refresh} what="MLmodel" />;
  if (!data) return <Skeleton rows={3} what="the signatures" />;
  const problem = data.find((each) => each.problem)?.problem;
  if (problem) return <p class="problem">{problem}</p>;
  const [a, b] = data.map(({ signature }) => prettyJson(JSON.stringify(signature ?? null))) as [string, string];
  return <TextDiff left={a} right={b} leftName={left.name} rightName={right.name} />;
}

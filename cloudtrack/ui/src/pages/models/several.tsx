/** Three versions of a model or more, side by side: the first is what the others are measured by. */

import { useMemo } from "preact/hooks";
import { get } from "../../api/client";
import { ApiError } from "../../api/errors";
import type { Lineage, MlModel, Version } from "../../api/registry";
import { type SetQuery, useSetQuery } from "../../app/address";
import { useLoaded } from "../../app/data";
import { Empty, Failure } from "../../app/failure";
import { Crumbs, Heading } from "../../app/frame";
import { Button, RelTime, Skeleton } from "../../app/parts";
import { ShareMenu } from "../../app/share";
import { useTitle } from "../../app/title";
import type { Primary } from "../../lib/columns";
import { metricLines, ownTags } from "../../lib/compare";
import { counted } from "../../lib/format";
import { cardsOf } from "../../lib/stage-rules";
import { go, href, type Query } from "../../lib/url";
import { aheadInWords, MOST_VERSIONS, SIGNATURE_PARTS, signatureChanges, type SignaturePart, sideOf, type VersionSide } from "../../lib/version-sides";
import { placeOf } from "../../lib/version-numbers";
import { MetricValue } from "../compare/cells";
import { textSection } from "../compare/sections";
import { Sheet, type SheetSection } from "../compare/sheet";
import { AliasChip, StageChip } from "./chips";
import { useBoard } from "./model";
import "../../styles/compare.css";
import "../../styles/models.css";

export default function SeveralPage({ name, versions: all, query }: { name: string; versions: readonly string[]; query: Query }) {
  const versions = useMemo(() => all.slice(0, MOST_VERSIONS), [all.join(".")]);
  const setQuery = useSetQuery();
  const title = `${name}: ${counted(versions.length, "version")} side by side`;
  useTitle(title);
  const board = useBoard(name);
  const others = board.data ? cardsOf(board.data).map((card) => String(card.version)).filter((each) => !versions.includes(each)) : [];
  const sides = useLoaded<VersionSide[]>(versions.length > 1 ? `versions ${name} ${versions.join(".")}` : null, (signal) => Promise.all(versions.map((version) => load(name, version, signal))));
  const show = (next: readonly string[]): void => go(href(["models", name, "compare", placeOf(next)], query));
  return (
    <>
      <Crumbs parts={[{ title: "Models", to: href(["models"]) }, { title: name, to: href(["models", name]) }, { title: versions.map((each) => `v${each}`).join(", ") }]} />
      <div class="title-row">
        <Heading title={title} />
        <span class="grow" />
        {others.length > 0 && versions.length < MOST_VERSIONS && (
          <select aria-label="Add a version" value="" onChange={(event) => show([...versions, event.currentTarget.value])}>
            <option value="">Add a version</option>
            {others.map((each) => <option key={each} value={each}>v{each}</option>)}
          </select>
        )}
        <ShareMenu />
      </div>
      {all.length > versions.length && <p class="problem">The address names {all.length} versions; the first {MOST_VERSIONS} are compared.</p>}
      {versions.length < 2 && <Empty title="Two versions or more stand side by side"><p>Select some in the <a href={href(["models", name])}>list of versions</a> and press <kbd>c</kbd>.</p></Empty>}
      {sides.error && <Failure error={sides.error} retry={sides.refresh} what="version" />}
      {sides.isLoading && <Skeleton rows={14} what="the versions" />}
      {sides.data && <Beside name={name} sides={sides.data} primary={board.data?.primary_metric ?? null} query={query} setQuery={setQuery} show={show} />}
    </>
  );
}

async function load(name: string, version: string, signal: AbortSignal): Promise<VersionSide> {
  const [{ model_version }, { lineage }, model] = await Promise.all([
    get<{ model_version: Version }>("mlflow/model-versions/get", { name, version }, signal),
    get<{ lineage: Lineage }>("cloudtrack/model-versions/lineage", { name, version }, signal),
    get<MlModel>("cloudtrack/models/mlmodel", { name, version }, signal).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }),
  ]);
  return sideOf(model_version, lineage, model);
}

interface BesideProps {
  name: string;
  sides: readonly VersionSide[];
  primary: Primary | null;
  query: Query;
  setQuery: SetQuery;
  show: (versions: readonly string[]) => void;
}

function Beside({ name, sides, primary, query, setQuery, show }: BesideProps) {
  const ids = sides.map(({ id }) => id);
  const all = query.get("only") === "all";
  const asRows = query.get("as") === "rows";
  const sections = useMemo(() => sectionsOf(sides, primary, all, (next) => setQuery({ only: next ? "all" : null })), [sides, primary, all]);
  const first = (id: string): void => show([id, ...ids.filter((each) => each !== id)]);
  return (
    <div class="comparison">
      <p class="words" aria-live="polite">{aheadInWords(sides, primary)}</p>
      <div class="toolbar">
        <div class="views" role="group" aria-label="Versions as">
          <button type="button" aria-pressed={!asRows} onClick={() => setQuery({ as: null })}>versions as columns</button>
          <button type="button" aria-pressed={asRows} onClick={() => setQuery({ as: "rows" })}>versions as rows</button>
        </div>
        <Button pressed={!all} onClick={() => setQuery({ only: all ? null : "all" })}>Differences only</Button>
      </div>
      <Sheet
        label="Versions side by side" sections={sections} ids={ids} base={ids[0] as string} asRows={asRows}
        heads={sides.map(({ id }, at) => <Head key={id} name={name} id={id} base={at === 0 ? null : (ids[0] as string)} first={() => first(id)} remove={() => show(ids.filter((each) => each !== id))} isLeast={ids.length < 3} />)}
        onKey={(key, id) => {
          if (key === "b") first(id);
          return key === "b";
        }}
      />
    </div>
  );
}

function Head({ name, id, base, first, remove, isLeast }: { name: string; id: string; base: string | null; first: () => void; remove: () => void; isLeast: boolean }) {
  return (
    <div class="head">
      <span class="head-name"><a href={href(["models", name, "versions", id])}>v{id}</a></span>
      <span class="head-actions">
        <Button kind="quiet" icon="star" class={base ? "" : "starred"} pressed={!base} label={base ? `Make v${id} the baseline (b)` : `v${id} is the baseline`} onClick={first} />
        <Button kind="quiet" icon="close" label={`Remove v${id}`} disabled={isLeast ? "two versions are the least" : undefined} onClick={remove} />
      </span>
      <small>{base ? <a href={href(["models", name, "compare", `${base}..${id}`])}>all that differs from v{base}</a> : "baseline"}</small>
    </div>
  );
}

function sectionsOf(sides: readonly VersionSide[], primary: Primary | null, all: boolean, setAll: (all: boolean) => void): SheetSection[] {
  const side = (at: number): VersionSide => sides[at] as VersionSide;
  const texts = (title: string, of: (side: VersionSide) => Record<string, string>): SheetSection => textSection(title, sides.map(of), all, setAll);
  const sections: SheetSection[] = [
    {
      title: "version",
      lines: [
        { key: "stage", title: "stage", cell: (at) => <StageChip stage={side(at).version.current_stage} /> },
        { key: "aliases", title: "aliases", cell: (at) => (side(at).version.aliases?.length ? side(at).version.aliases?.map((alias) => <AliasChip key={alias} alias={alias} />) : <span class="none">–</span>) },
        { key: "registered", title: "registered", cell: (at) => <RelTime ms={side(at).start} /> },
        { key: "by", title: "by", cell: (at) => side(at).user || "–" },
      ],
    },
    {
      title: "metrics",
      lines: metricLines(sides, 0, primary).map(({ key, isLow, cells }) => ({
        key, title: <span title={`${key}: ${isLow ? "less" : "more"} is better`}>{key} <small>{isLow ? "less is better" : ""}</small></span>,
        cell: (at) => <MetricValue cell={cells[at] ?? null} />, tone: (at) => (cells[at]?.isBest ? "best" : ""),
      })),
    },
    texts("params", ({ params }) => params),
    {
      title: "signature",
      lines: SIGNATURE_PARTS.map((part) => ({ key: part, title: part, cell: (at) => <SignatureCell base={side(0)} side={side(at)} part={part} />, tone: (at) => (changesOf(side(0), side(at), part).length ? "differs" : "") })),
    },
    texts("tags", ({ tags }) => ownTags(tags)),
    texts("datasets", ({ datasets }) => datasets),
  ];
  return sections.filter(({ lines, more }) => lines.length > 0 || more);
}

function changesOf(base: VersionSide, side: VersionSide, part: SignaturePart): string[] {
  return base.hasFile && side.hasFile ? signatureChanges(base.signature?.[part] ?? [], side.signature?.[part] ?? []) : [];
}

function SignatureCell({ base, side, part }: { base: VersionSide; side: VersionSide; part: SignaturePart }) {
  if (!side.hasFile) return <span class="none">not known</span>;
  if (side === base || !base.hasFile) {
    const columns = side.signature?.[part] ?? [];
    return columns.length ? <span title={columns.map(({ name, type }) => `${name ?? ""} ${type}`).join("\n")}>{counted(columns.length, part.slice(0, -1))}</span> : <span class="none">none</span>;
  }
  const changes = changesOf(base, side, part);
  return changes.length ? <span>changed: {changes.join("; ")}</span> : <span>same</span>;
}

/** Where a version comes from and where it went: a graph to walk, and the same as a list. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get } from "../../api/client";
import type { Lineage, Version } from "../../api/registry";
import { useLoaded } from "../../app/data";
import { Failure } from "../../app/failure";
import { Skeleton } from "../../app/parts";
import { counted } from "../../lib/format";
import { type Edge, HEIGHT, layout, type Node, walk, WIDTH } from "../../lib/lineage-layout";
import { type LineageGraph, type Reader, readersOf } from "../../lib/readers";
import { go, href } from "../../lib/url";

const MOST_SIBLINGS = 6;
const MOST_READERS = 6;
const LONGEST = 23;

interface Thing extends Node {
  kind: string;
  title: string;
  more: string;
  to?: string;
  isHere?: boolean;
}
interface Whole {
  lineage: Lineage;
  version: Version;
  /** Other versions of the same run. */
  siblings: Version[];
  /** Other versions that the same data went into, by the place of the dataset. */
  users: Version[][];
  /** Runs that used the model, the newest first. */
  readers: Reader[];
  /** Whether others may have used it too. */
  isCut: boolean;
}

export function LineageView({ name, version, stages }: { name: string; version: string; stages: readonly string[] }) {
  const whole = useLoaded<Whole>(`lineage ${name} ${version}`, (signal) => load(name, version, signal));
  if (whole.error) return <Failure error={whole.error} retry={whole.refresh} what="The lineage" />;
  if (!whole.data) return <Skeleton what="the lineage" />;
  return <Graph whole={whole.data} stages={stages} />;
}

async function load(name: string, version: string, signal: AbortSignal): Promise<Whole> {
  const [{ lineage }, { model_version }] = await Promise.all([
    get<{ lineage: Lineage }>("cloudtrack/model-versions/lineage", { name, version }, signal),
    get<{ model_version: Version }>("mlflow/model-versions/get", { name, version }, signal),
  ]);
  const from = async (params: Record<string, string>): Promise<Version[]> => {
    const { model_versions: found } = await get<{ model_versions: Version[] }>("cloudtrack/model-versions/versions-from", params, signal);
    return found.filter((each) => each.name !== name || each.version !== version);
  };
  const forth = lineage.model ? get<LineageGraph>("cloudtrack/lineage", { name, version }, signal) : Promise.resolve(null);
  const [graph, siblings, ...users] = await Promise.all([
    forth,
    lineage.run ? from({ run_id: lineage.run.run_id }) : Promise.resolve([]),
    ...lineage.datasets.map(({ name: dataset, digest }) => from({ dataset, dataset_digest: digest })),
  ]);
  const readers = graph && lineage.model ? readersOf(graph, lineage.model.model_id) : [];
  return { lineage, version: model_version, siblings, users, readers, isCut: graph?.truncated ?? false };
}

function Graph({ whole, stages }: { whole: Whole; stages: readonly string[] }) {
  const { things, edges } = useMemo(() => graphOf(whole, stages), [whole, stages]);
  const drawn = useMemo(() => layout(things, edges), [things, edges]);
  const [active, setActive] = useState("version");
  const root = useRef<SVGSVGElement>(null);
  useEffect(() => root.current?.querySelector(".here")?.scrollIntoView({ block: "nearest", inline: "center" }), [drawn]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = walk(drawn, active, event.key);
    if (next !== null) {
      setActive(next);
      root.current?.querySelector<SVGElement>(`[data-node="${CSS.escape(next)}"]`)?.focus();
    } else if (event.key === "Enter") {
      const to = things.find((each) => each.id === active)?.to;
      if (to) go(to);
    } else if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <div class="scroll lineage">
        <svg ref={root} width={drawn.width + 4} height={drawn.height + 4} viewBox={`-2 -2 ${drawn.width + 4} ${drawn.height + 4}`} role="group" aria-label="Lineage, from data on the left to stages on the right: arrows walk, Enter opens" onKeyDown={onKeyDown}>
          {drawn.lines.map((line) => <path key={`${line.from} ${line.to}`} class={`edge ${line.from === active || line.to === active ? "near" : ""}`} d={line.path} />)}
          {drawn.placed.map(({ node, x, y }) => (
            <g key={node.id} class={`node ${node.kind} ${node.isHere ? "here" : ""}`} role="link" aria-disabled={node.to ? undefined : true} tabindex={node.id === active ? 0 : -1} data-node={node.id}
              transform={`translate(${x} ${y})`} onFocus={() => setActive(node.id)} onClick={() => node.to && go(node.to)}>
              <rect width={WIDTH} height={HEIGHT} rx={6} />
              <text x={10} y={19}>{cut(node.title)}</text>
              <text class="more" x={10} y={36}>{cut(below(node))}</text>
            </g>
          ))}
        </svg>
      </div>
      <AsList whole={whole} things={things} />
    </>
  );
}

function AsList({ whole: { lineage, siblings, users, readers, isCut }, things }: { whole: Whole; things: readonly Thing[] }) {
  const link = (version: Version) => <span key={`${version.name} ${version.version}`}><a href={href(["models", version.name, "versions", version.version])}>{version.name} v{version.version}</a> </span>;
  const { code, environment } = lineage;
  return (
    <section aria-label="Lineage as a list">
      <h2>The same as a list</h2>
      <dl class="pairs">
        {lineage.datasets.map((dataset, at) => (
          <div key={dataset.digest}>
            <dt>dataset {dataset.name}</dt>
            <dd>{dataset.context && `${dataset.context}, `}digest <code>{dataset.digest}</code>{users[at]?.length ? <>; also in {users[at].map(link)}</> : "; in no other version"}</dd>
          </div>
        ))}
        {lineage.run && <div><dt>run</dt><dd><a href={href(["experiments", lineage.run.experiment_id, "runs", lineage.run.run_id])}>{lineage.run.run_name || lineage.run.run_id}</a> by {lineage.run.user_id || "somebody"}{siblings.length ? <>; it also made {siblings.map(link)}</> : "; it made no other version"}</dd></div>}
        {code?.git_commit && <div><dt>code</dt><dd><code>{code.git_commit.slice(0, 12)}</code>{code.git_branch && ` on ${code.git_branch}`}{code.is_dirty && ", with changes that were not committed"}{code.entry_point && <>, <code>{code.entry_point}</code></>}</dd></div>}
        {environment.python && <div><dt>Python</dt><dd>{environment.python}</dd></div>}
        {lineage.model && <div><dt>logged model</dt><dd>{lineage.model.name} <code>{lineage.model.model_id}</code></dd></div>}
        {lineage.model && (
          <div>
            <dt>used by</dt>
            <dd>
              {readers.length ? <>{counted(readers.length, "run")}: {readers.map(({ run, experiment, name }) => <span key={run}><a href={href(["experiments", experiment, "runs", run])}>{name}</a> </span>)}</> : "no run that names the model as its input"}
              {isCut && "; there may be more: the newest runs and experiments were looked at"}
            </dd>
          </div>
        )}
        {Object.keys(lineage.copied_from).length > 0 && <div><dt>copied from</dt><dd>{Object.entries(lineage.copied_from).map(([key, value]) => `${key} ${value}`).join(", ")}</dd></div>}
        <div><dt>version</dt><dd>{lineage.name} v{lineage.version}, registered by {lineage.registered_by || "somebody"}</dd></div>
        <div><dt>where it is</dt><dd>{things.filter((each) => each.kind === "stage" || each.kind === "alias").map((each) => each.title).join(", ") || "in no stage, under no alias"}</dd></div>
      </dl>
    </section>
  );
}

function graphOf({ lineage, version, siblings, users, readers }: Whole, stages: readonly string[]): { things: Thing[]; edges: Edge[] } {
  const things: Thing[] = [{ id: "version", column: 3, kind: "version", title: `${lineage.name} v${lineage.version}`, more: `by ${lineage.registered_by || "somebody"}`, isHere: true }];
  const edges: Edge[] = [];
  const { run, model, code } = lineage;
  const before = model ? "model" : "version";
  if (run) things.push({ id: "run", column: 1, kind: "run", title: run.run_name || run.run_id, more: run.user_id, to: href(["experiments", run.experiment_id, "runs", run.run_id]) });
  if (model) {
    things.push({ id: "model", column: 2, kind: "logged model", title: model.name, more: model.model_id.slice(0, 10), to: run ? href(["experiments", run.experiment_id, "runs", run.run_id, "models"]) : undefined });
    edges.push(["model", "version"]);
  }
  if (run) edges.push(["run", before]);
  if (code?.git_commit) {
    things.push({ id: "code", column: 0, kind: "code", title: code.git_commit.slice(0, 12), more: code.git_branch ?? "" });
    edges.push(["code", run ? "run" : before]);
  }
  const add = (each: Version, from: string): void => {
    const id = `${each.name}/${each.version}`;
    if (!things.some((thing) => thing.id === id)) {
      if (things.filter((thing) => thing.kind === "sibling").length >= MOST_SIBLINGS) return;
      things.push({ id, column: 3, kind: "sibling", title: `${each.name} v${each.version}`, more: each.current_stage, to: href(["models", each.name, "versions", each.version]) });
    }
    edges.push([from, id]);
  };
  lineage.datasets.forEach((dataset, at) => {
    things.push({ id: `data ${at}`, column: 0, kind: "dataset", title: dataset.name, more: dataset.context ?? dataset.digest });
    edges.push([`data ${at}`, run ? "run" : before]);
    for (const each of users[at] ?? []) add(each, `data ${at}`);
  });
  for (const each of siblings) add(each, "run");
  for (const { run: id, experiment, name } of readers.slice(0, MOST_READERS)) {
    things.push({ id: `reader ${id}`, column: 3, kind: "run", title: name, more: "used it", to: href(["experiments", experiment, "runs", id]) });
    edges.push(["model", `reader ${id}`]);
  }
  const stage = version.current_stage;
  if (stage && stage !== "None") {
    things.push({ id: "stage", column: 4, kind: "stage", title: stage, more: stages.includes(stage) ? `models:/${lineage.name}/${stage}` : "", to: href(["models", lineage.name, "board"]) });
    edges.push(["version", "stage"]);
  }
  for (const alias of version.aliases ?? []) {
    things.push({ id: `@${alias}`, column: 4, kind: "alias", title: `@${alias}`, more: `models:/${lineage.name}@${alias}`, to: href(["models", lineage.name, "timeline"]) });
    edges.push(["version", `@${alias}`]);
  }
  return { things, edges };
}

function below({ kind, more }: Thing): string {
  return more ? `${kind} · ${more}` : kind;
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

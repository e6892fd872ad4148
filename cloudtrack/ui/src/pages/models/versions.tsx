/** Two versions of a model: what is not the same. */

import type { Difference, MlModel, VersionDiff } from "../../api/registry";
import { number } from "../../api/types";
import { useGet } from "../../app/data";
import { Failure } from "../../app/failure";
import { Crumbs, Heading } from "../../app/frame";
import { Num, Skeleton } from "../../app/parts";
import { ShareMenu } from "../../app/share";
import { bytes, signed } from "../../lib/format";
import { go, href, type Query } from "../../lib/url";
import { TextDiff } from "../compare/text-diff";
import { useTitle } from "../../app/title";
import { useBoard } from "./model";
import { cardsOf } from "../../lib/stage-rules";
import "../../styles/models.css";

export default function VersionsPage({ name, a, b }: { name: string; a: string; b: string; query: Query }) {
  useTitle(`v${a} and v${b} · ${name}`);
  const told = useGet<{ diff: VersionDiff }>("cloudtrack/model-versions/diff", { before: `models:/${name}/${a}`, after: `models:/${name}/${b}` });
  const board = useBoard(name);
  const numbers = board.data ? cardsOf(board.data).map((each) => String(each.version)) : [];
  const pick = (which: "a" | "b", value: string): void => go(href(["models", name, "compare", which === "a" ? `${value}..${b}` : `${a}..${value}`]));
  return (
    <>
      <Crumbs parts={[{ title: "Models", to: href(["models"]) }, { title: name, to: href(["models", name]) }, { title: `v${a} and v${b}` }]} />
      <div class="title-row">
        <Heading title={`${name}: v${a} and v${b}`} />
        <span class="grow" />
        <Choice label="First version" value={a} numbers={numbers} onPick={(value) => pick("a", value)} />
        <a class="button" href={href(["models", name, "compare", `${b}..${a}`])}>Swap</a>
        <Choice label="Second version" value={b} numbers={numbers} onPick={(value) => pick("b", value)} />
        <ShareMenu />
      </div>
      {told.error && <Failure error={told.error} retry={told.refresh} what="version" />}
      {told.isLoading && <Skeleton rows={10} what="the comparison" />}
      {told.data && <Differences name={name} diff={told.data.diff} a={a} b={b} />}
    </>
  );
}

function Choice({ label, value, numbers, onPick }: { label: string; value: string; numbers: readonly string[]; onPick: (value: string) => void }) {
  return (
    <select aria-label={label} value={value} onChange={(event) => onPick(event.currentTarget.value)}>
      {[...new Set([...numbers, value])].map((each) => <option key={each} value={each}>v{each}</option>)}
    </select>
  );
}

function Differences({ name, diff, a, b }: { name: string; diff: VersionDiff; a: string; b: string }) {
  const tables: [string, readonly Difference[]][] = [
    ["Metrics", diff.metrics], ["Params", diff.params], ["Signature", diff.signature], ["Flavors", diff.flavors], ["Requirements", diff.requirements], ["Tags", diff.tags],
  ];
  const same = [...tables.filter(([, rows]) => !rows.length).map(([title]) => title.toLowerCase()), ...(diff.files.length ? [] : ["files"]), ...(diff.patch ? [] : ["uncommitted code"])];
  return (
    <div class="panes">
      <p>{summary(diff, a, b)}</p>
      {diff.left_out.map((each) => <p key={each} class="banner">Not compared: {each}.</p>)}
      {tables.map(([title, rows]) => rows.length > 0 && <Table key={title} title={title} rows={rows} a={a} b={b} />)}
      {diff.before.git_commit !== diff.after.git_commit && <Table title="Code" rows={[{ key: "git commit", before: diff.before.git_commit, after: diff.after.git_commit, by: null }]} a={a} b={b} />}
      {diff.files.length > 0 && <Files diff={diff} a={a} b={b} />}
      {diff.files.some((each) => each.path === "MLmodel" && each.change === "changed") && <Texts name={name} a={a} b={b} />}
      {diff.patch && <section><h2>Uncommitted code</h2><pre class="patch" tabIndex={0} aria-label="Difference of the uncommitted code">{diff.patch.split("\n").map((line, at) => <span key={at} class={line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : ""}>{line}{"\n"}</span>)}</pre></section>}
      {same.length > 0 && <p class="note">The same in both: {same.join(", ")}.</p>}
    </div>
  );
}

function Table({ title, rows, a, b }: { title: string; rows: readonly Difference[]; a: string; b: string }) {
  const withChange = rows.some((each) => each.by !== null);
  return (
    <section>
      <h2>{title}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={title}>
        <table class="plain">
          <thead><tr><th>name</th><th class={withChange ? "right" : ""}>v{a}</th><th class={withChange ? "right" : ""}>v{b}</th>{withChange && <th class="right">change</th>}</tr></thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.key}>
                <th scope="row">{row.key}</th>
                <td class={withChange ? "right" : "words"}><Cell value={row.before} isNumber={withChange} /></td>
                <td class={withChange ? "right" : "words"}><Cell value={row.after} isNumber={withChange} /></td>
                {withChange && <td class="right num">{row.by === null ? "–" : `${Number(row.by) > 0 ? "▲" : "▼"} ${signed(Number(row.by))}`}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Cell({ value, isNumber }: { value: string | number | null; isNumber: boolean }) {
  if (value === null) return <span class="none">not there</span>;
  return isNumber ? <Num value={number(value)} /> : <code>{String(value)}</code>;
}

function Files({ diff, a, b }: { diff: VersionDiff; a: string; b: string }) {
  return (
    <section>
      <h2>Files</h2>
      <table class="plain">
        <thead><tr><th>path</th><th>change</th><th class="right">v{a}</th><th class="right">v{b}</th></tr></thead>
        <tbody>
          {diff.files.map((file) => (
            <tr key={file.path}>
              <th scope="row">{file.path}</th><td class={file.change}>{file.change}</td>
              <td class="right num">{file.before_bytes === null ? "–" : bytes(file.before_bytes)}</td><td class="right num">{file.after_bytes === null ? "–" : bytes(file.after_bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** MLmodel and the requirements of both, as text. */
function Texts({ name, a, b }: { name: string; a: string; b: string }) {
  const left = useGet<MlModel>("cloudtrack/models/mlmodel", { name, version: a });
  const right = useGet<MlModel>("cloudtrack/models/mlmodel", { name, version: b });
  const error = left.error ?? right.error;
  if (error) return <Failure error={error} what="MLmodel" />;
  if (!left.data || !right.data) return <Skeleton rows={4} />;
  return (
    <section>
      <h2>MLmodel</h2>
      <TextDiff left={left.data.raw} right={right.data.raw} leftName={`v${a}`} rightName={`v${b}`} />
    </section>
  );
}

function summary(diff: VersionDiff, a: string, b: string): string {
  const parts = [
    diff.params.length && `params ${diff.params.slice(0, 4).map((each) => each.key).join(", ")}${diff.params.length > 4 ? " …" : ""}`,
    diff.files.length && `${diff.files.length} ${diff.files.length === 1 ? "file" : "files"}`,
    diff.requirements.length && "requirements", diff.signature.length && "the signature",
  ].filter(Boolean);
  const metrics = diff.metrics.filter((each) => each.by !== null).slice(0, 3).map((each) => `${signed(Number(each.by))} ${each.key}`);
  const differ = parts.length ? `v${a} and v${b} differ in ${parts.join(", ")}` : `v${a} and v${b} are made of the same`;
  return `${differ}${metrics.length ? `; v${b} is ${metrics.join(", ")} over v${a}` : ""}.`;
}

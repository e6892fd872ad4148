/** One file of two places: pictures, tables or texts beside each other, by the end of its name. */

import { useLoaded } from "../../app/data";
import { Failure } from "../../app/failure";
import { Skeleton } from "../../app/parts";
import type { FileState } from "../../lib/dirdiff";
import { prettyJson } from "../../lib/diff";
import { bytes } from "../../lib/format";
import { tableOf } from "../../lib/rowdiff";
import { type Place, readText } from "./files";
import { ImageDiff } from "./image-diff";
import { RowsDiff, TableDiff } from "./table-diff";
import { TextDiff } from "./text-diff";

const IMAGE = /\.(png|jpe?g|webp|gif|svg|bmp)$/i;
const TABLE = /\.(csv|tsv|parquet)$/i;
const BINARY = /\.(pkl|pickle|pt|pth|bin|npy|npz|onnx|safetensors|h5|zip|gz|tar|joblib|pb|mp[34]|wav|pdf)$/i;

/** A file at a path of two folders; one that is in only one of them is said to be so. */
export function FileDiff({ left, right, path, state }: { left: Place; right: Place; path: string; state?: FileState }) {
  if (state === "added" || state === "removed") return <p class="note">Only {state === "added" ? right.name : left.name} has this file.</p>;
  if (IMAGE.test(path)) return <ImageDiff left={left} right={right} path={path} />;
  if (TABLE.test(path)) return <TableDiff left={left} right={right} path={path} />;
  if (BINARY.test(path)) return <p class="note">A binary file: {state === "same" ? "its bytes are the same" : state === "unknown" ? "of the same size; its bytes were not compared" : "its bytes differ"}.</p>;
  return <TextFiles left={left} right={right} path={path} />;
}

function TextFiles({ left, right, path }: { left: Place; right: Place; path: string }) {
  const { data, error, refresh } = useLoaded(`texts ${JSON.stringify([left, right, path])}`, (signal) => Promise.all([readText(left, path, signal), readText(right, path, signal)]));
  if (error) return <Failure error={error} retry={refresh} what="file" />;
  if (!data) return <Skeleton rows={4} what={path} />;
  const [a, b] = data;
  if (a.isBinary || b.isBinary) return <p class="note">A binary file: {bytes(a.size)} and {bytes(b.size)}.</p>;
  const isWhole = !a.isCut && !b.isCut;
  const [before, after] = isWhole && /\.json$/i.test(path) ? [tableOf(a.text), tableOf(b.text)] : [null, null];
  if (before && after) return <RowsDiff left={before} right={after} leftName={left.name} rightName={right.name} path={path} />;
  const shown = (text: string): string => (isWhole && /\.json$|^MLmodel$/i.test(path) ? prettyJson(text) : text);
  return (
    <>
      {!isWhole && <p class="note">Only the first 256 KB of each are compared: they have {bytes(a.size)} and {bytes(b.size)}.</p>}
      <TextDiff left={shown(a.text)} right={shown(b.text)} leftName={left.name} rightName={right.name} />
    </>
  );
}

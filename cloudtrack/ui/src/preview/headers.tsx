/** What array files say of themselves in their first bytes: shapes and types, without their numbers. */

import { useLoaded } from "../app/data";
import { Failure } from "../app/failure";
import { Skeleton } from "../app/parts";
import { Grid } from "../grid/grid";
import { elements, MOST_HEADER_BYTES, npyHeader, type Tensor, tensorsHeaderLength, tensorsOf } from "../lib/array-headers";
import { kindOf } from "../lib/file-kinds";
import { nameOf } from "../lib/folders";
import { bytes, counted, grouped } from "../lib/format";
import type { PreviewProps } from "./file-pane";
import { readRange, type Source, sourceKey } from "./source";

const NPY_BYTES = 4096;

export default function HeaderPreview({ source, entry }: PreviewProps) {
  const isNpy = kindOf(entry.path) === "array";
  const head = useLoaded(`head ${sourceKey(source)} ${entry.path} ${entry.etag ?? entry.size}`, (signal) =>
    isNpy ? readRange(source, entry.path, 0, Math.min(NPY_BYTES, entry.size ?? 0), signal) : safetensors(source, entry.path, entry.size ?? 0, signal));
  if (head.error) return <Failure error={head.error} retry={head.refresh} what="file" />;
  if (!head.data) return <Skeleton rows={4} what={nameOf(entry.path)} />;
  return isNpy ? <Npy head={head.data} /> : <Tensors head={head.data} />;
}

async function safetensors(source: Source, path: string, size: number, signal: AbortSignal): Promise<Uint8Array> {
  const length = tensorsHeaderLength(await readRange(source, path, 0, Math.min(8, size), signal));
  if (length === 0 || length > MOST_HEADER_BYTES) return new Uint8Array();
  return readRange(source, path, 8, Math.min(size, 8 + length), signal);
}

function Npy({ head }: { head: Uint8Array }) {
  const found = npyHeader(head);
  if (!found) return <p class="note">The file does not begin as a NumPy array does.</p>;
  return (
    <dl class="facts">
      <div><dt>shape</dt><dd class="num">{found.shape.length ? found.shape.join(" × ") : "one number"}</dd></div>
      <div><dt>type</dt><dd><code>{found.dtype}</code></dd></div>
      <div><dt>elements</dt><dd class="num">{grouped(elements(found.shape))}</dd></div>
      <div><dt>order</dt><dd>{found.isFortran ? "Fortran" : "C"}</dd></div>
    </dl>
  );
}

function Tensors({ head }: { head: Uint8Array }) {
  const found = head.length ? tensorsOf(new TextDecoder().decode(head)) : null;
  if (!found) return <p class="note">The header is too long to be read here, or the file is no safetensors file.</p>;
  const at = (row: number): Tensor => found.tensors[row] as Tensor;
  const total = found.tensors.reduce((sum, each) => sum + elements(each.shape), 0);
  return (
    <div class="table-view">
      <p class="note">{counted(found.tensors.length, "tensor")}, {grouped(total)} parameters{Object.entries(found.metadata).map(([key, value]) => `; ${key}: ${value}`).join("")}</p>
      <Grid
        label="Tensors" rows={found.tensors.length} rowHeight={28} rowKey={(row) => at(row).name}
        columns={[
          { id: "name", title: "name", width: 360, cell: (row) => <span title={at(row).name}>{at(row).name}</span> },
          { id: "dtype", title: "type", width: 80, cell: (row) => <code>{at(row).dtype}</code> },
          { id: "shape", title: "shape", width: 180, align: "right", cell: (row) => <span class="num">{at(row).shape.join(" × ")}</span> },
          { id: "size", title: "size", width: 100, align: "right", cell: (row) => <span class="num">{bytes(at(row).bytes)}</span> },
        ]}
      />
    </div>
  );
}

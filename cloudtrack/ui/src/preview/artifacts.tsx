/** The files of a run or a version. */

import { useGet } from "../app/data";
import { Failure } from "../app/failure";
import { CopyButton, Skeleton } from "../app/parts";
import { bytes } from "../lib/format";

export type Source = { run_id: string } | { name: string; version: string } | { model_id: string };

export function Artifacts({ source, path, linkTo, uri }: { source: Source; path: string; linkTo: (path: string) => string; uri: string }) {
  const tree = useGet<{ files: { path: string; is_dir: boolean; size?: number }[] }>("cloudtrack/artifacts/tree", { ...source, recursive: true });
  if (tree.error) return <Failure error={tree.error} retry={tree.refresh} what="The list of files" />;
  if (!tree.data) return <Skeleton />;
  return (
    <>
      <p><code>{uri}</code> <CopyButton text={uri} label="Copy URI" /></p>
      <ul>{tree.data.files.map((file) => <li key={file.path}><a href={linkTo(file.path)} aria-current={file.path === path ? "page" : undefined}>{file.path}</a> {file.size !== undefined && bytes(file.size)}</li>)}</ul>
    </>
  );
}

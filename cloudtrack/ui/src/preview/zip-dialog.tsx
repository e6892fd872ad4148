/** The artifacts of several runs as one zip, made here: how far it is, and a way to stop it. */

import { useEffect, useState } from "preact/hooks";
import { Dialog, show } from "../app/dialog";
import { Button } from "../app/parts";
import { toast } from "../app/toasts";
import { folderNames } from "../lib/archive-names";
import { bytes, counted, grouped } from "../lib/format";
import { MOST_ZIP_BYTES, type Progress, saveRoots } from "./download";

export interface Zipped {
  id: string;
  name: string;
}

export function openZip(runs: readonly Zipped[]): void {
  show((close) => <ZipDialog runs={runs} onClose={close} />);
}

function ZipDialog({ runs, onClose }: { runs: readonly Zipped[]; onClose: () => void }) {
  const [progress, setProgress] = useState<Progress | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const control = new AbortController();
    const folders = folderNames(runs);
    const roots = runs.map(({ id }, at) => ({ source: { run_id: id }, into: folders[at] as string }));
    const name = runs.length === 1 ? `${folders[0]}-artifacts` : `artifacts-of-${runs.length}-runs`;
    saveRoots(roots, name, setProgress, control.signal).then(
      () => {
        onClose();
        toast(`the artifacts of ${counted(runs.length, "run")} are downloaded`);
      },
      (error: unknown) => {
        if (!control.signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
      },
    );
    return () => control.abort();
  }, []);
  return (
    <Dialog title={`Artifacts of ${counted(runs.length, "run")}`} onClose={onClose}>
      <p>One zip with a folder for each run, of at most {bytes(MOST_ZIP_BYTES)}.</p>
      {problem ? <p class="problem" role="alert">{problem}</p> : (
        <div class="zipping">
          <progress aria-label="Making the zip" value={progress ? progress.bytes : undefined} max={Math.max(1, progress?.ofBytes ?? 1)} />
          <span class="note num">{progress ? `${grouped(progress.files)} of ${counted(progress.of, "file")}, ${bytes(progress.bytes)} of ${bytes(progress.ofBytes)}` : "looking for the files"}</span>
        </div>
      )}
      <footer><Button onClick={onClose}>{problem ? "Close" : "Cancel"}</Button></footer>
    </Dialog>
  );
}

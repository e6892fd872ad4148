/** Pictures of the same path, of all the runs beside each other. */

import { useState } from "preact/hooks";
import { useLoaded } from "../../app/data";
import { Skeleton } from "../../app/parts";
import type { Side } from "../../lib/compare";
import { addressOf } from "./files";

const MOST = 50;

export function Pictures({ sides, paths }: { sides: readonly Side[]; paths: readonly string[] }) {
  const [path, setPath] = useState(paths[0] as string);
  const shown = sides.slice(0, MOST);
  return (
    <section class="pictures" aria-label="Pictures">
      <div class="toolbar"><h3>Pictures</h3><select aria-label="Which picture" value={path} onChange={(event) => setPath(event.currentTarget.value)}>{paths.map((each) => <option key={each}>{each}</option>)}</select></div>
      <div class="picture-row" tabIndex={0} role="group" aria-label={`${path} of each run`}>
        {shown.map((side) => <Picture key={`${side.id} ${path}`} side={side} path={path} />)}
      </div>
    </section>
  );
}

function Picture({ side, path }: { side: Side; path: string }) {
  const { data, error } = useLoaded(`picture ${side.id} ${path}`, (signal) => addressOf({ owner: { run_id: side.id }, path: "", name: side.name }, path, signal));
  return (
    <figure>
      {data ? <img src={data.url} alt={`${path} of ${side.name}`} loading="lazy" /> : error ? <p class="note">{error.status === 404 ? "has none" : error.message}</p> : <Skeleton rows={2} what={path} />}
      <figcaption>{side.name}</figcaption>
    </figure>
  );
}

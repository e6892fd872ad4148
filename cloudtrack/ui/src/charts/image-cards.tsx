/** Pictures of the shown runs by step, one slider for all; nothing is asked for until the section is opened. */

import { useMemo, useState } from "preact/hooks";
import { get } from "../api/client";
import { useGet, useLoaded } from "../app/data";
import { Failure } from "../app/failure";
import { Icon } from "../app/icons";
import { Skeleton } from "../app/parts";
import { shownAt, type StepImage, stepImage } from "../lib/images";
import { relative } from "../lib/url";
import type { ChartRun } from "./lines-of";
import { Swatch } from "./tooltip";

/** Of so many runs the pictures are looked for: each is a request. */
const MOST_RUNS = 12;
const MOST_KEYS = 24;

interface Tree {
  files: { path: string; is_dir?: boolean }[];
}

export function ImageSection({ runs }: { runs: readonly ChartRun[] }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <section class="card-section" aria-label="Images">
      <h2>
        <button type="button" class="twisty" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Icon name={isOpen ? "down" : "right"} /> images by step
        </button>
      </h2>
      {isOpen && <Images runs={runs.slice(0, MOST_RUNS)} left={runs.length - MOST_RUNS} />}
    </section>
  );
}

function Images({ runs, left }: { runs: readonly ChartRun[]; left: number }) {
  const ids = runs.map(({ id }) => id);
  const found = useLoaded<StepImage[]>(`images ${ids.join()}`, async (signal) => {
    const trees = await Promise.all(ids.map((run_id) => get<Tree>("cloudtrack/artifacts/tree", { run_id, path: "images" }, signal)));
    return trees.flatMap(({ files }, at) => files.flatMap(({ path }) => stepImage(ids[at] as string, path) ?? []));
  });
  const steps = useMemo(() => [...new Set((found.data ?? []).map((each) => each.step))].sort((a, b) => a - b), [found.data]);
  const [place, setPlace] = useState<number | null>(null);
  if (found.error) return <Failure error={found.error} retry={found.refresh} what="The list of images" />;
  if (!found.data) return <Skeleton rows={3} what="images" />;
  const images = found.data;
  if (images.length === 0) return <p class="note">The shown runs have none. Log one: <code>ct.log_image(image, key="sample", step=1)</code></p>;
  const at = Math.min(place ?? steps.length - 1, steps.length - 1);
  const step = steps[at] as number;
  const keys = [...new Set(images.map((each) => each.key))].sort();
  return (
    <>
      <label class="smoothing image-step">
        step
        <input type="range" min="0" max={steps.length - 1} step="1" value={at} aria-valuetext={`step ${step}`} onInput={(event) => setPlace(Number(event.currentTarget.value))} />
        <output>{step}</output>
      </label>
      {left > 0 && <p class="note">of the first {MOST_RUNS} runs</p>}
      {keys.length > MOST_KEYS && <p class="note">the first {MOST_KEYS} of {keys.length} keys</p>}
      <div class="cards">
        {keys.slice(0, MOST_KEYS).map((key) => (
          <article key={key} class="card" data-key={`images/${key}`}>
            <header class="card-head"><h3 title={key}>{key}</h3></header>
            <div class="images">
              {runs.map((run) => {
                const image = shownAt(images, key, run.id, step);
                return image && <Picture key={run.id} run={run} image={image} />;
              })}
            </div>
          </article>
        ))}
      </div>
    </>
  );
}

function Picture({ run, image }: { run: ChartRun; image: StepImage }) {
  const address = useGet<{ url: string }>("cloudtrack/artifacts/url", { run_id: image.run, path: image.path, disposition: "inline" });
  return (
    <figure>
      {address.data ? <img src={relative(address.data.url)} alt={`${image.key} of ${run.name} at step ${image.step}`} loading="lazy" /> : <span class="bone" />}
      <figcaption><Swatch color={run.color} dash={run.dash} /> {run.name} <small>step {image.step}</small></figcaption>
    </figure>
  );
}

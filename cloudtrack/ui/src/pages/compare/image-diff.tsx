/** Two pictures: beside each other, one over the other with a slider, in turns, or what differs. */

import { useEffect, useState } from "preact/hooks";
import { useLoaded } from "../../app/data";
import { Failure } from "../../app/failure";
import { Button, Skeleton } from "../../app/parts";
import { mayMove } from "../../app/settings";
import { addressOf, type Place } from "./files";

const WAYS = ["side by side", "slider", "blink", "difference"] as const;
const BLINK_MS = 700;

export function ImageDiff({ left, right, path }: { left: Place; right: Place; path: string }) {
  const { data, error, refresh } = useLoaded(`pictures ${JSON.stringify([left, right, path])}`, (signal) => Promise.all([addressOf(left, path, signal), addressOf(right, path, signal)]));
  const [way, setWay] = useState<(typeof WAYS)[number]>("side by side");
  if (error) return <Failure error={error} retry={refresh} what="picture" />;
  if (!data) return <Skeleton rows={4} what={path} />;
  const [a, b] = [{ url: data[0].url, name: left.name }, { url: data[1].url, name: right.name }];
  return (
    <div class="image-diff">
      <div class="views" role="group" aria-label="How to compare">
        {WAYS.map((each) => <button key={each} type="button" aria-pressed={way === each} onClick={() => setWay(each)}>{each}</button>)}
      </div>
      {way === "side by side" && <div class="image-pair">{[a, b].map(({ url, name }) => <figure key={name + url}><img src={url} alt={`${path} of ${name}`} /><figcaption>{name}</figcaption></figure>)}</div>}
      {way === "slider" && <Slider a={a} b={b} path={path} />}
      {way === "blink" && <Blink a={a} b={b} path={path} />}
      {way === "difference" && <Difference a={a} b={b} path={path} />}
    </div>
  );
}

interface Picture {
  url: string;
  name: string;
}
interface Pair {
  a: Picture;
  b: Picture;
  path: string;
}

function Slider({ a, b, path }: Pair) {
  const [part, setPart] = useState(50);
  return (
    <figure>
      <div class="image-stack">
        <img src={b.url} alt={`${path} of ${b.name}`} />
        <img class="over" src={a.url} alt={`${path} of ${a.name}`} style={{ clipPath: `inset(0 ${100 - part}% 0 0)` }} />
      </div>
      <label class="slider">{a.name}<input type="range" min="0" max="100" value={part} aria-label={`How much of ${a.name} lies over ${b.name}`} onInput={(event) => setPart(Number(event.currentTarget.value))} />{b.name}</label>
    </figure>
  );
}

/** By itself where things may move; else by its button. */
function Blink({ a, b, path }: Pair) {
  const [first, setFirst] = useState(true);
  const [runs, setRuns] = useState(mayMove());
  useEffect(() => {
    if (!runs) return undefined;
    const timer = setInterval(() => setFirst((before) => !before), BLINK_MS);
    return () => clearInterval(timer);
  }, [runs]);
  const shown = first ? a : b;
  return (
    <figure>
      <img src={shown.url} alt={`${path} of ${shown.name}`} />
      <figcaption>
        {shown.name} <Button onClick={() => { setRuns(false); setFirst(!first); }}>Other</Button> <Button pressed={runs} onClick={() => setRuns(!runs)}>{runs ? "Stop" : "Blink"}</Button>
      </figcaption>
    </figure>
  );
}

/** Blended by the browser, so pictures of another origin need not be read. */
function Difference({ a, b, path }: Pair) {
  const [sizes, setSizes] = useState<Record<string, string>>({});
  const measured = (name: "a" | "b") => (event: Event): void => {
    const image = event.currentTarget as HTMLImageElement;
    setSizes((before) => ({ ...before, [name]: `${image.naturalWidth} × ${image.naturalHeight}` }));
  };
  return (
    <figure>
      <div class="image-stack">
        <img src={a.url} alt={`How ${path} of ${a.name} and of ${b.name} differ`} onLoad={measured("a")} />
        <img class="over difference" src={b.url} alt="" onLoad={measured("b")} />
      </div>
      <figcaption>{sizes.a && sizes.b && sizes.a !== sizes.b ? `The sizes differ: ${sizes.a} and ${sizes.b} pixels.` : "Black is equal; what is lighter differs."}</figcaption>
    </figure>
  );
}

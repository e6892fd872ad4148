/** Go to anything: experiments, runs, models, pages, by name, id or URI. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { get } from "../api/client";
import type { ExperimentRow } from "../api/types";
import { lengthen } from "../lib/ids";
import { go, href } from "../lib/url";
import { Dialog, show } from "./dialog";
import { recent } from "./recent";

interface Target {
  title: string;
  kind: string;
  to: string;
}

const PAGES: Target[] = [
  { title: "Experiments", kind: "page", to: "#/experiments" }, { title: "Models", kind: "page", to: "#/models" }, { title: "Requests", kind: "page", to: "#/requests" },
  { title: "Activity", kind: "page", to: "#/activity" }, { title: "Trash", kind: "page", to: "#/trash" }, { title: "Settings", kind: "page", to: "#/settings" }, { title: "Keys", kind: "page", to: "#/keys" },
];
const MOST = 12;
const PAUSE_MS = 150;

export function openPalette(): void {
  show((close) => <Palette onClose={close} />);
}

function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState<Target[]>([]);
  const [at, setAt] = useState(0);
  useEffect(() => {
    const control = new AbortController();
    const timer = setTimeout(() => {
      search(text, control.signal).then(setFound, () => undefined);
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [text]);
  const targets = useMemo(() => {
    const words = text.trim().toLowerCase();
    const near = [...recent(), ...PAGES].filter((each) => each.title.toLowerCase().includes(words));
    const all = [...direct(text.trim()), ...(words ? [...found, ...near] : near)];
    return all.filter((each, place) => all.findIndex((other) => other.to === each.to) === place).slice(0, MOST);
  }, [text, found]);
  const open = (target: Target | undefined): void => {
    if (!target) return;
    onClose();
    go(target.to);
  };
  return (
    <Dialog title="Go to" onClose={onClose}>
      <input
        type="text" role="combobox" aria-label="Search" aria-expanded="true" aria-controls="palette-list" aria-activedescendant={targets.length ? `palette-${at}` : undefined}
        placeholder="an experiment, a run, a model; an id or a URI" autocomplete="off" spellcheck={false} value={text}
        ref={(input) => { if (input && document.activeElement !== input && !text) input.focus(); }}
        onInput={(event) => { setText(event.currentTarget.value); setAt(0); }}
        onKeyDown={(event) => {
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (step) setAt((at + step + targets.length) % Math.max(1, targets.length));
          else if (event.key === "Enter") open(targets[at]);
          else return;
          event.preventDefault();
        }}
      />
      <ul class="palette" role="listbox" id="palette-list" aria-label="Found">
        {targets.map((target, place) => (
          <li key={target.to} id={`palette-${place}`} role="option" aria-selected={place === at} onClick={() => open(target)}>
            <span>{target.title}</span> <small>{target.kind}</small>
          </li>
        ))}
      </ul>
      {targets.length === 0 && <p class="note">Nothing has that name.</p>}
    </Dialog>
  );
}

/** What a pasted id or URI names. */
function direct(text: string): Target[] {
  const run = /^(?:runs:\/+)?([0-9a-f]{32})(?:\/(.*))?$/.exec(text);
  if (run) return [{ title: `run ${run[1]}`, kind: "run", to: href(["runs", run[1] as string, ...(run[2] ? ["artifacts", ...run[2].split("/")] : [])]) }];
  const model = /^models:\/+([^/@]+)(?:\/(\d+))?/.exec(text);
  if (model) return [{ title: text, kind: "model", to: href(model[2] ? ["models", model[1] as string, "versions", model[2]] : ["models", model[1] as string]) }];
  const short = text.length === 22 ? lengthen(text) : null;
  return short ? [{ title: `run ${short}`, kind: "run", to: href(["runs", short]) }] : [];
}

async function search(text: string, signal: AbortSignal): Promise<Target[]> {
  const like = text.trim().replace(/'/g, "''").replace(/[%_]/g, "_");
  const filter = like ? `name ILIKE '%${like}%'` : "";
  const [experiments, models] = await Promise.all([
    get<{ experiments: ExperimentRow[] }>("cloudtrack/experiments/table", { filter }, signal).catch(() => ({ experiments: [] })),
    get<{ registered_models?: { name: string }[] }>("mlflow/registered-models/search", { filter, max_results: MOST }, signal).catch(() => ({ registered_models: [] })),
  ]);
  return [
    ...experiments.experiments.slice(0, MOST).map((each) => ({ title: each.name, kind: "experiment", to: href(["experiments", each.experiment_id]) })),
    ...(models.registered_models ?? []).map((each) => ({ title: each.name, kind: "model", to: href(["models", each.name]) })),
  ];
}

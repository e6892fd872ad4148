/** Cards that someone has added: boxes by category and histograms, of all runs of the list. */

import { useMemo, useState } from "preact/hooks";
import { ask } from "../app/dialog";
import { Boundary } from "../app/failure";
import { Icon } from "../app/icons";
import { Menu, Skeleton } from "../app/parts";
import { type AddedCard, columnsOf, parseAdded, printAdded, titleOfAdded } from "../lib/added-cards";
import { joinNames } from "../lib/columns";
import { boxes, histogram, sampled } from "../lib/distribution";
import { csv, save } from "../lib/export";
import { counted, grouped } from "../lib/format";
import type { Runs } from "../pages/runs/model";
import { BoxPlot } from "./box-plot";
import { HistogramPlot } from "./histogram-plot";

interface Props {
  runs: Runs;
  /** Entries of `ch`, in order. */
  entries: readonly string[];
}

/** Add a card of this kind: what it is of is asked. */
export function AddCard({ runs, entries, keys }: Props & { keys: readonly string[] }) {
  const params = runs.frame.catalogue.flatMap(({ name }) => (name.startsWith("params.") ? [name.slice(7)] : []));
  const options = (names: readonly string[]): { value: string; title: string }[] => names.map((name) => ({ value: name, title: name }));
  const primary = keys.includes(runs.primary?.key ?? "") ? runs.primary?.key : keys[0];
  const add = (kind: AddedCard["kind"]): void => ask(
    kind === "box" ? "Add boxes by a param" : "Add a histogram",
    [
      { name: "metric", label: "metric, its last value", value: primary, options: options(keys) },
      ...(kind === "box" ? [{ name: "param", label: "a box for each value of", value: params[0], options: options(params) }] : []),
    ],
    "Add",
    ({ metric = "", param = "" }) => {
      const entry = printAdded(kind === "box" ? { kind, metric, param } : { kind, metric });
      runs.setQuery({ ch: joinNames([...entries.filter((each) => each !== entry), entry]) });
    },
  );
  return (
    <Menu label="Add a card" align="left" items={[
      { title: "Boxes by a param", disabled: params.length ? undefined : "these runs have no params", onClick: () => add("box") },
      { title: "Histogram of a metric", onClick: () => add("hist") },
    ]}><Icon name="add" /> Add a card</Menu>
  );
}

export function AddedCards({ runs, entries, keys, size }: Props & { keys: readonly string[]; size: string }) {
  const cards = entries.flatMap((entry) => {
    const card = keys.includes(entry) ? null : parseAdded(entry);
    return card ? [{ entry, card }] : [];
  });
  if (cards.length === 0) return null;
  return (
    <section class="card-section" aria-label="Added cards">
      <h2>added <small>{cards.length}</small></h2>
      <div class={`cards ${size}`}>
        {cards.map(({ entry, card }, at) => (
          <article key={entry} class="card" data-key={entry}>
            <Boundary what={titleOfAdded(card)}>
              <Added
                card={card} runs={runs}
                remove={() => runs.setQuery({ ch: joinNames(entries.filter((each) => each !== entry)) })}
                forward={at > 0 ? () => runs.setQuery({ ch: joinNames(swapped(entries, entry, cards[at - 1]?.entry as string)) }) : null}
              />
            </Boundary>
          </article>
        ))}
      </div>
    </section>
  );
}

function Added({ card, runs, remove, forward }: { card: AddedCard; runs: Runs; remove: () => void; forward: (() => void) | null }) {
  const [isTable, setTable] = useState(false);
  const title = titleOfAdded(card);
  const [metric, param] = columnsOf(card).map(runs.column);
  const sample = useMemo(() => (metric ? sampled(metric, runs.rows) : null), [metric, runs.rows]);
  const unknown = columnsOf(card).find((name) => !runs.frame.catalogue.some((fact) => fact.name === name));
  const isAsked = Boolean(metric && (card.kind === "hist" || param));
  const found = useMemo(() => (sample && card.kind === "box" && param ? boxes(sample, param) : []), [sample, param, card.kind]);
  const bins = useMemo(() => (sample && card.kind === "hist" ? histogram(sample.values) : null), [sample, card.kind]);
  const saveCsv = (): void => {
    const names = runs.column("attributes.run_name");
    const rows = [...runs.rows].flatMap((row) => (metric?.present[row] ? [[runs.frame.ids[row] as string, names?.at(row) ?? "", ...(card.kind === "box" ? [param?.at(row) ?? null] : []), metric.at(row)]] : []));
    save(`${title.replace(/[^\w.-]+/g, "_")}.csv`, "text/csv", csv({ names: ["run_id", "run", ...(card.kind === "box" ? [card.param] : []), card.metric], rows }));
  };
  return (
    <>
      <header class="card-head">
        <h3 title={title}>{title}</h3>
        <Menu label={`Actions on ${title}`} items={[
          { title: isTable ? "Show the picture" : "Show the data table", onClick: () => setTable(!isTable) },
          { title: "CSV", onClick: saveCsv },
          forward && { title: "Move forward", onClick: forward },
          { title: "Remove", onClick: remove },
        ]} />
      </header>
      <p class="badges">
        {sample && <span class="badge">{counted(sample.values.length, "run")}</span>}
        {sample && sample.missing > 0 && <span class="badge">{grouped(sample.missing)} without</span>}
        {sample && sample.odd > 0 && <span class="badge">{grouped(sample.odd)} NaN or Inf</span>}
      </p>
      {unknown ? <p class="note card-empty">no run has {unknown}</p> : !isAsked || !sample ? <Skeleton rows={4} what={title} />
        : sample.values.length === 0 ? <p class="note card-empty">none of the runs has a value of it</p>
          : bins ? <HistogramPlot title={title} histogram={bins} isTable={isTable} /> : <BoxPlot title={title} boxes={found} isTable={isTable} />}
    </>
  );
}

/** Entries with two in each other's place. */
function swapped(entries: readonly string[], one: string, other: string): string[] {
  return entries.map((each) => (each === one ? other : each === other ? one : each));
}

/** The filter: MLflow's language with completion and the place of errors, what it lets through in numbers, and facets to click. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Button } from "../../app/parts";
import { Icon } from "../../app/icons";
import { completions, type Completion } from "../../lib/completion";
import { facets } from "../../lib/facets";
import { grouped } from "../../lib/format";
import type { Runs } from "./model";

export function FilterBar({ runs }: { runs: Runs }) {
  const given = runs.query.get("q") ?? "";
  const [text, setText] = useState(given);
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const typed = useRef(given);
  useEffect(() => {
    if (given !== typed.current) {
      setText(given);
      typed.current = given;
    }
  }, [given]);

  const offered = useMemo(
    () => (open ? completions(text, input.current?.selectionStart ?? text.length, runs.frame) : []),
    [open, text, runs.frame],
  );
  const change = (next: string): void => {
    setText(next);
    typed.current = next;
    runs.setQuery({ q: next }, "typing");
  };
  const take = (offer: Completion): void => {
    const next = text.slice(0, offer.start) + offer.text + text.slice(offer.end);
    const box = input.current;
    if (box) {
      box.value = next; // at once, so that what is typed next comes behind it
      box.focus();
      box.setSelectionRange(offer.start + offer.text.length, offer.start + offer.text.length);
    }
    change(next);
    setChosen(0);
  };
  const error = runs.filterError;
  return (
    <div class="filter" role="search">
      <div class={`filter-box ${error ? "wrong" : ""}`}>
        <Icon name="search" />
        <div class="filter-text">
          {error && (
            <div class="filter-marks" aria-hidden="true">
              <span>{text.slice(0, error.start)}</span>
              <mark>{text.slice(error.start, error.end) || " "}</mark>
            </div>
          )}
          <input
            ref={input}
            id="filter"
            type="text"
            role="combobox"
            aria-label="Filter runs"
            aria-expanded={offered.length > 0}
            aria-controls="filter-offers"
            aria-autocomplete="list"
            aria-activedescendant={offered.length ? `offer-${chosen}` : undefined}
            aria-invalid={error ? true : undefined}
            aria-describedby={error ? "filter-error" : "filter-count"}
            placeholder={'metrics.val/acc > 0.9 and params.optimizer = "adam", or words'}
            spellcheck={false}
            autocomplete="off"
            value={text}
            onInput={(event) => {
              change(event.currentTarget.value);
              setOpen(true);
              setChosen(0);
            }}
            onBlur={() => setTimeout(() => setOpen(false), 150)}
            onKeyDown={(event) => {
              if (event.key === "Escape") {
                if (open) event.stopPropagation();
                setOpen(false);
              } else if (event.key === "ArrowDown" && !open) setOpen(true);
              else if (offered.length && event.key === "ArrowDown") setChosen((chosen + 1) % offered.length);
              else if (offered.length && event.key === "ArrowUp") setChosen((chosen - 1 + offered.length) % offered.length);
              else if (offered.length && (event.key === "Tab" || event.key === "Enter")) take(offered[chosen] as Completion);
              else return;
              if (event.key !== "Escape") event.preventDefault();
            }}
          />
        </div>
        {text && <Button kind="quiet" icon="close" label="Clear filter" onClick={() => change("")} />}
        <span class="count" id="filter-count" aria-live="polite">
          {grouped(runs.rows.length)} of {grouped(runs.frame.total)}
        </span>
      </div>
      <ul class="offers" id="filter-offers" role="listbox" aria-label="Completions" hidden={offered.length === 0}>
        {offered.map((offer, at) => (
          <li key={offer.text} id={`offer-${at}`} role="option" aria-selected={at === chosen} onPointerDown={(event) => { event.preventDefault(); take(offer); }}>
            <code>{offer.text.trim()}</code> <small>{offer.hint}</small>
          </li>
        ))}
      </ul>
      {error && (
        <p class="problem" id="filter-error" role="alert">
          column {error.start + 1}: {error.message}
        </p>
      )}
      <Where runs={runs} />
      <Facets runs={runs} add={(condition) => change(text.trim() && !/^[^=<>]*$/.test(text) ? `${text.trim()} AND ${condition}` : condition)} />
    </div>
  );
}

/** What was not looked at, said on the spot. */
function Where({ runs }: { runs: Runs }) {
  const { frame } = runs;
  if (runs.where === "server") return <p class="note">The server has looked through all runs.</p>;
  if (frame.rows >= frame.total) return null;
  return <p class="note">Only the newest {grouped(frame.rows)} of {grouped(frame.total)} runs are in this table; a filter with an operator asks the server for all.</p>;
}

function Facets({ runs, add }: { runs: Runs; add: (condition: string) => void }) {
  const found = useMemo(() => facets(runs.frame, runs.rows), [runs.frame, runs.rows]);
  if (!found.length) return null;
  return (
    <div class="facets">
      {found.map((facet) => (
        <div key={facet.column} class="facet" role="group" aria-label={facet.title}>
          <span class="facet-name">{facet.title}</span>
          {facet.values.map((value) => (
            <button key={value.text} type="button" class="facet-value" onClick={() => add(value.condition)} title={`only ${value.condition}`}>
              {value.text} <small>{grouped(value.count)}</small>
            </button>
          ))}
          {facet.more > 0 && <small>+{facet.more}</small>}
        </div>
      ))}
    </div>
  );
}

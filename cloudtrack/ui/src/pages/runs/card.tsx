/** A run in two lines, for narrow windows. */

import type { ComponentChildren } from "preact";
import { RelTime, Status } from "../../app/parts";
import { Twisty } from "../../grid/twisty";
import { cardColumns } from "../../lib/cards";
import { titleOf } from "../../lib/columns";
import { short } from "../../lib/format";
import type { Line } from "../../lib/group";
import type { Runs } from "./model";

type RunLine = Extract<Line, { kind: "run" }>;

export function RunCard({ runs, line, to, isOpen, toggle, digits }: {
  runs: Runs; line: RunLine; to: string; isOpen: boolean; toggle: (key: string) => void; digits: number;
}) {
  const of = (name: string): string | number | null => runs.column(name)?.at(line.row) ?? null;
  const id = runs.frame.ids[line.row] as string;
  const name = String(of("attributes.run_name") ?? id);
  const facts = cardColumns(runs.columns, runs.sort.map((each) => each.id), runs.primary?.key ?? null);
  return (
    <span class="row-card" style={{ paddingLeft: `${line.depth * 16}px` }}>
      <span class="card-line">
        {line.children > 0 && <Twisty isOpen={isOpen} onClick={() => toggle(id)} label="" count={line.children} name={`${line.children} child runs`} />}
        <Status status={String(of("attributes.status") ?? "UNKNOWN")} wordless />
        <a href={to} tabIndex={-1} title={name}>{name}</a>
        <span class="card-end"><RelTime ms={of("attributes.start_time") as number | null} /></span>
      </span>
      <span class="card-line card-facts">
        {facts.map((fact) => {
          const value = of(fact);
          return <Fact key={fact} title={titleOf(fact)}>{value === null ? "–" : typeof value === "number" ? short(value, digits) : value}</Fact>;
        })}
      </span>
    </span>
  );
}

function Fact({ title, children }: { title: string; children: ComponentChildren }) {
  return <span class="fact"><small>{title}</small> <span class="num">{children}</span></span>;
}

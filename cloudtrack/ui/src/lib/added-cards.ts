/** Cards beside those of lines, as `ch` names them: `box:<metric>|<param>`, `hist:<metric>`. Pure. */

export type AddedCard = { kind: "box"; metric: string; param: string } | { kind: "hist"; metric: string };

/** What an entry of `ch` stands for; null where it is the key of a metric. */
export function parseAdded(entry: string): AddedCard | null {
  const [, kind, rest = ""] = /^(box|hist):(.+)$/s.exec(entry) ?? [];
  const [metric = "", param = "", ...more] = rest.split("|").map((part) => part.replace(/%7C/g, "|").replace(/%25/g, "%"));
  if (!metric || more.length) return null;
  if (kind === "hist") return param ? null : { kind, metric };
  return param ? { kind: "box", metric, param } : null;
}

export function printAdded(card: AddedCard): string {
  const escaped = (text: string): string => text.replace(/%/g, "%25").replace(/\|/g, "%7C");
  return card.kind === "box" ? `box:${escaped(card.metric)}|${escaped(card.param)}` : `hist:${escaped(card.metric)}`;
}

/** Columns of the table of runs that a card is made of. */
export function columnsOf(card: AddedCard): string[] {
  return [`metrics.${card.metric}`, ...(card.kind === "box" ? [`params.${card.param}`] : [])];
}

export function titleOfAdded(card: AddedCard): string {
  return card.kind === "box" ? `${card.metric} by ${card.param}` : `${card.metric} over runs`;
}

/** What may come next in a filter: names, operators, values that there are. */

import type { Frame } from "./frame";
import { isNumeric } from "./filter-parser";
import { named, quoted } from "./filter";
import { short } from "./format";

export interface Completion {
  text: string;
  hint: string;
  /** The part of the filter that it takes the place of. */
  start: number;
  end: number;
}

const MOST = 12;
const ATTRIBUTES = ["status", "run_name", "user_id", "start_time", "end_time", "run_id"];
const TEXT_OPERATORS = ["=", "!=", "LIKE", "ILIKE", "IN", "RLIKE", "IS NULL", "IS NOT NULL"];
const NUMBER_OPERATORS = [">", ">=", "<", "<=", "=", "!=", "BETWEEN", "IS NULL"];
const NAME = /^((metrics|params|tags|attributes)\.\S+|run_name|status|user_id|start_time|end_time|run_id)$/;

export function completions(text: string, cursor: number, frame: Frame): Completion[] {
  const before = text.slice(0, cursor);
  const start = before.length - (/[^\s(),]*$/.exec(before)?.[0].length ?? 0);
  const word = before.slice(start);
  const earlier = before.slice(0, start).trim().split(/\s+|(?<=[=<>])|(?=[=<>!])/).filter(Boolean);
  const last = earlier.at(-1) ?? "";
  const found = (texts: [string, string][]): Completion[] =>
    texts
      .filter(([each]) => each.toLowerCase().includes(word.toLowerCase().replace(/^['"]/, "")) && each !== word)
      .slice(0, MOST)
      .map(([each, hint]) => ({ text: `${each} `, hint, start, end: cursor }));
  if (NAME.test(last)) return found((isNumeric(full(last)) ? NUMBER_OPERATORS : TEXT_OPERATORS).map((each) => [each, ""]));
  if (/^(=|!=|like|ilike)$/i.test(last)) return found(values(full(earlier.at(-2) ?? ""), frame));
  if (/^[<>]=?$/.test(last)) return found(bounds(full(earlier.at(-2) ?? ""), frame));
  if (/^(['")]|.*['")]$|-?[\d.]+(e-?\d+)?$|null$)/i.test(last)) return found([["AND", ""], ["OR", ""]]);
  return found(names(frame));
}

function full(name: string): string {
  return ATTRIBUTES.includes(name) ? `attributes.${name}` : name;
}

function names(frame: Frame): [string, string][] {
  const attributes: [string, string][] = ATTRIBUTES.map((each) => [each, "attribute"]);
  const columns = frame.catalogue.filter((fact) => !/^(attributes|tags\.mlflow)\.?/.test(fact.name) && !fact.name.includes("@"));
  return [...columns.map((fact): [string, string] => [named(fact.name), `${fact.count} runs`]), ...attributes];
}

function values(column: string, frame: Frame): [string, string][] {
  const known = frame.columns.get(column);
  if (known?.dict) return known.dict.slice(0, 200).map((each) => [quoted(each), ""]);
  return bounds(column, frame);
}

function bounds(column: string, frame: Frame): [string, string][] {
  const fact = frame.catalogue.find((each) => each.name === column);
  if (!fact || typeof fact.min !== "number" || typeof fact.max !== "number") return [];
  return [[short(fact.min), "least"], [short((fact.min + fact.max) / 2), "middle"], [short(fact.max), "most"]];
}

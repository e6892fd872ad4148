/** What a move between stages means: what it replaces, what the rules ask, and what one saw when one decided. */

import type { Board, Card, Rule, Seen } from "../api/registry";

/** Where no version is held: everyone may come and go. */
const LOOSE = ["None", "Archived"];

export function isHeld(stage: string): boolean {
  return !LOOSE.includes(stage);
}

/** All cards of a board, newest first, each once. */
export function cardsOf(board: Board): Card[] {
  return [...board.versions, ...board.pinned].sort((a, b) => b.version - a.version);
}

/** The versions in a stage that a version would come to, but itself; newest first. */
export function replaced(board: Board, version: number, to: string): Card[] {
  return isHeld(to) ? cardsOf(board).filter((card) => card.stage === to && card.version !== version) : [];
}

/** What the board shows of a stage and a version: sent with the move, and refused where it is otherwise by then. */
export function seen(board: Board, card: Pick<Card, "version" | "stage">, to: string): Seen {
  const holders = isHeld(to) ? cardsOf(board).filter((each) => each.stage === to) : [];
  const isWhole = board.next === null || holders.length > 0;
  return { stage: card.stage, ...(isHeld(to) && isWhole && holders.length <= 1 ? { holder: holders[0]?.version ?? 0 } : {}) };
}

/** The stage after this one in the model's order, which most moves go to. */
export function nextStage(board: Board, from: string): string {
  const names = board.stages.map((each) => each.name);
  const held = names.filter(isHeld);
  return held[held.indexOf(from) + 1] ?? names.at(-1) ?? from;
}

/** A rule in words, a line for each thing that it asks. */
export function inWords(rule: Rule): string[] {
  const who = rule.approvers.length ? ` from ${rule.approvers.join(", ")}` : "";
  return [
    ...(rule.signature ? ["a signature"] : []),
    ...(rule.input_example ? ["an input example"] : []),
    ...(rule.no_pickle ? ["no pickle"] : []),
    ...Object.entries(rule.tags).map(([key, value]) => (value === null ? `a tag ${key}` : `the tag ${key}: ${value}`)),
    ...rule.metrics.map(({ metric, sign, limit }) => `${metric} ${sign} ${limit}`),
    ...Object.entries(rule.not_worse).map(([metric, isLower]) => `${metric} not ${isLower ? "higher" : "lower"} than what is there`),
    ...(rule.approvals ? [`${rule.approvals} ${rule.approvals === 1 ? "approval" : "approvals"}${who}${rule.two_person ? ", not by who asks" : ""}`] : []),
  ];
}

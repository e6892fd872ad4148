/** Two filters as one that both must let through. */

import { isFreeText } from "./filter";

/** Words that are no filter give way: they cannot be joined with a condition. */
export function joined(before: string, condition: string): string {
  const text = before.trim();
  if (!text || isFreeText(text)) return condition;
  if (!condition) return text;
  return /\bor\b/i.test(text) ? `(${text}) AND ${condition}` : `${text} AND ${condition}`;
}

/** Stages, aliases and metrics as they are shown everywhere in the registry. */

import { number, type Metric } from "../../api/types";
import type { Primary } from "../../api/registry";
import { Chip } from "../../app/parts";
import { useSettings } from "../../app/settings";
import { short, signed } from "../../lib/format";

export function StageChip({ stage, children }: { stage: string; children?: preact.ComponentChildren }) {
  return <Chip kind={`stage ${/^\w+$/.test(stage) ? stage : ""}`}>{children ? <>{stage}&nbsp;{children}</> : stage}</Chip>;
}

export function AliasChip({ alias, to, onRemove }: { alias: string; to?: string | number; onRemove?: () => void }) {
  return <Chip kind="alias" title={`@${alias}`} onRemove={onRemove} removeLabel={`Take the alias ${alias} away`}>@{alias}{to !== undefined && <>&nbsp;v{to}</>}</Chip>;
}

export type Value = Metric["value"];

/** How much a value differs from another; of the primary metric also whether that is better. */
export function Delta({ value, base, isPrimary, primary }: { value: Value | null | undefined; base: Value | null | undefined; isPrimary?: boolean; primary?: Primary | null }) {
  const { digits } = useSettings();
  const [now, before] = [number(value), number(base)];
  if (now === null || before === null) return <span class="none">–</span>;
  const by = now - before;
  const isBetter = isPrimary && primary && by !== 0 ? by > 0 === (primary.direction !== "min") : null;
  const word = isBetter === null ? "" : isBetter ? " better" : " worse";
  return (
    <span class={`num delta ${word.trim()}`} title={`${short(now, 9)} − ${short(before, 9)} = ${by}`}>
      {by > 0 ? "▲ " : by < 0 ? "▼ " : ""}{signed(by, digits)}{word}
    </span>
  );
}

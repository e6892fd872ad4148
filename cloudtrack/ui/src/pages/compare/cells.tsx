/** Heads and cells of runs side by side. */

import { Button, Menu, Num, Status } from "../../app/parts";
import { useTheme, cssColor } from "../../app/theme";
import { ink } from "../../lib/colors";
import type { MetricCell, Side } from "../../lib/compare";
import { short, signed } from "../../lib/format";
import { href } from "../../lib/url";
import { Swatch } from "../../charts/tooltip";

export function RunHead({ side, place, isBase, count, onBase, onRemove, onStep }: {
  side: Side; place: number; isBase: boolean; count: number; onBase: () => void; onRemove?: () => void; onStep?: (places: number) => void;
}) {
  useTheme();
  const { color, dash } = ink(place, cssColor);
  return (
    <div class="head">
      <span class="head-name">
        <Swatch color={side.tags["mlflow.runColor"] || color} dash={dash} />
        <a href={href(["experiments", side.experiment, "runs", side.id])} title={side.name}>{side.name}</a>
      </span>
      <span class="head-actions">
        <Status status={side.status} wordless />
        <Button kind="quiet" icon="star" class={isBase ? "starred" : ""} pressed={isBase} label={isBase ? `${side.name} is the baseline` : `Make ${side.name} the baseline (b)`} onClick={onBase} />
        {onRemove && <Button kind="quiet" icon="close" label={`Remove ${side.name}`} disabled={count < 3 ? "two runs are the least" : undefined} onClick={onRemove} />}
        <Menu label={`Menu of ${side.name}`} items={[
          { title: "Make it the baseline", onClick: onBase },
          onStep && place > 0 ? { title: "Move before", onClick: () => onStep(-1) } : null,
          onStep && place < count - 1 ? { title: "Move after", onClick: () => onStep(1) } : null,
        ]} />
      </span>
      {isBase && <small>baseline</small>}
    </div>
  );
}

const ARROWS = { better: "▲", worse: "▼", equal: "=" } as const;

/** The last value, how it stands to the baseline, and from where to where it went. The arrow points up where it is better. */
export function MetricValue({ cell }: { cell: MetricCell | null }) {
  if (!cell) return <span class="none">–</span>;
  const { summary, delta, verdict, isBest } = cell;
  return (
    <span class="metric">
      <span><Num value={summary.value} />{isBest && <small class="best-word"> best</small>}</span>
      {delta !== null && verdict !== "" && <span class={`delta ${verdict}`}><i aria-hidden="true">{ARROWS[verdict]}</i> {verdict === "equal" ? "" : signed(delta, 3)} {verdict}</span>}
      {summary.count > 1 && <small class="num" title={`least ${summary.min}, most ${summary.max}, of ${summary.count} points`}>{short(summary.min, 3)} … {short(summary.max, 3)}</small>}
    </span>
  );
}

export function TextValue({ value }: { value: string | null }) {
  if (value === null) return <span class="none">–</span>;
  return <span class="text-value" title={value}>{value === "" ? "''" : value}</span>;
}

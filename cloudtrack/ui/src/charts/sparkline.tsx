/** A few numbers as small bars. */

const HEIGHT = 20;
const STEP = 3;

export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  const most = Math.max(1, ...values);
  return (
    <svg class="spark" viewBox={`0 0 ${values.length * STEP} ${HEIGHT}`} width={values.length * STEP} height={HEIGHT} role="img" aria-label={label}>
      {values.map((value, at) => {
        const height = value ? Math.max(1.5, (value / most) * HEIGHT) : 0.5;
        return <rect key={at} x={at * STEP} y={HEIGHT - height} width={STEP - 1} height={height} fill="currentColor" />;
      })}
    </svg>
  );
}

/** A line of numbers, for a row of a table. */
export function Sparkcurve({ x, y, label }: { x: readonly number[]; y: readonly (number | null)[]; label: string }) {
  const known = y.flatMap((value, at) => (value !== null && Number.isFinite(value) ? [[x[at] as number, value] as const] : []));
  if (known.length < 2) return null;
  const [x0, x1] = [Math.min(...known.map(([a]) => a)), Math.max(...known.map(([a]) => a))];
  const [y0, y1] = [Math.min(...known.map(([, b]) => b)), Math.max(...known.map(([, b]) => b))];
  const points = known.map(([a, b]) => `${(((a - x0) / (x1 - x0 || 1)) * 90).toFixed(1)},${(HEIGHT - 1 - ((b - y0) / (y1 - y0 || 1)) * (HEIGHT - 2)).toFixed(1)}`);
  return (
    <svg class="spark" viewBox={`0 0 90 ${HEIGHT}`} width="90" height={HEIGHT} role="img" aria-label={label}>
      <polyline points={points.join(" ")} fill="none" stroke="currentColor" stroke-width="1.3" />
    </svg>
  );
}

/** What holds for all charts of a page: the axes, smoothing, which cards. */

import type { SetQuery } from "../app/address";
import { Button } from "../app/parts";
import { AXES, type ChartState, MOST_SMOOTHING, SIZES } from "../lib/chart-state";

export const AXIS_NAMES = { step: "step", time: "wall time", relative: "time since the start" };
export const MOST_METRICS = 200;

export function ChartControls({ state, keys, setQuery, single = false, grouped = false }: { state: ChartState; keys: readonly string[]; setQuery: SetQuery; single?: boolean; grouped?: boolean }) {
  const toggle = (axis: "x" | "y", isOn: boolean): void => {
    const [x, y] = [axis === "x" ? isOn : state.logX, axis === "y" ? isOn : state.logY];
    setQuery({ log: `${x ? "x" : ""}${y ? "y" : ""}`, ...(axis === "x" && { zoom: null }) });
  };
  return (
    <div class="chart-controls" role="group" aria-label="Charts">
      {!single && <input type="search" aria-label="Find a chart" placeholder="find a metric" value={state.find} onInput={(event) => setQuery({ find: event.currentTarget.value }, "typing")} />}
      <label>
        x{" "}
        <select value={state.metric ? `metrics.${state.metric}` : state.axis} onChange={(event) => setQuery({ x: event.currentTarget.value === "step" ? null : event.currentTarget.value, zoom: null })}>
          {AXES.map((axis) => <option key={axis} value={axis}>{AXIS_NAMES[axis]}</option>)}
          <optgroup label="a metric">
            {(state.metric && !keys.includes(state.metric) ? [state.metric, ...keys] : keys).slice(0, MOST_METRICS).map((key) => <option key={key} value={`metrics.${key}`}>{key}</option>)}
          </optgroup>
        </select>
      </label>
      <span class="chart-toggles">
        <Button pressed={state.logX} title="Logarithmic x" onClick={() => toggle("x", !state.logX)}>log x</Button>
        <Button pressed={state.logY} title="Logarithmic y" onClick={() => toggle("y", !state.logY)}>log y</Button>
        {!grouped && <Button pressed={state.band} title="Band from the least to the greatest value of what one drawn point stands for" onClick={() => setQuery({ band: state.band ? null : "1" })}>band</Button>}
        <Button pressed={state.clip} title="Leave out what lies beyond the 1st and the 99th percentile" onClick={() => setQuery({ clip: state.clip ? null : "1" })}>clip</Button>
      </span>
      {grouped && (
        <label>
          band{" "}
          <select value={state.groupBand} onChange={(event) => setQuery({ band: event.currentTarget.value === "deviation" ? "std" : null })}>
            <option value="range">least to greatest</option>
            <option value="deviation">standard deviation</option>
          </select>
        </label>
      )}
      <label class="smoothing">
        smoothing
        <input type="range" min="0" max={MOST_SMOOTHING} step="0.01" value={state.smoothing} onInput={(event) => setQuery({ sm: Number(event.currentTarget.value) ? event.currentTarget.value : null }, "typing")} />
        <output>{state.smoothing.toFixed(2)}</output>
      </label>
      {!single && (
        <label>
          size{" "}
          <select value={state.size} onChange={(event) => setQuery({ size: event.currentTarget.value === "M" ? null : event.currentTarget.value })}>
            {SIZES.map((size) => <option key={size} value={size}>{{ S: "small", M: "medium", L: "large" }[size]}</option>)}
          </select>
        </label>
      )}
      {state.zoom && <Button icon="close" onClick={() => setQuery({ zoom: null })}>zoom</Button>}
      {state.hidden.length > 0 && (
        <Button kind="quiet" icon="eye" onClick={() => setQuery({ hide: null })}>{state.hidden.length} hidden</Button>
      )}
    </div>
  );
}

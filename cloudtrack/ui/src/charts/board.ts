/** What all cards of a page share. */

import type { OwnState } from "../lib/card-state";
import type { ChartState } from "../lib/chart-state";
import type { Extent } from "../lib/lines";
import type { Cursors } from "./cursor";
import type { ChartRun, Group } from "./lines-of";
import type { SeriesStore } from "./store";

export interface Board {
  runs: readonly ChartRun[];
  groups: readonly Group[];
  state: ChartState;
  store: SeriesStore;
  cursors: Cursors;
  /** Of many lines those that keep their colours: selected ones and the baseline. */
  bright: ReadonlySet<string>;
  onZoom: (zoom: Extent | null) => void;
  /** Give a card settings of its own in place of those it had. */
  setOwn: (key: string, own: OwnState) => void;
}

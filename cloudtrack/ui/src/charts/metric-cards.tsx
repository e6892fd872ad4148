/** The metrics of some runs as cards. */

import type { Query } from "../lib/url";

export interface CardRun {
  id: string;
  name: string;
}

export interface MetricCardsProps {
  experiments: readonly string[];
  runs: readonly CardRun[];
  /** "system/" for those metrics alone; null for all others. */
  prefix?: "system/" | null;
  query: Query;
  /** Whether one of the runs still goes on. */
  running: boolean;
}

export function MetricCards({ runs }: MetricCardsProps) {
  return <p>{runs.length}</p>;
}

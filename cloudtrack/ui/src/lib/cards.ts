/** What a run's card tells besides its name, status and start. */

const MOST_PARAMS = 2;

/** One metric and two params of the shown columns: the metric that sorts, else the primary one, else the first. */
export function cardColumns(columns: readonly string[], sorting: readonly string[], primary: string | null): string[] {
  const metrics = columns.filter((name) => name.startsWith("metrics."));
  const metric = sorting.find((name) => name.startsWith("metrics.")) ?? metrics.find((name) => name === `metrics.${primary}`) ?? metrics[0];
  const params = columns.filter((name) => name.startsWith("params.")).slice(0, MOST_PARAMS);
  return metric ? [metric, ...params] : params;
}

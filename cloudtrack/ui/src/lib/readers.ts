/** Which runs used a logged model, from the graph of its lineage. */

export interface LineageGraph {
  nodes: { id: string; kind: string; label: string; link: Record<string, string> }[];
  edges: { from: string; to: string; kind: string }[];
  truncated: boolean;
}

export interface Reader {
  run: string;
  experiment: string;
  name: string;
}

/** The runs that read the model, in the graph's order; but for the one that made it, which may have tried it. */
export function readersOf(graph: LineageGraph, model: string): Reader[] {
  const ids = (from: string, kind: string) => graph.edges.filter((edge) => edge.from === from && edge.kind === kind).map(({ to }) => to);
  const node = `model:${model}`;
  const read = new Set(ids(node, "read"));
  return graph.nodes.flatMap(({ id, kind, label, link }) => (
    kind === "run" && read.has(id) && !ids(id, "made").includes(node) ? [{ run: link.run_id ?? "", experiment: link.experiment_id ?? "", name: label }] : []
  ));
}

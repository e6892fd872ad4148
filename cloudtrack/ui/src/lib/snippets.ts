/** Programs to copy, which work as they are. */

/** Where clients find this store: a server by its address, a folder or a bucket by its URI. */
export function quickStart(uri: string, experiment: string): string {
  return [
    "import cloudtrack as ct",
    "",
    `ct.set_tracking_uri(${JSON.stringify(uri)})`,
    `ct.set_experiment(${JSON.stringify(experiment)})`,
    "with ct.start_run():",
    '    ct.log_param("lr", 0.1)',
    '    ct.log_metric("loss", 0.5, step=1)',
  ].join("\n");
}

export interface LoadSnippet {
  title: string;
  text: string;
}

/** How to load a version of a model. */
export function loadSnippets(uri: string, name: string, version: string, stages: readonly string[], aliases: readonly string[]): LoadSnippet[] {
  const load = (model: string): string => `import cloudtrack as ct\n\nct.set_tracking_uri(${JSON.stringify(uri)})\nmodel = ct.pyfunc.load_model(${JSON.stringify(model)})`;
  return [
    { title: "this version", text: load(`models:/${name}/${version}`) },
    ...stages.map((stage) => ({ title: `by stage ${stage}`, text: load(`models:/${name}/${stage}`) })),
    ...aliases.map((alias) => ({ title: `by alias ${alias}`, text: load(`models:/${name}@${alias}`) })),
    { title: "MLflow", text: `import mlflow\n\nmlflow.set_tracking_uri(${JSON.stringify(uri)})\nmodel = mlflow.pyfunc.load_model(${JSON.stringify(`models:/${name}/${version}`)})` },
    { title: "serve", text: `cloudtrack --store ${quote(uri)} models serve -m ${quote(`models:/${name}/${version}`)}` },
    { title: "batch", text: `cloudtrack --store ${quote(uri)} models predict -m ${quote(`models:/${name}/${version}`)} -i in.csv -o out.parquet` },
  ];
}

function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;
}

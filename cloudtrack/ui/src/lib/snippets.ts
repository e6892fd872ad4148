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

/** How a model of a run becomes a version of a name. */
export function registerSnippet(uri: string, name = "my-model"): string {
  return [
    "import cloudtrack as ct",
    "",
    `ct.set_tracking_uri(${JSON.stringify(uri)})`,
    "with ct.start_run():",
    `    ct.sklearn.log_model(model, name="model", registered_model_name=${JSON.stringify(name)})`,
  ].join("\n");
}

const SCORING_PORT = 5001;
/** Flavors that cloudtrack loads as themselves, by the module of the package. */
const NATIVE = ["sklearn", "xgboost", "lightgbm", "catboost", "pytorch", "tensorflow", "keras", "onnx", "statsmodels", "prophet", "spacy", "transformers", "sentence_transformers", "spark"];

export interface LoadOptions {
  flavors?: readonly string[];
  /** Whether the model brings code of its own, which runs when it is loaded. */
  hasCode?: boolean;
  /** Whether the server demands a login. */
  isGuarded?: boolean;
  /** What a scoring server takes, as JSON. */
  example?: string;
}

/** How to load a version of a model, and how to ask it. */
export function loadSnippets(uri: string, name: string, version: string, stages: readonly string[], aliases: readonly string[], options: LoadOptions = {}): LoadSnippet[] {
  const own = `models:/${name}/${version}`;
  const trust = options.hasCode ? ", trust=True" : "";
  const login = options.isGuarded ? "# a token of `cloudtrack tokens create` is in MLFLOW_TRACKING_TOKEN\n" : "";
  const python = (load: string): string => `${login}import cloudtrack as ct\n\nct.set_tracking_uri(${JSON.stringify(uri)})\nmodel = ${load}`;
  const pyfunc = (model: string): string => python(`ct.pyfunc.load_model(${JSON.stringify(model)}${trust})`);
  const command = `${login}cloudtrack --store ${quote(uri)} models`;
  const header = options.isGuarded ? ' -H "Authorization: Bearer $MLFLOW_TRACKING_TOKEN"' : "";
  const get = `${uri}/api/2.0/mlflow/model-versions/get?name=${encodeURIComponent(name)}&version=${encodeURIComponent(version)}`;
  const score = `curl -H "Content-Type: application/json" -d ${quote(options.example ?? '{"dataframe_split": {"columns": [], "data": []}}')} http://127.0.0.1:${SCORING_PORT}/invocations`;
  return [
    { title: "this version", text: pyfunc(own) },
    ...stages.map((stage) => ({ title: `by stage ${stage}`, text: pyfunc(`models:/${name}/${stage}`) })),
    ...aliases.map((alias) => ({ title: `by alias ${alias}`, text: pyfunc(`models:/${name}@${alias}`) })),
    ...(options.flavors ?? []).filter((flavor) => NATIVE.includes(flavor)).map((flavor) => ({ title: flavor, text: python(`ct.${flavor}.load_model(${JSON.stringify(own)})`) })),
    { title: "MLflow", text: `${login}import mlflow\n\nmlflow.set_tracking_uri(${JSON.stringify(uri)})\nmodel = mlflow.pyfunc.load_model(${JSON.stringify(own)})` },
    { title: "serve and score", text: `${command} serve -m ${quote(own)} -p ${SCORING_PORT} &\n${score}` },
    { title: "files in batch", text: `${command} predict -m ${quote(own)} -i in.csv -o out.parquet` },
    { title: "REST", text: `${login}curl${header} ${quote(get)}` },
  ];
}

function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;
}

"""The GraphQL queries of MLflow's web page for an experiment and for a run."""

from typing import Any

from tests.api.corpus.steps import Step, get, post

_PAIRS = "tags { __typename key value }"
_EXPERIMENT_NODE = f"""experiment {{
      __typename artifactLocation creationTime effectiveTraceArchivalRetention experimentId lastUpdateTime
      lifecycleStage name workspace {_PAIRS}
    }}"""
_EXPERIMENT = f"""query MlflowGetExperimentQuery($input: MlflowGetExperimentInput!) {{
  mlflowGetExperiment(input: $input) {{
    __typename
    apiError {{ __typename code message }}
    {_EXPERIMENT_NODE}
  }}
}}"""
_RUN = f"""query GetRun($data: MlflowGetRunInput!) {{
  mlflowGetRun(input: $data) {{
    __typename
    apiError {{ __typename helpUrl code message }}
    run {{
      __typename
      info {{
        __typename runId runName status runUuid experimentId artifactUri endTime lifecycleStage startTime userId
      }}
      {_EXPERIMENT_NODE}
      modelVersions {{
        __typename status version name source creationTimestamp lastUpdatedTimestamp currentStage description runId
        runLink
      }}
      data {{
        __typename
        metrics {{ __typename key value step timestamp }}
        params {{ __typename key value }}
        {_PAIRS}
      }}
      inputs {{
        __typename
        datasetInputs {{
          __typename
          dataset {{ __typename digest name profile schema source sourceType }}
          {_PAIRS}
        }}
        modelInputs {{ __typename modelId }}
      }}
      outputs {{ __typename modelOutputs {{ __typename modelId step }} }}
    }}
  }}
}}"""


def _ask(query: str, name: str, **variables: Any) -> Step:
    return post("/graphql", {"operationName": name, "query": query, "variables": variables})


def _run(run_id: str) -> Step:
    return _ask(_RUN, "GetRun", data={"runId": run_id})


STEPS = [
    post("experiments/create", {"name": "g-exp", "tags": [{"key": "team", "value": "a"}]}).saving(gx="experiment_id"),
    post("runs/create", {"experiment_id": "${gx}", "start_time": 1000, "run_name": "plain"}).saving(
        g0="run.info.run_id"
    ),
    post("runs/create", {"experiment_id": "${gx}", "start_time": 2000, "run_name": "full"}).saving(
        g1="run.info.run_id"
    ),
    post(
        "runs/log-batch",
        {
            "run_id": "${g1}",
            "metrics": [{"key": "loss", "value": 0.5, "timestamp": 10, "step": 3}],
            "params": [{"key": "lr", "value": "0.1"}],
            "tags": [{"key": "kind", "value": "x"}],
        },
    ),
    post(
        "runs/log-inputs",
        {
            "run_id": "${g1}",
            "datasets": [
                {
                    "tags": [{"key": "mlflow.data.context", "value": "training"}],
                    "dataset": {"name": "iris", "digest": "1", "source_type": "local", "source": "{}", "schema": "s"},
                }
            ],
        },
    ),
    post("logged-models", {"experiment_id": "${gx}", "name": "m"}).saving(gm="model.info.model_id"),
    post("runs/outputs", {"run_id": "${g1}", "models": [{"model_id": "${gm}", "step": 2}]}),
    post("registered-models/create", {"name": "g-model"}),
    post("model-versions/create", {"name": "g-model", "source": "s3://elsewhere/model", "run_id": "${g1}"}),
    post("runs/update", {"run_id": "${g1}", "status": "FINISHED", "end_time": 3000}),
    _ask(_EXPERIMENT, "MlflowGetExperimentQuery", input={"experimentId": "${gx}"}),
    _ask(_EXPERIMENT, "MlflowGetExperimentQuery", input={"experimentId": "99999999"}),
    _run("${g0}"),
    _run("${g1}"),
    _run("0123456789abcdef0123456789abcdef"),
    _ask("query Nothing { nothing }", "Nothing"),
    post("/graphql", {"query": "{ nothing }"}),
    post("/graphql", {}).because("a query that is missing is one for nothing that we know", 200),
    get("/graphql", query="{ nothing }").because("a query may come in the address", 200),
]

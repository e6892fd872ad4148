"""What MLflow takes by mistake, loses without a word, or fails at: we refuse it. And what it refuses and we can do.

Played last, because of what it leaves behind in MLflow.
"""

from tests.api.corpus.steps import delete, get, patch, post, raw

_READ_AS_EMPTY = "MLflow reads a wrong type as if nothing were there"
_BAD_ENUM = "MLflow ignores a word it does not know"
_BAD_NUMBER = "MLflow stores a bad metric as 0.0 at time 0"
_FAILS = "MLflow fails with a 500"
_NO_SUCH = "0123456789abcdef0123456789abcdef"

STEPS = [
    post("experiments/create", {"name": "x-exp"}).saving(x="experiment_id"),
    post("runs/create", {"experiment_id": "${x}", "start_time": 1000, "run_name": "x1"}).saving(x1="run.info.run_id"),
    # refused
    post("experiments/create", {"name": "   "}).because("MLflow takes a blank name"),
    post("experiments/search", {"max_results": 1, "view_type": "NONSENSE"}).because(_BAD_ENUM),
    post("runs/create", {"experiment_id": "${x}", "start_time": 1.5, "run_name": "odd"}).because(
        "MLflow takes a time for 0"
    ),
    post("runs/create", {"experiment_id": "${x}", "start_time": -1, "run_name": "odd"}).because(
        "MLflow takes a time before 1970"
    ),
    post("runs/create", {"experiment_id": "${x}", "tags": {"a": "b"}, "run_name": "odd"}).because(_READ_AS_EMPTY),
    post("runs/update", {"run_id": "${x1}", "status": "NONSENSE"}).because(_BAD_ENUM),
    post("runs/update", {"run_id": "${x1}", "end_time": -1}).because("MLflow takes a time before 1970"),
    post("runs/log-batch", {"run_id": "${x1}", "metrics": [{"key": "m", "value": "x", "timestamp": 1}]}).because(
        _BAD_NUMBER
    ),
    raw(
        "POST",
        "runs/log-metric",
        b'{"run_id": "0123456789abcdef0123456789abcdef", "key": "m", "value": NaN, "timestamp": 1}',
    ),
    post("experiments/create", {"name": "x-big"}).saving(xb="experiment_id"),
    post("runs/create", {"experiment_id": "${xb}", "start_time": 1, "run_name": "big"}).saving(x2="run.info.run_id"),
    post("runs/log-batch", {"run_id": "${x2}", "tags": [{"key": "big", "value": "x" * 1_000_001}]}).because(
        "MLflow cuts a value that is too long"
    ),
    post("runs/log-inputs", {"run_id": "${x1}", "datasets": [{"dataset": {"name": "x"}}]}).because(
        "MLflow stores a dataset without a digest"
    ),
    post("runs/log-model", {"run_id": "${x1}", "model_json": "[]"}).because(_FAILS),
    get("runs/get", run_id="../../etc/passwd").because("MLflow looks for what cannot be a run"),
    get("logged-models/nonsense").because("MLflow looks for what cannot be a model"),
    *(
        post("runs/search", {"experiment_ids": ["${x}"], "filter": text}).because("MLflow reads half a filter")
        for text in ("metrics.m < 1 AND", "metrics. < 1", "AND", "metrics.m < 1 params.n = '1'")
    ),
    post("runs/search", {"experiment_ids": ["${x}"], "run_view_type": "NONSENSE"}).because(_BAD_ENUM),
    get("metrics/get-history", run_id=_NO_SUCH, metric_key="m").because("MLflow shows an empty history", 404),
    get("metrics/get-history", run_id="${x1}", metric_key="m", max_results="x").because(_READ_AS_EMPTY),
    post("logged-models", {"experiment_id": "${x}", "name": "xm"}).saving(xm="model.info.model_id"),
    patch("logged-models/${xm}", {"model_id": "${xm}", "status": "NONSENSE"}).because(_BAD_ENUM),
    post("logged-models/search", {"experiment_ids": ["${x}"], "page_token": "nonsense"}).because(_FAILS),
    post("logged-models/search", {"experiment_ids": ["${x}"], "filter": "nonsense = 'a'"}).because(_FAILS),
    post("logged-models/search", {"experiment_ids": ["${x}"], "filter": "metrics.m = 'a'"}).because(_FAILS),
    post("logged-models/search", {"experiment_ids": ["${x}"], "max_results": 0}).because("MLflow takes 0 for all"),
    post("logged-models/${xm}/params", {"model_id": "${xm}", "params": [{"key": "w", "value": "5"}]}),
    post("logged-models/${xm}/params", {"model_id": "${xm}", "params": [{"key": "w", "value": "6"}]}).because(
        "a param that has another value is INVALID_PARAMETER_VALUE, as for runs"
    ),
    post("logged-models/${xm}/params", {"model_id": "${xm}", "params": [{"key": "w", "value": "5"}]}).because(
        "the same value again is no error, as for runs", 200
    ),
    patch("logged-models/m-0123456789abcdef0123456789abcdef", {"status": "LOGGED_MODEL_READY"}).because(
        "the path names the model, the body need not", 404
    ),
    delete("logged-models/${xm}"),
    patch("logged-models/${xm}", {"model_id": "${xm}", "status": "LOGGED_MODEL_READY"}).because(
        "MLflow changes what is deleted", 404
    ),
    post("registered-models/create", {"name": "x-model"}),
    post("model-versions/create", {"name": "x-model", "source": "s3://elsewhere/model"}),
    *(
        post(
            "model-versions/transition-stage",
            {"name": "x-model", "version": "1", "stage": stage, "archive_existing_versions": True},
        ).because(_FAILS)
        for stage in ("None", "Archived")
    ),
    get("registered-models/search", max_results=0).because("MLflow answers with a page of nothing"),
    get("registered-models/search", max_results=-1).because("MLflow answers with a page of nothing"),
    get("registered-models/search", filter="name IS NULL").because(_FAILS, 200),
    post(
        "model-versions/create",
        {
            "name": "x-model",
            "source": "models:/m-0123456789abcdef0123456789abcdef",
            "model_id": "m-0123456789abcdef0123456789abcdef",
        },
    ).because(_FAILS, 404),
    get("/get-artifact", path="a.txt").because("MLflow looks for a run without an id"),
    raw("POST", "experiments/create", b"[]").because(_FAILS),
    raw("POST", "experiments/create", b"5").because(_FAILS),
    raw("POST", "experiments/create", b'"text"').because(_FAILS),
    post(
        "webhooks",
        {"name": "x", "url": "https://1.1.1.1/", "events": [{"entity": "NONSENSE", "action": "SET"}]},
    ).because(_FAILS),
    post(
        "webhooks",
        {
            "name": "x",
            "url": "https://1.1.1.1/",
            "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}],
            "status": "NONSENSE",
        },
    ).because(_BAD_ENUM),
    get("webhooks", max_results=0).because("MLflow takes 0 for all"),
    # taken
    post("runs/outputs", {"run_id": "${x1}", "models": [{"model_id": "${xm}", "step": 3}]}),
    post("runs/outputs", {"run_id": "${x1}", "models": [{"model_id": "${xm}", "step": 3}]}).because(
        "the same output again is no error: requests are sent twice", 200
    ),
    *(
        post(
            "runs/log-inputs",
            {
                "run_id": "${x1}",
                "datasets": [
                    {
                        "tags": [{"key": "mlflow.data.context", "value": use}],
                        "dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "{}"},
                    }
                ],
            },
        )
        for use in ("training", "test")
    ),
    post("/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": ["${x}"]}).because(
        "a dataset that is used again gets the new tags", 200
    ),
    post(
        "model-versions/transition-stage",
        {"name": "x-model", "version": "1", "stage": "Staging", "archive_existing_versions": "true"},
    ).because("truth may be text in a body too", 200),
    post(
        "webhooks",
        {
            "name": "plain",
            "url": "http://1.1.1.1/hook",
            "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}],
        },
    ).because("an address may be without TLS", 200),
    get("runs/get", runId="${x1}").because("names in camelCase count in an address too", 200),
    post("runs/log-metric", {"run_id": "${x1}", "key": "inf", "value": "Infinity", "timestamp": 1}),
    get("runs/get", run_id="${x1}").because("an infinity is kept, not the largest double", 200),
    post("runs/update", {"run_id": "${x1}", "status": "FINISHED", "end_time": 2000}),
    post("runs/update", {"run_id": "${x1}", "status": "RUNNING"}).because("what runs again has no end", 200),
    post("model-versions/create", {"name": "x-model", "source": "runs:/${x1}/model"}).because(
        "the source says of which run it is", 200
    ),
    post("model-versions/create", {"name": "x-model", "source": "models:/x-model/1"}).because(
        "a copy has the source itself, which outlives the version it was copied from", 200
    ),
    post("/api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": ["${x}"]}).because(
        "MLflow has lost this spelling", 200
    ),
]

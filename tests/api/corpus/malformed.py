"""Bodies and routes that cannot be right."""

from tests.api.corpus.steps import JSON, Step, get, post, raw

STEPS = [
    get("/health"),
    raw("POST", "experiments/create", b""),
    raw("POST", "experiments/create", b"{"),
    raw("POST", "experiments/create", b"null"),
    raw("POST", "experiments/create", b'{"name": "x"', JSON),
    raw("POST", "experiments/create", b'{"name": "\xff\xfe"}'),
    raw("POST", "experiments/create", b'{"name": "no-type"}', {}),
    raw("POST", "experiments/create", b'{"name": "plain"}', {"Content-Type": "text/plain"}),
    raw(
        "POST", "experiments/create", b'{"name": "charset"}', {"Content-Type": "application/json; charset=utf-8"}
    ).saving(c="experiment_id"),
    raw("POST", "experiments/create", b'{"name": "twice", "name": "twice-2"}').saving(c2="experiment_id"),
    raw("POST", "experiments/create", b'"{\\"name\\": \\"encoded-twice\\"}"').saving(c3="experiment_id"),
    get("experiments/get", experiment_id="${c}"),
    get("experiments/get", experiment_id="${c2}"),
    get("experiments/get", experiment_id="${c3}"),
    post("runs/create", {"experimentId": "0", "startTime": 5, "runName": "camel"}).saving(camel="run.info.run_id"),
    Step("DELETE", "experiments/create", body={"name": "x"}),
    Step("PUT", "runs/create", body={"experiment_id": "0"}),
    get("no/such/route"),
    get("/api/9.9/mlflow/runs/get", run_id="${camel}"),
    get("/ajax-api/2.0/mlflow/runs/get", run_id="${camel}"),
    get("/ajax-api/2.0/mlflow/experiments/get", experiment_id="0"),
    post("/ajax-api/2.0/mlflow/runs/search", {"experiment_ids": ["${c}"]}),
    get("/version").because("a version is plain text", 200),
    get("/api/3.0/mlflow/server-info").because("this server signs no URLs over a store that cannot sign them", 200),
    get("/ajax-api/2.0/mlflow/gateway-proxy"),
    post("/ajax-api/2.0/mlflow/gateway-proxy", {"gateway_path": "x"}),
    get("/ajax-api/3.0/mlflow/ui-telemetry"),
    post("/ajax-api/3.0/mlflow/ui-telemetry", {"events": []}),
]

"""Runs: creation, change, life cycle, params, metrics, tags, batches, inputs."""

import json
from typing import Any

from tests.api.corpus.steps import get, post

_LONG = "x" * 251


def _model(path: str, **more: Any) -> str:
    described = {"artifact_path": path, "run_id": "r", "utc_time_created": "2026-01-01", "flavors": {"f": {}}, **more}
    return json.dumps(described)


def _dataset(name: str, digest: str) -> dict[str, str]:
    return {"name": name, "digest": digest, "source_type": "local", "source": "{}"}


def _use(context: str) -> dict[str, str]:
    return {"key": "mlflow.data.context", "value": context}


STEPS = [
    post("experiments/create", {"name": "r-exp"}).saving(exp="experiment_id"),
    post("runs/create", {"experiment_id": "${exp}", "start_time": 1000, "run_name": "first"}).saving(
        r1="run.info.run_id"
    ),
    get("runs/get", run_id="${r1}"),
    get("runs/get", run_uuid="${r1}"),
    get("runs/get"),
    get("runs/get", run_id=""),
    get("runs/get", run_id="0123456789abcdef0123456789abcdef"),
    post(
        "runs/create",
        {
            "experiment_id": "${exp}",
            "start_time": 2000,
            "user_id": "somebody",
            "tags": [{"key": "a", "value": "1"}, {"key": "mlflow.runName", "value": "tagged"}],
        },
    ).saving(r2="run.info.run_id"),
    post("runs/create", {"experiment_id": "${exp}", "start_time": "3000"}).saving(
        r3="run.info.run_id", generated="run.info.run_name"
    ),
    post(
        "runs/create",
        {"experiment_id": "${exp}", "run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]},
    ),
    post("runs/create", {}),
    post("runs/create", {"experiment_id": ""}),
    post("runs/create", {"experiment_id": "99999999"}),
    post("runs/create", {"experiment_id": "${exp}", "start_time": "soon"}),
    post("runs/create", {"experiment_id": "${exp}", "run_name": 7}),
    post("runs/update", {"run_id": "${r1}", "status": "FINISHED", "end_time": 5000}),
    get("runs/get", run_id="${r1}"),
    post("runs/update", {"run_id": "${r1}", "run_name": "renamed"}),
    get("runs/get", run_id="${r1}"),
    post("runs/update", {"run_uuid": "${r1}", "status": "FAILED", "end_time": 6000}),
    post("runs/update", {"run_id": "${r1}", "status": 3, "end_time": 7000}),
    post("runs/update", {"run_id": "${r1}", "end_time": "x"}),
    post("runs/update", {"run_id": "0123456789abcdef0123456789abcdef", "status": "FINISHED"}),
    post("runs/update", {"status": "FINISHED"}),
    post("runs/update", {"run_id": "${r1}", "end_time": 8000}),
    post("runs/update", {"run_id": "${r1}"}),
    post("runs/update", {"run_id": "${r1}", "run_name": ""}),
    post("runs/update", {"run_id": "${r2}", "status": "SCHEDULED"}),
    post("runs/update", {"run_id": "${r2}", "status": "RUNNING"}),
    post("runs/update", {"run_id": "${r2}", "status": "KILLED", "end_time": "9000", "run_name": "killed"}),
    # params
    post("runs/log-parameter", {"run_id": "${r1}", "key": "p", "value": "1"}),
    post("runs/log-parameter", {"run_id": "${r1}", "key": "p", "value": "1"}),
    post("runs/log-parameter", {"run_id": "${r1}", "key": "p", "value": "2"}),
    post("runs/log-parameter", {"run_uuid": "${r1}", "key": "by uuid", "value": "yes"}),
    post("runs/log-parameter", {"run_id": "${r1}", "value": "1"}),
    post("runs/log-parameter", {"run_id": "${r1}", "key": "q"}),
    post("runs/log-parameter", {"run_id": "${r1}", "key": "empty", "value": ""}),
    post("runs/log-parameter", {"run_id": "${r1}", "key": "", "value": "1"}),
    post("runs/log-parameter", {"run_id": "${r1}", "key": "number", "value": 5}),
    post("runs/log-parameter", {"run_id": "${r1}", "key": "../p", "value": "1"}),
    post("runs/log-parameter", {"run_id": "${r1}", "key": "/p", "value": "1"}),
    post("runs/log-parameter", {"run_id": "${r1}", "key": "p#", "value": "1"}),
    post("runs/log-parameter", {"run_id": "${r1}", "key": _LONG, "value": "1"}),
    post("runs/log-parameter", {"run_id": "${r1}", "key": "a/b-c.d e:f_g", "value": "ok"}),
    post("runs/log-parameter", {"run_id": "${r1}", "key": "é", "value": "ü"}),
    post("runs/log-parameter", {"run_id": "0123456789abcdef0123456789abcdef", "key": "p", "value": "1"}),
    post("runs/log-parameter", {"key": "p", "value": "1"}),
    # metrics
    post("runs/log-metric", {"run_id": "${r1}", "key": "m", "value": 0.5, "timestamp": 100}),
    post("runs/log-metric", {"run_id": "${r1}", "key": "m", "value": 0.25, "timestamp": 200, "step": 1}),
    post("runs/log-metric", {"run_id": "${r1}", "key": "m", "value": 0.125, "timestamp": 50, "step": 1}),
    post("runs/log-metric", {"run_uuid": "${r1}", "key": "m", "value": "0.75", "timestamp": "300", "step": "2"}),
    post("runs/log-metric", {"run_id": "${r1}", "key": "whole", "value": 3, "timestamp": 1}),
    post("runs/log-metric", {"run_id": "${r1}", "key": "nan", "value": "NaN", "timestamp": 1}),
    post("runs/log-metric", {"run_id": "${r1}", "key": "neg", "value": -1e-300, "timestamp": 1, "step": -5}),
    post("runs/log-metric", {"run_id": "${r1}", "key": "m", "value": "high", "timestamp": 1}),
    post("runs/log-metric", {"run_id": "${r1}", "key": "m", "timestamp": 1}),
    post("runs/log-metric", {"run_id": "${r1}", "key": "m", "value": 1}),
    post("runs/log-metric", {"run_id": "${r1}", "value": 1, "timestamp": 1}),
    post("runs/log-metric", {"run_id": "${r1}", "key": "m", "value": 1, "timestamp": 1, "step": "x"}),
    post("runs/log-metric", {"run_id": "${r1}", "key": "m", "value": None, "timestamp": 1}),
    post("runs/log-metric", {"run_id": "${r1}", "key": "m", "value": True, "timestamp": 1}),
    post("runs/log-metric", {"run_id": "${r1}", "key": "m", "value": 1, "timestamp": -1}),
    post("runs/log-metric", {"run_id": "${r1}", "key": "m?", "value": 1, "timestamp": 1}),
    post("runs/log-metric", {"key": "m", "value": 1, "timestamp": 1}),
    post("runs/log-metric", {"run_id": "0123456789abcdef0123456789abcdef", "key": "m", "value": 1, "timestamp": 1}),
    # tags
    post("runs/set-tag", {"run_id": "${r1}", "key": "t", "value": "1"}),
    post("runs/set-tag", {"run_id": "${r1}", "key": "t", "value": "2"}),
    post("runs/set-tag", {"run_uuid": "${r1}", "key": "uuid", "value": "2"}),
    post("runs/set-tag", {"run_id": "${r1}", "key": "empty", "value": ""}),
    post("runs/set-tag", {"run_id": "${r1}", "key": "t"}),
    post("runs/set-tag", {"run_id": "${r1}", "value": "1"}),
    post("runs/set-tag", {"run_id": "${r1}", "key": 5, "value": "1"}),
    post("runs/set-tag", {"run_id": "${r1}", "key": "a\u0000b", "value": "1"}),
    post("runs/set-tag", {"key": "t", "value": "1"}),
    post("runs/set-tag", {"run_id": "${r1}", "key": "mlflow.runName", "value": "named by tag"}),
    post("runs/delete-tag", {"run_id": "${r1}", "key": "uuid"}),
    post("runs/delete-tag", {"run_id": "${r1}", "key": "uuid"}),
    post("runs/delete-tag", {"run_id": "${r1}"}),
    post("runs/delete-tag", {"key": "t"}),
    get("runs/get", run_id="${r1}"),
    # batches
    post(
        "runs/log-batch",
        {
            "run_id": "${r2}",
            "metrics": [
                {"key": "loss", "value": 1.5, "timestamp": 10, "step": 0},
                {"key": "loss", "value": 0.5, "timestamp": 20, "step": 1},
                {"key": "acc", "value": "NaN", "timestamp": 20, "step": 1},
            ],
            "params": [{"key": "lr", "value": "0.1"}],
            "tags": [{"key": "kind", "value": "batch"}],
        },
    ),
    post("runs/log-batch", {"run_id": "${r2}"}),
    post("runs/log-batch", {"run_id": "${r2}", "params": [{"key": "lr", "value": "0.2"}]}),
    post("runs/log-batch", {"run_id": "${r2}", "params": [{"key": "d", "value": "1"}, {"key": "d", "value": "2"}]}),
    post(
        "runs/log-batch", {"run_id": "${r2}", "params": [{"key": "same", "value": "1"}, {"key": "same", "value": "1"}]}
    ),
    post("runs/log-batch", {"run_id": "${r2}", "metrics": [{"key": "m"}]}),
    post("runs/log-batch", {"run_id": "${r2}", "metrics": [{"value": 1, "timestamp": 1}]}),
    post("runs/log-batch", {"run_id": "${r2}", "metrics": [{"key": "m", "value": 1}]}),
    post("runs/log-batch", {"run_id": "${r2}", "metrics": [{"key": "b?d", "value": 1, "timestamp": 1}]}),
    post("runs/log-batch", {"run_id": "${r2}", "metrics": "m"}),
    post("runs/log-batch", {"run_id": "${r2}", "params": [{"key": "x"}]}),
    post("runs/log-batch", {"run_id": "${r2}", "params": [{"value": "x"}]}),
    post("runs/log-batch", {"run_id": "${r2}", "tags": [{"key": _LONG, "value": "v"}]}),
    post("runs/log-batch", {"params": [{"key": "x", "value": "1"}]}),
    post("runs/log-batch", {"run_id": "0123456789abcdef0123456789abcdef", "params": [{"key": "x", "value": "1"}]}),
    post(
        "runs/log-batch",
        {"run_id": "${r2}", "metrics": [{"key": f"m{i}", "value": i, "timestamp": i} for i in range(1001)]},
    ),
    post("runs/log-batch", {"run_id": "${r2}", "params": [{"key": f"p{i}", "value": "v"} for i in range(101)]}),
    post("runs/log-batch", {"run_id": "${r2}", "tags": [{"key": f"t{i}", "value": "v"} for i in range(101)]}),
    post(
        "runs/log-batch",
        {
            "run_id": "${r2}",
            "metrics": [{"key": "m", "value": i, "timestamp": i} for i in range(950)],
            "params": [{"key": f"p{i}", "value": "v"} for i in range(51)],
        },
    ),
    get("runs/get", run_id="${r2}"),
    # inputs
    post(
        "runs/log-inputs",
        {
            "run_id": "${r2}",
            "datasets": [
                {
                    "tags": [{"key": "mlflow.data.context", "value": "training"}],
                    "dataset": {
                        "name": "iris",
                        "digest": "abc",
                        "source_type": "local",
                        "source": "{}",
                        "schema": "s",
                        "profile": "p",
                    },
                }
            ],
        },
    ),
    post("runs/log-inputs", {"datasets": []}),
    post("runs/log-inputs", {"run_id": "${r2}", "datasets": "x"}),
    post("runs/log-inputs", {"run_id": "0123456789abcdef0123456789abcdef", "datasets": []}),
    get("runs/get", run_id="${r2}"),
    post("/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": ["${exp}"]}),
    post("/ajax-api/2.0/mlflow/experiments/search-datasets", {}),
    # life cycle
    post("runs/delete", {"run_id": "${r3}"}),
    post("runs/delete", {"run_id": "${r3}"}),
    get("runs/get", run_id="${r3}"),
    post("runs/log-parameter", {"run_id": "${r3}", "key": "p", "value": "1"}),
    post("runs/log-metric", {"run_id": "${r3}", "key": "m", "value": 1, "timestamp": 1}),
    post("runs/set-tag", {"run_id": "${r3}", "key": "t", "value": "1"}),
    post("runs/log-batch", {"run_id": "${r3}", "params": [{"key": "p", "value": "1"}]}),
    post("runs/update", {"run_id": "${r3}", "status": "FINISHED"}),
    post("runs/restore", {"run_id": "${r3}"}),
    post("runs/restore", {"run_id": "${r3}"}),
    post("runs/delete", {"run_id": "0123456789abcdef0123456789abcdef"}),
    post("runs/restore", {"run_id": "0123456789abcdef0123456789abcdef"}),
    post("runs/delete", {}),
    post("runs/restore", {}),
    get("runs/get", run_id="${r3}"),
    get("artifacts/list", run_id="${r1}"),
    get("artifacts/list"),
    get("artifacts/list", run_id="0123456789abcdef0123456789abcdef"),
    get("artifacts/list", run_id="${r1}", path="../.."),
    # models of old clients
    post("runs/create", {"experiment_id": "${exp}", "start_time": 4000, "run_name": "old"}).saving(
        r4="run.info.run_id"
    ),
    post("runs/log-model", {"run_id": "${r4}", "model_json": _model("m")}),
    post("runs/log-model", {"run_id": "${r4}", "model_json": _model("n", model_uuid="u", extra=1)}),
    post("runs/log-model", {"run_id": "${r4}", "model_json": "{"}),
    post("runs/log-model", {"run_id": "${r4}", "model_json": "{}"}),
    post("runs/log-model", {"run_id": "${r4}", "model_json": '{"artifact_path": "m"}'}),
    post("runs/log-model", {"run_id": "${r4}"}),
    post("runs/log-model", {"model_json": _model("m")}),
    post("runs/log-model", {"run_id": "0123456789abcdef0123456789abcdef", "model_json": _model("m")}),
    get("runs/get", run_id="${r4}"),
    # names
    post("runs/set-tag", {"run_id": "${r4}", "key": "mlflow.runName", "value": "by tag"}),
    get("runs/get", run_id="${r4}"),
    post("runs/update", {"run_id": "${r4}", "run_name": "by update"}),
    get("runs/get", run_id="${r4}"),
    # inputs of several runs
    *(
        post(
            "runs/log-inputs",
            {"run_id": "${r4}", "datasets": [{"tags": [_use(use)], "dataset": _dataset(name, "1")}]},
        )
        for name, use in (("sales", "training"), ("stores", "validation"))
    ),
    post("runs/log-inputs", {"run_id": "${r1}", "datasets": [{"dataset": _dataset("sales", "2")}]}),
    post("runs/log-inputs", {"run_id": "${r4}"}),
    post("runs/log-inputs", {"run_id": "${r4}", "datasets": []}),
    get("runs/get", run_id="${r1}"),
    post("/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": ["${exp}"]}),
    post("/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": []}),
    post("/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": ["99999999"]}),
    post("/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": [str(n) for n in range(21)]}),
    post("/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": ["../x"]}),
]

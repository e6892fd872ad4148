"""Runs with a model, code and data, for tests."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import yaml

from cloudtrack.client import AnyClient
from cloudtrack.entities.dataset import Dataset, DatasetInput, InputTag
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.run import Metric

WEIGHTS = bytes(range(256)) * 20


def trained(
    client: AnyClient,
    *,
    lr: str = "0.1",
    loss: float = 0.5,
    weights: bytes = WEIGHTS,
    requirements: str = "numpy==2.0\nscikit-learn==1.5\n",
    patch: str = "",
    commit: str = "c0ffee",
    data: str = "1",
    version: str = "1.5",
    ours: bool = True,
) -> str:
    """A run that logged a model under ``model``; its id."""
    tags = {"mlflow.source.git.commit": commit, "mlflow.source.name": "train.py", "cloudtrack.python": "3.11.9"}
    tags |= {"cloudtrack.git.dirty": "true" if patch else "false"}
    run_id: str = client.runs.create("0", run_name=f"lr {lr}", tags=tags).info.run_id
    client.runs.log_batch(
        run_id, params={"lr": lr, "seed": "7"}, metrics=[Metric("loss", loss, 1), Metric("auc", 1, 1)]
    )
    client.runs.log_inputs(
        run_id,
        [DatasetInput(Dataset("people", data, "local", "people.csv"), [InputTag("mlflow.data.context", "training")])],
    )
    if patch:
        client.source_files.create(run_id, "code.patch", patch.encode())
    files = {"weights.bin": weights, "requirements.txt": requirements.encode()}
    content: dict[str, object] = {
        "flavors": {"sklearn": {"sklearn_version": version}},
        "run_id": run_id,
        "signature": {"inputs": '[{"type": "double", "name": "x"}]', "outputs": None, "params": None},
    }
    if ours:
        content["file_digests"] = {path: hashlib.sha256(body).hexdigest() for path, body in files.items()}
    for path, body in {**files, "MLmodel": yaml.safe_dump(content).encode()}.items():
        put(client, run_id, f"model/{path}", body)
    return run_id


def put(client: AnyClient, run_id: str, path: str, body: bytes) -> None:
    """Write a file of a run."""
    local = Path(f"local-{random.randrange(1 << 40):x}")
    local.write_bytes(body)
    client.artifacts.upload(run_id, local, path)
    local.unlink()


def registered(client: AnyClient, name: str = "churn", **arguments: object) -> ModelVersion:
    """A version of a model that a run made."""
    return client.register_model(f"runs:/{trained(client, **arguments)}/model", name)  # type: ignore[arg-type]

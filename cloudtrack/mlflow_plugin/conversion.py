"""Messages of the API as MLflow's entities, and back.

``from_dictionary`` leaves out what the installed version of MLflow does not know. What comes in thousands, metrics,
params and tags, is made by its constructor, which takes a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlflow import entities

Json = dict[str, Any]

HAS_LOGGED_MODELS = hasattr(entities, "LoggedModel")
"""Whether this is MLflow 3."""


def experiment(message: Json) -> entities.Experiment:
    """Experiment."""
    tags = [entities.ExperimentTag(tag["key"], tag["value"]) for tag in message.get("tags", [])]
    return entities.Experiment.from_dictionary({**message, "tags": tags})


def run_info(message: Json) -> entities.RunInfo:
    """RunInfo."""
    return entities.RunInfo.from_dictionary({"user_id": "", "run_name": "", "end_time": None, **message})


def run(message: Json) -> entities.Run:
    """Run, with inputs, and with outputs where MLflow has them."""
    data = message["data"]
    run_data = entities.RunData(
        metrics=[metric(point) for point in data.get("metrics", [])],
        params=[entities.Param(param["key"], param["value"]) for param in data.get("params", [])],
        tags=[entities.RunTag(tag["key"], tag["value"]) for tag in data.get("tags", [])],
    )
    info, inputs = run_info(message["info"]), message.get("inputs", {})
    datasets = [_dataset_input(use) for use in inputs.get("dataset_inputs", [])]
    if not HAS_LOGGED_MODELS:
        return entities.Run(info, run_data, entities.RunInputs(datasets))
    models = [entities.LoggedModelInput(model["model_id"]) for model in inputs.get("model_inputs", [])]
    made = message.get("outputs", {}).get("model_outputs", [])
    outputs = [entities.LoggedModelOutput(output["model_id"], output["step"]) for output in made]
    return entities.Run(info, run_data, entities.RunInputs(datasets, models), entities.RunOutputs(outputs))


def metric(message: Json) -> entities.Metric:
    """Metric of a run."""
    return entities.Metric(message["key"], message["value"], message["timestamp"], message["step"])


def logged_model(message: Json) -> Any:
    """LoggedModel."""
    info, data = message["info"], message["data"]
    status = info["status"].removeprefix("LOGGED_MODEL_")
    return entities.LoggedModel(
        experiment_id=info["experiment_id"],
        model_id=info["model_id"],
        name=info["name"],
        artifact_location=info["artifact_uri"],
        creation_timestamp=info["creation_timestamp_ms"],
        last_updated_timestamp=info["last_updated_timestamp_ms"],
        model_type=info.get("model_type") or None,
        source_run_id=info.get("source_run_id") or None,
        status=entities.LoggedModelStatus("FAILED" if status == "UPLOAD_FAILED" else status),
        tags={tag["key"]: tag["value"] for tag in info.get("tags", [])},
        params={param["key"]: param["value"] for param in data.get("params", [])},
        metrics=[entities.Metric(**point) for point in data.get("metrics", [])] or None,
    )


def pairs(items: Iterable[Any] | None) -> list[Json]:
    """MLflow's tags or params as messages."""
    return [{"key": item.key, "value": item.value} for item in items or []]


def metric_message(point: Any) -> Json:
    """MLflow's metric as a message."""
    names = ("key", "value", "timestamp", "step", "model_id", "dataset_name", "dataset_digest")
    return {name: value for name in names if (value := getattr(point, name, None)) is not None}


def dataset_message(use: entities.DatasetInput) -> Json:
    """MLflow's dataset input as a message."""
    return {"dataset": dict(use.dataset), "tags": pairs(use.tags)}


def _dataset_input(message: Json) -> entities.DatasetInput:
    tags = [entities.InputTag(tag["key"], tag["value"]) for tag in message.get("tags", [])]
    return entities.DatasetInput(entities.Dataset(**message["dataset"]), tags)

"""From the wire's messages to entities: what ``api/mlflow/messages.py`` does, the other way round."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from cloudtrack.entities.dataset import Dataset, DatasetInput, InputTag
from cloudtrack.entities.experiment import Experiment
from cloudtrack.entities.logged_model import LoggedModel, LoggedModelStatus
from cloudtrack.entities.model_version import ModelVersion, Stage
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.entities.run import (
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    MetricSummary,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
)

Json = dict[str, Any]
T = TypeVar("T")

_SUMMARY = tuple(field.name for field in fields(MetricSummary))
_FLOATS = ("value", "min", "max", "mean")


def page(answer: Json, name: str, parse: Callable[[Json], T]) -> PagedList[T]:
    """A page of a list."""
    return PagedList(map(parse, answer.get(name, [])), answer.get("next_page_token"))


def experiment(message: Json) -> Experiment:
    """Experiment."""
    return Experiment(
        experiment_id=message["experiment_id"],
        name=message["name"],
        artifact_location=message.get("artifact_location", ""),
        lifecycle_stage=message["lifecycle_stage"],
        tags=_dict(message, "tags"),
        creation_time=message.get("creation_time"),
        last_update_time=message.get("last_update_time"),
    )


def run(message: Json) -> Run:
    """Run: info, data, inputs and outputs."""
    data, inputs, outputs = (message.get(part, {}) for part in ("data", "inputs", "outputs"))
    summaries = {item["key"]: _summary(item) for item in data.get("metrics", [])}
    return Run(
        info=_run_info(message["info"]),
        data=RunData(
            metrics={key: summary.value for key, summary in summaries.items()},
            params=_dict(data, "params"),
            tags=_dict(data, "tags"),
            summaries=summaries,
        ),
        inputs=RunInputs(
            [_dataset_input(use) for use in inputs.get("dataset_inputs", [])],
            [LoggedModelInput(model["model_id"]) for model in inputs.get("model_inputs", [])],
        ),
        outputs=RunOutputs(
            [LoggedModelOutput(model["model_id"], model["step"]) for model in outputs.get("model_outputs", [])]
        ),
    )


def metric(message: Json, run_id: str | None = None) -> Metric:
    """One point."""
    return Metric(
        key=message["key"],
        value=float(message["value"]),
        timestamp=message["timestamp"],
        step=message.get("step", 0),
        model_id=message.get("model_id"),
        dataset_name=message.get("dataset_name"),
        dataset_digest=message.get("dataset_digest"),
        run_id=message.get("run_id", run_id),
    )


def logged_model(message: Json) -> LoggedModel:
    """LoggedModel: info and data."""
    info, data = message["info"], message.get("data", {})
    status = info["status"].removeprefix("LOGGED_MODEL_")
    return LoggedModel(
        experiment_id=info["experiment_id"],
        model_id=info["model_id"],
        name=info["name"],
        artifact_location=info["artifact_uri"],
        creation_timestamp=info["creation_timestamp_ms"],
        last_updated_timestamp=info["last_updated_timestamp_ms"],
        model_type=info.get("model_type", ""),
        source_run_id=info.get("source_run_id", ""),
        status=LoggedModelStatus.FAILED if status == "UPLOAD_FAILED" else status,
        creator_id=info.get("creator_id", ""),
        tags=_dict(info, "tags"),
        params=_dict(data, "params"),
        metrics=[metric(item) for item in data.get("metrics", [])],
    )


def registered_model(message: Json) -> RegisteredModel:
    """RegisteredModel."""
    return RegisteredModel(
        name=message["name"],
        creation_timestamp=message["creation_timestamp"],
        last_updated_timestamp=message["last_updated_timestamp"],
        description=message.get("description", ""),
        user_id=message.get("user_id", ""),
        latest_versions=[model_version(version) for version in message.get("latest_versions", [])],
        tags=_dict(message, "tags"),
        aliases={item["alias"]: int(item["version"]) for item in message.get("aliases", [])},
        stages=message.get("stages", list(Stage.NAMES)),
        exclusive_stages=message.get("exclusive_stages", []),
        open_requests=message.get("open_requests"),
    )


def model_version(message: Json) -> ModelVersion:
    """ModelVersion."""
    return ModelVersion(
        name=message["name"],
        version=int(message["version"]),
        creation_timestamp=message["creation_timestamp"],
        last_updated_timestamp=message["last_updated_timestamp"],
        description=message.get("description", ""),
        user_id=message.get("user_id", ""),
        current_stage=message["current_stage"],
        source=message.get("source", ""),
        run_id=message.get("run_id") or None,
        run_link=message.get("run_link") or None,
        model_id=message.get("model_id") or None,
        digest=message.get("digest") or None,
        manifest=message.get("manifest"),
        kept=message.get("kept", False),
        status=message["status"],
        status_message=message.get("status_message"),
        tags=_dict(message, "tags"),
        aliases=list(message.get("aliases", [])),
    )


def _run_info(message: Json) -> RunInfo:
    return RunInfo(
        run_id=message["run_id"],
        experiment_id=message["experiment_id"],
        run_name=message.get("run_name", ""),
        user_id=message.get("user_id", ""),
        status=message["status"],
        start_time=message.get("start_time"),
        end_time=message.get("end_time"),
        lifecycle_stage=message["lifecycle_stage"],
        artifact_uri=message["artifact_uri"],
        is_lost=message.get("is_lost", False),
    )


def _summary(message: Json) -> MetricSummary:
    values = {name: message[name] for name in _SUMMARY}
    return MetricSummary(**values | {name: float(values[name]) for name in _FLOATS})


def _dataset_input(message: Json) -> DatasetInput:
    dataset = message["dataset"]
    return DatasetInput(
        Dataset(
            dataset["name"],
            dataset["digest"],
            dataset.get("source_type", ""),
            dataset.get("source", ""),
            dataset.get("schema"),
            dataset.get("profile"),
        ),
        [InputTag(tag["key"], tag.get("value", "")) for tag in message.get("tags", [])],
    )


def _dict(message: Json, name: str) -> dict[str, str]:
    return {item["key"]: item.get("value", "") for item in message.get(name, [])}


def pairs(values: Mapping[str, object] | None) -> list[Json]:
    """A dictionary as the wire has it."""
    return [{"key": key, "value": str(value)} for key, value in (values or {}).items()]


def dataset_message(use: DatasetInput) -> Json:
    """DatasetInput as the wire has it."""
    return {
        "tags": [{"key": tag.key, "value": tag.value} for tag in use.tags],
        "dataset": {name: value for name, value in asdict(use.dataset).items() if value is not None},
    }


def links(point: Metric) -> Json:
    """The logged model and the dataset that a point of a run names, as the wire has them."""
    names = ("model_id", "dataset_name", "dataset_digest")
    return {name: value for name in names if (value := getattr(point, name))}


def metric_message(point: Metric) -> Json:
    """A point as the wire has it."""
    return {name: value for name, value in asdict(point).items() if value is not None}

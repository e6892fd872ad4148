"""Entities as MLflow's clients read them: unset text and empty lists are left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from cloudtrack.api.locations import Locations
from cloudtrack.entities.dataset import DatasetInput
from cloudtrack.entities.experiment import Experiment
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.entities.run import Metric, Run, RunInfo
from cloudtrack.entities.transition_request import TransitionRequest, VersionComment

Json = dict[str, Any]


def pairs(values: Mapping[str, str]) -> list[Json]:
    """A dictionary as a list of keys and values, in order of the keys."""
    return [{"key": key, "value": values[key]} for key in sorted(values)]


def without_empty(message: Json) -> Json:
    """The message without unset fields."""
    return {name: value for name, value in message.items() if value is not None and value != []}


def experiment(entity: Experiment, locations: Locations) -> Json:
    """Experiment."""
    return without_empty(
        {
            "experiment_id": entity.experiment_id,
            "name": entity.name,
            "artifact_location": locations.experiment(entity.experiment_id),
            "lifecycle_stage": entity.lifecycle_stage,
            "creation_time": entity.creation_time,
            "last_update_time": entity.last_update_time,
            "tags": pairs(entity.tags),
            "workspace": "default",
        }
    )


def run_info(info: RunInfo, locations: Locations) -> Json:
    """RunInfo."""
    return without_empty(
        {
            "run_id": info.run_id,
            "run_uuid": info.run_id,
            "run_name": info.run_name,
            "experiment_id": info.experiment_id,
            "user_id": info.user_id,
            "status": info.status,
            "start_time": info.start_time,
            "end_time": info.end_time,
            "artifact_uri": locations.run(info.run_id),
            "lifecycle_stage": info.lifecycle_stage,
            "is_lost": info.is_lost if locations.is_full else None,
        }
    )


def run(entity: Run, locations: Locations) -> Json:
    """Run: info, data, inputs and outputs."""
    metrics = [
        {"key": key, **asdict(last)}
        if locations.is_full
        else {"key": key, "value": last.value, "timestamp": last.timestamp, "step": last.step}
        for key, last in sorted(entity.data.summaries.items())
    ]
    data = {"metrics": metrics, "params": pairs(entity.data.params), "tags": pairs(entity.data.tags)}
    inputs = {
        "dataset_inputs": [dataset_input(use) for use in entity.inputs.dataset_inputs],
        "model_inputs": [{"model_id": model.model_id} for model in entity.inputs.model_inputs],
    }
    outputs = {
        "model_outputs": [{"model_id": output.model_id, "step": output.step} for output in entity.outputs.model_outputs]
    }
    return {
        "info": run_info(entity.info, locations),
        "data": without_empty(data),
        "inputs": without_empty(inputs),
        "outputs": without_empty(outputs),
    }


def dataset_input(use: DatasetInput) -> Json:
    """DatasetInput."""
    dataset = {
        "name": use.dataset.name,
        "digest": use.dataset.digest,
        "source_type": use.dataset.source_type,
        "source": use.dataset.source,
        "schema": use.dataset.schema,
        "profile": use.dataset.profile,
    }
    return without_empty(
        {"tags": [{"key": tag.key, "value": tag.value} for tag in use.tags], "dataset": without_empty(dataset)}
    )


def metric(point: Metric, *, with_run: bool = False) -> Json:
    """Metric, and MetricWithRunId where a list is of many runs."""
    message: Json = {"key": point.key, "value": point.value, "timestamp": point.timestamp, "step": point.step}
    if with_run:
        message["run_id"] = point.run_id
    return message


def model_metric(point: Metric) -> Json:
    """Metric of a logged model."""
    return without_empty(
        metric(point)
        | {
            "model_id": point.model_id,
            "run_id": point.run_id,
            "dataset_name": point.dataset_name,
            "dataset_digest": point.dataset_digest,
        }
    )


def registered_model(entity: RegisteredModel, locations: Locations) -> Json:
    """RegisteredModel."""
    return without_empty(
        {
            "name": entity.name,
            "creation_timestamp": entity.creation_timestamp,
            "last_updated_timestamp": entity.last_updated_timestamp,
            "description": entity.description or None,
            "user_id": entity.user_id if locations.is_full else None,
            "latest_versions": [model_version(version, locations) for version in entity.latest_versions],
            "tags": pairs(entity.tags),
            "aliases": [{"alias": alias, "version": str(version)} for alias, version in sorted(entity.aliases.items())],
            "stages": entity.stages if locations.is_full else None,
            "exclusive_stages": entity.exclusive_stages if locations.is_full else None,
            "open_requests": entity.open_requests if locations.is_full else None,
        }
    )


def model_version(entity: ModelVersion, locations: Locations) -> Json:
    """ModelVersion."""
    return without_empty(
        {
            "name": entity.name,
            "version": str(entity.version),
            "creation_timestamp": entity.creation_timestamp,
            "last_updated_timestamp": entity.last_updated_timestamp,
            "current_stage": entity.current_stage,
            "description": entity.description,
            "source": locations.shown_source(entity.source),
            "run_id": entity.run_id or "",
            "status": entity.status,
            "status_message": entity.status_message,
            "run_link": entity.run_link or "",
            "model_id": entity.model_id,
            "digest": entity.digest,
            "manifest": entity.manifest if locations.is_full else None,
            "kept": (entity.kept or None) if locations.is_full else None,
            "user_id": entity.user_id or None,
            "tags": pairs(entity.tags),
            "aliases": sorted(entity.aliases),
        }
    )


def transition_request(entity: TransitionRequest) -> Json:
    """TransitionRequest."""
    return {**asdict(entity), "id": str(entity.id), "version": str(entity.version)}


def version_comment(entity: VersionComment) -> Json:
    """CommentObject."""
    return without_empty({**asdict(entity), "id": str(entity.id), "version": str(entity.version)})


def logged_model(entity: LoggedModel, locations: Locations) -> Json:
    """LoggedModel: info and data."""
    info = {
        "model_id": entity.model_id,
        "experiment_id": entity.experiment_id,
        "name": entity.name,
        "creation_timestamp_ms": entity.creation_timestamp,
        "last_updated_timestamp_ms": entity.last_updated_timestamp,
        "artifact_uri": locations.logged_model(entity.model_id),
        "status": f"LOGGED_MODEL_{_STATUS.get(entity.status, entity.status)}",
        "model_type": entity.model_type,
        "source_run_id": entity.source_run_id,
        "creator_id": entity.creator_id if locations.is_full else None,
        "tags": pairs(entity.tags),
    }
    data = {"params": pairs(entity.params), "metrics": [model_metric(point) for point in entity.metrics]}
    return {"info": without_empty(info), "data": without_empty(data)}


_STATUS = {"FAILED": "UPLOAD_FAILED"}


def page(name: str, items: Iterable[Json], token: str | None) -> Json:
    """A page of a list, with the token of the next."""
    return without_empty({name: list(items), "next_page_token": token or None})

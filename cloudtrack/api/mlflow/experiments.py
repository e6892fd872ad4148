"""Experiments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import Field

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError, missing_parameter
from cloudtrack.api.fields import Int64, KeyValue, RequestModel, Required, ViewTypes, as_dict
from cloudtrack.api.mlflow import messages
from cloudtrack.entities.dataset import CONTEXT_TAG, DatasetInput
from cloudtrack.entities.experiment import ViewType
from cloudtrack.errors import AlreadyExists, StateError

ENDPOINTS = Declarations(Domain.EXPERIMENTS)

_READ = Needs(Permission.READ, On.EXPERIMENT)
_EDIT = Needs(Permission.EDIT, On.EXPERIMENT)
_MANAGE = Needs(Permission.MANAGE, On.EXPERIMENT)
MAX_PAGE = 50_000
_MOST_WITH_DATASETS = 20


class CreateExperiment(RequestModel):
    name: Required
    artifact_location: str = ""
    tags: list[KeyValue] = []


class ExperimentRequest(RequestModel):
    experiment_id: Required


class ExperimentByName(RequestModel):
    experiment_name: Required


class UpdateExperiment(ExperimentRequest):
    new_name: Required


class ExperimentTag(ExperimentRequest):
    key: Required
    value: str = ""


class ExperimentTagKey(ExperimentRequest):
    key: Required


class SearchExperiments(RequestModel):
    max_results: Int64
    page_token: str = ""
    filter: str = ""
    order_by: list[str] = []
    view_type: ViewTypes = ViewType.ACTIVE_ONLY


class SearchDatasets(RequestModel):
    experiment_ids: list[str] = Field([], max_length=_MOST_WITH_DATASETS)


@ENDPOINTS.add("POST", "/mlflow/experiments/create", LOGIN)
def create_experiment(context: Context, request: CreateExperiment) -> dict[str, Any]:
    """Create an experiment; its creator may manage it."""
    experiment_id = context.client.experiments.create(
        request.name,
        tags=as_dict(request.tags),
        artifact_location=request.artifact_location or None,
        operation=context.operation,
    )
    context.own(Resource.EXPERIMENT, experiment_id)
    return {"experiment_id": experiment_id}


@ENDPOINTS.add("GET", "/mlflow/experiments/get", _READ)
def get_experiment(context: Context, request: ExperimentRequest) -> dict[str, Any]:
    """One experiment, by id."""
    return {"experiment": messages.experiment(context.client.experiments.get(request.experiment_id), context.locations)}


@ENDPOINTS.add("GET", "/mlflow/experiments/get-by-name", Needs(Permission.READ, On.EXPERIMENT_NAME))
def get_experiment_by_name(context: Context, request: ExperimentByName) -> dict[str, Any]:
    """One experiment, by name, also a deleted one."""
    return {"experiment": messages.experiment(context.experiment_by_name(request.experiment_name), context.locations)}


@ENDPOINTS.add("GET", "/mlflow/experiments/search", LOGIN, domain=Domain.METRICS)
@ENDPOINTS.add("POST", "/mlflow/experiments/search", LOGIN, domain=Domain.METRICS)
def search_experiments(context: Context, request: SearchExperiments) -> dict[str, Any]:
    """A page of experiments, newest first."""
    check_page_size(request.max_results, MAX_PAGE)
    page = context.client.experiments.search(
        request.filter,
        view_type=request.view_type,
        max_results=request.max_results,
        order_by=request.order_by,
        page_token=request.page_token,
        shows=lambda experiment_id: context.may_read(Resource.EXPERIMENT, experiment_id),
    )
    return messages.page("experiments", (messages.experiment(item, context.locations) for item in page), page.token)


@ENDPOINTS.add(
    "POST", "/mlflow/experiments/search-datasets", Needs(Permission.READ, On.EXPERIMENTS), domain=Domain.METRICS
)
def search_datasets(context: Context, request: SearchDatasets) -> dict[str, Any]:
    """The datasets that runs of some experiments read, each use once."""
    if not request.experiment_ids:
        raise missing_parameter("experiment_ids")
    runs = context.client.runs.list(context.readable(request.experiment_ids))
    uses = sorted(
        {
            (run.info.experiment_id, use.dataset.name, use.dataset.digest, _context_of(use))
            for run in runs
            for use in run.inputs.dataset_inputs
        }
    )
    summaries = (
        messages.without_empty({"experiment_id": a, "name": b, "digest": c, "context": d or None})
        for a, b, c, d in uses
    )
    return messages.page("dataset_summaries", summaries, None)


@ENDPOINTS.add("POST", "/mlflow/experiments/update", _EDIT)
def update_experiment(context: Context, request: UpdateExperiment) -> None:
    """Rename an experiment."""
    try:
        context.client.experiments.rename(request.experiment_id, request.new_name)
    except AlreadyExists as error:
        raise ApiError("BAD_REQUEST", error.message) from error
    except StateError as error:
        raise ApiError("INVALID_STATE", error.message) from error


@ENDPOINTS.add("POST", "/mlflow/experiments/delete", _MANAGE)
def delete_experiment(context: Context, request: ExperimentRequest) -> None:
    """Move an experiment and its runs to the trash."""
    with _no_such_experiment():
        context.client.runs.delete_experiment(request.experiment_id)


@ENDPOINTS.add("POST", "/mlflow/experiments/restore", _MANAGE)
def restore_experiment(context: Context, request: ExperimentRequest) -> None:
    """Take an experiment out of the trash, with its runs."""
    with _no_such_experiment():
        context.client.runs.restore_experiment(request.experiment_id)


@ENDPOINTS.add("POST", "/mlflow/experiments/set-experiment-tag", _EDIT)
def set_experiment_tag(context: Context, request: ExperimentTag) -> None:
    """Set a tag of an experiment."""
    context.client.experiments.set_tag(request.experiment_id, request.key, request.value)


@ENDPOINTS.add("POST", "/mlflow/experiments/delete-experiment-tag", _EDIT)
def delete_experiment_tag(context: Context, request: ExperimentTagKey) -> None:
    """Delete a tag of an experiment."""
    context.client.experiments.delete_tag(request.experiment_id, request.key)


def _context_of(use: DatasetInput) -> str:
    return next((tag.value for tag in use.tags if tag.key == CONTEXT_TAG), "")


@contextmanager
def _no_such_experiment() -> Iterator[None]:
    """For MLflow's clients, what is deleted already is not there to be deleted, and the other way round."""
    try:
        yield
    except StateError as error:
        raise ApiError("RESOURCE_DOES_NOT_EXIST", error.message) from error


def check_page_size(max_results: int, most: int) -> None:
    """Raises ApiError, 400."""
    if not 1 <= max_results <= most:
        raise ApiError(
            "INVALID_PARAMETER_VALUE",
            f"Invalid value {max_results} for parameter 'max_results' supplied: it must be from 1 to {most}",
        )

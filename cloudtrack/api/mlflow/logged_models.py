"""Logged models."""

from __future__ import annotations

from typing import Any

from cloudtrack.access.permission import Permission
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.fields import (
    Bool,
    Int64,
    KeyValue,
    LoggedModelStatuses,
    Message,
    RequestModel,
    Required,
    as_dict,
)
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.experiments import MAX_PAGE, check_page_size
from cloudtrack.search.logged_models import OnDataset, Term

ENDPOINTS = Declarations(Domain.RUNS)

_READ = Needs(Permission.READ, On.LOGGED_MODEL)
_EDIT = Needs(Permission.EDIT, On.LOGGED_MODEL)
_MANAGE = Needs(Permission.MANAGE, On.LOGGED_MODEL)


class CreateLoggedModel(RequestModel):
    experiment_id: Required
    name: str = ""
    model_type: str = ""
    source_run_id: str = ""
    params: list[KeyValue] = []
    tags: list[KeyValue] = []
    model_id: str = ""
    """Not MLflow's: given by a client that was offline when it made the model."""


class LoggedModelRequest(RequestModel):
    model_id: Required


class GetLoggedModel(LoggedModelRequest):
    allow_deleted: Bool = False


class FinalizeLoggedModel(LoggedModelRequest):
    status: LoggedModelStatuses


class LoggedModelTags(LoggedModelRequest):
    tags: list[KeyValue] = []


class LoggedModelTagKey(LoggedModelRequest):
    tag_key: Required


class LoggedModelParams(LoggedModelRequest):
    params: list[KeyValue] = []


class OrderBy(Message):
    field_name: Required
    ascending: Bool = True
    dataset_name: str = ""
    dataset_digest: str = ""

    @property
    def dataset(self) -> OnDataset | None:
        """The dataset that a metric is on."""
        return OnDataset(self.dataset_name, self.dataset_digest) if self.dataset_name else None


class DatasetFilter(Message):
    dataset_name: Required
    dataset_digest: str = ""


class SearchLoggedModels(RequestModel):
    experiment_ids: list[str]
    filter: str = ""
    datasets: list[DatasetFilter] = []
    max_results: Int64 = 50
    order_by: list[OrderBy] = []
    page_token: str = ""


@ENDPOINTS.add("POST", "/mlflow/logged-models", Needs(Permission.EDIT, On.EXPERIMENT))
def create_logged_model(context: Context, request: CreateLoggedModel) -> dict[str, Any]:
    """Create a logged model, whose files are yet to come."""
    if request.source_run_id:
        context.check_run(Permission.EDIT, request.source_run_id)
    model = context.client.logged_models.create(
        request.experiment_id,
        name=request.name or None,
        model_type=request.model_type,
        source_run_id=request.source_run_id,
        params=as_dict(request.params),
        tags=as_dict(request.tags),
        creator_id=context.user,
        operation=context.operation,
        model_id=request.model_id,
    )
    return {"model": messages.logged_model(model, context.locations)}


@ENDPOINTS.add("GET", "/mlflow/logged-models/{model_id}", _READ)
def get_logged_model(context: Context, request: GetLoggedModel) -> dict[str, Any]:
    """One logged model."""
    model = context.client.logged_models.get(request.model_id, allow_deleted=request.allow_deleted)
    return {"model": messages.logged_model(model, context.locations)}


@ENDPOINTS.add("PATCH", "/mlflow/logged-models/{model_id}", _EDIT)
def finalize_logged_model(context: Context, request: FinalizeLoggedModel) -> dict[str, Any]:
    """Say that a logged model's files are there, or will not be."""
    model = context.client.logged_models.finalize(request.model_id, request.status)
    return {"model": messages.logged_model(model, context.locations)}


@ENDPOINTS.add("DELETE", "/mlflow/logged-models/{model_id}", _MANAGE)
def delete_logged_model(context: Context, request: LoggedModelRequest) -> None:
    """Move a logged model to the trash; one that is there is no error."""
    context.client.logged_models.delete(request.model_id)


@ENDPOINTS.add("PATCH", "/mlflow/logged-models/{model_id}/tags", _EDIT)
def set_logged_model_tags(context: Context, request: LoggedModelTags) -> None:
    """Set tags of a logged model."""
    context.client.logged_models.set_tags(request.model_id, as_dict(request.tags))


@ENDPOINTS.add("DELETE", "/mlflow/logged-models/{model_id}/tags/{tag_key}", _EDIT)
def delete_logged_model_tag(context: Context, request: LoggedModelTagKey) -> None:
    """Delete a tag of a logged model."""
    context.client.logged_models.delete_tag(request.model_id, request.tag_key)


@ENDPOINTS.add("POST", "/mlflow/logged-models/{model_id}/params", _EDIT)
def log_logged_model_params(context: Context, request: LoggedModelParams) -> None:
    """Log params of a logged model, written once."""
    context.client.logged_models.log_params(request.model_id, as_dict(request.params))


@ENDPOINTS.add("POST", "/mlflow/logged-models/search", Needs(Permission.READ, On.EXPERIMENTS), domain=Domain.METRICS)
def search_logged_models(context: Context, request: SearchLoggedModels) -> dict[str, Any]:
    """A page of logged models of some experiments, newest first."""
    check_page_size(request.max_results, MAX_PAGE)
    page = context.client.logged_models.search(
        context.readable(request.experiment_ids),
        request.filter,
        datasets=[OnDataset(dataset.dataset_name, dataset.dataset_digest) for dataset in request.datasets],
        max_results=request.max_results,
        order_by=[Term(term.field_name, term.ascending, term.dataset) for term in request.order_by],
        page_token=request.page_token,
    )
    return messages.page("models", (messages.logged_model(model, context.locations) for model in page), page.token)

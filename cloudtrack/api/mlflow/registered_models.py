"""Registered models and their aliases. Reads go to the registry function, writes to the transitions function."""

from __future__ import annotations

from typing import Any

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError
from cloudtrack.api.fields import Int64, KeyValue, RequestModel, Required, as_dict
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.experiments import check_page_size
from cloudtrack.errors import NotFound

ENDPOINTS = Declarations(Domain.REGISTRY)

_READ = Needs(Permission.READ, On.REGISTERED_MODEL)
_EDIT = Needs(Permission.EDIT, On.REGISTERED_MODEL)
_MANAGE = Needs(Permission.MANAGE, On.REGISTERED_MODEL)
_WRITES = Domain.TRANSITIONS
_MAX_PAGE = 1000


class CreateModel(RequestModel):
    name: Required
    tags: list[KeyValue] = []
    description: str = ""


class ModelRequest(RequestModel):
    name: Required


class RenameModel(ModelRequest):
    new_name: Required


class UpdateModel(ModelRequest):
    description: str = ""


class SearchModels(RequestModel):
    filter: str = ""
    max_results: Int64 = 100
    order_by: list[str] = []
    page_token: str = ""


class LatestVersions(ModelRequest):
    stages: list[str] = []


class ModelTag(ModelRequest):
    key: Required
    value: str = ""


class ModelTagKey(ModelRequest):
    key: Required


class AliasRequest(ModelRequest):
    alias: Required


class SetAlias(AliasRequest):
    version: Required
    comment: str = ""


class DeleteAlias(AliasRequest):
    comment: str = ""


class DeleteModel(ModelRequest):
    comment: str = ""


@ENDPOINTS.add("POST", "/mlflow/registered-models/create", LOGIN, domain=_WRITES)
def create_registered_model(context: Context, request: CreateModel) -> dict[str, Any]:
    """Create a registered model; its creator may manage it."""
    model = context.client.registered_models.create(
        request.name, tags=as_dict(request.tags), description=request.description
    )
    context.own(Resource.REGISTERED_MODEL, request.name)
    return {"registered_model": messages.registered_model(model, context.locations)}


@ENDPOINTS.add("GET", "/mlflow/registered-models/get", _READ)
def get_registered_model(context: Context, request: ModelRequest) -> dict[str, Any]:
    """One registered model, with the newest version of each stage."""
    model = context.client.registered_models.get(request.name)
    return {"registered_model": messages.registered_model(model, context.locations)}


@ENDPOINTS.add("GET", "/mlflow/registered-models/search", LOGIN, domain=Domain.METRICS)
def search_registered_models(context: Context, request: SearchModels) -> dict[str, Any]:
    """A page of registered models, by name."""
    check_page_size(request.max_results, _MAX_PAGE)
    page = context.client.registered_models.search(
        request.filter,
        max_results=request.max_results,
        order_by=request.order_by,
        page_token=request.page_token,
        shows=lambda name: context.may_read(Resource.REGISTERED_MODEL, name),
        prompts=context.is_own_client,
    )
    models_json = (messages.registered_model(model, context.locations) for model in page)
    return messages.page("registered_models", models_json, page.token)


@ENDPOINTS.add("POST", "/mlflow/registered-models/rename", _MANAGE, domain=_WRITES)
def rename_registered_model(context: Context, request: RenameModel) -> dict[str, Any]:
    """Give a registered model another name, with its versions."""
    model = context.client.registered_models.rename(request.name, request.new_name)
    context.own(Resource.REGISTERED_MODEL, request.new_name)
    return {"registered_model": messages.registered_model(model, context.locations)}


@ENDPOINTS.add("PATCH", "/mlflow/registered-models/update", _EDIT, domain=_WRITES)
def update_registered_model(context: Context, request: UpdateModel) -> dict[str, Any]:
    """Change the description of a registered model."""
    model = context.client.registered_models.update(request.name, description=request.description)
    return {"registered_model": messages.registered_model(model, context.locations)}


@ENDPOINTS.add("DELETE", "/mlflow/registered-models/delete", _MANAGE, domain=_WRITES)
def delete_registered_model(context: Context, request: DeleteModel) -> None:
    """Delete a registered model with its versions; its history stays."""
    context.client.registered_models.delete(request.name, comment=request.comment or None)


@ENDPOINTS.add("GET", "/mlflow/registered-models/get-latest-versions", _READ)
@ENDPOINTS.add("POST", "/mlflow/registered-models/get-latest-versions", _READ)
def get_latest_versions(context: Context, request: LatestVersions) -> dict[str, Any]:
    """The newest version of each stage, or of the stages named."""
    versions = context.client.model_versions.get_latest_versions(request.name, request.stages or None)
    return messages.page("model_versions", (messages.model_version(item, context.locations) for item in versions), None)


@ENDPOINTS.add("POST", "/mlflow/registered-models/set-tag", _EDIT, domain=_WRITES)
def set_registered_model_tag(context: Context, request: ModelTag) -> None:
    """Set a tag of a registered model."""
    context.client.registered_models.set_tag(request.name, request.key, request.value)


@ENDPOINTS.add("DELETE", "/mlflow/registered-models/delete-tag", _EDIT, domain=_WRITES)
def delete_registered_model_tag(context: Context, request: ModelTagKey) -> None:
    """Delete a tag of a registered model."""
    context.client.registered_models.delete_tag(request.name, request.key)


@ENDPOINTS.add("POST", "/mlflow/registered-models/alias", _EDIT, domain=_WRITES)
def set_alias(context: Context, request: SetAlias) -> None:
    """Point an alias to a version."""
    context.client.aliases.set(request.name, request.alias, request.version, comment=request.comment or None)


@ENDPOINTS.add("DELETE", "/mlflow/registered-models/alias", _EDIT, domain=_WRITES)
def delete_alias(context: Context, request: DeleteAlias) -> None:
    """Delete an alias."""
    context.client.aliases.delete(request.name, request.alias, comment=request.comment or None)


@ENDPOINTS.add("GET", "/mlflow/registered-models/alias", _READ)
def get_version_by_alias(context: Context, request: AliasRequest) -> dict[str, Any]:
    """The version that an alias points to; ``latest`` is the newest."""
    reference = request.alias if request.alias.lower() == "latest" else f"@{request.alias}"
    try:
        version = context.client.model_versions.resolve(request.name, reference)
    except NotFound as error:
        if request.alias not in context.client.registered_models.get(request.name).aliases:
            raise ApiError("INVALID_PARAMETER_VALUE", error.message) from error  # as MLflow's clients know it
        raise
    return {"model_version": messages.model_version(version, context.locations)}

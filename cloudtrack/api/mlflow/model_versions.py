"""Model versions and their stages. Reads go to the registry function, writes to the transitions function."""

from __future__ import annotations

from typing import Any

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError
from cloudtrack.api.fields import Bool, Int64, KeyValue, RequestModel, Required, as_dict
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.experiments import check_page_size
from cloudtrack.entities.manifest import Manifest
from cloudtrack.entities.model_uri import LoggedModelFolder, RegisteredVersion, RunModel
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.registered_model import PROMPT_TAG
from cloudtrack.errors import CorruptData

ENDPOINTS = Declarations(Domain.REGISTRY)

_READ = Needs(Permission.READ, On.REGISTERED_MODEL)
_EDIT = Needs(Permission.EDIT, On.REGISTERED_MODEL)
_MANAGE = Needs(Permission.MANAGE, On.REGISTERED_MODEL)
_WRITES = Domain.TRANSITIONS
_MAX_PAGE = 200_000
_NO_SOURCE = "dummy-source"
"""What MLflow's clients say of a version of a prompt, which has no files: its text is a tag."""


class CreateVersion(RequestModel):
    name: Required
    source: Required
    run_id: str = ""
    tags: list[KeyValue] = []
    run_link: str = ""
    description: str = ""
    model_id: str = ""
    digest: str = ""
    """Not MLflow's: of the model, as our own client computes it."""
    manifest: str = ""
    """Not MLflow's: the list of its files, as JSON (see ``entities.manifest``)."""
    comment: str = ""


class VersionRequest(RequestModel):
    name: Required
    version: Required


class UpdateVersion(VersionRequest):
    description: str = ""


class TransitionStage(VersionRequest):
    stage: Required
    archive_existing_versions: Bool = False
    expect: Int64 | None = None
    """Not MLflow's: the only version that may hold the stage now, 0 for none."""
    expect_stage: str = ""
    """Not MLflow's: the only stage that the version may be in now."""
    comment: str = ""
    force: Bool = False
    """Not MLflow's: whatever the policy of the store says. Who comes here is an approver."""


class DeleteVersion(VersionRequest):
    comment: str = ""


class SearchVersions(RequestModel):
    filter: str = ""
    max_results: Int64 = _MAX_PAGE
    order_by: list[str] = []
    page_token: str = ""


class VersionTag(VersionRequest):
    key: Required
    value: str = ""


class VersionTagKey(VersionRequest):
    key: Required


@ENDPOINTS.add("POST", "/mlflow/model-versions/create", _EDIT, domain=_WRITES)
def create_model_version(context: Context, request: CreateVersion) -> dict[str, Any]:
    """Register a model as the next version of a name."""
    source, run_id, model_id, copied = _checked_source(context, request)
    manifest = parse_manifest(request.manifest) if request.manifest else None
    if copied is not None and copied.manifest:
        manifest = context.client.model_versions.manifest(copied)
    version = context.client.model_versions.create(
        request.name,
        source,
        run_id=run_id or None,
        tags=as_dict(request.tags),
        run_link=request.run_link or None,
        description=request.description,
        model_id=model_id or None,
        digest=request.digest or None,
        manifest=manifest,
        kept=copied is not None and copied.kept,
        comment=request.comment or None,
    )
    if model_id:
        context.client.logged_models.note_version(model_id, version.name, version.version)
    return {"model_version": messages.model_version(version, context.locations)}


@ENDPOINTS.add("GET", "/mlflow/model-versions/get", _READ)
def get_model_version(context: Context, request: VersionRequest) -> dict[str, Any]:
    """One version of a registered model."""
    version = context.client.model_versions.get(request.name, request.version)
    return {"model_version": messages.model_version(version, context.locations)}


@ENDPOINTS.add("GET", "/mlflow/model-versions/get-download-uri", _READ)
def get_download_uri(context: Context, request: VersionRequest) -> dict[str, Any]:
    """Where the files of a version are."""
    version = context.client.model_versions.get(request.name, request.version)
    return {"artifact_uri": context.locations.download_uri(version.source)}


@ENDPOINTS.add("GET", "/mlflow/model-versions/search", LOGIN, domain=Domain.METRICS)
def search_model_versions(context: Context, request: SearchVersions) -> dict[str, Any]:
    """A page of versions, newest first."""
    check_page_size(request.max_results, _MAX_PAGE)
    page = context.client.model_versions.search(
        request.filter,
        max_results=request.max_results,
        order_by=request.order_by,
        page_token=request.page_token,
        shows=lambda name: context.may_read(Resource.REGISTERED_MODEL, name),
        prompts=context.is_own_client,
    )
    return messages.page(
        "model_versions", (messages.model_version(item, context.locations) for item in page), page.token
    )


@ENDPOINTS.add("PATCH", "/mlflow/model-versions/update", _EDIT, domain=_WRITES)
def update_model_version(context: Context, request: UpdateVersion) -> dict[str, Any]:
    """Change the description of a version."""
    version = context.client.model_versions.update(request.name, request.version, description=request.description)
    return {"model_version": messages.model_version(version, context.locations)}


@ENDPOINTS.add("POST", "/mlflow/model-versions/transition-stage", Needs(Permission.EDIT, On.STAGE), domain=_WRITES)
def transition_stage(context: Context, request: TransitionStage) -> dict[str, Any]:
    """Move a version to a stage, and archive those that are there where asked, in one commit."""
    version = context.client.stages.transition(
        request.name,
        request.version,
        request.stage,
        archive_existing_versions=request.archive_existing_versions,
        expect=request.expect,
        expect_stage=request.expect_stage or None,
        comment=request.comment or None,
        force=request.force,
    )
    return {"model_version": messages.model_version(version, context.locations)}


@ENDPOINTS.add("DELETE", "/mlflow/model-versions/delete", _MANAGE, domain=_WRITES)
def delete_model_version(context: Context, request: DeleteVersion) -> None:
    """Delete a version and its aliases; its number is not used again."""
    context.client.model_versions.delete(request.name, request.version, comment=request.comment or None)


@ENDPOINTS.add("POST", "/mlflow/model-versions/set-tag", _EDIT, domain=_WRITES)
def set_model_version_tag(context: Context, request: VersionTag) -> None:
    """Set a tag of a version."""
    context.client.model_versions.set_tag(request.name, request.version, request.key, request.value)


@ENDPOINTS.add("DELETE", "/mlflow/model-versions/delete-tag", _EDIT, domain=_WRITES)
def delete_model_version_tag(context: Context, request: VersionTagKey) -> None:
    """Delete a tag of a version."""
    context.client.model_versions.delete_tag(request.name, request.version, request.key)


def parse_manifest(text: str) -> Manifest:
    """Raises ApiError."""
    try:
        return Manifest.from_bytes("what was sent", text)
    except CorruptData as error:
        raise ApiError("INVALID_PARAMETER_VALUE", error.message) from error


def _checked_source(context: Context, request: CreateVersion) -> tuple[str, str, str, ModelVersion | None]:
    """Source as it is stored, run and logged model, and the version that is copied, where the source is one.

    The caller must be allowed to read what a version exposes.
    """
    if request.source == _NO_SOURCE and as_dict(request.tags).get(PROMPT_TAG) == "true":
        return _NO_SOURCE, "", "", None
    source = context.locations.kept_source(request.source)
    copied: ModelVersion | None = None
    run_id, model_id = request.run_id, request.model_id
    match context.locations.parse(source):
        case RegisteredVersion(name, reference, at_ms):
            context.check(Permission.READ, Resource.REGISTERED_MODEL, name)
            copied = context.client.model_versions.resolve(name, reference, at_ms)
            source, run_id, model_id = copied.source, run_id or copied.run_id or "", model_id or copied.model_id or ""
        case LoggedModelFolder(its_id):
            _check_same("model_id", model_id, its_id, source)
            model_id = its_id
        case RunModel(its_id):
            _check_same("run_id", run_id, its_id, source)
            run_id = its_id
            context.check_run(Permission.READ, run_id)
    if model_id:
        context.check_logged_model(Permission.READ, model_id)
        run_id = run_id or context.client.logged_models.get(model_id).source_run_id
    return source, run_id, model_id, copied


def _check_same(name: str, given: str, found: str, source: str) -> None:
    if given and given != found:
        raise ApiError("INVALID_PARAMETER_VALUE", f"the source {source!r} is not of the {name} {given!r}")

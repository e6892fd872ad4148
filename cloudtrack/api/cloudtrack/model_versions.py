"""Versions as MLflow's wire does not know them: references of any kind and time, and the way back."""

from __future__ import annotations

from typing import Any

from cloudtrack.access.permission import Permission
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.fields import Bool, Int64, Required
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.model_versions import VersionRequest, parse_manifest
from cloudtrack.api.mlflow.registered_models import ModelRequest

ENDPOINTS = Declarations(Domain.REGISTRY)


class ResolveVersion(ModelRequest):
    reference: Required
    at_ms: Int64 | None = None


class Rollback(ModelRequest):
    stage: Required
    expect: Int64 | None = None
    comment: str = ""
    force: Bool = False


class PinVersion(VersionRequest):
    manifest: Required
    """The list of its files, as JSON."""
    comment: str = ""


@ENDPOINTS.add("GET", "/cloudtrack/model-versions/manifest", Needs(Permission.READ, On.REGISTERED_MODEL))
def get_manifest(context: Context, request: VersionRequest) -> dict[str, Any]:
    """The files of a version with their sizes and digests, as they were registered."""
    versions = context.client.model_versions
    manifest = versions.manifest(versions.get(request.name, request.version))
    return {"manifest": manifest.to_bytes().decode()}


@ENDPOINTS.add(
    "POST",
    "/cloudtrack/model-versions/pin",
    Needs(Permission.EDIT, On.REGISTERED_MODEL),
    domain=Domain.TRANSITIONS,
)
def pin_version(context: Context, request: PinVersion) -> dict[str, Any]:
    """Bind a version to the list of its files, for ever."""
    version = context.client.model_versions.pin(
        request.name,
        request.version,
        parse_manifest(request.manifest),
        comment=request.comment or None,
    )
    return {"model_version": messages.model_version(version, context.locations)}


@ENDPOINTS.add(
    "GET",
    "/cloudtrack/model-versions/resolve",
    Needs(Permission.READ, On.REGISTERED_MODEL),
    domain=Domain.METRICS,  # a digest is looked up in the index
)
def resolve_model_version(context: Context, request: ResolveVersion) -> dict[str, Any]:
    """The version that a number, a stage, ``latest``, an alias or a digest means, now or at an instant."""
    version = context.client.model_versions.resolve(request.name, request.reference, request.at_ms)
    return {"model_version": messages.model_version(version, context.locations)}


@ENDPOINTS.add(
    "POST",
    "/cloudtrack/model-versions/rollback",
    Needs(Permission.EDIT, On.STAGE),
    domain=Domain.TRANSITIONS,
)
def roll_back_stage(context: Context, request: Rollback) -> dict[str, Any]:
    """Give a stage back to the version that had it before, in one commit."""
    version = context.client.stages.rollback(
        request.name, request.stage, expect=request.expect, comment=request.comment or None, force=request.force
    )
    return {"model_version": messages.model_version(version, context.locations)}

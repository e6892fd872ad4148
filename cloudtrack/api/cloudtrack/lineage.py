"""How versions differ, and where they come from. Whoever may not read a run is told nothing of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.conditional import unless_known
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain, Needs, On
from cloudtrack.api.fields import RequestModel, Required
from cloudtrack.api.file_places import OwnerRequest
from cloudtrack.api.message import Response, json_response
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.model_versions import VersionRequest
from cloudtrack.entities.model_uri import RegisteredVersion, ReleaseMember, parse_model_uri
from cloudtrack.errors import InvalidInput, NotFound, PermissionDenied
from cloudtrack.lineage.graph import Graphs

ENDPOINTS = Declarations(Domain.REGISTRY)


class VersionsFrom(RequestModel):
    run_id: str = ""
    """One of the three."""
    model_id: str = ""
    dataset: str = ""
    dataset_digest: str = ""


class DiffVersions(RequestModel):
    before: Required
    """A ``models:/`` or ``release:/`` URI."""
    after: Required


@ENDPOINTS.add("GET", "/cloudtrack/model-versions/diff", LOGIN)
def diff_versions(context: Context, request: DiffVersions) -> dict[str, Any]:
    """How one version differs from another: files, flavors, signature, requirements, params, metrics, code."""
    for uri in (request.before, request.after):
        _check_version_uri(context, uri)
    found = context.client.diffs.diff(
        request.before, request.after, may_read_run=lambda run_id: may_read_run(context, run_id)
    )
    return {"diff": found.model_dump(mode="json")}


@ENDPOINTS.add("GET", "/cloudtrack/model-versions/lineage", Needs(Permission.READ, On.REGISTERED_MODEL))
def get_lineage(context: Context, request: VersionRequest) -> dict[str, Any]:
    """Where a version comes from: logged model, run, code, datasets, environment."""
    found = context.client.lineage.of(
        request.name, request.version, may_read_run=lambda run_id: may_read_run(context, run_id)
    )
    return {"lineage": found.model_dump(mode="json")}


@ENDPOINTS.add("GET", "/cloudtrack/model-versions/versions-from", LOGIN, domain=Domain.METRICS)
def get_versions_from(context: Context, request: VersionsFrom) -> dict[str, Any]:
    """The versions that came from a run, a logged model or a dataset; those alone whose model and run one may read."""
    lineage = context.client.lineage
    if request.run_id:
        found = lineage.from_run(request.run_id)
    elif request.model_id:
        found = lineage.from_model(request.model_id)
    else:
        found = lineage.from_dataset(request.dataset, request.dataset_digest or None)
    readable = [
        version
        for version in found
        if context.may_read(Resource.REGISTERED_MODEL, version.name)
        and (not version.run_id or may_read_run(context, version.run_id))
    ]
    return {"model_versions": [messages.model_version(version, context.locations) for version in readable]}


@ENDPOINTS.add("GET", "/cloudtrack/lineage", Needs(Permission.READ, On.FILES), domain=Domain.METRICS)
def get_lineage_graph(context: Context, request: OwnerRequest) -> Response:
    """Where a version, a run or a logged model comes from, and what became of it: nodes and edges."""
    graphs = Graphs(
        context.client,
        lambda run_id: may_read_run(context, run_id),
        lambda model_id: _may_read_logged_model(context, model_id),
        lambda name: context.may_read(Resource.REGISTERED_MODEL, name),
        lambda experiment_id: context.may_read(Resource.EXPERIMENT, experiment_id),
    )
    owner = request.checked
    if owner.name:
        graph = graphs.of_version(owner.name, owner.version)
    elif owner.run_id:
        graph = graphs.of_run(owner.run_id)
    else:
        graph = graphs.of_model(owner.model_id)
    edges = [{"from": edge.source, "to": edge.target, "kind": edge.kind} for edge in graph.edges]
    content = {"nodes": [asdict(node) for node in graph.nodes.values()], "edges": edges, "truncated": graph.truncated}
    return unless_known(json_response(content), context.request)


def may_read_run(context: Context, run_id: str) -> bool:
    """Whether the caller may know of a run."""
    try:
        context.check_run(Permission.READ, run_id)
    except (NotFound, PermissionDenied):
        return False
    return True


def _may_read_logged_model(context: Context, model_id: str) -> bool:
    try:
        context.check_logged_model(Permission.READ, model_id)
    except (NotFound, PermissionDenied):
        return False
    return True


def _check_version_uri(context: Context, uri: str) -> None:
    """Raises NotFound where the caller may not read the model, InvalidInput for what is no version."""
    match parse_model_uri(uri):
        case RegisteredVersion(name=name):
            context.check(Permission.READ, Resource.REGISTERED_MODEL, name)
        case ReleaseMember() as location:
            version = context.client.resolve_version(location)
            context.check(Permission.READ, Resource.REGISTERED_MODEL, version.name)
        case _:
            raise InvalidInput(f"{uri!r} is no version of a registered model, such as models:/churn/3")

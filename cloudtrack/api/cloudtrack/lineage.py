"""How versions differ, and where they come from. Whoever may not read a run is told nothing of it."""

from __future__ import annotations

from typing import Any

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain
from cloudtrack.api.fields import RequestModel, Required
from cloudtrack.entities.model_uri import RegisteredVersion, ReleaseMember, parse_model_uri
from cloudtrack.errors import InvalidInput, NotFound, PermissionDenied

ENDPOINTS = Declarations(Domain.REGISTRY)


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


def may_read_run(context: Context, run_id: str) -> bool:
    """Whether the caller may know of a run."""
    try:
        context.check_run(Permission.READ, run_id)
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

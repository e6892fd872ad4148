"""What a page must know before it shows anything: this server, who asks, and what they may do."""

from __future__ import annotations

from importlib import metadata

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.cloudtrack.run_table import MOST_BYTES
from cloudtrack.api.cloudtrack.series import MOST_SERIES
from cloudtrack.api.conditional import unless_known
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain
from cloudtrack.api.errors import ApiError
from cloudtrack.api.fields import RequestModel
from cloudtrack.api.message import MLFLOW_VERSION, Response, json_response
from cloudtrack.entities.model_version import Stage
from cloudtrack.tracking.experiment_table import MOST_EXPERIMENTS
from cloudtrack.tracking.run_table import MOST_ROWS

ENDPOINTS = Declarations(Domain.EXPERIMENTS)

_POLL_S = {"min": 5, "max": 30}
_LIMITS = {
    "table_rows": MOST_ROWS,
    "table_bytes": MOST_BYTES,
    "experiments": MOST_EXPERIMENTS,
    "series": MOST_SERIES,
    "preview_bytes": 64 << 10,
}


class GetPermissions(RequestModel):
    experiment_id: str = ""
    name: str = ""


@ENDPOINTS.add("GET", "/cloudtrack/ui-config", LOGIN)
def get_ui_config(context: Context, request: RequestModel) -> Response:  # noqa: ARG001 - there is nothing to say
    """This server as a page needs to know it."""
    told = {
        "version": metadata.version("cloudtrack"),
        "mlflow_version": MLFLOW_VERSION,
        "auth": "token" if context.is_guarded else "none",
        "user": context.user,
        "is_admin": context.is_admin,
        "read_only": False,
        "store": context.locations.root,
        "stages": [{"name": name, "exclusive": False} for name in Stage.NAMES],
        "rules": {"approver": context.is_guarded, "comment": False, "archive_existing": False},
        "poll_s": _POLL_S,
        "limits": _LIMITS,
    }
    return unless_known(json_response(told), context.request)


@ENDPOINTS.add("GET", "/cloudtrack/permissions", LOGIN)
def get_permissions(context: Context, request: GetPermissions) -> Response:
    """What the caller may do with one experiment, or one registered model."""
    if bool(request.experiment_id) == bool(request.name):
        raise ApiError("INVALID_PARAMETER_VALUE", "say either experiment_id or name, of a registered model")
    resource = Resource.REGISTERED_MODEL if request.name else Resource.EXPERIMENT
    held = context.permission(resource, request.name or request.experiment_id)
    can = [one.name.lower() for one in Permission if Permission.NO_PERMISSIONS < one <= held]
    is_approver = bool(request.name) and context.is_approver(request.name)
    told = {"permission": held.name, "can": can, "is_approver": is_approver}
    return unless_known(json_response(told), context.request)

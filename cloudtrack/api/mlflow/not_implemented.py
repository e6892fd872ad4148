"""What MLflow's own server has and this one has not: each answers so, in MLflow's shape of an error."""

from __future__ import annotations

from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain
from cloudtrack.api.errors import ApiError
from cloudtrack.api.mlflow.web_page import Anything

ENDPOINTS = Declarations(Domain.WEB)
_METHODS = ("GET", "POST", "PATCH", "DELETE")


def not_implemented(context: Context, request: Anything) -> None:  # noqa: ARG001 - every endpoint takes both
    """Not implemented here."""
    path = context.request.path
    raise ApiError("NOT_IMPLEMENTED", f"{context.request.method} {path[:200]} is not implemented by cloudtrack")


def _declare(version: str, *paths: str) -> None:
    """Paths of a version of the API; absolute ones where it is empty."""
    for path in paths:
        for method in _METHODS:
            ENDPOINTS.add(method, path, LOGIN, version=version, rooted=not version, raw=True)(not_implemented)


_declare(
    "2.0",
    "/mlflow/traces",
    "/mlflow/traces/{rest:path}",
    "/mlflow/get-online-trace-details",
    "/mlflow/get-trace-artifact",
    "/mlflow/runs/create-promptlab-run",
    "/mlflow/users/{rest:path}",
)
_declare(
    "3.0",
    *(
        template
        for name in (
            "traces",
            "gateway",
            "workspaces",
            "issues",
            "label-schemas",
            "review-queues",
            "datasets",
            "scorers",
            "prompt-optimization",
            "roles",
            "mcp-servers",
            "jobs",
            "assistant",
            "scorer",
            "genai",
            "demo",
        )
        for template in (f"/mlflow/{name}", f"/mlflow/{name}/{{rest:path}}")
    ),
    "/mlflow/get-trace-artifact",
    "/jobs",
    "/jobs/{rest:path}",
)
_declare("", "/v1/traces", "/gateway/{rest:path}")

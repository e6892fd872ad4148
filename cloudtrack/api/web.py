"""What is not of any resource: health, version, what this server can do, and its documentation."""

from __future__ import annotations

from importlib import metadata
from typing import Any

from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import OPEN, Declarations, Domain
from cloudtrack.api.fields import RequestModel
from cloudtrack.api.message import MLFLOW_VERSION, Response, text_response
from cloudtrack.api.openapi import PAGE_POLICY, openapi, page

ENDPOINTS = Declarations(Domain.WEB)


class Nothing(RequestModel):
    """No parameters."""


@ENDPOINTS.add("GET", "/health", OPEN, rooted=True)
def health(context: Context, request: Nothing) -> Response:  # noqa: ARG001 - every endpoint takes both
    """OK where the server runs; it does not look at the store."""
    return text_response("OK")


@ENDPOINTS.add("GET", "/version", OPEN, rooted=True)
def version(context: Context, request: Nothing) -> Response:  # noqa: ARG001 - every endpoint takes both
    """The version of MLflow whose wire this is."""
    return text_response(MLFLOW_VERSION)


@ENDPOINTS.add("GET", "/mlflow/server-info", OPEN, version="3.0")
def server_info(context: Context, request: Nothing) -> dict[str, Any]:  # noqa: ARG001 - every endpoint takes both
    """What this server can do, as MLflow's clients ask it."""
    signs = context.settings.signs and context.client.store.signer is not None
    return {
        "store_type": "SqlStore",
        "workspaces_enabled": False,
        "trace_archival_enabled": False,
        "multipart_uploads_enabled": signs,
        "multipart_downloads_enabled": signs,
        "presigned_upload_run_id_supported": signs,
        "presigned_upload_model_id_supported": signs,
        "features_enabled": {"gateway": False},
    }


@ENDPOINTS.add("GET", "/openapi.json", OPEN, rooted=True)
def openapi_document(context: Context, request: Nothing) -> dict[str, Any]:  # noqa: ARG001 - every endpoint takes both
    """This API as an OpenAPI document."""
    from cloudtrack.api.endpoints import ENDPOINTS as ALL

    return openapi(ALL, metadata.version("cloudtrack"))


@ENDPOINTS.add("GET", "/api-docs", OPEN, rooted=True)
def documentation(context: Context, request: Nothing) -> Response:  # noqa: ARG001 - every endpoint takes both
    """This API as a page for people."""
    from cloudtrack.api.endpoints import ENDPOINTS as ALL

    answer = text_response(page(ALL), content_type="text/html; charset=utf-8")
    return Response(200, {**answer.headers, "content-security-policy": PAGE_POLICY}, answer.body)

"""What MLflow's web page asks for on every visit, answered with nothing: there is no gateway and no telemetry."""

from __future__ import annotations

from typing import Any

from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain
from cloudtrack.api.fields import RequestModel

ENDPOINTS = Declarations(Domain.WEB)


class Anything(RequestModel):
    """Parameters that nobody reads."""


@ENDPOINTS.add("GET", "/mlflow/gateway-proxy", LOGIN, raw=True)
@ENDPOINTS.add("POST", "/mlflow/gateway-proxy", LOGIN, raw=True)
def gateway_proxy(context: Context, request: Anything) -> dict[str, Any]:  # noqa: ARG001 - every endpoint takes both
    """No endpoints."""
    return {"endpoints": []}


@ENDPOINTS.add("GET", "/mlflow/ui-telemetry", LOGIN, version="3.0")
def telemetry_settings(context: Context, request: Anything) -> dict[str, Any]:  # noqa: ARG001 - as above
    """No telemetry."""
    return {"disable_ui_telemetry": True, "disable_ui_events": [], "ui_rollout_percentage": 0}


@ENDPOINTS.add("POST", "/mlflow/ui-telemetry", LOGIN, version="3.0", raw=True)
def send_telemetry(context: Context, request: Anything) -> dict[str, Any]:  # noqa: ARG001 - as above
    """What a page sends is not read."""
    return {"status": "disabled"}

"""A word on the event bus about each model version that moves to another stage.

The registry's own events are the truth. What is put on the bus is for those who want to act at once: it is sent
after the commit, and where sending fails the log says so and the transition stands.
"""

from __future__ import annotations

import json
import logging

from cloudtrack import config
from cloudtrack.api.message import Request, Response

SOURCE = "cloudtrack"
DETAIL_TYPE = "Model Version Transitioned"
_PATHS = (
    "/mlflow/model-versions/transition-stage",
    "/cloudtrack/model-versions/rollback",
    "/cloudtrack/transition-requests/approve",
)

_log = logging.getLogger("cloudtrack.announcements")


def announce(request: Request, response: Response) -> None:
    """Put a successful transition on the bus that CLOUDTRACK_EVENT_BUS names."""
    bus = config.environment().get("CLOUDTRACK_EVENT_BUS")
    if not bus or response.status != 200 or not request.path.endswith(_PATHS):
        return
    version = response.json().get("model_version")
    if version is None:  # more approvals are needed
        return
    detail = {
        "name": version["name"],
        "version": version["version"],
        "stage": version["current_stage"],
        "principal": request.principal.name if request.principal else "",
        "request_id": request.request_id,
    }
    try:
        _put(bus, detail)
    except Exception:  # noqa: BLE001 - whatever it is, the transition has been made
        _log.exception("the bus %s was not told that %s", bus, detail)


def _put(bus: str, detail: dict[str, str]) -> None:
    """boto3 takes longer to import than all the rest, and transitions are rare."""
    import boto3
    from botocore.config import Config

    limits = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2})
    entry = {"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": json.dumps(detail), "EventBusName": bus}
    answer = boto3.client("events", config=limits).put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"EventBridge refused the event: {answer['Entries'][0].get('ErrorCode')}")

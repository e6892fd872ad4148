"""One run for the web page: as MLflow tells it, with what MLflow has no words for; and its source files."""

from __future__ import annotations

from typing import Any

from cloudtrack.access.permission import Permission
from cloudtrack.api.conditional import unless_known
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError
from cloudtrack.api.message import Response, json_response
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.runs import RunRequest
from cloudtrack.entities.run import MetricSummary, RunStatus
from cloudtrack.tracking.source_files import PATCH

ENDPOINTS = Declarations(Domain.RUNS)

_READ = Needs(Permission.READ, On.RUN)
_MOST_CHARACTERS = 2_000_000
_MINUTE_MS = 60_000


class ReadSource(RunRequest):
    name: str = PATCH


@ENDPOINTS.add("GET", "/cloudtrack/runs/page", _READ)
def get_run_page(context: Context, request: RunRequest) -> Response:
    """A run, when its writer was last heard of while it runs, and of each metric its extremes with their steps."""
    found = context.client.runs.get(request.run)
    content = {
        "run": messages.run(found, context.locations),
        "heartbeat_time": _heartbeat(context, request.run) if found.info.status == RunStatus.RUNNING else None,
        "summaries": {key: _summary(one) for key, one in sorted(found.data.summaries.items())},
    }
    return unless_known(json_response(content), context.request)


@ENDPOINTS.add("GET", "/cloudtrack/runs/source", _READ)
def read_run_source(context: Context, request: ReadSource) -> Response:
    """A run's ``code.patch`` or ``packages.txt`` as text; of a very long one the beginning."""
    context.client.runs.get(request.run)
    body = context.client.source_files.read(request.run, request.name)
    if body is None:
        raise ApiError("RESOURCE_DOES_NOT_EXIST", f"run {request.run} has no {request.name}")
    text = body.decode(errors="replace")
    content = {"text": text[:_MOST_CHARACTERS], "size": len(body), "truncated": len(text) > _MOST_CHARACTERS}
    return unless_known(json_response(content), context.request)


def _heartbeat(context: Context, run_id: str) -> int | None:
    """To the minute, so that an answer stays the same for so long; None for writers that send none."""
    stored = context.client.runs.commits.find(run_id)
    if stored is None or not stored.document.heartbeat_interval_ms:
        return None
    return stored.document.heartbeat_time // _MINUTE_MS * _MINUTE_MS


def _summary(one: MetricSummary) -> dict[str, Any]:
    return {
        "min": one.min,
        "min_step": one.min_step,
        "max": one.max,
        "max_step": one.max_step,
        "mean": one.mean,
        "count": one.count,
    }

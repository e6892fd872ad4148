"""Several runs whole in one answer, for who puts them side by side."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import Field

from cloudtrack.access.permission import Permission
from cloudtrack.api.conditional import unless_known
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain
from cloudtrack.api.errors import missing_parameter
from cloudtrack.api.fields import RequestModel
from cloudtrack.api.message import Response, json_response
from cloudtrack.api.mlflow import messages
from cloudtrack.entities.run import Run
from cloudtrack.errors import InvalidInput, NotFound, PermissionDenied
from cloudtrack.storage.parallel import map_in_order

ENDPOINTS = Declarations(Domain.RUNS)

MOST_RUNS = 50


class SeveralRuns(RequestModel):
    run_ids: list[str] = Field([], max_length=MOST_RUNS)


@ENDPOINTS.add("GET", "/cloudtrack/runs/several", LOGIN)
def get_several_runs(context: Context, request: SeveralRuns) -> Response:
    """Up to 50 runs with what their metrics come to; ``missing`` are those that are not there for the caller."""
    if not request.run_ids:
        raise missing_parameter("run_ids")
    ids = [*dict.fromkeys(request.run_ids)]
    found = map_in_order(lambda run_id: _read(context, run_id), ids)
    content = {
        "runs": [_message(context, run) for run in found if run is not None],
        "missing": [run_id for run_id, run in zip(ids, found, strict=True) if run is None],
    }
    return unless_known(json_response(content), context.request)


def _read(context: Context, run_id: str) -> Run | None:
    try:
        context.check_run(Permission.READ, run_id)
        return context.client.runs.get(run_id)
    except (NotFound, PermissionDenied, InvalidInput):
        return None


def _message(context: Context, run: Run) -> dict[str, Any]:
    """As MLflow tells it, and of each metric the last value, the extremes with their steps, the mean and the count."""
    summaries = {key: asdict(one) for key, one in sorted(run.data.summaries.items())}
    return {**messages.run(run, context.locations), "summaries": summaries}

"""Experiments with figures of their runs, for a page that lists them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cloudtrack.access.permission import Resource
from cloudtrack.api.cloudtrack.run_table import MOST_BYTES
from cloudtrack.api.conditional import unless_known
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain
from cloudtrack.api.fields import Int64, RequestModel, States
from cloudtrack.api.message import Response, json_response
from cloudtrack.api.mlflow.experiments import check_page_size
from cloudtrack.entities.experiment import Experiment, ViewType
from cloudtrack.tracking.experiment_table import MOST_EXPERIMENTS, RunFigures
from cloudtrack.tracking.table_columns import cut

ENDPOINTS = Declarations(Domain.METRICS)

_SPARE = 0.95
"""Of the experiments that would fit if all were of one size."""


class GetExperimentTable(RequestModel):
    filter: str = ""
    state: States = ViewType.ACTIVE_ONLY
    max_results: Int64 = MOST_EXPERIMENTS
    next: str = ""


@ENDPOINTS.add("GET", "/cloudtrack/experiments/table", LOGIN)
def get_experiment_table(context: Context, request: GetExperimentTable) -> Response:
    """A page of experiments, newest first, with figures of their runs; 500 at most."""
    check_page_size(request.max_results, MOST_EXPERIMENTS)
    answer, rows = _page(context, request, request.max_results)
    while (size := len(answer.whole_body())) > MOST_BYTES and rows > 1:
        answer, rows = _page(context, request, max(1, int(rows * MOST_BYTES / size * _SPARE)))
    return unless_known(answer, context.request)


def _page(context: Context, request: GetExperimentTable, max_results: int) -> tuple[Response, int]:
    page = context.client.experiment_tables.page(
        request.filter,
        request.state,
        max_results=max_results,
        page_token=request.next or None,
        shows=lambda experiment_id: context.may_read(Resource.EXPERIMENT, experiment_id),
    )
    rows = [_message(context, experiment, figures) for experiment, figures in page]
    return json_response({"experiments": rows, "next": page.token or ""}), len(rows)


def _message(context: Context, experiment: Experiment, figures: RunFigures) -> dict[str, Any]:
    return {
        "experiment_id": experiment.experiment_id,
        "name": experiment.name,
        "tags": {key: cut(value) for key, value in experiment.tags.items()},
        "lifecycle_stage": experiment.lifecycle_stage,
        "creation_time": experiment.creation_time,
        "last_update_time": experiment.last_update_time,
        "artifact_location": context.locations.experiment(experiment.experiment_id),
        "runs": {"total": figures.total, "running": figures.running, "failed": figures.failed},
        "last_activity": figures.last_activity,
        "activity": figures.activity,
        "best": asdict(figures.best) if figures.best else None,
    }

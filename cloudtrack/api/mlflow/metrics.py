"""Metric histories, and searching runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any

from pydantic import Field

from cloudtrack.access.permission import Permission
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError, missing_parameter
from cloudtrack.api.fields import Int64, RequestModel, Required, ViewTypes
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.experiments import MAX_PAGE, check_page_size
from cloudtrack.api.mlflow.runs import RunRequest
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.names import MAX_INT64
from cloudtrack.entities.run import Metric
from cloudtrack.search.pages import page_of
from cloudtrack.tracking.metric_columns import MetricColumns

ENDPOINTS = Declarations(Domain.METRICS)

MAX_HISTORY_PAGE = 25_000
_MOST_RUNS = 100
_MOST_POINTS_OF_A_RUN = 2500


class GetHistory(RunRequest):
    metric_key: Required
    page_token: str = ""
    max_results: Int64 | None = None


class RunIds(RequestModel):
    """Several runs."""

    run_ids: list[str] = Field([], max_length=_MOST_RUNS)

    @property
    def runs(self) -> list[str]:
        """Their ids. Raises ApiError where there are none."""
        if not self.run_ids:
            raise missing_parameter("run_ids")
        return self.run_ids


class GetHistoryInterval(RunIds):
    metric_key: Required
    start_step: Int64 | None = None
    end_step: Int64 | None = None
    max_results: Int64 = _MOST_POINTS_OF_A_RUN

    @property
    def steps(self) -> tuple[int, int]:
        """The first step asked for, and the last. Raises ApiError where only one is given, or none lies between."""
        if self.start_step is None and self.end_step is None:
            return -MAX_INT64 - 1, MAX_INT64
        if self.start_step is None or self.end_step is None:
            raise ApiError("INVALID_PARAMETER_VALUE", "give both start_step and end_step, or neither")
        if self.start_step > self.end_step:
            text = f"start_step {self.start_step} is after end_step {self.end_step}"
            raise ApiError("INVALID_PARAMETER_VALUE", text)
        return self.start_step, self.end_step


class GetHistoryBulk(RunIds):
    run_ids: list[str] = Field([], alias="run_id", max_length=_MOST_RUNS)
    metric_key: Required
    max_results: Int64 = MAX_HISTORY_PAGE


class SearchRuns(RequestModel):
    experiment_ids: list[str] = []
    filter: str = ""
    run_view_type: ViewTypes = ViewType.ACTIVE_ONLY
    max_results: Int64 = 1000
    order_by: list[str] = []
    page_token: str = ""


@ENDPOINTS.add("GET", "/mlflow/metrics/get-history", Needs(Permission.READ, On.RUN))
def get_history(context: Context, request: GetHistory) -> dict[str, Any]:
    """Every point of one metric, or a page of them, by time."""
    run_id, key = request.run, request.metric_key
    points = context.client.metrics.columns(run_id, key).by_time()
    if request.max_results is None:
        return messages.page("metrics", map(messages.metric, points.points(run_id, key)), None)
    page = page_of(range(len(points)), min(request.max_results, MAX_HISTORY_PAGE), request.page_token)
    return messages.page("metrics", map(messages.metric, points.take(page).points(run_id, key)), page.token)


@ENDPOINTS.add("GET", "/mlflow/metrics/get-history-bulk", Needs(Permission.READ, On.RUNS))
def get_history_bulk(context: Context, request: GetHistoryBulk) -> dict[str, Any]:
    """One metric of many runs, run by run, up to ``max_results`` points in all."""
    most = max(0, min(request.max_results, MAX_HISTORY_PAGE))
    runs = sorted({*request.runs})
    shown = _of_runs(context, runs, request.metric_key, lambda points: points.take(slice(most)))
    return {"metrics": [messages.metric(point, with_run=True) for point in islice(shown, most)]}


@ENDPOINTS.add("GET", "/mlflow/metrics/get-history-bulk-interval", Needs(Permission.READ, On.RUNS))
def get_history_interval(context: Context, request: GetHistoryInterval) -> dict[str, Any]:
    """One metric of many runs, run by run, by step: of each run at most ``max_results`` points, first and last kept."""
    check_page_size(request.max_results, _MOST_POINTS_OF_A_RUN)
    start, end = request.steps
    most = request.max_results
    shown = _of_runs(
        context, request.runs, request.metric_key, lambda points: _sampled(points.between(start, end), most)
    )
    return messages.page("metrics", (messages.metric(point, with_run=True) for point in shown), None)


@ENDPOINTS.add("POST", "/mlflow/runs/search", Needs(Permission.READ, On.EXPERIMENTS))
def search_runs(context: Context, request: SearchRuns) -> dict[str, Any]:
    """A page of runs of some experiments."""
    check_page_size(request.max_results, MAX_PAGE)
    experiment_ids = context.readable(request.experiment_ids)
    page = context.client.runs.search(
        experiment_ids,
        request.filter,
        view_type=request.run_view_type,
        max_results=request.max_results,
        order_by=request.order_by,
        page_token=request.page_token,
    )
    return messages.page("runs", (messages.run(run, context.locations) for run in page), page.token)


def _of_runs(
    context: Context, run_ids: list[str], key: str, cut: Callable[[MetricColumns], MetricColumns]
) -> Iterator[Metric]:
    """What is cut of one metric of many runs, run by run."""
    found = context.client.metrics.columns_of_runs(run_ids, key, cut)
    return chain.from_iterable(points.points(run_id, key) for run_id, points in zip(run_ids, found, strict=True))


def _sampled(points: MetricColumns, most: int) -> MetricColumns:
    """The first of each of ``most`` groups as equal as can be, but the very last of the last group."""
    if len(points) <= most:
        return points
    size, larger = divmod(len(points), most)
    chosen = [number * size + min(number, larger) for number in range(most - 1)]
    return points.take([*chosen, len(points) - 1])

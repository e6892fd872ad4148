"""Metrics of many runs for charts, in columns and in few rows."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from cloudtrack.access.permission import Permission
from cloudtrack.api.conditional import unless_known
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError, missing_parameter
from cloudtrack.api.fields import Int64
from cloudtrack.api.message import Response, json_response
from cloudtrack.api.mlflow.metrics import RunIds
from cloudtrack.tracking.sampling import Places, Sample
from cloudtrack.tracking.series import Series

ENDPOINTS = Declarations(Domain.METRICS)

MOST_SERIES = 100
_MOST_ROWS = 30_000
"""Of all series together: as JSON less than 5 MB, whatever the numbers are."""


class GetSeries(RunIds):
    keys: list[str] = Field([], max_length=MOST_SERIES)
    x: str = "step"
    start: Int64 | None = Field(None, alias="from")
    to: Int64 | None = None
    buckets: Int64 = 300
    method: str = "minmax"


@ENDPOINTS.add("GET", "/cloudtrack/metrics/series", Needs(Permission.READ, On.RUNS))
def get_series(context: Context, request: GetSeries) -> Response:
    """Some metrics of some runs, each in at most ``buckets`` rows; up to 100 of them."""
    runs, keys = [*dict.fromkeys(request.runs)], [*dict.fromkeys(request.keys)]
    if not keys:
        raise missing_parameter("keys")
    if len(runs) * len(keys) > MOST_SERIES:
        text = f"{len(runs)} runs and {len(keys)} keys are {len(runs) * len(keys)} series; ask for {MOST_SERIES}"
        raise ApiError("INVALID_PARAMETER_VALUE", f"{text} at most, in several requests")
    series = context.client.metrics.series(
        runs,
        keys,
        x=request.x,
        from_=request.start,
        to=request.to,
        buckets=min(request.buckets, _MOST_ROWS // (len(runs) * len(keys))),
        method=request.method,
    )
    return unless_known(json_response({"series": [_message(one) for one in series]}), context.request)


def _message(series: Series) -> dict[str, Any]:
    """Columns of equal length; what is in a bucket besides its last point only where there are buckets."""
    found = series.sample
    rows = {"x": found.x.tolist(), "last": found.last.tolist()}
    if found.buckets is not None:
        buckets = found.buckets
        rows |= {"first": buckets.first.tolist(), "min": buckets.min.tolist(), "max": buckets.max.tolist()}
        rows |= {"count": buckets.count.tolist()}
    about = {"run_id": series.run_id, "key": series.key, "raw": found.raw, "exact": found.is_exact}
    return about | rows | _not_shown(found)


def _not_shown(found: Sample) -> dict[str, Any]:
    """Where a line has no value, of those kinds that there are."""
    kinds: dict[str, Places] = {"nan": found.nan, "inf": found.infinite, "-inf": found.negative_infinite}
    return {name: {"count": of.count, "x": of.x.tolist()} for name, of in kinds.items() if of.count}

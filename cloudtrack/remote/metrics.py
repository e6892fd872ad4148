"""Metric histories behind a server."""

from __future__ import annotations

import math

from cloudtrack.entities.names import check_key_name, check_run_id
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.run import Metric
from cloudtrack.remote import entities
from cloudtrack.remote.addresses import MLFLOW
from cloudtrack.remote.connection import Connection
from cloudtrack.remote.paging import gathered

_PAGE = 25_000


class RemoteMetrics:
    """The metric histories of a server's runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def history(self, run_id: str, key: str) -> list[Metric]:
        """All points of one metric, by step, time and value; equal points once. Empty where there are none.

        Raises NotFound for an unknown run.
        """
        check_run_id(run_id)
        check_key_name("metric", key)

        def page(size: int, token: str | None) -> PagedList[Metric]:
            answer = self._connection.get(
                f"{MLFLOW}/metrics/get-history", run_id=run_id, metric_key=key, max_results=size, page_token=token
            )
            return entities.page(answer, "metrics", lambda message: entities.metric(message, run_id))

        return sorted(gathered(page, _PAGE, None), key=_order)


def _order(point: Metric) -> tuple[int, int, bool, float]:
    """The wire has points by time."""
    is_nan = math.isnan(point.value)
    return (point.step, point.timestamp, is_nan, 0.0 if is_nan else point.value)

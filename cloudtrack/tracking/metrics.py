"""Reading metric histories."""

from __future__ import annotations

import math

from cloudtrack.entities.names import check_key_name, check_run_id
from cloudtrack.entities.run import Metric
from cloudtrack.tracking.run_documents import RunDocuments


class Metrics:
    """The metric histories of one store's runs."""

    def __init__(self, documents: RunDocuments) -> None:
        self._documents = documents

    def history(self, run_id: str, key: str) -> list[Metric]:
        """All points of one metric, by step, time and value; equal points once. Empty where there are none.

        Raises NotFound for an unknown run.
        """
        points = self._documents.history(check_run_id(run_id), check_key_name("metric", key))
        rows = {
            (step, timestamp, math.isnan(value), 0.0 if math.isnan(value) else value)
            for step, timestamp, value in zip(points.step, points.timestamp, points.value, strict=True)
        }
        return [
            Metric(key, math.nan if nan else value, timestamp, step, run_id=run_id)
            for step, timestamp, nan, value in sorted(rows)
        ]

"""Reading metric histories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeVar

from cloudtrack.entities.names import MAX_INT64, check_key_name, check_run_id
from cloudtrack.entities.run import Metric
from cloudtrack.errors import InvalidInput
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking.metric_columns import MetricColumns
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.sampling import FEWEST_ROWS, Method
from cloudtrack.tracking.series import Axis, Series, View

Word = TypeVar("Word", bound=StrEnum)

_RUNS_AT_ONCE = 8
"""Enough to hide the waiting for documents, few enough to bound the memory of their points."""
MOST_BUCKETS = 10_000


class Metrics:
    """The metric histories of one store's runs."""

    def __init__(self, documents: RunDocuments) -> None:
        self._documents = documents

    def history(self, run_id: str, key: str) -> list[Metric]:
        """All points of one metric, by step, time and value; equal points once. Empty where there are none.

        Raises NotFound for an unknown run.
        """
        return list(self.columns(run_id, key).points(run_id, key))

    def columns(self, run_id: str, key: str) -> MetricColumns:
        """``history`` as numpy arrays, for metrics of any length."""
        history = self._documents.history(check_run_id(run_id))
        return dict(history.columns([check_key_name("metric", key)]))[key]

    def columns_of_runs(
        self, run_ids: Sequence[str], key: str, cut: Callable[[MetricColumns], MetricColumns]
    ) -> list[MetricColumns]:
        """One metric of many runs, several at a time; ``cut`` says what to keep of each. Raises NotFound."""
        return map_in_order(lambda run_id: cut(self.columns(run_id, key)), run_ids, workers=_RUNS_AT_ONCE)

    def series(
        self,
        run_ids: Sequence[str],
        keys: Sequence[str],
        *,
        x: str = Axis.STEP,
        from_: int | None = None,
        to: int | None = None,
        buckets: int = 500,
        method: str = Method.MINMAX,
    ) -> list[Series]:
        """Metrics of many runs for a chart, run by run, each in at most so many rows.

        ``x`` is step, time (ms) or relative (ms since the run's first point); ``from_`` and ``to`` are the first
        and the last x that are shown. ``method`` is minmax or lttb. Raises NotFound for an unknown run.
        """
        if not FEWEST_ROWS <= buckets <= MOST_BUCKETS:
            raise InvalidInput(f"buckets is {buckets}; it must be from {FEWEST_ROWS} to {MOST_BUCKETS}")
        start, end = -MAX_INT64 - 1 if from_ is None else from_, MAX_INT64 if to is None else to
        if start > end:
            raise InvalidInput(f"the window begins at {start}, which is after its end {end}")
        view = View(_one_of(Axis, "x", x), start, end, buckets, _one_of(Method, "method", method))
        checked = list(dict.fromkeys(check_key_name("metric", key) for key in keys))

        def of_run(run_id: str) -> list[Series]:
            history = self._documents.history(run_id)
            began = history.first_timestamp() if view.axis is Axis.RELATIVE else 0
            return [Series(run_id, key, view.of(points, began)) for key, points in history.columns(checked)]

        runs = dict.fromkeys(check_run_id(run_id) for run_id in run_ids)
        return [series for found in map_in_order(of_run, runs, workers=_RUNS_AT_ONCE) for series in found]


def _one_of(words: type[Word], name: str, value: str) -> Word:
    try:
        return words(value)
    except ValueError as error:
        raise InvalidInput(f"{name} is {value[:80]!r}; it must be one of {', '.join(words)}") from error

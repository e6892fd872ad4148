"""Experiments with what their runs amount to: how many, how they fare, when something happened, and the best one.

An experiment's runs are looked at again only when its index is in another state, or on another day.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cloudtrack import clock
from cloudtrack.entities.experiment import Experiment, LifecycleStage
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.run import RunStatus
from cloudtrack.index import engine
from cloudtrack.index.collection import while_merged
from cloudtrack.index.relation import Relation, Seen, relation_of
from cloudtrack.index.state import state_of
from cloudtrack.search.expression import Comparison
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.primary_metric import PrimaryMetric, primary_metric
from cloudtrack.tracking.run_index import RunIndex
from cloudtrack.tracking.run_source import RUN_SCHEMA

MOST_EXPERIMENTS = 500
"""Of one page."""
ACTIVITY_DAYS = 30
FAILED_DAYS = 7
DAY_MS = 86_400_000
_MOST_KNOWN = 5_000
_ACTIVE = Comparison("attributes", "lifecycle_stage", "=", LifecycleStage.ACTIVE)
_START, _END, _STATUS = "attributes.start_time", "attributes.end_time", "attributes.status"


@dataclass(frozen=True)
class Best:
    """The run with the best last value of a metric."""

    key: str
    value: float
    run_id: str


@dataclass
class RunFigures:
    """What the active runs of an experiment amount to, on one day (UTC)."""

    total: int = 0
    running: int = 0
    failed: int = 0
    """In ``FAILED_DAYS`` days, today among them."""
    last_activity: int | None = None
    """When a run last began or ended; ms."""
    activity: list[int] = field(default_factory=lambda: [0] * ACTIVITY_DAYS)
    """Runs begun on each day, today last."""
    best: Best | None = None


@dataclass(frozen=True)
class _Task:
    seen: Seen
    primary: PrimaryMetric | None
    state: str


class ExperimentTables:
    """The experiments of one store with figures of their runs. Any thread may use it."""

    def __init__(self, experiments: Experiments, index: RunIndex) -> None:
        self._experiments = experiments
        self._index = index
        self._known: dict[str, tuple[str, RunFigures]] = {}
        self._lock = threading.Lock()

    def page(
        self,
        filter_string: str,
        view_type: int,
        *,
        max_results: int = MOST_EXPERIMENTS,
        page_token: str | None = None,
        shows: Callable[[str], bool] | None = None,
    ) -> PagedList[tuple[Experiment, RunFigures]]:
        """A page of a search for experiments, newest first. Raises InvalidInput.

        Besides the search, it costs a listing and a manifest for each experiment, and a read for each document that its
        index lacks.
        """
        found = self._experiments.search(
            filter_string, view_type=view_type, max_results=max_results, page_token=page_token, shows=shows
        )
        figures = while_merged(lambda: self._figures(found))
        return PagedList(((item, figures[item.experiment_id]) for item in found), found.token)

    def _figures(self, experiments: Iterable[Experiment]) -> dict[str, RunFigures]:
        today = clock.now_ms() // DAY_MS
        primaries = {item.experiment_id: primary_metric(item.tags) for item in experiments}
        tasks = [
            _Task(seen, primaries[seen.name], f"{state_of([seen]).text} {today} {primaries[seen.name]}")
            for seen in self._index.look([*primaries])
        ]
        with self._lock:
            known = {task.seen.name: self._known.get(task.seen.name, ("", RunFigures())) for task in tasks}
        stale = [task for task in tasks if known[task.seen.name][0] != task.state]
        made = _count(stale, today) if stale else {}
        fresh = {task.seen.name: (task.state, made[task.seen.name]) for task in stale}
        with self._lock:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            self._known |= fresh
        return {name: figures for name, (_, figures) in (known | fresh).items()}


def _count(tasks: Sequence[_Task], today: int) -> dict[str, RunFigures]:
    figures = {task.seen.name: RunFigures() for task in tasks}
    with relation_of([task.seen for task in tasks], RUN_SCHEMA) as relation:
        _count_runs(relation, figures, today)
        _count_days(relation, figures, today)
        by_metric: dict[PrimaryMetric, list[str]] = {}
        for task in tasks:
            if task.primary is not None:
                by_metric.setdefault(task.primary, []).append(task.seen.name)
        for metric, names in by_metric.items():
            _find_best(relation.of(names), metric, {name: figures[name] for name in names})
    return figures


def _count_runs(relation: Relation, figures: Mapping[str, RunFigures], today: int) -> None:
    text, parameters = relation.select([_STATUS, _START, _END], _ACTIVE)
    query = (
        f"SELECT collection, count(*), count(*) FILTER (c0 = '{RunStatus.RUNNING}'), "  # noqa: S608 - quoted names
        f"count(*) FILTER (c0 = '{RunStatus.FAILED}' AND coalesce(c2, c1) >= {(today - FAILED_DAYS + 1) * DAY_MS}), "
        f"max(greatest(c1, c2)) FROM ({text}) GROUP BY collection"
    )
    for name, total, running, failed, last in engine.fetch(query, parameters):
        of = figures[name]
        of.total, of.running, of.failed, of.last_activity = total, running, failed, last


def _count_days(relation: Relation, figures: Mapping[str, RunFigures], today: int) -> None:
    text, parameters = relation.select([_START], _ACTIVE)
    first = today - ACTIVITY_DAYS + 1
    query = (
        f"SELECT collection, c0 // {DAY_MS} AS day, count(*) FROM ({text}) "  # noqa: S608 - quoted names
        f"WHERE c0 >= {first * DAY_MS} AND c0 < {(today + 1) * DAY_MS} GROUP BY collection, day"
    )
    for name, day, runs in engine.fetch(query, parameters):
        figures[name].activity[day - first] = runs


def _find_best(relation: Relation, metric: PrimaryMetric, figures: Mapping[str, RunFigures]) -> None:
    """Of equal values the newest run has the best."""
    text, parameters = relation.select([metric.column, _START], _ACTIVE)
    order = "ASC" if metric.is_less_better else "DESC"
    query = (
        f"SELECT collection, id, c0 FROM ({text}) WHERE NOT isnan(c0) QUALIFY row_number() OVER "  # noqa: S608 - quoted
        f"(PARTITION BY collection ORDER BY c0 {order}, c1 DESC NULLS LAST, id) = 1"
    )
    for name, run_id, value in engine.fetch(query, parameters):
        if name in figures:
            figures[name].best = Best(metric.key, value, run_id)

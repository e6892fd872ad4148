"""A repository of Aim, read through Aim's own package: its files are RocksDB's.

A metric is tracked in a context (``subset: train``). Its key here is its name, and behind it the context, where there
is one: ``loss/subset.train``.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import CloudtrackError, CorruptData, InvalidInput, MissingDependency, NotFound
from cloudtrack.importing.foreign import (
    IMPORTED_FROM,
    ForeignExperiment,
    ForeignLoggedModel,
    ForeignRegisteredModel,
    ForeignRun,
    RunContent,
)
from cloudtrack.importing.omissions import Omissions
from cloudtrack.importing.values import decimal, digits_of, hexadecimal_of, key_of, text, whole
from cloudtrack.tracking.points import Point

_METRIC = "metric"
_NOTE = "mlflow.note.content"


class AimRepository:
    """A folder with ``.aim`` in it."""

    def __init__(self, root: Path) -> None:
        """Raises NotFound, MissingDependency, InvalidInput."""
        home = root if root.name == ".aim" else root / ".aim"
        if not home.is_dir():
            raise NotFound(f"{str(root)!r} has no folder .aim")
        self.name = str(root)
        self.omissions = Omissions()
        self._lock = threading.Lock()  # Aim does not say that threads may share what it opens
        self._repository = _open(home.parent)
        self._found: dict[str, list[Any]] = {}
        for its_hash in sorted(_listed(self._repository)):
            run = self._repository.get_run(its_hash)
            if run is None:
                reason = "it is not in Aim's index: `aim storage reindex`, or `aim up`, adds it"
                self.omissions.add("runs", text(its_hash, "a run's hash"), reason, is_failure=True)
                continue
            self._found.setdefault(text(run.experiment, "an experiment") or "default", []).append(run)

    def experiments(self) -> Iterator[ForeignExperiment]:
        """By name."""
        for name, runs in sorted(self._found.items()):
            first = min(
                (started for run in runs if (started := _milliseconds(run.creation_time)) is not None), default=0
            )
            yield ForeignExperiment(
                digits_of("aim", name), name, creation_time=first, last_update_time=first, tags={IMPORTED_FROM: "aim"}
            )

    def runs(self, experiment_id: str) -> Iterator[ForeignRun]:
        """Oldest first."""
        for name, runs in self._found.items():
            if digits_of("aim", name) == experiment_id:
                for run in sorted(runs, key=lambda run: _milliseconds(run.creation_time) or 0):
                    try:
                        yield self._run(run, experiment_id)
                    except CloudtrackError as error:
                        self.omissions.add("runs", str(run.hash), error.message, is_failure=True)

    def logged_models(self, _experiment_id: str, /) -> Iterator[ForeignLoggedModel]:
        """None."""
        return iter(())

    def registered_models(self) -> Iterator[ForeignRegisteredModel]:
        """None."""
        return iter(())

    def close(self) -> None:
        """Give back what Aim holds."""
        self._repository.close()

    def _run(self, run: Any, experiment_id: str) -> ForeignRun:
        ended = _milliseconds(run.end_time)
        return ForeignRun(
            run_id=hexadecimal_of("aim", text(run.hash, "a run's hash")),
            experiment_id=experiment_id,
            read=partial(self._content, run),
            points=partial(self._points, run),
            run_name=text(run.name, "a run's name"),
            status=RunStatus.FINISHED if ended is not None else RunStatus.KILLED,
            start_time=_milliseconds(run.creation_time),
            end_time=ended,
            lifecycle_stage=LifecycleStage.DELETED if run.archived else LifecycleStage.ACTIVE,
        )

    def _content(self, run: Any) -> RunContent:
        with self._lock:
            return self._read(run)

    def _read(self, run: Any) -> RunContent:
        what = f"run {run.hash}"
        tags = {"aim.hash": text(run.hash, what), IMPORTED_FROM: "aim"}
        if run.tags:
            tags["aim.tags"] = ",".join(text(tag, f"a tag of {what}") for tag in run.tags)
        if run.description:
            tags[_NOTE] = text(run.description, f"the description of {what}")
        kinds = tuple(kind for kind in self._repository.available_sequence_types() if kind != _METRIC)
        for kind, some in run.collect_sequence_info(kinds, skip_last_value=True).items():
            self.omissions.add(f"sequences of {kind}", "", "only metrics are imported", count=len(some))
        return RunContent(params=params_of(_settings(run)), tags=tags)

    def _points(self, run: Any) -> Iterator[Point]:
        started = _milliseconds(run.creation_time) or 0
        others: Counter[str] = Counter()
        with self._lock:
            tracked = [(name, context) for name, context, _ in run.iter_metrics_info()]  # metrics() hides archived runs
        for name, context in tracked:
            key = metric_key(text(name, "a metric's name"), context.to_dict())
            with self._lock:
                metric = run.get_metric(name, context)
                some = [*metric.data.items()] if metric is not None else []
            for step, (value, _, time_s) in some:
                try:
                    yield key, decimal(_plain(value), key), whole(_plain(step), key), _milliseconds(time_s) or started
                except CorruptData:
                    others[key] += 1
        for key, number in others.items():
            self.omissions.add("points", f"run {run.hash}: {key}", "it is no number", count=number, is_failure=True)


def metric_key(name: str, context: Mapping[str, Any]) -> str:
    """A metric's key: its name, and behind it what its context says, by name: ``loss/fold.1/subset.val``."""
    parts = [name, *(f"{key}.{context[key]}".replace("/", "_") for key in sorted(context, key=str))]
    return key_of("/".join(parts))


def params_of(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as params: text as it is, all else as JSON; what lies within another has a dotted key."""
    found: dict[str, str] = {}
    rest = [(str(key), value) for key, value in settings.items()]
    while rest:
        key, value = rest.pop(0)
        if isinstance(value, Mapping) and value:
            rest.extend((f"{key}.{inner}", item) for inner, item in value.items())
        else:
            found[key_of(key)] = value if isinstance(value, str) else json.dumps(value, default=str)
    return {key: text(value, f"param {key!r}") for key, value in found.items()}


def _open(folder: Path) -> Any:
    try:
        import aim
    except ImportError as error:
        raise MissingDependency('a repository of Aim is read with Aim: pip install "cloudtrack[aim]"') from error
    try:
        return aim.Repo(str(folder))
    except Exception as error:
        raise InvalidInput(f"Aim cannot open {str(folder)!r}: {type(error).__name__}: {error}") from error


def _listed(repository: Any) -> list[str]:
    try:
        return [str(each) for each in repository.list_all_runs()]
    except Exception as error:
        raise InvalidInput(f"Aim cannot list the runs: {type(error).__name__}: {error}") from error


def _settings(run: Any) -> Mapping[str, Any]:
    try:
        found = run[...]
    except KeyError:  # it has none
        return {}
    return found if isinstance(found, Mapping) else {}


def _plain(value: Any) -> Any:
    """A number of numpy as Python's."""
    return value.item() if hasattr(value, "item") else value


def _milliseconds(seconds: Any) -> int | None:
    return max(0, int(seconds * 1000)) if isinstance(seconds, int | float) else None

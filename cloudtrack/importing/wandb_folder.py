"""Runs of Weights & Biases as it keeps them on disk: ``wandb/offline-run-*/run-<id>.wandb``, and files beside them.

A log is read twice: for what the run is, and for its points. The numbers of the fields are those of
``wandb_internal.proto``, which the package brings along.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import CloudtrackError, CorruptData, InvalidInput, NotFound
from cloudtrack.importing.artifact_roots import ArtifactRoots
from cloudtrack.importing.foreign import (
    IMPORTED_FROM,
    ForeignExperiment,
    ForeignLoggedModel,
    ForeignRegisteredModel,
    ForeignRun,
    RunContent,
)
from cloudtrack.importing.omissions import Omissions
from cloudtrack.importing.tfrecord import fields
from cloudtrack.importing.values import digits_of, hexadecimal_of, key_of
from cloudtrack.importing.wandb_log import records
from cloudtrack.tracking.points import Point

_HISTORY, _SUMMARY, _CONFIG, _RUN, _EXIT = 2, 3, 5, 17, 18
_KEY, _NESTED_KEY, _VALUE_JSON = 1, 2, 16
_OF_RUN = {2: "entity", 3: "project", 6: "group", 7: "job_type", 8: "name", 9: "notes", 12: "sweep_id", 13: "host"}


@dataclass
class _Run:
    """What a log says of a run beside its points."""

    path: Path
    run_id: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    config: dict[str, str] = field(default_factory=dict)
    start_time: int | None = None
    runtime_s: int = 0
    exit_code: int | None = None


class WandbFolder:
    """A folder ``wandb``, or that of one run."""

    def __init__(self, root: Path, experiment: str = "") -> None:
        """Each project is an experiment, or all of them one. Raises NotFound, InvalidInput."""
        if not root.is_dir():
            raise NotFound(f"there is no folder {str(root)!r}")
        self.name = str(root)
        self.omissions = Omissions()
        self._experiment = experiment
        self._roots = ArtifactRoots([root], omissions=self.omissions)
        logs = sorted(path for path in root.resolve().rglob("*.wandb") if path.is_file() and not path.is_symlink())
        if not logs:
            raise InvalidInput(f"{str(root)!r} has no runs of Weights & Biases (run-*.wandb)")
        self._found: dict[str, list[_Run]] = {}
        for path in logs:
            try:
                run = _read_run(path)
                name = experiment or run.texts.get("project") or "uncategorized"
                self._found.setdefault(name, []).append(run)
            except CloudtrackError as error:
                self.omissions.add("runs", path.name, error.message, is_failure=True)

    def experiments(self) -> Iterator[ForeignExperiment]:
        """A project each."""
        for name, runs in sorted(self._found.items()):
            first = min((run.start_time for run in runs if run.start_time is not None), default=0)
            yield ForeignExperiment(
                digits_of("wandb", name),
                name,
                creation_time=first,
                last_update_time=first,
                tags={IMPORTED_FROM: "wandb"},
            )

    def runs(self, experiment_id: str) -> Iterator[ForeignRun]:
        """By folder, which is by time."""
        for name, runs in self._found.items():
            if digits_of("wandb", name) == experiment_id:
                yield from (self._run(run, experiment_id) for run in runs)

    def logged_models(self, _experiment_id: str, /) -> Iterator[ForeignLoggedModel]:
        """None: artifacts of wandb are with its server."""
        return iter(())

    def registered_models(self) -> Iterator[ForeignRegisteredModel]:
        """None."""
        return iter(())

    def close(self) -> None:
        """Nothing is open."""

    def _run(self, run: _Run, experiment_id: str) -> ForeignRun:
        texts = run.texts
        start = run.start_time
        status = {None: RunStatus.KILLED, 0: RunStatus.FINISHED}.get(run.exit_code, RunStatus.FAILED)
        tags = {f"wandb.{key}": value for key, value in texts.items() if value and key not in ("name", "notes")}
        if run.tags:
            tags["wandb.tags"] = ",".join(run.tags)
        if texts.get("notes"):
            tags["mlflow.note.content"] = texts["notes"]
        files = run.path.parent / "files"
        return ForeignRun(
            run_id=hexadecimal_of("wandb", texts.get("entity", ""), texts.get("project", ""), run.run_id),
            experiment_id=experiment_id,
            read=partial(RunContent, params=run.config, tags={**tags, "wandb.run_id": run.run_id}),
            points=partial(self._points, run),
            files=partial(self._roots.files, str(files), f"run {run.run_id}", files),
            run_name=texts.get("name", "") or run.run_id,
            status=status,
            start_time=start,
            end_time=start + run.runtime_s * 1000 if start is not None and run.exit_code is not None else None,
        )

    def _points(self, run: _Run) -> Iterator[Point]:
        others: Counter[str] = Counter()
        last: dict[str, Any] = {}
        seen: set[str] = set()
        step, time_ms = 0, run.start_time or 0
        for number, record in _messages(run.path):
            if number == _SUMMARY:
                last.update(_items(record, run.path.name))
            if number != _HISTORY:
                continue
            values = _items(record, run.path.name)
            step = _step(record, values, run.path.name, step)
            time_ms = _milliseconds(values.get("_timestamp"), time_ms)
            for key, value in _numbers(values, others):
                seen.add(key)
                yield key, value, step, time_ms
        for key, value in _numbers(last, Counter()):
            if key not in seen:
                yield key, value, step, time_ms
        for kind, count in others.items():
            self.omissions.add("values", kind, "only numbers are imported as metrics", count=count)


def _read_run(path: Path) -> _Run:
    run = _Run(path)
    for number, record in _messages(path):
        if number == _RUN:
            _note_run(run, record)
        elif number == _CONFIG:
            run.config.update(_config(record, path.name))
        elif number == _EXIT:
            found = {key: value for key, _, value in fields(record, path.name) if isinstance(value, int)}
            run.exit_code, run.runtime_s = found.get(1, 0), found.get(2, 0)
    if not run.run_id:
        raise CorruptData(f"{path.name} does not say which run it is of")
    return run


def _note_run(run: _Run, record: bytes) -> None:
    name = run.path.name
    run.tags.clear()
    for number, _, value in fields(record, name):
        if not isinstance(value, bytes):
            continue
        if number == 1:
            run.run_id = value.decode(errors="replace")
        elif number in _OF_RUN:
            run.texts[_OF_RUN[number]] = value.decode(errors="replace")
        elif number == 10:
            run.tags.append(value.decode(errors="replace"))
        elif number == 4:
            run.config.update(_config(value, name))
        elif number == 17:
            time = {key: part for key, _, part in fields(value, name) if isinstance(part, int)}
            run.start_time = time.get(1, 0) * 1000 + time.get(2, 0) // 1_000_000


def _config(record: bytes, name: str) -> dict[str, str]:
    """Settings as params: text as it is, all else as JSON; what lies within another has a dotted key."""
    found: dict[str, str] = {}

    def add(key: str, value: Any) -> None:
        if isinstance(value, dict) and value:
            for inner, item in value.items():
                add(f"{key}.{inner}", item)
        else:
            found[key_of(key)] = value if isinstance(value, str) else json.dumps(value)

    for key, value in _items(record, name).items():
        if key != "_wandb" and not key.startswith("_wandb."):
            add(key, value)
    return found


def _messages(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for record in records(file, path.name):
            for number, _, value in fields(record, path.name):
                if isinstance(value, bytes):
                    yield number, value


def _items(record: bytes, name: str) -> dict[str, Any]:
    """Keys and values of the items, which are field 1 of histories, summaries and settings."""
    found: dict[str, Any] = {}
    for number, _, value in fields(record, name):
        if number != 1 or not isinstance(value, bytes):
            continue
        keys, text = [], b"null"
        for inner, _, part in fields(value, name):
            if inner in (_KEY, _NESTED_KEY) and isinstance(part, bytes):
                keys.append(part.decode(errors="replace"))
            elif inner == _VALUE_JSON and isinstance(part, bytes):
                text = part
        try:
            found[".".join(key for key in keys if key)] = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise CorruptData(f"{name} has a value that is no JSON") from error
    return found


def _numbers(values: dict[str, Any], others: Counter[str]) -> Iterator[tuple[str, float]]:
    """Numbers by key; of mappings what lies within them."""
    for key, value in values.items():
        if key.startswith("_"):
            continue
        if isinstance(value, dict):
            yield from _numbers({f"{key}.{inner}": item for inner, item in value.items()}, others)
        elif isinstance(value, bool | int | float) or value in ("NaN", "Infinity", "-Infinity"):
            yield key_of(key), float(value)
        else:
            others[key] += 1


def _step(record: bytes, values: dict[str, Any], name: str, before: int) -> int:
    if isinstance(values.get("_step"), int):
        return int(values["_step"])
    for number, _, value in fields(record, name):
        if number == 2 and isinstance(value, bytes):
            return next((part for key, _, part in fields(value, name) if key == 1 and isinstance(part, int)), 0)
    return before


def _milliseconds(seconds: Any, otherwise: int) -> int:
    good = isinstance(seconds, int | float) and math.isfinite(seconds) and seconds >= 0
    return int(seconds * 1000) if good else otherwise

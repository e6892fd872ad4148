"""Folders of TensorBoard's event files: each folder that has some is a run, as TensorBoard shows it.

Read are scalars, of TensorFlow 1 (``simple_value``) and of TensorFlow 2 (a tensor of the plugin ``scalars``);
all else is counted. The formats are public: tensorflow/core/util/event.proto and summary.proto.
"""

from __future__ import annotations

import os
import struct
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from cloudtrack.errors import CorruptData, InvalidInput, NotFound
from cloudtrack.importing.foreign import (
    IMPORTED_FROM,
    ForeignExperiment,
    ForeignLoggedModel,
    ForeignRegisteredModel,
    ForeignRun,
    RunContent,
)
from cloudtrack.importing.omissions import Omissions
from cloudtrack.importing.tfrecord import fields, records
from cloudtrack.importing.values import digits_of, hexadecimal_of, key_of
from cloudtrack.tracking.points import Point

_EVENTS = ".tfevents."
_WALL_TIME, _STEP, _SUMMARY = 1, 2, 5
_VALUE = 1
_TAG, _SIMPLE_VALUE, _TENSOR, _METADATA = 1, 2, 8, 9
_FLOATS = {1: "<f", 2: "<d"}
"""Types of tensors that scalars have: DT_FLOAT and DT_DOUBLE."""


class TensorBoardFolder:
    """A folder that TensorBoard would be given with ``--logdir``."""

    def __init__(self, root: Path, experiment: str = "") -> None:
        """The experiment is called as the folder is where it has no other name. Raises NotFound, InvalidInput."""
        if not root.is_dir():
            raise NotFound(f"there is no folder {str(root)!r}")
        self._root = root.resolve()
        self.name = str(root)
        self.omissions = Omissions()
        self._experiment = experiment or self._root.name
        self._id = digits_of("tensorboard", self._experiment)
        folders = dict(_runs(self._root))
        if not folders:
            raise InvalidInput(f"{str(root)!r} has no event files of TensorBoard (*.tfevents.*)")
        self._found: list[ForeignRun] = []
        for name, files in folders.items():
            try:
                self._found.append(self._run(name, files))
            except CorruptData as error:
                self.omissions.add("runs", name, error.message, is_failure=True)

    def experiments(self) -> Iterator[ForeignExperiment]:
        """One."""
        first = min((run.start_time or 0 for run in self._found), default=0)
        yield ForeignExperiment(
            self._id,
            self._experiment,
            creation_time=first,
            last_update_time=first,
            tags={IMPORTED_FROM: "tensorboard"},
        )

    def runs(self, _experiment_id: str, /) -> Iterator[ForeignRun]:
        """A folder each."""
        return iter(self._found)

    def logged_models(self, _experiment_id: str, /) -> Iterator[ForeignLoggedModel]:
        """None."""
        return iter(())

    def registered_models(self) -> Iterator[ForeignRegisteredModel]:
        """None."""
        return iter(())

    def close(self) -> None:
        """Nothing is open."""

    def _run(self, name: str, files: list[Path]) -> ForeignRun:
        started, ended = _first_time(files), max(int(file.stat().st_mtime * 1000) for file in files)
        return ForeignRun(
            run_id=hexadecimal_of(self._experiment, name, str(started)),
            experiment_id=self._id,
            read=partial(RunContent, tags={IMPORTED_FROM: f"tensorboard: {name}"}),
            points=partial(self._points, files),
            run_name=name,
            start_time=started,
            end_time=ended,
        )

    def _points(self, files: list[Path]) -> Iterator[Point]:
        others: Counter[str] = Counter()
        for path in files:
            with path.open("rb") as file:
                for record in records(file, path.name):
                    yield from _scalars(record, path.name, others)
        for kind, count in others.items():
            self.omissions.add(kind, "", "only scalars are imported", count=count)


def _runs(root: Path) -> Iterator[tuple[str, list[Path]]]:
    for folder, names, files in os.walk(root):
        names.sort()
        events = [Path(folder) / name for name in sorted(files) if _EVENTS in name]
        events = [path for path in events if path.is_file() and not path.is_symlink()]
        if events:
            yield Path(folder).relative_to(root).as_posix() if Path(folder) != root else root.name, events


def _first_time(files: list[Path]) -> int:
    for path in files:
        with path.open("rb") as file:
            for record in records(file, path.name):
                for number, _, value in fields(record, path.name):
                    if number == _WALL_TIME and isinstance(value, bytes) and len(value) == 8:
                        return max(0, int(struct.unpack("<d", value)[0] * 1000))
    return 0


def _scalars(record: bytes, name: str, others: Counter[str]) -> Iterator[Point]:
    time_ms, step, summary = 0, 0, b""
    for number, _, value in fields(record, name):
        if number == _WALL_TIME and isinstance(value, bytes) and len(value) == 8:
            time_ms = max(0, int(struct.unpack("<d", value)[0] * 1000))
        elif number == _STEP and isinstance(value, int):
            step = value - (1 << 64) if value >= 1 << 63 else value
        elif number == _SUMMARY and isinstance(value, bytes):
            summary = value
    for number, _, value in fields(summary, name):
        if number == _VALUE and isinstance(value, bytes):
            key, scalar = _scalar(value, name)
            if scalar is None:
                others["summaries of other kinds"] += 1
            elif key:
                yield key_of(key), scalar, step, time_ms


def _scalar(message: bytes, name: str) -> tuple[str, float | None]:
    key, scalar, plugin, tensor = "", None, "", b""
    for number, _, value in fields(message, name):
        if not isinstance(value, bytes):
            continue
        if number == _TAG:
            key = value.decode(errors="replace")
        elif number == _SIMPLE_VALUE and len(value) == 4:
            scalar = float(struct.unpack("<f", value)[0])
        elif number == _TENSOR:
            tensor = value
        elif number == _METADATA:
            plugin = _plugin(value, name)
    if scalar is None and tensor and plugin == "scalars":
        scalar = _tensor(tensor, name)
    return key, scalar


def _plugin(metadata: bytes, name: str) -> str:
    """Of a summary's metadata the name of the plugin: field 1 in field 1."""
    for number, _, value in fields(metadata, name):
        if number == 1 and isinstance(value, bytes):
            for inner, _, text in fields(value, name):
                if inner == 1 and isinstance(text, bytes):
                    return text.decode(errors="replace")
    return ""


def _tensor(message: bytes, name: str) -> float | None:
    """A tensor's one number: dtype is field 1, the bytes are field 4, floats field 5, doubles field 6."""
    dtype, content = 0, b""
    for number, _, value in fields(message, name):
        if number == 1 and isinstance(value, int):
            dtype = value
        elif number in (4, 5, 6) and isinstance(value, bytes):
            content = value
    form = _FLOATS.get(dtype)
    if form is None:
        return None
    if len(content) != struct.calcsize(form):
        raise CorruptData(f"{name} has a scalar that is none")
    return float(struct.unpack(form, content)[0])

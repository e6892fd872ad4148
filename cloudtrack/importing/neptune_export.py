"""Runs of Neptune as its exporter leaves them: rows of attributes in Parquet files, and a folder of files.

The columns are those of the exporter's documentation (github.com/neptune-ai/neptune-exporter, "Parquet schema").
Files are read with DuckDB, row by row; what is not of the type that it must be reads as nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import CloudtrackError, CorruptData, InvalidInput, NotFound
from cloudtrack.importing.artifact_roots import ArtifactRoots, open_file
from cloudtrack.importing.foreign import (
    IMPORTED_FROM,
    ForeignExperiment,
    ForeignFile,
    ForeignLoggedModel,
    ForeignRegisteredModel,
    ForeignRun,
    RunContent,
)
from cloudtrack.importing.omissions import Omissions
from cloudtrack.importing.values import digits_of, hexadecimal_of, key_of, text
from cloudtrack.tracking.points import Point

_NEEDED = ("project_id", "run_id", "attribute_path", "attribute_type")
_SIMPLE = ("float", "int", "string", "bool", "datetime", "string_set")
_LEFT_OUT = ("string_series", "histogram_series")
_VALUES = (
    *("TRY_CAST(float_value AS DOUBLE)", "TRY_CAST(int_value AS BIGINT)", "TRY_CAST(string_value AS VARCHAR)"),
    *("TRY_CAST(bool_value AS BOOLEAN)", "epoch_ms(TRY_CAST(datetime_value AS TIMESTAMPTZ))"),
    "TRY_CAST(string_set_value AS VARCHAR[])",
)
_TYPED = ("float_value", "int_value", "string_value", "bool_value", "datetime_value", "string_set_value")
_ROWS_AT_ONCE = 5000
_MEMORY = "1GB"
_SYS, _TAGS, _NOTE = "sys/", ("sys/tags", "sys/group_tags"), "mlflow.note.content"
_Owner = tuple[str, str]


class NeptuneExport:
    """A folder of Neptune's exporter: ``data`` and ``files`` in it, or the first of them alone."""

    def __init__(self, root: Path, files: Path | None = None, *, step_multiplier: int = 1) -> None:
        """``files`` is what the exporter had as ``--files-path``; steps, which may be decimal there, are multiplied.

        Raises NotFound, InvalidInput.
        """
        if not root.is_dir():
            raise NotFound(f"there is no folder {str(root)!r}")
        if step_multiplier < 1:
            raise InvalidInput("the multiplier of steps is a whole number from 1 on")
        data = root / "data" if (root / "data").is_dir() else root
        self.name = str(root)
        self.omissions = Omissions()
        self._files = files or (root if data != root else root.parent) / "files"
        self._roots = ArtifactRoots([self._files], omissions=self.omissions)
        self._multiplier = step_multiplier
        paths = sorted(path for path in data.rglob("*.parquet") if path.is_file() and not path.is_symlink())
        if not paths:
            raise InvalidInput(f"{str(root)!r} has no Parquet files of Neptune's exporter (data/<project>/*.parquet)")
        self._database = _connect()
        self._parts: dict[_Owner, list[Path]] = {}
        for path in paths:
            try:
                for owner in self._owners(path):
                    self._parts.setdefault(owner, []).append(path)
            except CloudtrackError as error:
                self.omissions.add("files of rows", path.name, error.message, is_failure=True)

    def experiments(self) -> Iterator[ForeignExperiment]:
        """A project each."""
        for project in dict.fromkeys(project for project, _ in self._parts):
            yield ForeignExperiment(digits_of("neptune", project), project, tags={IMPORTED_FROM: "neptune"})

    def runs(self, experiment_id: str) -> Iterator[ForeignRun]:
        """By project and file."""
        for owner in self._parts:
            if digits_of("neptune", owner[0]) == experiment_id:
                try:
                    yield self._run(owner, experiment_id)
                except CloudtrackError as error:
                    self.omissions.add("runs", owner[1][:80], error.message, is_failure=True)

    def logged_models(self, _experiment_id: str, /) -> Iterator[ForeignLoggedModel]:
        """None."""
        return iter(())

    def registered_models(self) -> Iterator[ForeignRegisteredModel]:
        """None: models of Neptune 2 are another export."""
        return iter(())

    def close(self) -> None:
        """Give back the reader."""
        self._database.close()

    def _owners(self, path: Path) -> list[_Owner]:
        there = {str(row[0]) for row in self._query([path], "name", "parquet_schema(?)")}
        if missing := [name for name in _NEEDED if name not in there]:
            raise CorruptData(f"it has no column {' and '.join(missing)}")
        rows = self._query([path], "DISTINCT TRY_CAST(project_id AS VARCHAR), TRY_CAST(run_id AS VARCHAR)")
        return [(text(project, "a project"), text(run_id, "a run's id")) for project, run_id in rows if run_id]

    def _run(self, owner: _Owner, experiment_id: str) -> ForeignRun:
        project, run_id = owner
        of_run = {key: value for key, value in self._simple(owner) if key.startswith(_SYS)}
        is_deleted = of_run.get("sys/trashed") is True
        return ForeignRun(
            run_id=hexadecimal_of("neptune", project, run_id),
            experiment_id=experiment_id,
            read=partial(self._content, owner),
            points=partial(self._points, owner),
            files=partial(self._artifacts, owner),
            run_name=text(of_run.get("sys/name"), "a run's name") or run_id,
            user_id=text(of_run.get("sys/owner"), "a run's owner"),
            status=RunStatus.FAILED if of_run.get("sys/failed") is True else RunStatus.FINISHED,
            start_time=_time(of_run.get("sys/creation_time")),
            end_time=_time(of_run.get("sys/modification_time")),
            lifecycle_stage=LifecycleStage.DELETED if is_deleted else LifecycleStage.ACTIVE,
        )

    def _content(self, owner: _Owner) -> RunContent:
        params: dict[str, str] = {}
        tags = {"neptune.run_id": owner[1], IMPORTED_FROM: f"neptune: {owner[0]}"}
        for key, value in self._simple(owner):
            shown = _shown(value)
            if key in _TAGS and isinstance(value, list):
                tags[f"neptune.{key.removeprefix(_SYS)}"] = ",".join(map(str, value))
            elif key == "sys/description":
                tags[_NOTE] = shown
            elif key.startswith(_SYS):
                tags[key_of(f"neptune.{key.removeprefix(_SYS)}")] = shown
            else:
                params[key_of(key)] = shown
        for kind, number in self._rows(owner, "attribute_type, COUNT(*)", _LEFT_OUT, more="GROUP BY attribute_type"):
            self.omissions.add(f"points of a {kind}", "", "only series of numbers are imported", count=int(number))
        return RunContent(params=params, tags=tags)

    def _simple(self, owner: _Owner) -> Iterator[tuple[str, Any]]:
        """Attributes with one value, by path; times as milliseconds."""
        for key, kind, *values in self._rows(owner, "attribute_path, attribute_type, " + ", ".join(_VALUES), _SIMPLE):
            value = values[_SIMPLE.index(kind)]
            if value is None:
                self.omissions.add("params", f"{owner[1]}: {str(key)[:80]}", f"it has no value of the type {kind}")
            elif key:
                yield text(key, "an attribute"), _Time(value) if kind == "datetime" else value

    def _points(self, owner: _Owner) -> Iterator[Point]:
        rounded: Counter[str] = Counter()
        wanted = (
            f"attribute_path, TRY_CAST(float_value AS DOUBLE), TRY_CAST(step AS DOUBLE) * {self._multiplier}, "
            "epoch_ms(TRY_CAST(timestamp AS TIMESTAMPTZ))"
        )
        for key, value, step, time_ms in self._rows(owner, wanted, ("float_series",)):
            if value is None or abs(step or 0) >= 2**53:
                self.omissions.add("points", f"{owner[1]}: {str(key)[:80]}", "it has no number", is_failure=True)
                continue
            whole = int(step or 0)
            rounded[key] += whole != (step or 0)
            yield key_of(text(key, "an attribute")), float(value), whole, max(0, time_ms or 0)
        for key, number in rounded.items():
            reason = "their steps have fractions, which are cut off: --step-multiplier keeps them"
            self.omissions.add("points with whole steps", f"{owner[1]}: {key}", reason, count=number)

    def _artifacts(self, owner: _Owner) -> Iterator[ForeignFile]:
        wanted = "attribute_path, attribute_type, TRY_CAST(step AS DOUBLE), TRY_CAST(file_value.path AS VARCHAR)"
        for key, kind, step, path in self._rows(owner, wanted, ("file", "file_series")):
            name = text(key, "an attribute").strip("/")
            place = self._place(owner, text(path, "a file's path"))
            if place is None:
                reason = "the file is not below the exported files: name their folder with --files"
                self.omissions.add("artifacts", f"{owner[1]}: {name[:80]}", reason, is_failure=True)
            elif place.is_dir():
                for file in self._roots.files(str(place), owner[1]):
                    yield ForeignFile(f"{name}/{file.path}", file.open)
            else:
                suffix = "" if PurePosixPath(name).suffix else place.suffix
                shown = f"{name}/step-{step or 0:g}{place.suffix}" if kind == "file_series" else f"{name}{suffix}"
                yield ForeignFile(shown, partial(open_file, place))

    def _place(self, owner: _Owner, path: str) -> Path | None:
        """Where a file is; None where it is not there, or leads elsewhere."""
        root = self._files.resolve()
        for home in (root, root / self._parts[owner][0].parent.name):
            found = home / path
            try:
                is_there = found.exists() and found.resolve() == found
            except (OSError, ValueError):  # a name that cannot be
                is_there = False
            if path and is_there and found.is_relative_to(root) and found != root:
                return found
        return None

    def _rows(self, owner: _Owner, wanted: str, kinds: Sequence[str], more: str = "") -> Iterator[Sequence[Any]]:
        condition = "WHERE project_id = ? AND run_id = ? AND attribute_type IN (SELECT UNNEST(?)) " + more
        parts = self._parts[owner]
        there = {str(row[0]) for row in self._query(parts[:1], "name", "parquet_schema(?)")}
        for name in (*_TYPED, "step", "timestamp", "file_value"):
            if name not in there:
                wanted = wanted.replace("file_value.path" if name == "file_value" else name, "NULL")
        return self._query(parts, wanted, "read_parquet(?, union_by_name = true)", condition, [*owner, [*kinds]])

    def _query(
        self,
        paths: Sequence[Path],
        wanted: str,
        table: str = "read_parquet(?)",
        condition: str = "",
        values: Sequence[Any] = (),
    ) -> Iterator[Sequence[Any]]:
        """Rows, some at a time. Words of the statement are ours and never a stranger's; values are bound."""
        import duckdb

        files = [str(path) for path in paths]
        try:
            with closing(self._database.cursor()) as cursor:
                statement = f"SELECT {wanted} FROM {table} {condition}"  # noqa: S608 - see above
                cursor.execute(statement, [files, *values])
                while some := cursor.fetchmany(_ROWS_AT_ONCE):
                    yield from some
        except duckdb.Error as error:
            raise CorruptData(f"{paths[0].name} cannot be read: {str(error).splitlines()[0][:200]}") from error


class _Time(int):
    """Milliseconds since the epoch, of an attribute that is a time."""


def _time(value: Any) -> int | None:
    return max(0, int(value)) if isinstance(value, _Time) else None


def _shown(value: Any) -> str:
    """Text as it is, all else as JSON; times as ISO 8601."""
    if isinstance(value, _Time):
        from cloudtrack import clock

        return clock.format_ms(value)
    return text(value, "a value") if isinstance(value, str) else json.dumps(value)


def _connect() -> Any:
    import duckdb

    settings = {"memory_limit": _MEMORY, "threads": 2, "autoinstall_known_extensions": False, "TimeZone": "UTC"}
    return duckdb.connect(config=settings)

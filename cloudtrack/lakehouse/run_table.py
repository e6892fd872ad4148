"""Runs as a table with named columns, and as data frames of the libraries that people have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cloudtrack.entities.run import Run
from cloudtrack.errors import InvalidInput, MissingDependency

FORMATS = ("pandas", "list", "polars", "arrow")
TEXTS = ("run_id", "experiment_id", "status", "artifact_uri")
TIMES = ("start_time", "end_time")
"""In milliseconds."""
KINDS = ("metrics", "params", "tags")

Columns = dict[str, list[Any]]


def check_format(output_format: str) -> None:
    """Raises InvalidInput."""
    if output_format not in FORMATS:
        raise InvalidInput(f"output_format is {output_format!r}; it is one of {', '.join(map(repr, FORMATS))}")


def table_of(runs: Sequence[Run], output_format: str) -> Any:
    """One row a run: attributes, ``metrics.*``, ``params.*`` and ``tags.*``. Raises MissingDependency."""
    match output_format:
        case "pandas":
            return _pandas(columns_of(runs))
        case "polars":
            return _polars(columns_of(runs))
        case "arrow":
            return _arrow(columns_of(runs))
    return list(runs)


def row_of(run: Run) -> dict[str, Any]:
    """A run's cells by column; those that it lacks are not there."""
    row: dict[str, Any] = {name: getattr(run.info, name) for name in (*TEXTS, *TIMES)}
    for kind in KINDS:
        row.update((f"{kind}.{key}", value) for key, value in getattr(run.data, kind).items())
    return row


def ordered(names: Iterable[str]) -> list[str]:
    """Names of columns in the order of a table: attributes, and then by kind and name."""
    found = set(names)
    return [*TEXTS, *TIMES, *(name for kind in KINDS for name in sorted(found) if name.startswith(f"{kind}."))]


def columns_of(runs: Sequence[Run]) -> Columns:
    """The columns; a cell that a run lacks is None."""
    columns: Columns = {}
    for number, run in enumerate(runs):
        for name, value in row_of(run).items():
            if name not in columns:
                columns[name] = [None] * len(runs)
            columns[name][number] = value
    return {name: columns.get(name, []) for name in ordered(columns)}


def _pandas(columns: Columns) -> Any:
    try:
        import pandas
    except ImportError as error:
        raise _missing("pandas", "a DataFrame") from error
    made: dict[str, Any] = {}
    for name, values in columns.items():
        if name in TIMES:
            made[name] = pandas.to_datetime(values, unit="ms", utc=True)
        elif name.startswith("metrics."):
            made[name] = pandas.Series(values, dtype="float64")
        else:
            made[name] = values
    return pandas.DataFrame(made)


def _polars(columns: Columns) -> Any:
    try:
        import polars
    except ImportError as error:
        raise _missing("polars", "a DataFrame of polars") from error

    def kind(name: str) -> Any:
        if name in TIMES:
            return polars.Datetime("ms", "UTC")
        return polars.Float64 if name.startswith("metrics.") else polars.String

    return polars.DataFrame({name: polars.Series(name, values, dtype=kind(name)) for name, values in columns.items()})


def _arrow(columns: Columns) -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise _missing("arrow", "an Arrow table") from error

    def kind(name: str) -> Any:
        if name in TIMES:
            return pyarrow.timestamp("ms", tz="UTC")
        return pyarrow.float64() if name.startswith("metrics.") else pyarrow.string()

    return pyarrow.table({name: pyarrow.array(values, type=kind(name)) for name, values in columns.items()})


def _missing(extra: str, what: str) -> MissingDependency:
    return MissingDependency(
        f'search_runs gives {what}: pip install "cloudtrack[{extra}]", or ask for output_format="list"'
    )

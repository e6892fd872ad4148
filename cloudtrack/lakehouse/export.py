"""Runs as a file, in bounded memory: rows are put aside first, for only the last says which columns there are."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from pydantic_core import to_json

from cloudtrack.clock import format_ms
from cloudtrack.entities.run import Run
from cloudtrack.index import engine
from cloudtrack.index.columns import NUMBER, TEXT, WHOLE, literal, quoted
from cloudtrack.lakehouse.run_table import TIMES, ordered, row_of
from cloudtrack.lakehouse.target_file import target_file

Row = dict[str, Any]


class Format(StrEnum):
    """What the file is."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def export_runs(runs: Iterable[Run], target: Path, file_format: Format) -> int:
    """Write a row a run, with the columns of ``search_runs``; the file appears whole or not at all. How many runs."""
    with tempfile.TemporaryDirectory(prefix="cloudtrack-export-") as folder:
        aside = _Aside(Path(folder))
        aside.put(runs)
        with target_file(target) as stream:
            match file_format:
                case Format.CSV:
                    _write_csv(aside, stream)
                case Format.JSON:
                    _write_json(aside, stream)
                case Format.PARQUET:
                    _write_parquet(aside, stream)
    return aside.count


class _Aside:
    """Rows on disk, as JSON by the numbers of their columns: SQL does not tell names apart by case alone."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "rows.ndjson"
        self.numbers = {name: number for number, name in enumerate(ordered(()))}
        self.count = 0
        self.longest = 1 << 20

    @property
    def columns(self) -> list[str]:
        """The names of all columns, in order."""
        return ordered(self.numbers)

    def put(self, runs: Iterable[Run]) -> None:
        with self.path.open("wb") as lines:
            for run in runs:
                row = {self.numbers.setdefault(name, len(self.numbers)): value for name, value in row_of(run).items()}
                line = to_json(row, inf_nan_mode="strings") + b"\n"
                lines.write(line)
                self.count += 1
                self.longest = max(self.longest, len(line))

    def rows(self) -> Iterator[Row]:
        """The rows by name, with times as text."""
        names = list(self.numbers)
        with self.path.open("rb") as lines:
            for line in lines:
                row = {names[int(number)]: value for number, value in json.loads(line).items()}
                row.update((name, format_ms(row[name])) for name in TIMES if row[name] is not None)
                yield row


def _write_csv(aside: _Aside, stream: BinaryIO) -> None:
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    writer = csv.DictWriter(text, aside.columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(aside.rows())
    text.detach()


def _write_json(aside: _Aside, stream: BinaryIO) -> None:
    """A list of objects, an object a line."""
    before = "[\n"
    for row in aside.rows():
        stream.write((before + json.dumps(row)).encode())
        before = ",\n"
    stream.write(b"[]\n" if before == "[\n" else b"\n]\n")


def _write_parquet(aside: _Aside, stream: BinaryIO) -> None:
    types, shown = [], []
    for name in aside.columns:
        column = quoted(str(aside.numbers[name]))
        kind = WHOLE if name in TIMES else NUMBER if name.startswith("metrics.") else TEXT
        types.append(f"{column}: '{kind}'")
        shown.append(f"{f'make_timestamptz({column} * 1000)' if name in TIMES else column} AS {quoted(name)}")
    made = aside.path.with_suffix(".parquet")
    engine.fetch(
        f"COPY (SELECT {', '.join(shown)} FROM read_json({literal(str(aside.path))}, "  # noqa: S608 - quoted names
        f"format = 'newline_delimited', maximum_object_size = {aside.longest}, columns = {{{', '.join(types)}}})) "
        f"TO {literal(str(made))} (FORMAT parquet, COMPRESSION zstd)"
    )
    with made.open("rb") as source:
        shutil.copyfileobj(source, stream)

"""Tables in files, a part at a time: csv, JSON lines, JSON, Parquet."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, BinaryIO, Protocol

from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.models.frameworks import framework


class TableFormat(StrEnum):
    """How rows are kept in a file."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    """An object a line."""
    JSON = "json"
    """A list of objects, or pandas' split form. Read whole."""
    PARQUET = "parquet"

    @classmethod
    def of(cls, place: str, named: str | None) -> TableFormat:
        """The format that is named, or that the end of the file's name tells. Raises InvalidInput."""
        ending = named or place.partition("?")[0].rpartition(".")[2].lower()
        ending = {"ndjson": "jsonl", "pq": "parquet"}.get(ending, ending)
        if ending not in set(cls):
            raise InvalidInput(f"{place!r} does not tell its format; name one of {', '.join(cls)}")
        return cls(ending)


def read_tables(stream: BinaryIO, kind: TableFormat, rows: int, types: Mapping[str, str]) -> Iterator[Any]:
    """DataFrames of at most so many rows, in order; ``types`` are numpy's names by column, for csv.

    Raises CorruptData where the file is not what its format says.
    """
    pandas = framework("pandas", extra="pandas")
    try:
        match kind:
            case TableFormat.CSV:
                yield from pandas.read_csv(stream, chunksize=rows, dtype=dict(types))
            case TableFormat.JSON_LINES:
                yield from pandas.read_json(stream, lines=True, chunksize=rows, dtype=False)
            case TableFormat.PARQUET:
                parquet = framework("pyarrow.parquet", extra="arrow")
                for batch in parquet.ParquetFile(stream).iter_batches(batch_size=rows):
                    yield batch.to_pandas()
            case TableFormat.JSON:
                content = json.load(stream)
                yield pandas.DataFrame(**content) if isinstance(content, dict) else pandas.DataFrame(content)
    except (ValueError, TypeError) as error:
        raise CorruptData(f"the file is no {kind} table: {error}") from error


class TableWriter(Protocol):
    """Writes DataFrames of the same columns one after another."""

    def write(self, table: Any) -> None: ...

    def close(self) -> None: ...


def open_writer(stream: BinaryIO, kind: TableFormat) -> TableWriter:
    """A writer into a stream, which it does not close."""
    writers: dict[TableFormat, Callable[[BinaryIO], TableWriter]] = {
        TableFormat.CSV: _CsvWriter,
        TableFormat.JSON_LINES: _JsonLinesWriter,
        TableFormat.JSON: _JsonWriter,
        TableFormat.PARQUET: _ParquetWriter,
    }
    return writers[kind](stream)


class _CsvWriter:
    def __init__(self, stream: BinaryIO) -> None:
        self._text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
        self._has_header = False

    def write(self, table: Any) -> None:
        table.to_csv(self._text, index=False, header=not self._has_header)
        self._has_header = True

    def close(self) -> None:
        self._text.detach()


class _JsonLinesWriter:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, table: Any) -> None:
        text = table.to_json(orient="records", lines=True, date_format="iso")
        self._stream.write(text.encode() if text.endswith("\n") or not text else f"{text}\n".encode())

    def close(self) -> None:
        """Nothing is left to be written."""


class _JsonWriter:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._before = b"["

    def write(self, table: Any) -> None:
        rows = table.to_json(orient="records", date_format="iso")[1:-1]
        if rows:
            self._stream.write(self._before + rows.encode())
            self._before = b","

    def close(self) -> None:
        self._stream.write(b"[]" if self._before == b"[" else b"]")


class _ParquetWriter:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._writer: Any = None

    def write(self, table: Any) -> None:
        pyarrow = framework("pyarrow", extra="arrow")
        parquet = framework("pyarrow.parquet", extra="arrow")
        schema = self._writer.schema if self._writer is not None else None
        try:
            arrow = pyarrow.Table.from_pandas(table, schema=schema, preserve_index=False)
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, KeyError) as error:
            raise InvalidInput(f"later predictions have other types than the first: {error}; write csv") from error
        if self._writer is None:
            self._writer = parquet.ParquetWriter(self._stream, arrow.schema, compression="zstd")
        self._writer.write_table(arrow)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

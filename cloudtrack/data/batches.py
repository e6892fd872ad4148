"""Arrow data as batches of some rows, from whatever holds them; never all rows at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cloudtrack.data.arrow_hashes import hash_arrow_column
from cloudtrack.data.schemas import schema_of_arrow
from cloudtrack.data.table_digest import TableDigest
from cloudtrack.errors import CorruptData, InvalidInput, MissingDependency
from cloudtrack.models.schema import Schema
from cloudtrack.storage.places import reading
from cloudtrack.storage.public_url import strip_credentials

BATCH_ROWS = 65_536


class Scan:
    """What one pass over the batches of a table found."""

    def __init__(self, schema: Any, batches: Iterator[Any]) -> None:
        digest = TableDigest(schema.names)
        nulls = [0] * len(schema)
        self.rows = 0
        for batch in batches:
            if batch.schema.names != schema.names:
                raise InvalidInput(f"the batches have other columns than the first: {batch.schema.names}")
            self.rows += batch.num_rows
            nulls = [known + column.null_count for known, column in zip(nulls, batch.columns, strict=True)]
            digest.add([hash_arrow_column(column, schema.names[at]) for at, column in enumerate(batch.columns)])
        self.digest = digest.hexadecimal
        self.schema: Schema = schema_of_arrow(schema, nulls)
        self.profile = {"num_rows": self.rows, "num_elements": self.rows * len(schema)}


def scan(data: Any) -> Scan:
    """Read a table, batches, a reader, a dataset or a Parquet file once. Raises InvalidInput, MissingDependency."""
    pyarrow = pyarrow_module()
    if isinstance(data, str | Path):
        with _parquet_file(str(data)) as file:
            return scan(file)
    if isinstance(data, pyarrow.RecordBatch):
        return Scan(data.schema, _pieces([data]))
    if isinstance(data, list | tuple) and data and all(isinstance(each, pyarrow.RecordBatch) for each in data):
        return Scan(data[0].schema, _pieces(data))
    if hasattr(data, "iter_batches") and hasattr(data, "schema_arrow"):  # a ParquetFile
        return Scan(data.schema_arrow, data.iter_batches(batch_size=BATCH_ROWS))
    if hasattr(data, "scanner"):  # a dataset
        data = data.scanner(batch_size=BATCH_ROWS)
    reader = data.to_reader() if hasattr(data, "to_reader") else data  # of a table, of a scanner
    if isinstance(reader, pyarrow.RecordBatchReader):
        return Scan(reader.schema, _pieces(reader))
    raise InvalidInput(
        f"{type(data).__name__} is nothing of Arrow: give a Table, RecordBatches, a dataset or a Parquet file"
    )


def pyarrow_module() -> Any:
    """Raises MissingDependency."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingDependency('this dataset needs pyarrow: pip install "cloudtrack[arrow]"') from error
    return pyarrow


def _pieces(batches: Any) -> Iterator[Any]:
    for batch in batches:
        for start in range(0, max(batch.num_rows, 1), BATCH_ROWS):
            yield batch.slice(start, BATCH_ROWS)


@contextmanager
def _parquet_file(place: str) -> Iterator[Any]:
    pyarrow = pyarrow_module()
    with reading(place) as stream:
        try:
            yield pyarrow.parquet.ParquetFile(stream)
        except (pyarrow.ArrowException, OSError) as error:
            raise CorruptData(f"{strip_credentials(place)!r} is no whole Parquet file: {error}") from error

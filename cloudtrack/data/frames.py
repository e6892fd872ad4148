"""Datasets that are tables: of pandas, polars, Arrow and Spark. Equal values have an equal digest in all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cloudtrack.data.batches import BATCH_ROWS, Scan, pyarrow_module, scan
from cloudtrack.data.column_hashes import hash_pandas_column
from cloudtrack.data.dataset import Dataset, name_of
from cloudtrack.data.schemas import schema_of_frame
from cloudtrack.data.sources import DatasetSource, SparkSource, source_of
from cloudtrack.data.table_digest import TableDigest
from cloudtrack.errors import InvalidInput, MissingDependency

Source = str | Path | DatasetSource | None


def from_pandas(
    df: Any,
    source: Source = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> Dataset:
    """A DataFrame; its index does not count. ``source`` says where it came from, ``targets`` and ``predictions`` name
    columns.

    Raises InvalidInput for a column that is not there, and for one of objects that say nothing of their content.
    """
    try:
        import pandas  # noqa: F401
    except ImportError as error:
        raise MissingDependency('from_pandas needs pandas: pip install "cloudtrack[pandas]"') from error
    if not hasattr(df, "iloc") or not hasattr(df, "columns"):
        raise InvalidInput(f"from_pandas takes a DataFrame, not a {type(df).__name__}")
    names = [str(column) for column in df.columns]
    _check_columns(names, targets, predictions)
    return Dataset(
        name=name_of(name),
        digest=digest or _digest_frame(df, names),
        source=source_of(source),
        schema=schema_of_frame(df),
        profile={"num_rows": len(df), "num_elements": int(df.size)},
        data=df,
        targets=targets,
        predictions=predictions,
    )


def from_polars(
    df: Any,
    source: Source = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> Dataset:
    """A polars DataFrame. Raises InvalidInput, also for a LazyFrame, which holds no data."""
    if not hasattr(df, "iter_slices"):
        raise InvalidInput(f"from_polars takes a DataFrame, not a {type(df).__name__}; of a LazyFrame its collect()")
    pyarrow = pyarrow_module()
    _check_columns(df.columns, targets, predictions)
    for column, kind in df.schema.items():
        if "Object" in str(kind):
            raise InvalidInput(f"the column {column!r} has Python's objects, which have no digest: cast it")
    try:
        found = Scan(df.head(0).to_arrow().schema, _polars_batches(df))
    except pyarrow.ArrowException as error:
        raise InvalidInput(f"a column of the DataFrame has no form in Arrow, and no digest: {error}") from error
    return _scanned(df, found, source, targets, name, digest, predictions)


def from_arrow(
    data: Any,
    source: Source = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> Dataset:
    """An Arrow Table, RecordBatch, list or reader of batches, a ``pyarrow.dataset``, a ParquetFile, or the path or URI
    of a Parquet file, which is the source then. Read once, a batch at a time; row groups and chunks do not matter.
    """
    found = scan(data)
    _check_columns([str(spec.name) for spec in found.schema], targets, predictions)
    if source is None and isinstance(data, str | Path):
        source = data
    return _scanned(data, found, source, targets, name, digest, predictions)


def from_spark(
    df: Any,
    path: str | None = None,
    table_name: str | None = None,
    version: str | None = None,
    sql: str | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> Dataset:
    """A Spark DataFrame, which comes whole to this process; rows count in the order in which they come: sort it first.

    The source is a path, a table's name or a query. Raises InvalidInput for a version, which is Delta's, and for a
    DataFrame of Spark 3.
    """
    if version is not None:
        raise InvalidInput("versions are Delta's: read that version, and name its path without version=")
    if not hasattr(df, "toArrow"):
        raise InvalidInput("from_spark needs Spark 4; of an older one give from_pandas(df.toPandas())")
    source = SparkSource(path, table_name, sql) if path or table_name or sql else None
    return from_arrow(df.toArrow(), source, targets, name, digest, predictions)


def _scanned(
    data: Any,
    found: Scan,
    source: Source,
    targets: str | None,
    name: str | None,
    digest: str | None,
    predictions: str | None,
) -> Dataset:
    return Dataset(
        name=name_of(name),
        digest=digest or found.digest,
        source=source_of(source),
        schema=found.schema,
        profile=found.profile,
        data=data,
        targets=targets,
        predictions=predictions,
    )


def _digest_frame(df: Any, names: list[str]) -> str:
    digest = TableDigest(names)
    digest.add([hash_pandas_column(df.iloc[:, place], name) for place, name in enumerate(names)])
    return digest.hexadecimal


def _polars_batches(df: Any) -> Iterator[Any]:
    for piece in df.iter_slices(BATCH_ROWS):
        yield from piece.to_arrow().combine_chunks().to_batches()


def _check_columns(names: Any, targets: str | None, predictions: str | None) -> None:
    for role, column in (("targets", targets), ("predictions", predictions)):
        if column is not None and column not in names:
            raise InvalidInput(f"{role} names the column {column!r}, and the table has none of that name")

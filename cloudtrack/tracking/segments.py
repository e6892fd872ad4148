"""Metric points as immutable Parquet files: key, step, timestamp (ms), value; sorted in that order.

DuckDB writes and reads them from numpy columns, on one thread. The files are plain: any tool that
reads Parquet reads them in place.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudtrack import ids
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import Points, Segment
from cloudtrack.tracking.points import Columns

if TYPE_CHECKING:
    import duckdb

_WRITE = """
    COPY (
        SELECT names.key, columns.step, columns.timestamp, columns.value
        FROM columns JOIN names USING (code) ORDER BY ALL
    ) TO $target (FORMAT parquet, COMPRESSION zstd)
"""
_MERGE = """
    COPY (SELECT key, step, timestamp, value FROM read_parquet($files) ORDER BY ALL)
    TO $target (FORMAT parquet, COMPRESSION zstd)
"""
_READ = "SELECT step, timestamp, value FROM read_parquet($files) WHERE key = $key"


class Segments:
    """The metric files of one store's runs."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def write(self, run_id: str, columns: Columns) -> Segment:
        """Store points as a new file, under a name nobody else can choose."""
        import numpy

        names = list(columns)
        sizes = [len(columns[name].value) for name in names]
        tables = {
            "names": {"code": numpy.arange(len(names)), "key": numpy.array(names, dtype=object)},
            "columns": {
                "code": numpy.repeat(numpy.arange(len(names)), sizes),
                "step": _concatenated([columns[name].step for name in names], numpy.int64),
                "timestamp": _concatenated([columns[name].timestamp for name in names], numpy.int64),
                "value": _concatenated([columns[name].value for name in names], numpy.float64),
            },
        }
        with tempfile.TemporaryDirectory(prefix="cloudtrack-") as folder, closing(_connect()) as database:
            for name, table in tables.items():
                database.register(name, table)
            target = Path(folder) / "new.parquet"
            database.execute(_WRITE, {"target": str(target)})
            return self._create(run_id, target, rows=sum(sizes))

    def merge(self, run_id: str, segments: Sequence[Segment]) -> Segment:
        """Several files' points as one new file."""
        with tempfile.TemporaryDirectory(prefix="cloudtrack-") as folder, closing(_connect()) as database:
            files = self._fetch(run_id, segments, Path(folder))
            target = Path(folder) / "new.parquet"
            database.execute(_MERGE, {"files": files, "target": str(target)})
            return self._create(run_id, target, rows=sum(segment.rows for segment in segments))

    def read(self, run_id: str, segments: Sequence[Segment], key: str) -> Points:
        """All points of one metric in these files. Raises ObjectNotFound where a file was merged away."""
        if not segments:
            return Points()
        with tempfile.TemporaryDirectory(prefix="cloudtrack-") as folder, closing(_connect()) as database:
            files = self._fetch(run_id, segments, Path(folder))
            found = database.execute(_READ, {"files": files, "key": key}).fetchnumpy()
        return Points.model_construct(
            step=found["step"].tolist(), timestamp=found["timestamp"].tolist(), value=found["value"].tolist()
        )

    def delete(self, run_id: str, segments: Iterable[Segment]) -> None:
        """Delete files that no document mentions any more."""
        for segment in segments:
            self._store.delete(keys.segment(run_id, segment.name))

    def _fetch(self, run_id: str, segments: Sequence[Segment], folder: Path) -> list[str]:
        def fetch(segment: Segment) -> str:
            target = folder / f"{segment.name}.parquet"
            self._store.download(keys.segment(run_id, segment.name), target)
            return str(target)

        return map_in_order(fetch, segments)

    def _create(self, run_id: str, file: Path, *, rows: int) -> Segment:
        body = file.read_bytes()
        name = ids.new_commit_id()
        self._store.create(keys.segment(run_id, name), body)
        return Segment(name=name, rows=rows, size_bytes=len(body))


def _connect() -> duckdb.DuckDBPyConnection:
    import duckdb

    return duckdb.connect(config={"threads": 1})


def _concatenated(columns: list[list[Any]], dtype: Any) -> Any:
    import numpy

    return numpy.concatenate([numpy.asarray(column, dtype=dtype) for column in columns])

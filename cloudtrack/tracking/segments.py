"""Metric points as immutable Parquet files: key, step, timestamp (ms), value; sorted in that order.

DuckDB writes them from numpy columns, on one thread and with nothing left over: that is done beside
somebody's training. It reads them into numpy columns. The files are plain: any tool that reads Parquet
reads them in place. Readers rely on no order of the rows; that of ours lets them skip all but one key's.
The encodings of Parquet's second version take a third less space and half the time to read.

DuckDB takes NaN in a numpy column for null. A null that is in a file all the same is NaN.
"""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudtrack import ids
from cloudtrack.errors import CorruptData, ObjectNotFound
from cloudtrack.index import engine
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import Segment
from cloudtrack.tracking.metric_columns import MetricColumns
from cloudtrack.tracking.points import Columns
from cloudtrack.tracking.segment_files import SegmentFiles

if TYPE_CHECKING:
    import duckdb

_WRITE = """
    COPY (
        SELECT names.key, columns.step, columns.timestamp, coalesce(columns.value, 'nan'::DOUBLE) AS value
        FROM columns JOIN names USING (code) ORDER BY ALL
    ) TO $target (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2)
"""
_MERGE = """
    COPY (
        SELECT key, step, timestamp, coalesce(value, 'nan'::DOUBLE) AS value FROM read_parquet($files) ORDER BY ALL
    ) TO $target (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2)
"""
_READ = """
    SELECT list_position($keys, key) - 1 AS number, step, timestamp, coalesce(value, 'nan'::DOUBLE) AS value
    FROM read_parquet($files) WHERE key IN (SELECT unnest($keys))
"""
_FIRST = "SELECT min(timestamp) AS first FROM read_parquet($files)"


class Segments:
    """The metric files of one store's runs."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._files = SegmentFiles(store)

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
        with (
            tempfile.TemporaryDirectory(prefix="cloudtrack-") as folder,
            self._opened(run_id, segments) as files,
            closing(_connect()) as database,
        ):
            target = Path(folder) / "new.parquet"
            database.execute(_MERGE, {"files": files, "target": str(target)})
            return self._create(run_id, target, rows=sum(segment.rows for segment in segments))

    def read(self, run_id: str, segments: Sequence[Segment], names: Sequence[str]) -> dict[str, MetricColumns]:
        """All points of these metrics in these files, by key, in no order.

        Raises ObjectNotFound where a file was merged away.
        """
        import numpy

        found = self._query(_READ, run_id, segments, keys=[*names])
        points = MetricColumns(found["step"], found["timestamp"], found["value"])
        if len(names) == 1:
            return {names[0]: points}
        order = numpy.argsort(found["number"], kind="stable")
        ends = numpy.searchsorted(found["number"][order], numpy.arange(len(names) + 1))
        return {name: points.take(order[ends[number] : ends[number + 1]]) for number, name in enumerate(names)}

    def first_timestamp(self, run_id: str, segments: Sequence[Segment]) -> int:
        """The time of the earliest point in these files, which the files' statistics know. Raises ObjectNotFound."""
        return int(self._query(_FIRST, run_id, segments)["first"][0])

    def delete(self, run_id: str, segments: Iterable[Segment]) -> None:
        """Delete files that no document mentions any more."""
        for segment in segments:
            self._store.delete(keys.segment(run_id, segment.name))
            self._files.forget(keys.segment(run_id, segment.name))

    def _query(self, query: str, run_id: str, segments: Sequence[Segment], **parameters: Any) -> dict[str, Any]:
        with self._opened(run_id, segments) as files:
            return dict(engine.cursor().execute(query, {"files": files, **parameters}).fetchnumpy())

    @contextmanager
    def _opened(self, run_id: str, segments: Sequence[Segment]) -> Iterator[list[str]]:
        """The files' names for DuckDB, which takes them as patterns; its errors in our words."""
        import duckdb

        with self._files.opened([keys.segment(run_id, segment.name) for segment in segments]) as files:
            try:
                yield [glob.escape(str(file)) for file in files]
            except duckdb.IOException as error:  # a folder's file may go between the look at its name and its opening
                raise ObjectNotFound(f"a file of metric points of run {run_id} is gone: {error}") from error
            except duckdb.Error as error:
                raise CorruptData(f"the metric points of run {run_id} cannot be read: {error}") from error

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

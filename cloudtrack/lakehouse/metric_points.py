"""Every point of many runs, as Parquet files on the local disk: some runs after others, in bounded memory."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from cloudtrack.errors import CloudtrackError, NotFound, ObjectNotFound
from cloudtrack.index import engine
from cloudtrack.index.columns import literal
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.segment_files import SegmentFiles

RUNS_AT_ONCE = 500
"""So many documents are in memory."""
POINTS_AT_ONCE = 2_000_000
"""So many points are sorted together, unless one run has more; what does not fit into memory is sorted on disk."""
_MOST_ATTEMPTS = 5

_log = logging.getLogger(__name__)


class MetricPoints:
    """The points of one store's runs."""

    def __init__(self, store: ObjectStore) -> None:
        self._documents = RunDocuments(store)
        self._segments = SegmentFiles(store)

    def write(self, run_ids: Sequence[str], folder: Path) -> list[str]:
        """Files with the points of these runs: run_id, key, step, timestamp (ms), value; equal points once."""
        written: list[str] = []
        for start in range(0, len(run_ids), RUNS_AT_ONCE):
            found = map_in_order(self._read, run_ids[start : start + RUNS_AT_ONCE])
            for some in _batches([document for document in found if document is not None]):
                written.append(str(folder / f"points-{len(written)}.parquet"))
                self._write(some, written[-1])
        return written

    def _write(self, documents: list[RunDocument], target: str) -> None:
        for attempt in range(_MOST_ATTEMPTS):
            segments = [(item.run_id, segment.name) for item in documents for segment in item.segments]
            try:
                with self._segments.opened([keys.segment(*segment) for segment in segments]) as files:
                    owners = {str(file): run_id for file, (run_id, _) in zip(files, segments, strict=True)}
                    _copy(documents, owners, target)
                    return
            except ObjectNotFound:  # a segment was merged away: the document names another by now
                if attempt == _MOST_ATTEMPTS - 1:
                    raise
                documents = [now for now in map_in_order(self._read, [d.run_id for d in documents]) if now is not None]

    def _read(self, run_id: str) -> RunDocument | None:
        try:
            return self._documents.get(run_id).document
        except NotFound:
            return None
        except CloudtrackError as error:  # one bad object must not hide all others
            _log.warning("left out of the points: %s", error)
            return None


def _batches(documents: Sequence[RunDocument]) -> Iterator[list[RunDocument]]:
    batch: list[RunDocument] = []
    points = 0
    for document in documents:
        its_points = sum(summary.count for summary in document.metrics.values())
        if batch and points + its_points > POINTS_AT_ONCE:
            yield batch
            batch, points = [], 0
        batch.append(document)
        points += its_points
    if batch:
        yield batch


def _copy(documents: Sequence[RunDocument], segments: Mapping[str, str], target: str) -> None:
    """``segments`` says for each file whose points it has."""
    import duckdb
    import numpy

    columns = [(item.run_id, key, points) for item in documents for key, points in item.points.items()]
    sizes = [len(points.value) for _, _, points in columns]
    tables = {
        "names": {
            "code": numpy.arange(len(columns)),
            "run_id": numpy.array([run_id for run_id, _, _ in columns], dtype=object),
            "key": numpy.array([key for _, key, _ in columns], dtype=object),
        },
        "points": {
            "code": numpy.repeat(numpy.arange(len(columns)), sizes),
            "step": numpy.array([step for _, _, points in columns for step in points.step], dtype=numpy.int64),
            "timestamp": numpy.array([time for _, _, points in columns for time in points.timestamp], numpy.int64),
            "value": numpy.array([value for _, _, points in columns for value in points.value], numpy.float64),
        },
        "owners": {
            "filename": numpy.array(list(segments), dtype=object),
            "run_id": numpy.array(list(segments.values()), dtype=object),
        },
    }
    files = ", ".join(map(literal, segments))
    inline = "SELECT run_id, key, step, timestamp, value FROM points JOIN names USING (code)"
    spilled = (
        "SELECT run_id, key, step, timestamp, value "  # noqa: S608 - names of files
        f"FROM read_parquet([{files}], filename = true, hive_partitioning = false) JOIN owners USING (filename)"
    )
    both = f"{inline} UNION ALL {spilled}" if segments else inline
    query = (
        # DuckDB takes NaN of numpy for nothing.
        "COPY (SELECT DISTINCT run_id, key, step, timestamp, coalesce(value, 'nan'::DOUBLE) AS value "  # noqa: S608
        f"FROM ({both}) ORDER BY ALL) TO {literal(target)} (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2)"
    )
    with closing(engine.cursor()) as database:
        for name, table in tables.items():
            database.register(name, table)
        try:
            database.execute(query)
        except duckdb.IOException as error:
            raise ObjectNotFound(f"a segment is gone: {error}") from error

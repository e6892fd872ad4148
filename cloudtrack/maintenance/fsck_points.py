"""The metric points of a run: whether the files that it lists are there, and say what its summaries say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from cloudtrack.errors import CorruptData, ObjectNotFound
from cloudtrack.maintenance.fsck_finding import Finding
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import Points, RunDocument, Summary
from cloudtrack.tracking.metric_columns import MetricColumns
from cloudtrack.tracking.segments import Segments

PARQUET = b"PAR1"
"""How a Parquet file ends."""


def check_segments(store: ObjectStore, document: RunDocument, sizes: Mapping[str, int]) -> Iterator[Finding]:
    """Compare the segments that a run lists with its objects, by key; a request for each."""
    listed = {keys.segment(document.run_id, segment.name): segment.size_bytes for segment in document.segments}
    for key, size in listed.items():
        if key not in sizes:
            yield Finding("segment-missing", key, f"run {document.run_id} lists it: its points are lost")
        elif sizes[key] != size:
            yield Finding("segment-damaged", key, f"it has {sizes[key]} bytes, and the run says {size}")
        elif not is_parquet(store, key, size):
            yield Finding("segment-damaged", key, "it is no Parquet file")
    for key in sizes.keys() - listed.keys():
        yield Finding("segment-unlisted", key, "the run does not list it: it does not count")


def is_parquet(store: ObjectStore, key: str, size: int) -> bool:
    """Whether a file ends as Parquet does; also where it is gone."""
    try:
        return store.get_range(key, max(size - len(PARQUET), 0), len(PARQUET)) == PARQUET
    except ObjectNotFound:
        return True


def check_points(store: ObjectStore, document: RunDocument, *, deep: bool) -> Iterator[Finding]:
    """Compare summaries with the numbers of points; ``deep`` reads all points."""
    key = keys.run(document.run_id)
    inline = sum(len(points.value) for points in document.points.values())
    there = inline + sum(segment.rows for segment in document.segments)
    told = sum(summary.count for summary in document.metrics.values())
    if there != told:
        yield Finding("points-differ", key, f"its summaries count {told} points, and there are {there}")
    elif deep and document.metrics:
        yield from _check_values(store, document, key)


def _check_values(store: ObjectStore, document: RunDocument, key: str) -> Iterator[Finding]:
    names = list(document.metrics)
    found: dict[str, list[MetricColumns]] = {
        name: [MetricColumns.of(document.points.get(name, Points()))] for name in names
    }
    segments = Segments(store)
    for segment in document.segments:
        its_key = keys.segment(document.run_id, segment.name)
        try:
            columns = segments.read(document.run_id, [segment], names)
        except ObjectNotFound:
            return
        except (CorruptData, RuntimeError) as error:
            yield Finding("segment-damaged", its_key, f"it cannot be read: {error}")
            return
        rows = sum(len(each.value) for each in columns.values())
        if rows != segment.rows:
            yield Finding("segment-damaged", its_key, f"it has {rows} points of the run's metrics, not {segment.rows}")
            return
        for name, each in columns.items():
            found[name].append(each)
    for name, summary in document.metrics.items():
        if wrong := _wrong(summary, found[name]):
            yield Finding("points-differ", key, f"the {wrong} of the metric {name!r} is not that of its points")


def _wrong(summary: Summary, columns: list[MetricColumns]) -> str:
    import numpy

    value = numpy.concatenate([each.value for each in columns])
    step = numpy.concatenate([each.step for each in columns])
    time = numpy.concatenate([each.timestamp for each in columns])
    numbers = value[~numpy.isnan(value)]
    last = numpy.lexsort((numpy.nan_to_num(value, nan=-math.inf), ~numpy.isnan(value), time, step))[-1:]
    facts: dict[str, tuple[Any, Any]] = {
        "count": (summary.count, len(value)),
        "nan_count": (summary.nan_count, len(value) - len(numbers)),
        "min": (summary.min, numbers.min() if len(numbers) else math.nan),
        "max": (summary.max, numbers.max() if len(numbers) else math.nan),
        "value": (summary.value, value[last][0] if len(last) else math.nan),
    }
    return next((name for name, (told, there) in facts.items() if not _same(told, there)), "")


def _same(told: float, there: float) -> bool:
    return bool(told == there) or (math.isnan(told) and math.isnan(there))

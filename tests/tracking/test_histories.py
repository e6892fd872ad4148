"""Histories in columns: what is asked for is read, once, and as it was logged."""

from __future__ import annotations

import math
import os
import random
import uuid
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.errors import CorruptData, InvalidInput, NotFound, ObjectNotFound
from cloudtrack.storage.folder import FolderStore
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore, Reading
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import Points, RunDocument
from cloudtrack.tracking.metric_columns import MetricColumns
from cloudtrack.tracking.points import INLINE_POINTS, Columns, fold, group
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.segment_files import SegmentFiles
from cloudtrack.tracking.segments import Segments
from tests.processes import run_together
from tests.storage.lossy import CountingStore, ForwardingStore

Row = tuple[int, int, float]

KINDS = pytest.mark.parametrize("store_url", ["memory", "folder", "seaweed-obstore"], indirect=True)


def long_run(client: Client, keys: int, points: int, *, began: int = 1_000) -> str:
    """A run of so many metrics, all but the newest points in segments."""
    run_id = client.runs.create("0").info.run_id
    for start in range(0, points, 2500):
        steps = range(start, min(points, start + 2500))
        client.runs.log_batch(
            run_id,
            metrics=[
                Metric(f"m{key}", step + key / 10, began + 7 * step, step) for key in range(keys) for step in steps
            ],
        )
    return run_id


def counted(store: ObjectStore) -> tuple[CountingStore, Client]:
    """A client that knows nothing yet of what is in the store, and its requests."""
    counting = CountingStore(store)
    client = Client(counting)
    counting.reset()
    return counting, client


def rows_of(columns: MetricColumns) -> list[Row]:
    return list(zip(columns.step.tolist(), columns.timestamp.tolist(), columns.value.tolist(), strict=True))


# Columns


VALUES = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1.5]) | st.floats()
ROWS = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 3), VALUES), max_size=40)


def plain(rows: Sequence[Row]) -> list[tuple[int, int, bool, float]]:
    """Order and duplicates as a plain look at the rows has them."""
    return sorted({(step, time, math.isnan(v), 0.0 if math.isnan(v) else v) for step, time, v in rows})


@settings(deadline=None)
@given(ROWS)
def test_points_are_by_step_time_and_value_and_equal_ones_once(rows: list[Row]) -> None:
    points = Points(step=[r[0] for r in rows], timestamp=[r[1] for r in rows], value=[r[2] for r in rows])
    found = MetricColumns.of(points).by_step()
    as_keys = [(step, t, math.isnan(v), 0.0 if math.isnan(v) else v) for step, t, v in rows_of(found)]
    assert as_keys == plain(rows)


@settings(deadline=None)
@given(ROWS, st.integers(-4, 4), st.integers(-4, 4))
def test_between_takes_the_steps_from_the_first_to_the_last(rows: list[Row], first: int, last: int) -> None:
    points = Points(step=[r[0] for r in rows], timestamp=[r[1] for r in rows], value=[1.0] * len(rows))
    found = MetricColumns.of(points).by_step().between(first, last)
    assert {step for step, _, _ in rows_of(found)} == {row[0] for row in rows if first <= row[0] <= last}


def test_points_that_are_in_order_are_not_copied() -> None:
    columns = MetricColumns(numpy.arange(1000), numpy.zeros(1000, dtype=numpy.int64), numpy.zeros(1000))
    assert columns.by_step() is columns
    assert numpy.shares_memory(columns.between(10, 19).value, columns.value)


@KINDS
def test_a_history_is_the_same_in_columns_and_as_a_list(store: ObjectStore) -> None:
    client = Client(store)
    run_id = client.runs.create("0").info.run_id
    logged = [(step % 700, step % 13, math.nan if step % 97 == 0 else float(step % 5)) for step in range(7_500)]
    random.Random(3).shuffle(logged)
    for start in range(0, len(logged), 2500):
        part = [Metric("m", value, time, step) for step, time, value in logged[start : start + 2500]]
        client.runs.log_batch(run_id, metrics=[*part, Metric("other", 1.0, start, start)])
    columns = client.metrics.columns(run_id, "m")
    listed = client.metrics.history(run_id, "m")
    assert repr(rows_of(columns)) == repr([(point.step, point.timestamp, point.value) for point in listed])
    assert len(columns) == len(plain(logged))
    assert numpy.isnan(columns.value).sum() == sum(nan for _, _, nan, _ in plain(logged)) > 0
    assert {(point.key, point.run_id) for point in listed} == {("m", run_id)}
    assert rows_of(client.metrics.columns(run_id, "other")) == [(step, step, 1.0) for step in (0, 2500, 5000)]
    assert len(client.metrics.columns(run_id, "none")) == 0
    with pytest.raises(NotFound):
        client.metrics.columns("0" * 32, "m")


def test_a_segment_that_is_in_no_order_is_read_all_the_same(tmp_path: Path) -> None:
    client = Client(tmp_path / "store")
    run_id = long_run(client, keys=3, points=2500)
    expected = [rows_of(client.metrics.columns(run_id, f"m{key}")) for key in range(3)]
    (segment,) = (tmp_path / "store" / "runs" / run_id / "metrics").iterdir()
    shuffled = tmp_path / "shuffled.parquet"
    duckdb.execute(f"COPY (SELECT * FROM '{segment}' ORDER BY hash(step, key)) TO '{shuffled}' (FORMAT parquet)")
    shuffled.replace(segment)
    fresh = Client(tmp_path / "store")
    assert [rows_of(fresh.metrics.columns(run_id, f"m{key}")) for key in range(3)] == expected
    found = fresh.metrics.series([run_id], ["m2", "m0"], buckets=2500)
    assert [series.sample.last.tolist() for series in found] == [[v for _, _, v in expected[key]] for key in (2, 0)]


def test_segments_are_written_by_key_and_in_the_second_versions_encodings(tmp_path: Path) -> None:
    segments = Segments(FolderStore(tmp_path))
    columns: Columns = group([(f"m{i % 3}", i * 0.5, 9_000 - i, i) for i in range(9_000)])
    written = [segments.write("r", columns), segments.write("r", columns)]
    merged = segments.merge("r", written)
    for segment in (*written, merged):
        path = tmp_path / "runs" / "r" / "metrics" / f"{segment.name}.parquet"
        rows = duckdb.execute(f"SELECT key, step, timestamp, value FROM '{path}'").fetchall()
        assert rows == sorted(rows)
        assert len(rows) == segment.rows
        query = f"SELECT DISTINCT encodings FROM parquet_metadata('{path}') WHERE path_in_schema = 'step'"
        assert duckdb.execute(query).fetchall() == [("DELTA_BINARY_PACKED",)]


def test_nan_and_infinities_are_in_segments_as_they_were_logged(tmp_path: Path) -> None:
    segments = Segments(FolderStore(tmp_path))
    values = [math.nan, math.inf, -math.inf, 1e-300, 1.5]
    written = segments.write("r", group([("m", value, step, 1) for step, value in enumerate(values)]))
    path = tmp_path / "runs" / "r" / "metrics" / f"{written.name}.parquet"
    assert repr([value for (value,) in duckdb.execute(f"SELECT value FROM '{path}'").fetchall()]) == repr(values)
    old = "SELECT 'm' AS key, 9 AS step, 9 AS timestamp, NULL::DOUBLE AS value"
    duckdb.execute(f"COPY ({old}) TO '{path}.new' (FORMAT parquet)")
    path.with_name(f"{path.name}.new").replace(path)  # as earlier releases wrote NaN
    for segment in (written, segments.merge("r", [written])):
        found = segments.read("r", [segment], ["m"])["m"]
        assert type(found.value) is numpy.ndarray
        assert repr(rows_of(found)) == repr([(9, 9, math.nan)])


def test_a_store_in_a_folder_with_a_name_like_a_pattern_is_read(tmp_path: Path) -> None:
    for name in ("a", "[a]*"):
        client = Client(tmp_path / name)
        run_id = long_run(client, keys=1, points=2500)
        assert len(client.metrics.columns(run_id, "m0")) == 2500


def test_a_segment_that_is_no_parquet_says_so(tmp_path: Path) -> None:
    client = Client(tmp_path / "store")
    run_id = long_run(client, keys=1, points=2500)
    (segment,) = (tmp_path / "store" / "runs" / run_id / "metrics").iterdir()
    segment.write_bytes(b"no parquet at all")
    with pytest.raises(CorruptData, match=run_id):
        client.metrics.history(run_id, "m0")
    segment.unlink()
    with pytest.raises(ObjectNotFound):
        client.metrics.history(run_id, "m0")


# Requests


def test_a_warm_chart_of_20_runs_and_10_metrics_asks_for_20_documents(tmp_path: Path) -> None:
    store = MemoryStore(uuid.uuid4().hex)
    writer = Client(store)
    runs = [long_run(writer, keys=10, points=300) for _ in range(20)]
    segments = sum(len(list(store.list(f"runs/{run_id}/metrics/"))) for run_id in runs)
    assert segments == 20
    counting, client = counted(store)
    keys = [f"m{key}" for key in range(10)]
    first = client.metrics.series(runs, keys, buckets=100)
    assert counting.counts == {"get": 20 + segments}
    counting.reset()
    again = client.metrics.series(runs, keys, buckets=100)
    assert counting.counts == {"get": 20}
    assert [(series.run_id, series.key) for series in again] == [(run_id, key) for run_id in runs for key in keys]
    assert [s.sample.last.tolist() for s in again] == [s.sample.last.tolist() for s in first]
    counting.reset()
    client.metrics.history(runs[0], "m3")
    assert counting.counts == {"get": 1}


def test_segments_of_a_folder_are_read_where_they_are(tmp_path: Path) -> None:
    run_id = long_run(Client(tmp_path / "store"), keys=2, points=3000)
    counting, client = counted(FolderStore(tmp_path / "store"))
    assert len(client.metrics.history(run_id, "m1")) == 3000
    assert counting.counts == {"get": 1}


def test_a_metric_that_is_all_in_the_document_needs_no_segment(tmp_path: Path) -> None:
    store = MemoryStore(uuid.uuid4().hex)
    writer = Client(store)
    run_id = long_run(writer, keys=1, points=INLINE_POINTS + 1)
    writer.runs.log_batch(run_id, metrics=[Metric("late", 1.0, 1, 1)])
    counting, client = counted(store)
    assert len(client.metrics.history(run_id, "late")) == 1
    assert client.metrics.history(run_id, "never") == []
    assert counting.counts == {"get": 2}


def test_many_metrics_of_many_points_are_read_a_part_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(tmp_path / "store")
    run_id = long_run(client, keys=10, points=600)
    asked: list[int] = []
    read = Segments.read

    def watched(self: Segments, run: str, segments: Sequence, names: Sequence[str]) -> dict[str, MetricColumns]:
        asked.append(len(names))
        return read(self, run, segments, names)

    monkeypatch.setattr("cloudtrack.tracking.run_history._MOST_POINTS", 1800)
    monkeypatch.setattr(Segments, "read", watched)
    found = client.metrics.series([run_id], [f"m{key}" for key in range(10)])
    assert asked == [3, 3, 3, 1]
    assert [series.sample.raw for series in found] == [600] * 10


def test_a_file_merged_away_meanwhile_means_to_look_at_the_run_again(tmp_path: Path) -> None:
    store = MemoryStore(uuid.uuid4().hex)
    writer = Client(store)
    run_id = long_run(writer, keys=1, points=7 * 2500)
    expected = writer.metrics.history(run_id, "m0")

    class Merging(ForwardingStore):
        """The run's eighth segment comes, and all are merged, between the look at the run and at its files."""

        def read(self, key: str, *, start: int = 0, length: int | None = None) -> Reading:
            if not merged:
                merged.append(True)
                writer.runs.log_batch(run_id, metrics=[Metric("more", 1.0, step, step) for step in range(2500)])
            return super().read(key, start=start, length=length)

    merged: list[bool] = []
    assert Client(Merging(store)).metrics.history(run_id, "m0") == expected
    assert len(list(store.list(f"runs/{run_id}/metrics/"))) == 1


# Local copies


def filled(files: int) -> tuple[CountingStore, list[str]]:
    counting = CountingStore(MemoryStore())
    names = [f"runs/r/metrics/{number}.parquet" for number in range(files)]
    for number, name in enumerate(names):
        counting.inner.create(name, bytes([number]) * 100)
    return counting, names


def test_copies_are_given_up_beyond_a_size_the_least_recently_used_first() -> None:
    store, (a, b, c, d) = filled(4)
    files = SegmentFiles(store, most_bytes=300)
    for asked in ([a], [b], [c], [a], [d]):
        with files.opened(asked) as paths:
            assert [path.read_bytes() for path in paths] == [store.inner.get(key).body for key in asked]
    assert store.counts == {"get": 4}
    with files.opened([a, c, d]):
        assert store.counts == {"get": 4}
    with files.opened([b]):
        assert store.counts == {"get": 5}


def test_a_copy_stays_while_it_is_read() -> None:
    store, keys = filled(5)
    files = SegmentFiles(store, most_bytes=0)
    with files.opened(keys) as paths:
        with files.opened(keys[:2]):
            pass
        assert all(path.exists() for path in paths)
    assert not any(path.exists() for path in paths)


def test_a_copy_that_was_swept_away_is_fetched_again() -> None:
    store, keys = filled(2)
    files = SegmentFiles(store)
    with files.opened(keys) as paths:
        for path in paths:
            path.unlink()
    with files.opened(keys) as paths:
        assert all(path.exists() for path in paths)
    assert store.counts == {"get": 4}


def test_copies_go_with_the_store_that_they_are_of() -> None:
    store, keys = filled(2)
    files = SegmentFiles(store)
    with files.opened(keys) as paths:
        folder = paths[0].parent
    assert folder.exists()
    del files
    assert not folder.exists()


def test_a_forked_child_has_copies_of_its_own() -> None:
    store, keys = filled(2)
    files = SegmentFiles(store)
    with files.opened(keys) as paths:
        pass
    child = os.fork()
    if not child:
        with files.opened(keys) as own:
            same = {path.parent for path in own} == {path.parent for path in paths}
        del files
        os._exit(1 if same else 0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert all(path.exists() for path in paths)


def read_or_write(url: str, run_id: str, reads: bool) -> None:
    client = Client(url)
    for part in range(1, 9):
        if reads:
            steps = client.metrics.columns(run_id, "m0").step.tolist()
            assert steps[:2500] == list(range(2500))
            assert len(steps) % 2500 == 0
        else:
            steps = range(100_000 * part, 100_000 * part + 2500)
            client.runs.log_batch(run_id, metrics=[Metric("m0", 1.0, step, step) for step in steps])


@pytest.mark.parametrize("store_url", ["folder", "seaweed-obstore"], indirect=True)
def test_a_run_is_read_whole_while_it_is_written_and_merged(store_url: str) -> None:
    client = Client(store_url)
    run_id = long_run(client, keys=1, points=5000)
    run_together(read_or_write, [(store_url, run_id, reads) for reads in (True, True, False)])
    assert len(client.metrics.history(run_id, "m0")) == 5000 + 8 * 2500


# Series


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path / "store")


def test_x_is_the_step_the_time_or_the_time_since_the_runs_first_point(client: Client) -> None:
    run_id = long_run(client, keys=1, points=3000, began=50_000)
    client.runs.log_batch(run_id, metrics=[Metric("early", 1.0, 49_000, 7), Metric("late", 2.0, 60_000, 8)])
    found = {
        x: client.metrics.series([run_id], ["m0", "late"], x=x, buckets=5000) for x in ("step", "time", "relative")
    }
    assert found["step"][0].sample.x.tolist() == list(range(3000))
    assert found["time"][0].sample.x.tolist() == [50_000 + 7 * step for step in range(3000)]
    assert found["relative"][0].sample.x.tolist() == [1_000 + 7 * step for step in range(3000)]
    assert [found[x][1].sample.x.tolist() for x in found] == [[8], [60_000], [11_000]]
    assert all(series.sample.is_exact for both in found.values() for series in both)


def test_a_series_by_time_is_in_order_of_time(client: Client) -> None:
    run_id = client.runs.create("0").info.run_id
    client.runs.log_batch(run_id, metrics=[Metric("m", float(i), 100 - i, i) for i in range(50)])
    (series,) = client.metrics.series([run_id], ["m"], x="time")
    assert series.sample.x.tolist() == list(range(51, 101))
    assert series.sample.last.tolist() == [float(i) for i in reversed(range(50))]


def test_a_window_is_what_counts_and_both_of_its_ends_are_in_it(client: Client) -> None:
    run_id = long_run(client, keys=1, points=3000)
    (all_of_it,) = client.metrics.series([run_id], ["m0"], buckets=50)
    (window,) = client.metrics.series([run_id], ["m0"], from_=1000, to=1049, buckets=50)
    assert (all_of_it.sample.raw, all_of_it.sample.is_exact, len(all_of_it.sample.x)) == (3000, False, 50)
    assert (window.sample.raw, window.sample.is_exact) == (50, True)
    assert window.sample.x.tolist() == list(range(1000, 1050))
    (empty,) = client.metrics.series([run_id], ["m0"], from_=5000, buckets=50)
    assert (empty.sample.raw, empty.sample.is_exact) == (0, True)


def test_a_spike_survives_and_lttb_gives_points(client: Client) -> None:
    run_id = long_run(client, keys=1, points=4000)
    client.runs.log_batch(run_id, metrics=[Metric("m0", 1e9, 1, 1234), Metric("m0", math.nan, 1, 2345)])
    for method in ("minmax", "lttb"):
        (series,) = client.metrics.series([run_id], ["m0"], buckets=20, method=method)
        highest = series.sample.last if series.sample.buckets is None else series.sample.buckets.max
        assert highest.max() == 1e9
        assert (series.sample.nan.count, series.sample.nan.x.tolist()) == (1, [2345])
        assert (len(series.sample.x), series.sample.raw) == (20, 4002)


def test_runs_without_a_metric_have_an_empty_series_of_it(client: Client) -> None:
    run_id = long_run(client, keys=1, points=10)
    found = client.metrics.series([run_id, run_id], ["m0", "none", "m0"])
    assert [(series.key, series.sample.raw) for series in found] == [("m0", 10), ("none", 0)]
    assert client.metrics.series([], ["m0"]) == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"x": "epoch"}, "step, time, relative"),
        ({"method": "mean"}, "minmax, lttb"),
        ({"buckets": 2}, "from 3 to"),
        ({"buckets": 10_001}, "to 10000"),
        ({"from_": 2, "to": 1}, "after its end"),
    ],
)
def test_what_makes_no_sense_is_refused(client: Client, arguments: dict, text: str) -> None:
    with pytest.raises(InvalidInput, match=text):
        client.metrics.series(["0" * 32], ["m"], **arguments)


def test_an_unknown_run_and_a_key_that_cannot_be_are_refused(client: Client) -> None:
    with pytest.raises(NotFound):
        client.metrics.series(["0" * 32], ["m"])
    with pytest.raises(InvalidInput):
        client.metrics.series(["0" * 32], ["../m"])


def test_a_writer_whose_segments_another_has_merged_goes_on(tmp_path: Path) -> None:
    """The slower of two mergers finds the files gone: its own commit has been made all the same."""
    store = MemoryStore(uuid.uuid4().hex)
    documents = RunDocuments(store)
    run = documents.create(RunDocument(run_id="r", experiment_id="0"))
    for number in range(7):
        points = {"m": Points(step=[number] * 2001, timestamp=list(range(2001)), value=[0.5] * 2001)}
        run = documents.update("r", lambda draft, points=points: fold(draft, points))
    for segment in run.document.segments[:3]:
        store.delete(keys.segment("r", segment.name))
    last = {"m": Points(step=[9] * 2001, timestamp=list(range(2001)), value=[0.5] * 2001)}
    after = documents.update("r", lambda draft: fold(draft, last))
    assert len(after.document.segments) == 8

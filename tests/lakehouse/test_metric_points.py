"""Every point is in ``metrics``; and only the runs are read that a statement needs, where that is plain."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudtrack.lakehouse import metric_points
from cloudtrack.lakehouse.narrowing import narrowed
from cloudtrack.lakehouse.statement import parse_statement
from cloudtrack.storage.object_store import Object, ObjectStore
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.segment_files import SegmentFiles
from tests.lakehouse.samples import SPILLED, fill, open_client, open_lakehouse, rows_of
from tests.storage.lossy import ForwardingStore

NARROW = [
    "SELECT count(*) FROM metrics WHERE run_id = '{old}'",
    "SELECT count(*) FROM metrics JOIN runs USING (run_id) WHERE metrics.run_id = '{old}' AND status = 'FINISHED'",
    "SELECT count(*) FROM metrics m WHERE key = 'loss' AND m.run_id IN ('{old}', 'nowhere')",
    "SELECT count(*) FROM metrics WHERE run_id IN (SELECT run_id FROM runs WHERE run_name = 'run 3')",
    "SELECT count(*) FROM metrics WHERE run_id = '{old}' OR run_id = 'nowhere'",
    "SELECT count(*) FROM metrics WHERE run_id IN (SELECT run_id FROM runs WHERE status = 'FINISHED' "
    "ORDER BY start_time DESC LIMIT 1 OFFSET 4)",
]
WIDE = [
    "SELECT count(*) FROM metrics",
    "SELECT count(*) FROM metrics WHERE run_id = '{old}' OR step = 3",
    "SELECT count(*) FROM metrics WHERE run_id LIKE '{old}%'",
    "SELECT count(*) FROM metrics a JOIN metrics b USING (step) WHERE a.run_id = '{old}'",
    "SELECT count(*) FROM runs LEFT JOIN metrics m USING (run_id) WHERE m.run_id IS NULL",
    "SELECT count(*) FROM metrics AS m(key, run_id) WHERE run_id = 'loss'",
    "WITH runs AS (SELECT 'x' AS run_id) SELECT count(*) FROM metrics WHERE run_id IN (FROM runs)",
    "WITH best AS (SELECT run_id FROM runs WHERE run_name = 'run 3') "
    "SELECT count(*) FROM metrics WHERE run_id IN (FROM best)",
    "SELECT (SELECT count(*) FROM metrics WHERE run_id = r.run_id) FROM runs r WHERE run_name = 'run 3'",
]


class ReadingStore(ForwardingStore):
    """Remembers which runs are read."""

    def __init__(self, inner: ObjectStore) -> None:
        super().__init__(inner)
        self.runs: set[str] = set()

    def get(self, key: str, *, unless_etag: str = "") -> Object:
        if key.startswith("runs/"):
            self.runs.add(key.split("/")[1])
        return super().get(key, unless_etag=unless_etag)


@pytest.mark.parametrize("sql", NARROW)
def test_only_the_runs_that_a_statement_plainly_asks_for_are_read(sql: str, store: ObjectStore, tmp_path: Path) -> None:
    ids = fill(open_client(store, tmp_path))
    reading = ReadingStore(store)
    client = open_client(reading, tmp_path)
    tables = open_lakehouse(client)
    with tables.query("SELECT count(*) FROM runs"):
        reading.runs.clear()  # what the index lacks is read for every statement
    with tables.query("SELECT count(*) FROM runs"):
        pending = set(reading.runs)
    reading.runs.clear()
    with tables.query(sql.format(old=ids["old 3"])) as answer:
        assert list(answer) == [(2,)]
    assert reading.runs - pending == {ids["old 3"]}


@pytest.mark.parametrize("sql", WIDE)
def test_where_it_is_not_plain_every_run_is_read(sql: str, store: ObjectStore, tmp_path: Path) -> None:
    client = open_client(store, tmp_path)
    ids = fill(client)
    statement = parse_statement(sql.format(old=ids["old 3"]))
    assert narrowed(statement, {"runs", "metrics"}, lambda _select: "")[1] is None
    with open_lakehouse(client).query(statement.text) as answer:
        assert len(answer)


def test_a_subquery_that_fails_by_itself_narrows_nothing(store: ObjectStore, tmp_path: Path) -> None:
    client = open_client(store, tmp_path)
    fill(client)
    sql = "SELECT count(*) FROM metrics m WHERE run_id IN (SELECT run_id FROM params p WHERE p.value = m.step::VARCHAR)"
    assert rows_of(client, sql) == [(3,)]  # of runs 0, 1 and 7, each the point whose step is its number


def test_a_subquery_is_asked_once_so_that_chance_changes_nothing(store: ObjectStore, tmp_path: Path) -> None:
    client = open_client(store, tmp_path)
    fill(client)
    sql = (
        "SELECT count(DISTINCT run_id) FROM metrics WHERE run_id IN (SELECT run_id FROM runs ORDER BY random() LIMIT 3)"
    )
    assert [rows_of(client, sql) for _ in range(5)] == [[(3,)]] * 5


def test_runs_without_points_are_found_by_an_outer_join(store: ObjectStore, tmp_path: Path) -> None:
    client = open_client(store, tmp_path)
    fill(client)
    empty = client.runs.create("0").info.run_id
    sql = "SELECT r.run_id FROM runs r LEFT JOIN metrics m ON m.run_id = r.run_id WHERE m.run_id IS NULL"
    assert rows_of(client, sql) == [(empty,)]


@pytest.mark.parametrize("store_url", ["folder", "moto-obstore"], indirect=True)
def test_equal_points_are_there_once_and_nan_is_nan(store: ObjectStore, tmp_path: Path) -> None:
    client = open_client(store, tmp_path)
    ids = fill(client)
    where = f"key = 'curve' AND run_id = '{ids['long']}'"
    found = rows_of(client, f"SELECT count(*), count(value) FILTER (isnan(value)) FROM metrics WHERE {where}")
    assert found == [(SPILLED, 1)]


def test_many_runs_are_read_some_after_others(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = open_client(store, tmp_path)
    fill(client)
    expected = rows_of(client, "SELECT * FROM metrics ORDER BY ALL")
    monkeypatch.setattr(metric_points, "RUNS_AT_ONCE", 2)
    monkeypatch.setattr(metric_points, "POINTS_AT_ONCE", 3)
    assert repr(rows_of(client, "SELECT * FROM metrics ORDER BY ALL")) == repr(expected)


def test_a_segment_merged_away_meanwhile_means_to_look_at_the_run_again(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = open_client(store, tmp_path)
    ids = fill(client)
    before = SegmentFiles.opened
    moved: list[str] = []

    def moved_first(files: SegmentFiles, keys: list[str]) -> object:
        if not moved:
            moved.extend(keys)
            RunDocuments(store).update(ids["long"], rename)
            for key in keys:
                store.delete(key)
        return before(files, keys)

    def rename(document: RunDocument) -> None:
        for segment in document.segments:
            body = store.get(f"runs/{document.run_id}/metrics/{segment.name}.parquet").body
            segment.name += "x"
            store.create(f"runs/{document.run_id}/metrics/{segment.name}.parquet", body)

    monkeypatch.setattr(SegmentFiles, "opened", moved_first)
    found = rows_of(client, f"SELECT count(*) FROM metrics WHERE run_id = '{ids['long']}' AND key = 'curve'")
    assert found == [(SPILLED,)]
    assert moved

"""The tables say what the SDK says, whatever is compacted, changed since, or under way."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cloudtrack import config
from cloudtrack.client import Client
from cloudtrack.entities.run import Metric, Run
from cloudtrack.errors import CloudtrackError, InvalidInput
from cloudtrack.lakehouse.session import Session
from cloudtrack.lakehouse.tables import TABLES, Tables
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.streaming import Progress, Transfer
from cloudtrack.tracking.documents import Points, RunDocument
from cloudtrack.tracking.points import summarize
from cloudtrack.tracking.run_source import run_row
from tests.conftest import KINDS
from tests.lakehouse.samples import all_runs, fill, finish, open_client, open_lakehouse, rows_of, same
from tests.storage.lossy import ForwardingStore
from tests.thoroughness import examples

RUNS = """
    SELECT run_id, experiment_id, run_name, status, lifecycle_stage, start_time_ms, end_time_ms, epoch_ms(start_time),
        params, tags, metrics
    FROM runs ORDER BY run_id
"""


def expected_runs(runs: list[Run]) -> list[tuple[Any, ...]]:
    """What ``RUNS`` must find."""
    return [
        (
            run.info.run_id,
            run.info.experiment_id,
            run.info.run_name,
            run.info.status,
            run.info.lifecycle_stage,
            run.info.start_time,
            run.info.end_time,
            run.info.start_time,
            run.data.params,
            run.data.tags,
            run.data.metrics,
        )
        for run in sorted(runs, key=lambda run: run.info.run_id)
    ]


def in_order(row: tuple[Any, ...]) -> list[Any]:
    """A row whose maps are in the order of their keys."""
    return [sorted(cell.items()) if isinstance(cell, dict) else cell for cell in row]


def agree(client: Client) -> None:
    """The run tables of a store say what the SDK says."""
    tables = open_lakehouse(client)
    runs = all_runs(client)
    with tables.query(RUNS) as answer:
        assert same([*map(in_order, answer)], [*map(in_order, expected_runs(runs))])
    for kind in ("params", "tags"):
        with tables.query(f"SELECT run_id, key, value FROM {kind} ORDER BY ALL") as answer:
            pairs = [(run.info.run_id, key, value) for run in runs for key, value in getattr(run.data, kind).items()]
            assert list(answer) == sorted(pairs)
    with tables.query("SELECT run_id, key, value, min, max, mean, count FROM latest_metrics ORDER BY run_id, key") as a:
        summaries = [
            (run.info.run_id, key, s.value, s.min, s.max, s.mean, float(s.count))
            for run in runs
            for key, s in run.data.summaries.items()
        ]
        assert same(list(a), sorted(summaries, key=lambda row: row[:2]))
    with tables.query("SELECT run_id, key, step, timestamp_ms, value FROM metrics ORDER BY ALL") as answer:
        points = [
            (run.info.run_id, point.key, point.step, point.timestamp, point.value)
            for run in runs
            for key in run.data.metrics
            for point in client.metrics.history(run.info.run_id, key)
        ]
        assert same(list(answer), sorted(points, key=lambda row: (*row[:4], row[4] != row[4], row[4])))


OFTEN = ("folder", "seaweed-obstore")
"""Kinds of stores that are tried by make test too."""


@pytest.mark.parametrize(
    "store_url",
    [pytest.param(kind, marks=[] if kind in OFTEN else pytest.mark.slow) for kind in KINDS],
    indirect=True,
)
def test_the_tables_agree_with_the_sdk_on_every_kind_of_store(store: ObjectStore, tmp_path: Path) -> None:
    client = open_client(store, tmp_path)
    agree(client)
    fill(client)
    agree(client)


@pytest.mark.parametrize("store_url", ["folder", "moto-obstore"], indirect=True)
def test_a_copy_of_the_store_has_the_same_tables_after_compaction(store: ObjectStore, tmp_path: Path) -> None:
    client = open_client(store, tmp_path)
    fill(client)
    before = rows_of(client, RUNS)
    for experiment in client.experiments.search():
        client.run_index.compact(experiment.experiment_id)
    assert same([*map(in_order, rows_of(client, RUNS))], [*map(in_order, before)])


class TablesMachine(RuleBasedStateMachine):
    """Runs with few keys, spelled in two cases, written and compacted in any order."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.client = Client(MemoryStore(uuid.uuid4().hex), spool_dir=self.folder / "spool")
        self.experiments = ["0", self.client.experiments.create("one")]
        self.ids: list[str] = []

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @rule(which=st.integers(0, 1), keys=st.sets(st.sampled_from(["a", "A", "b", "c.d"])))
    def create(self, which: int, keys: set[str]) -> None:
        run_id = self.client.runs.create(self.experiments[which]).info.run_id
        metrics = [
            Metric(key, value, 1) for key, value in zip(sorted(keys), (0.5, float("nan"), -1.0, 2.0), strict=False)
        ]
        self.client.runs.log_batch(
            run_id, metrics=metrics, params=dict.fromkeys(keys, "x"), tags=dict.fromkeys(keys, "y")
        )
        self.ids.append(run_id)

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), status=st.sampled_from(["FINISHED", "RUNNING"]))
    def change(self, data: st.DataObject, status: str) -> None:
        run_id = data.draw(st.sampled_from(self.ids))
        with contextlib.suppress(CloudtrackError):
            self.client.runs.log_batch(run_id, tags={data.draw(st.sampled_from(["a", "A", "new"])): "z"})
            self.client.runs.update(run_id, status=status)

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        self.client.runs.delete(data.draw(st.sampled_from(self.ids)))

    @rule(which=st.integers(0, 1))
    def compact(self, which: int) -> None:
        self.client.run_index.compact(self.experiments[which])

    @invariant()
    def the_tables_agree(self) -> None:
        if hasattr(self, "client"):
            agree(self.client)


TestTablesMachine = TablesMachine.TestCase
TestTablesMachine.settings = settings(
    max_examples=examples(12), stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_names_that_differ_by_case_alone_are_kept_apart(store: ObjectStore, tmp_path: Path) -> None:
    client = open_client(store, tmp_path)
    ids = fill(client)
    assert rows_of(client, "SELECT run_id, value FROM params WHERE key = 'Number'") == [(ids["spelled"], "big")]
    found = rows_of(client, "SELECT params['Number'], params['number'] FROM runs WHERE params['Number'] IS NOT NULL")
    assert found == [("big", "6")]
    assert len(rows_of(client, 'SELECT run_id FROM runs WHERE "params.number" IS NOT NULL')) == 8


def test_wide_columns_have_values_dots_and_summaries(store: ObjectStore, tmp_path: Path) -> None:
    client = open_client(store, tmp_path)
    ids = fill(client)
    found = rows_of(
        client,
        f"""SELECT "metrics.loss", "metrics.loss@min", "metrics.loss@count", "params.rate", "tags.mlflow.runName",
            experiment_name FROM runs WHERE run_id = '{ids["new 4"]}'""",
    )
    assert found == [(0.1, 0.1, 2.0, "0.1", "run 4", "two")]


def test_what_is_too_rare_for_a_column_can_be_asked_for_by_name(store: ObjectStore, tmp_path: Path) -> None:
    client = open_client(store, tmp_path)
    rare = {"rare": "x", "RARE": "y"}
    documents = [
        RunDocument(
            version=1,
            run_id=f"run{number}",
            experiment_id="0",
            status="FINISHED",
            params={f"p{key}": str(number) for key in range(120)} | (rare if number == 7 else {}),
            metrics={"rare": summarize(Points(step=[1, 2], timestamp=[1, 2], value=[0.5, 0.25]))}
            if number == 7
            else {},
        )
        for number in range(450)
    ]
    index = client.run_index.rebuilding("0")
    index.add([run_row(document) for document in documents])
    index.commit()
    assert rows_of(client, """SELECT count(*) FROM (DESCRIBE runs) WHERE column_name ILIKE '%rare%'""") == [(0,)]
    found = (
        """SELECT run_id, "params.rare", r."metrics.rare", "metrics.rare@min" FROM runs r WHERE "params.rare" = 'x'"""
    )
    assert rows_of(client, found) == [("run7", "x", 0.25, 0.25)]
    assert rows_of(client, """SELECT "params.RARE" FROM runs WHERE "params.RARE" IS NOT NULL""") == [("y",)]
    assert rows_of(client, "SELECT params['rare'], params['RARE'], metrics FROM runs WHERE run_id = 'run7'") == [
        ("x", "y", {"rare": 0.25})
    ]
    assert rows_of(client, "SELECT * FROM latest_metrics") == [("run7", "rare", 0.25, 0.25, 0.5, 0.375, 2.0)]
    assert rows_of(client, "SELECT key, value FROM params WHERE key ILIKE 'rare' ORDER BY value") == [*rare.items()]
    with pytest.raises(InvalidInput, match=r'"params.typo" not found'):
        rows_of(client, """SELECT "params.typo" FROM runs""")


def test_rows_of_datasets_are_lists(store: ObjectStore, tmp_path: Path) -> None:
    from cloudtrack.entities.dataset import Dataset, DatasetInput

    client = open_client(store, tmp_path)
    run_id = finish(client, "0", 1)
    client.runs.log_inputs(run_id, [DatasetInput(Dataset("wine", "d1", "local", "{}"))])
    assert rows_of(client, """SELECT "datasets.name" FROM runs""") == [(["wine"],)]
    client.run_index.compact("0")
    assert rows_of(client, """SELECT "datasets.name" FROM runs""") == [(["wine"],)]


def test_a_part_merged_away_under_a_statement_means_to_begin_again(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = open_client(store, tmp_path)
    run_id = finish(client, "0", 1)
    client.run_index.compact("0")
    before = Session.lock
    times: list[int] = []

    def compacted_first(session: Session) -> None:
        times.append(1)
        if len(times) < 3:
            client.runs.log_batch(run_id, tags={"time": str(len(times))})
            client.run_index.compact("0")  # the only row of the part is dead: the part goes
        before(session)

    monkeypatch.setattr(Session, "lock", compacted_first)
    assert rows_of(client, "SELECT tags['time'] FROM runs") == [("2",)]
    assert len(times) == 3


def test_show_tables_and_describe_name_everything_and_read_no_points(store: ObjectStore, tmp_path: Path) -> None:
    client = open_client(store, tmp_path)
    fill(client)
    assert {name for (name,) in rows_of(client, "SHOW TABLES")} == TABLES
    columns = {name: kind for name, kind, *_ in rows_of(client, "DESCRIBE metrics")}
    assert columns == {
        "run_id": "VARCHAR",
        "key": "VARCHAR",
        "step": "BIGINT",
        "timestamp": "TIMESTAMP",
        "timestamp_ms": "BIGINT",
        "value": "DOUBLE",
    }
    assert rows_of(client, "SELECT count(*) FROM (SUMMARIZE SELECT * FROM metrics WHERE isfinite(value))") == [(6,)]


def test_the_registry_is_there_with_its_history(store: ObjectStore, tmp_path: Path) -> None:
    client = open_client(store, tmp_path)
    run_id = finish(client, "0", 1)
    client.registered_models.create("wine", tags={"team": "a"}, description="red")
    for _ in range(2):
        client.model_versions.create("wine", f"runs:/{run_id}/model", run_id=run_id, tags={"k": "v"})
    client.stages.transition("wine", 2, "Production", comment="good")
    client.aliases.set("wine", "champion", 2)
    client.registered_models.create("gone")
    client.registered_models.delete("gone")
    assert rows_of(client, "SELECT name, description, tags, aliases, user_id FROM registered_models") == [
        ("wine", "red", {"team": "a"}, {"champion": 2}, "tester")
    ]
    joined = rows_of(
        client,
        """SELECT v.version, v.current_stage, v.aliases, v.tags, r."metrics.loss" FROM versions v
           JOIN runs r USING (run_id) ORDER BY version""",
    )
    assert joined == [(1, "None", [], {"k": "v"}, 0.25), (2, "Production", ["champion"], {"k": "v"}, 0.25)]
    events = rows_of(client, "SELECT name, number, type, version, actor, comment FROM events ORDER BY name, number")
    assert events[:2] == [
        ("gone", 1, "model_created", None, "tester", None),
        ("gone", 2, "model_deleted", None, "tester", None),
    ]
    assert ("wine", 4, "stage_transitioned", 2, "tester", "good") in events
    assert rows_of(client, "SELECT change->>'to_stage' FROM events WHERE type = 'stage_transitioned'") == [
        ("Production",)
    ]
    assert rows_of(client, "SELECT name, lifecycle_stage FROM experiments") == [("Default", "active")]


def test_an_answer_is_closed_with_its_files(store: ObjectStore, tmp_path: Path) -> None:
    client = open_client(store, tmp_path)
    fill(client)
    tables: Tables = open_lakehouse(client)
    before = set(Path(tempfile.gettempdir()).glob("cloudtrack-sql-*"))
    with tables.query("SELECT * FROM metrics", limit=5) as answer:
        assert len(answer) == len(list(answer)) == 5
    with pytest.raises(ValueError, match="wrong"):
        tables.query("SELECT nothing FROM runs")
    assert set(Path(tempfile.gettempdir()).glob("cloudtrack-sql-*")) - before == set()


@pytest.mark.parametrize("store_url", ["moto-obstore"], indirect=True)
def test_parts_of_a_bucket_are_downloaded_once(store: ObjectStore, tmp_path: Path) -> None:
    client = open_client(store, tmp_path)
    fill(client)
    for experiment in client.experiments.search():
        client.run_index.compact(experiment.experiment_id)
    shutil.rmtree(config.cache_dir())
    downloads = []
    for _ in range(2):
        reading = DownloadingStore(store)
        rows_of(open_client(reading, tmp_path), "SELECT * FROM runs")
        downloads.append([key for key in reading.downloaded if key.endswith(".parquet")])
    assert len(downloads[0]) == len(set(downloads[0])) >= 2
    assert downloads[1] == []


class DownloadingStore(ForwardingStore):
    """Remembers which objects are downloaded."""

    def __init__(self, inner: ObjectStore) -> None:
        super().__init__(inner)
        self.downloaded: list[str] = []

    def download(self, key: str, target: Path, *, progress: Progress | None = None) -> Transfer:
        self.downloaded.append(key)
        return super().download(key, target, progress=progress)

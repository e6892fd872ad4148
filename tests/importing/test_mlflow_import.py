"""What MLflow holds comes as it is, once, whatever stops it; and strangers' files lead nowhere."""

from __future__ import annotations

import json
import math
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.errors import AlreadyExists, InvalidInput, NotFound
from cloudtrack.importing.foreign import ForeignFile, ForeignRun, Source
from cloudtrack.importing.importer import ImportReport, run_import
from cloudtrack.importing.mlflow_export import MlflowExport
from cloudtrack.importing.opening import open_mlflow
from cloudtrack.storage.memory import MemoryStore
from tests.cli.commands import cloudtrack
from tests.faults.crashing import CrashingStore
from tests.importing.builders import CHILD, MODEL, RUN, START, database, folder, without_logged_models, write
from tests.importing.content import content_of
from tests.servers.cloudtrack_server import cloudtrack_server
from tests.storage.lossy import CountingStore, Stopped
from tests.thoroughness import IS_THOROUGH


@pytest.fixture
def mlruns(tmp_path: Path) -> Path:
    return folder(tmp_path / "mlruns")


def imported(source: Source, client: Client | None = None, **options: object) -> tuple[Client, ImportReport]:
    client = client or Client(MemoryStore(), user="importer")
    return client, run_import(client, source, **options)


def test_a_folder_comes_as_it_is(mlruns: Path) -> None:
    client, report = imported(open_mlflow(str(mlruns)))
    assert report.failures == 0
    assert {kind: count.imported for kind, count in report.counts.items()} == {
        "experiments": 3,
        "logged models": 1,
        "runs": 2,
        "points": 4,
        "artifacts": 2,
        "registered models": 1,
        "versions": 2,
    }
    first = client.experiments.get("7")
    assert (first.name, first.creation_time, first.last_update_time, first.tags) == (
        *("first", START, START + 5),
        {"team": "red"},
    )
    assert client.experiments.get("0").creation_time == START
    assert client.experiments.get("8").lifecycle_stage == "deleted"
    run = client.runs.get(RUN)
    assert (run.info.run_name, run.info.user_id, run.info.status) == ("one", "ann", "FINISHED")
    assert (run.info.start_time, run.info.end_time) == (START, START + 100)
    assert run.data.params == {"lr": "0.1", "empty": ""}
    history = client.metrics.history(RUN, "val/loss")
    assert sorted((p.step, p.timestamp, repr(p.value)) for p in history) == [
        (0, START, "0.5"),
        (1, START + 1, "0.25"),
        (1, START + 1, "nan"),
        (2, START + 2, "-inf"),
    ]
    use = run.inputs.dataset_inputs[0]
    assert (use.dataset.name, use.tags[0].value) == ("train", "training")
    assert [(made.model_id, made.step) for made in run.outputs.model_outputs] == [(MODEL, 3)]
    assert client.artifacts.read(RUN, "model/MLmodel") == b"flavors: {}\n"
    assert client.logged_model_artifacts.read(MODEL, "weights.bin") == b"weights"
    model = client.logged_models.get(MODEL)
    assert (model.status, model.creation_timestamp, model.last_updated_timestamp) == ("READY", START, START + 3)
    assert [(point.value, point.dataset_name) for point in model.metrics] == [(0.75, "train")]
    assert client.runs.get(CHILD).info.lifecycle_stage == "deleted"
    client.runs.restore_experiment("8")
    assert client.runs.get(CHILD).info.lifecycle_stage == "active"


def test_versions_keep_numbers_times_and_stages_and_the_history_says_who_imported(mlruns: Path) -> None:
    client, _ = imported(open_mlflow(str(mlruns)))
    churn = client.registered_models.get("churn")
    assert (churn.creation_timestamp, churn.last_updated_timestamp) == (START, START + 50)
    assert (churn.description, churn.tags, churn.aliases) == ("who leaves", {"owner": "ann"}, {"champion": 2})
    found = [(v.version, v.current_stage, v.creation_timestamp, v.last_updated_timestamp, v.user_id, v.source)
             for v in client.model_versions.list("churn")]  # fmt: skip
    assert found == [
        (4, "None", START + 4, START + 40, "bob", f"runs:/{RUN}/model"),
        (2, "Production", START + 2, START + 20, "bob", f"runs:/{RUN}/model"),
    ]
    events = client.history.events("churn")
    assert {event.actor for event in events} == {"importer"}
    assert all(event.time_ms > START + 10**10 for event in events)
    client.history.verify("churn")
    assert client.model_versions.create("churn", "runs:/x/y").version == 5
    assert client.registered_models.get("churn").last_updated_timestamp > START + 50
    assert client.model_index.models is not None
    assert client.registered_models.search()[0].creation_timestamp == START


def test_a_database_has_the_same_content_as_a_folder(tmp_path: Path, mlruns: Path) -> None:
    without_logged_models(mlruns)
    of_folder = content_of(imported(open_mlflow(str(mlruns)))[0])
    path = database(tmp_path / "database")
    client, report = imported(open_mlflow(str(path)))
    assert content_of(client) == of_folder
    assert [(each.kind, each.count) for each in report.omitted] == [("traces", 2)]


def test_a_server_has_the_same_content_as_what_it_serves(tmp_path: Path, mlruns: Path) -> None:
    served, _ = imported(open_mlflow(str(mlruns)), Client(tmp_path / "served", user="importer"))
    with cloudtrack_server(str(tmp_path / "served"), tmp_path) as server:
        client, report = imported(open_mlflow(server.url))
    assert report.failures == 0
    assert content_of(client) == content_of(served)


def test_a_second_import_writes_nothing(mlruns: Path) -> None:
    store = CountingStore(MemoryStore())
    client, _ = imported(open_mlflow(str(mlruns)), Client(store))
    store.reset()
    _, again = imported(open_mlflow(str(mlruns)), client)
    assert store.writes == 0
    assert again.imported == 0
    assert again.counts["runs"].there == 2


def test_a_dry_run_writes_nothing_and_foretells_the_same(mlruns: Path) -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    store.reset()
    _, dry = imported(open_mlflow(str(mlruns)), client, is_dry=True)
    assert store.writes == 0
    _, report = imported(open_mlflow(str(mlruns)), client)
    for kind in ("experiments", "runs", "logged models", "registered models", "versions"):
        assert dry.counts[kind] == report.counts[kind]


def test_a_run_that_is_imported_costs_few_requests(mlruns: Path) -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    imported(open_mlflow(str(mlruns)), client)
    store.reset()
    home = mlruns / "7" / ("d" * 32)
    write(home / "meta.yaml", f"run_id: {'d' * 32}\nexperiment_id: '7'\nstatus: 3\nstart_time: 1\n")
    before = store.requests
    imported(open_mlflow(str(mlruns)), client)
    assert store.written == [f"experiments/7/index/pending/{'d' * 32}.1", f"runs/{'d' * 32}/run.json"]
    there = store.requests - before
    store.reset()
    imported(open_mlflow(str(mlruns)), client)
    assert there - store.requests == 2


def test_killed_at_any_write_it_goes_on_to_the_same_content(mlruns: Path) -> None:
    client, _ = imported(open_mlflow(str(mlruns)))
    expected = content_of(client)
    counting = CountingStore(MemoryStore())
    imported(open_mlflow(str(mlruns)), Client(counting, user="importer"))
    assert counting.writes > 40
    for writes in range(0, counting.writes, 1 if IS_THOROUGH else 7):
        inner = MemoryStore()
        with pytest.raises(Stopped):
            imported(open_mlflow(str(mlruns)), Client(CrashingStore(inner, writes=writes), user="importer"))
        resumed, report = imported(open_mlflow(str(mlruns)), Client(inner, user="importer"))
        assert report.failures == 0
        found = content_of(resumed)
        assert found == expected, writes
        _, again = imported(open_mlflow(str(mlruns)), resumed)
        assert again.imported == 0


def test_what_was_changed_after_an_import_stays_changed(mlruns: Path) -> None:
    client, _ = imported(open_mlflow(str(mlruns)))
    client.experiments.rename("7", "mine")
    client.runs.log_batch(RUN, metrics=[Metric("new", 1.0, 1)], tags={"k": "v"})
    client.aliases.delete("churn", "champion")
    client.stages.transition("churn", 2, "Archived")
    before = content_of(client)
    _, report = imported(open_mlflow(str(mlruns)), client)
    assert report.imported == 0
    assert content_of(client) == before


def test_versions_that_were_registered_since_come_too(mlruns: Path) -> None:
    client, _ = imported(open_mlflow(str(mlruns)))
    text = (mlruns / "models/churn/version-4/meta.yaml").read_text()
    write(mlruns / "models/churn/version-5/meta.yaml", text.replace("version: 4", "version: 5"))
    _, report = imported(open_mlflow(str(mlruns)), client)
    assert (report.counts["versions"].imported, report.counts["versions"].there) == (1, 2)
    assert client.model_versions.list("churn")[0].version == 5


def test_names_of_others_are_listed_and_nothing_is_written(mlruns: Path) -> None:
    store = CountingStore(MemoryStore())
    client = Client(store)
    client.experiments.create("first")
    client.registered_models.create("churn")
    store.reset()
    with pytest.raises(AlreadyExists, match=r"'first'.*'churn'.*--prefix"):
        imported(open_mlflow(str(mlruns)), client)
    assert store.writes == 0
    _, report = imported(open_mlflow(str(mlruns)), client, prefix="old-")
    assert report.failures == 0
    assert {each.name for each in client.experiments.search()} == {"Default", "first", "old-Default", "old-first"}
    assert client.registered_models.get("old-churn").aliases == {"champion": 2}
    _, again = imported(open_mlflow(str(mlruns)), client, prefix="old-")
    assert again.imported == 0


def test_chosen_experiments_come_alone(mlruns: Path) -> None:
    client, report = imported(open_mlflow(str(mlruns)), experiments=["first"])
    assert report.counts["runs"].found == 1
    assert not client.registered_models.search()
    with pytest.raises(InvalidInput, match="no experiment called nothing"):
        imported(open_mlflow(str(mlruns)), client, experiments=["nothing"])


def test_many_points_become_files(mlruns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudtrack.importing.run_writer.SEGMENT_POINTS", 3000)
    lines = "".join(f"{START + step} {step}.5 {step}\n" for step in range(7000))
    write(mlruns / f"7/{RUN}/metrics/many", lines)
    client, report = imported(open_mlflow(str(mlruns)))
    assert report.counts["points"].imported == 7004
    history = client.metrics.history(RUN, "many")
    assert [point.value for point in sorted(history, key=lambda point: point.step)] == [s + 0.5 for s in range(7000)]
    summary = client.runs.get(RUN).data.summaries["many"]
    assert (summary.count, summary.min, summary.max, summary.value) == (7000, 0.5, 6999.5, 6999.5)
    assert math.isinf(client.runs.get(RUN).data.metrics["val/loss"])


def test_links_in_a_folder_are_not_followed(mlruns: Path, tmp_path: Path) -> None:
    write(tmp_path / "secret", "secret")
    for place in ("artifacts/stolen", "params/stolen", "tags/stolen", "metrics/stolen"):
        path = mlruns / f"7/{RUN}/{place}"
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(tmp_path / "secret")
    (mlruns / f"7/{RUN}/artifacts/folder").symlink_to(tmp_path)
    (mlruns / "9").symlink_to(mlruns / "7")
    os.mkfifo(mlruns / f"7/{RUN}/artifacts/pipe")
    client, report = imported(open_mlflow(str(mlruns)))
    assert [info.path for info in client.artifacts.walk(RUN)] == ["model/MLmodel"]
    assert client.runs.get(RUN).data.params.keys() == {"lr", "empty"}
    assert [(each.kind, each.count) for each in report.omitted] == [("artifacts", 3)]


def test_artifacts_outside_of_a_source_are_not_read_unless_they_are_named(tmp_path: Path) -> None:
    path = database(tmp_path / "database")
    moved = tmp_path / "elsewhere"
    (tmp_path / "database/mlruns").rename(moved)
    with sqlite3.connect(path) as tables:
        tables.execute("UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?", (f"{moved}/7/{RUN}/artifacts", RUN))
    client, report = imported(open_mlflow(str(path)))
    assert [(each.kind, each.count) for each in report.omitted if each.is_failure] == [("runs", 1)]
    assert "--artifacts" in report.omitted[0].reason
    with pytest.raises(NotFound):
        client.runs.get(RUN)
    assert imported(open_mlflow(str(path)), without_artifacts=True)[1].failures == 0
    imported(open_mlflow(str(path), str(moved)), client)
    assert client.artifacts.read(RUN, "model/MLmodel")


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        (f"7/{RUN}/meta.yaml", "a: &a [x]\nb: &b [" + "*a," * 9999 + "]\nc: [" + "*b," * 999 + "]\n", "more than"),
        (f"7/{RUN}/meta.yaml", "[1]", "no mapping"),
        (
            f"7/{RUN}/meta.yaml",
            f"run_id: ../../x\nexperiment_id: '7'\nstatus: 3\nstart_time: {START}\n",
            "says that it is",
        ),
        (f"7/{RUN}/meta.yaml", f"run_id: {RUN}\nexperiment_id: '7'\nstatus: 3\nstart_time: [1]\n", "whole number"),
        (f"7/{RUN}/meta.yaml", f"run_id: {RUN}\nexperiment_id: '7'\nstatus: 99\nstart_time: 1\n", "no status"),
        (f"7/{RUN}/inputs/u1/meta.yaml", "source_id: ../../../..\nsource_type: DATASET\n", "no name of a folder"),
        (f"7/{RUN}/metrics/loss", f"{START} nothing 1\n", "not a number"),
        (f"7/{RUN}/metrics/loss", f"{START} 1 {10**30}\n", "64 bits"),
        (f"7/{RUN}/metrics/loss", "x" * 10_000, "line of more than"),
        (f"7/{RUN}/params/big", "x" * (5 << 20), "larger than"),
    ],
)
def test_what_is_wrong_is_named_and_all_else_comes(mlruns: Path, path: str, text: str, reason: str) -> None:
    write(mlruns / path, text)
    client, report = imported(open_mlflow(str(mlruns)))
    failed = [each for each in report.omitted if each.is_failure]
    assert [each.kind for each in failed if reason in each.reason] == ["runs"], failed
    assert client.runs.get(CHILD)
    with pytest.raises(NotFound):
        client.runs.get(RUN)


def test_what_is_no_store_of_mlflow_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        open_mlflow(str(tmp_path / "nothing"))
    with pytest.raises(InvalidInput, match="mlruns"):
        open_mlflow(str(tmp_path))
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (a)").connection.commit()
    with pytest.raises(InvalidInput, match="no table of experiments"):
        open_mlflow(f"sqlite:///{tmp_path}/other.db")


def test_the_command_counts_and_says_what_failed(mlruns: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    done = cloudtrack("import", "mlflow", str(mlruns), "--json", store=store)
    assert done.returncode == 0
    assert json.loads(done.stdout)["counts"]["runs"] == {"found": 2, "imported": 2, "there": 0}
    assert "nothing was written" in cloudtrack("import", "mlflow", str(mlruns), store=store).stdout
    write(mlruns / f"7/{'e' * 32}/meta.yaml", "[]")
    done = cloudtrack("import", "mlflow", str(mlruns), store=store)
    assert done.returncode == 1
    assert "not imported" in done.stderr


def test_a_run_whose_files_cannot_be_read_comes_when_they_can(mlruns: Path) -> None:
    broken = mlruns / f"7/{RUN}/artifacts/broken"
    write(broken, "x")
    source = open_mlflow(str(mlruns))

    def vanish(run: ForeignRun) -> ForeignRun:
        def files() -> Iterator[ForeignFile]:
            for file in run.files():
                broken.unlink(missing_ok=True)
                yield file

        return replace(run, files=files)

    runs = source.runs
    source.runs = lambda experiment_id: (vanish(run) for run in runs(experiment_id))
    client, report = imported(source)
    assert "cannot be read" in report.omitted[0].reason
    _, report = imported(open_mlflow(str(mlruns)), client)
    assert (report.failures, report.counts["runs"].imported) == (0, 1)


def test_a_key_that_is_a_path_elsewhere_is_left_out(tmp_path: Path) -> None:
    path = database(tmp_path / "database")
    with sqlite3.connect(path) as tables:
        tables.execute("INSERT INTO params VALUES ('../../x', 'v', ?)", (RUN,))
        tables.execute("INSERT INTO metrics VALUES ('/etc/x', 1, 1, ?, 1, 0)", (RUN,))
    client, report = imported(open_mlflow(str(path)))
    assert {each.kind: each.count for each in report.omitted if each.is_failure} == {"params": 1, "metrics": 1}
    assert client.runs.get(RUN).data.params.keys() == {"lr", "empty"}


def test_what_was_imported_and_exported_is_imported_as_the_same(mlruns: Path, tmp_path: Path) -> None:
    client, _ = imported(open_mlflow(str(mlruns)))
    report = MlflowExport(client, tmp_path / "out").run()
    assert report.failures == 0
    again, _ = imported(open_mlflow(str(tmp_path / "out")))
    assert content_of(again) == content_of(client)
    with pytest.raises(AlreadyExists, match="not empty"):
        MlflowExport(client, tmp_path / "out")


def test_the_export_command_writes_a_folder(mlruns: Path, tmp_path: Path) -> None:
    imported(open_mlflow(str(mlruns)), Client(tmp_path / "store"))
    done = cloudtrack("export", "mlflow", str(tmp_path / "out"), "--json", store=str(tmp_path / "store"))
    assert (done.returncode, json.loads(done.stdout)["counts"]["versions"]) == (0, 2)

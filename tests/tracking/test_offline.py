"""Work without the store: all waits in the spool, files too, and comes to the store once, from any copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.errors import Unavailable
from cloudtrack.storage.object_store import Object, ObjectStore
from cloudtrack.tracking.artifacts import Artifacts
from cloudtrack.tracking.waiting_artifacts import WaitingArtifacts, WaitingTables
from cloudtrack.tracking.waiting_files import WaitingFile, WaitingFiles
from tests.cli.commands import cloudtrack
from tests.conftest import BOTH_MODES
from tests.scripts import run_script

TRAIN = """
    import pathlib
    import cloudtrack as ct
    ct.set_experiment("offline")
    pathlib.Path("model.bin").write_bytes(b"m" * 100_000)
    pathlib.Path("plots/deep").mkdir(parents=True, exist_ok=True)
    pathlib.Path("plots/deep/a.txt").write_text("a")
    with ct.start_run(run_name="one") as run:
        pathlib.Path("run_id").write_text(run.info.run_id)
        ct.log_params({"depth": 3})
        ct.log_text("first", "notes/note.txt")
        for step in range(10):
            ct.log_metric("loss", 1 / (step + 1), step=step)
        ct.log_artifact("model.bin", "models")
        ct.log_artifacts("plots", "plots")
        ct.log_text("second", "notes/note.txt")
        ct.log_dict({"a": [1]}, "config.yaml")
        ct.set_tag("t", "v")
        END
"""
FILES = {
    "notes/note.txt": b"second",
    "models/model.bin": b"m" * 100_000,
    "plots/deep/a.txt": b"a",
    "config.yaml": b"a:\n- 1\n",
}


def train(store_url: str, folder: Path, *, end: str = "", offline: str = "1") -> str:
    done = run_script(TRAIN.replace("END", end), store=store_url, folder=folder, CLOUDTRACK_OFFLINE=offline)
    assert done.returncode == (-9 if "kill" in end else 0), done.stderr
    return (folder / "run_id").read_text()


def seen(client: AnyClient, run_id: str) -> tuple[object, ...]:
    run = client.runs.get(run_id)
    files = {file.path: client.artifacts.read(run_id, file.path) for file in client.artifacts.walk(run_id)}
    points = [(point.step, point.value) for point in client.metrics.history(run_id, "loss")]
    return run.info.run_name, run.info.status, run.data.params, run.data.tags["t"], points, files


@pytest.mark.parametrize("store_url", BOTH_MODES, indirect=True)
def test_an_offline_run_comes_to_the_store_as_it_would_have_been(store_url: str, tmp_path: Path) -> None:
    before = [] if store_url.startswith("http") else list(Path(store_url).glob("*"))
    run_id = train(store_url, tmp_path)
    after = [] if store_url.startswith("http") else list(Path(store_url).glob("*"))
    assert before == after, "nothing was asked of it"
    online = train(store_url, tmp_path, offline="")
    client = connect(store_url)
    assert client.sync().delivered == [run_id]
    assert seen(client, run_id) == seen(client, online)
    assert seen(client, run_id)[-1] == FILES
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize("store_url", BOTH_MODES, indirect=True)
def test_copies_of_a_spool_may_be_replayed_any_number_of_times(store_url: str, tmp_path: Path) -> None:
    run_id = train(store_url, tmp_path)
    for name in ("copy", "late"):
        shutil.copytree(tmp_path / "spool", tmp_path / name)
    client = connect(store_url, spool_dir=tmp_path / "copy")
    assert client.sync().delivered == [run_id]
    first = seen(client, run_id)
    assert connect(store_url, spool_dir=tmp_path / "spool").sync().delivered == [run_id]
    assert seen(client, run_id) == first
    client.artifacts.log_text(run_id, "newer", "notes/note.txt")
    shutil.rmtree(next((tmp_path / "late").glob("*.files")))
    assert connect(store_url, spool_dir=tmp_path / "late").sync().delivered == [run_id], "its files are there already"
    assert client.artifacts.read(run_id, "notes/note.txt") == b"newer", "what was replaced since stays"


def test_kill_9_loses_nothing_that_reached_the_spool(store_url: str, tmp_path: Path) -> None:
    run_id = train(store_url, tmp_path, end="import os, time; time.sleep(0.5); os.kill(os.getpid(), 9)")
    client = Client(store_url)
    assert client.sync().delivered == [run_id]
    _, status, params, tag, points, files = seen(client, run_id)
    assert (status, params, tag, files) == ("RUNNING", {"depth": "3"}, "v", FILES)
    assert points == [(step, 1 / (step + 1)) for step in range(10)]


def test_a_file_that_is_missing_or_changed_fails_its_spool_alone(store_url: str, tmp_path: Path) -> None:
    train(store_url, tmp_path)
    [folder] = (tmp_path / "spool").glob("*.files")
    next(path for path in folder.iterdir() if path.stat().st_size > 1000).write_bytes(b"other")
    good = train(store_url, tmp_path)
    report = Client(store_url).sync()
    assert report.delivered == [good]
    [reason] = report.failed.values()
    assert "which the artifact 'models/model.bin' waits in, is missing or was changed" in reason
    assert folder.exists(), "it is kept"


def test_offline_is_said_where_the_store_is_needed(store_url: str) -> None:
    Client(store_url).close()
    done = cloudtrack("runs", "list", store=store_url, variables={"CLOUDTRACK_OFFLINE": "1"})
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "CLOUDTRACK_OFFLINE is set" in done.stderr


class _Full(WaitingFiles):
    def keep(self, path: str, source: object) -> WaitingFile:
        raise OSError(28, "No space left on device")


class _Away(Artifacts):
    """Uploads that the store does not take while ``is_away``."""

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(_Door(self, store))
        self.is_away = True


class _Door:
    def __init__(self, owner: _Away, store: ObjectStore) -> None:
        self._owner, self._store = owner, store

    def upload(self, key: str, source: object, *, progress: object = None) -> None:
        if self._owner.is_away:
            raise Unavailable("away")
        self._store.upload(key, source)

    def get(self, key: str) -> Object:
        if self._owner.is_away:
            raise Unavailable("away")
        return self._store.get(key)


def test_files_come_in_the_order_they_were_logged_in(tmp_path: Path) -> None:
    client = Client(tmp_path / "store")
    run, writer = client.runs.start_writer(client.experiments.get("0"))
    door = _Away(client.store)
    files = WaitingArtifacts(door, writer)
    files.log_text(run.info.run_id, "1", "a.txt")
    door.is_away = False
    files.log_text(run.info.run_id, "2", "a.txt")
    writer.flush()
    assert client.artifacts.read(run.info.run_id, "a.txt") == b"2"
    assert not writer.has_waiting_files
    files.log_text(run.info.run_id, "3", "a.txt")
    assert client.artifacts.read(run.info.run_id, "a.txt") == b"3", "it went at once again"
    writer.finish("FINISHED")
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_full_disk_is_said_and_nothing_is_half_kept(tmp_path: Path) -> None:
    client = Client(tmp_path / "store")
    run, writer = client.runs.start_writer(client.experiments.get("0"))
    files = WaitingArtifacts(_Away(client.store), writer)
    writer.flush()
    assert writer._spool is not None
    writer._spool.files = _Full(tmp_path / "nowhere")
    with pytest.raises(Unavailable, match=r"'a.txt' could not be stored \(away\), nor kept .*No space left"):
        files.log_text(run.info.run_id, "1", "a.txt")
    assert not writer.has_waiting_files
    writer.finish("FINISHED")
    assert client.runs.get(run.info.run_id).info.status == "FINISHED"


def test_files_go_when_they_are_delivered_and_their_names_are_not_used_again(tmp_path: Path) -> None:
    client = Client(tmp_path / "store")
    run, writer = client.runs.start_writer(client.experiments.get("0"))
    door = _Away(client.store)
    files = WaitingArtifacts(door, writer)
    for text in ("1", "2"):
        files.log_text(run.info.run_id, text, "a.txt")
    [folder] = (tmp_path / "spool").glob("*.files")
    shutil.copytree(tmp_path / "spool", tmp_path / "copy")
    writer.flush()
    assert list(folder.iterdir()) == []
    files.log_text(run.info.run_id, "3", "b.txt")
    assert client.artifacts.read(run.info.run_id, "a.txt") == b"2"
    writer.finish("FINISHED")
    copied = Client(tmp_path / "store", spool_dir=tmp_path / "copy")
    assert copied.sync().delivered == [run.info.run_id]
    assert copied.artifacts.read(run.info.run_id, "a.txt") == b"2"


def test_a_table_grows_while_the_store_is_away_and_afterwards(tmp_path: Path) -> None:
    client = Client(tmp_path / "store")
    run, writer = client.runs.start_writer(client.experiments.get("0"))
    door = _Away(client.store)
    door.is_away = False
    tables = WaitingTables(door, writer)
    tables.log_text(run.info.run_id, "1", "t.json")
    door.is_away = True
    assert tables.read(run.info.run_id, "t.json") == b"1"
    tables.log_text(run.info.run_id, "12", "t.json")
    door.is_away = False
    assert tables.read(run.info.run_id, "t.json") == b"12", "it waits, and the store has an older one"
    writer.flush()
    client.artifacts.log_text(run.info.run_id, "124", "t.json")
    assert tables.read(run.info.run_id, "t.json") == b"124", "another process may have added to it"
    writer.finish("FINISHED")
    again = client.runs.open_writer(run.info.run_id)
    door.is_away = True
    with pytest.raises(Unavailable):
        WaitingTables(door, again).read(run.info.run_id, "t.json")
    again.finish("FINISHED")

"""A server that goes away, for a while or for good: training goes on, and everything arrives, each point once."""

from __future__ import annotations

import logging
import signal
import time
from pathlib import Path

import pytest

from cloudtrack.client import Client
from cloudtrack.errors import StateError, Unavailable
from cloudtrack.remote.client import RemoteClient
from cloudtrack.storage.retrying import RetryPolicy
from tests.remote.conftest import QUICK
from tests.scripts import run_script, start_script, wait_for
from tests.servers.api_server import ApiServer
from tests.servers.cloudtrack_server import cloudtrack_server


def _points(client: RemoteClient | Client, run_id: str, key: str) -> list[int]:
    return [point.step for point in client.metrics.history(run_id, key)]


def test_a_run_starts_goes_on_and_ends_while_the_server_is_away(
    client: RemoteClient, server: ApiServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    experiment = client.experiments.get(client.experiments.create("e"))
    server.fault = lambda _method, _path: "reset"
    run, writer = client.runs.start_writer(experiment, run_name="offline")
    writer.log_params({"a": 1})
    for step in range(10_000):
        writer.log_metric("m", float(step), step)
    with pytest.raises(Unavailable):
        writer.flush()
    writer.finish("FINISHED")
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len([text for text in warnings if "training goes on" in text]) == 1
    assert any("cloudtrack sync" in text for text in warnings)
    assert server.client.runs.list([experiment.experiment_id]) == []

    server.fault = lambda _method, _path: None
    other = RemoteClient(server.url, spool_dir=tmp_path / "spool", retries=QUICK)
    assert other.sync().delivered == [run.info.run_id]
    found = other.runs.get(run.info.run_id)
    assert (found.info.status, found.info.run_name, found.data.params) == ("FINISHED", "offline", {"a": "1"})
    assert found.info.start_time == run.info.start_time
    assert _points(other, run.info.run_id, "m") == list(range(10_000))
    assert found.data.summaries["m"].count == 10_000
    assert other.sync().delivered == []


def test_sync_knows_which_server_a_spool_is_for(server: ApiServer, client: RemoteClient, tmp_path: Path) -> None:
    experiment = client.experiments.get("0")
    server.fault = lambda _method, _path: "reset"
    _, writer = client.runs.start_writer(experiment)
    writer.finish("FINISHED")
    elsewhere = Client(tmp_path / "store", spool_dir=tmp_path / "spool")
    assert server.url in elsewhere.sync().other_store[0]


def test_a_spool_may_be_replayed_from_any_copy(server: ApiServer, client: RemoteClient, tmp_path: Path) -> None:
    run, writer = client.runs.start_writer(client.experiments.get("0"))
    writer.log_metric("m", 1.0, 1)
    writer.flush()
    server.fault = lambda _method, _path: "reset"
    writer.log_metric("m", 2.0, 2)
    writer.finish("FAILED")
    server.fault = lambda _method, _path: None
    (spool,) = (tmp_path / "spool").glob("*.spool")
    for copy in ("one", "two"):
        (tmp_path / copy).mkdir()
        (tmp_path / copy / spool.name).write_bytes(spool.read_bytes())
    for folder in ("one", "spool", "two"):
        replayed = RemoteClient(server.url, spool_dir=tmp_path / folder, retries=QUICK)
        assert replayed.sync().delivered == [run.info.run_id]
    found = client.runs.get(run.info.run_id)
    assert (found.data.summaries["m"].count, found.info.status) == (2, "FAILED")


def test_a_run_that_never_was_is_made_by_its_spool_alone(
    server: ApiServer, client: RemoteClient, tmp_path: Path
) -> None:
    server.fault = lambda _method, _path: "reset"
    run, writer = client.runs.start_writer(server.client.experiments.get("0"), tags={"t": "x"})
    writer.finish("FINISHED")
    server.fault = lambda _method, _path: None
    assert client.sync().delivered == [run.info.run_id]
    assert client.runs.get(run.info.run_id).data.tags["t"] == "x"


def test_a_run_is_resumed_and_a_deleted_one_is_not(client: RemoteClient) -> None:
    run, writer = client.runs.start_writer(client.experiments.get("0"))
    writer.log_params({"a": 1})
    writer.finish("FAILED")
    again = client.runs.open_writer(run.info.run_id)
    assert again is client.runs.open_writer(run.info.run_id)
    assert client.runs.get(run.info.run_id).info.status == "RUNNING"
    with pytest.raises(ValueError, match="written once"):
        again.log_params({"a": 2})
    again.finish("FINISHED")
    client.runs.delete(run.info.run_id)
    with pytest.raises(StateError, match="deleted"):
        client.runs.open_writer(run.info.run_id)


@pytest.mark.slow
def test_a_server_that_is_killed_and_comes_back_has_every_point_once(tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    script = """
        import logging, time
        logging.basicConfig()
        from pathlib import Path
        import cloudtrack as ct

        with ct.start_run() as run:
            for step in range(10_000):
                ct.log_metric("loss", step, step=step)
                if step == 2_000:
                    ct.flush()
                    Path("first").touch()
                if step > 2_000 and step % 400 == 0:
                    time.sleep(0.2)
            Path("logged").touch()
            while not Path("end").exists():
                time.sleep(0.02)
        print(run.info.run_id)
        """
    with cloudtrack_server(store, tmp_path) as server:
        process = start_script(script, store=server.url, folder=tmp_path)
        wait_for(tmp_path / "first", process)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        time.sleep(1)
        with cloudtrack_server(store, tmp_path, port=server.port):
            wait_for(tmp_path / "logged", process)
            (tmp_path / "end").touch()
            out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    client = Client(store)
    run = client.runs.get(out.split()[-1])
    assert run.info.status == "FINISHED", err
    assert _points(client, run.info.run_id, "loss") == list(range(10_000))
    assert run.data.summaries["loss"].count == 10_000
    assert list((tmp_path / "spool").glob("*.spool")) == []


@pytest.mark.slow
def test_training_ends_well_when_the_server_is_gone(tmp_path: Path) -> None:
    done = run_script(
        """
        import logging
        logging.basicConfig()
        import cloudtrack as ct
        ct.set_experiment("offline")
        with ct.start_run() as run:
            ct.log_metric("m", 1)
        print(run.info.run_id)
        """,
        store="http://127.0.0.1:9",
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "cloudtrack sync" in done.stderr
    assert len(list((tmp_path / "spool").glob("*.spool"))) == 1


def test_kill_9_loses_nothing_that_reached_the_spool(server: ApiServer, tmp_path: Path) -> None:
    process = start_script(
        """
        import time
        from pathlib import Path
        import cloudtrack as ct

        ct.start_run()
        for step in range(10_000):
            ct.log_metric("loss", 1 / (step + 1), step=step)
        time.sleep(0.5)
        Path("logged").touch()
        time.sleep(60)
        """,
        store=server.url,
        folder=tmp_path,
    )
    wait_for(tmp_path / "logged", process)
    process.kill()
    process.wait()
    client = RemoteClient(server.url, spool_dir=tmp_path / "spool", retries=RetryPolicy())
    (run_id,) = client.sync().delivered
    assert _points(client, run_id, "loss") == list(range(10_000))
    assert client.runs.get(run_id).info.status == "RUNNING"

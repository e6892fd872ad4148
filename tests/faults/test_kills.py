"""Writers, uploads, compactors and servers that are killed: what was acknowledged is there, and once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudtrack.client import Client, connect
from cloudtrack.remote.client import RemoteClient
from tests.api.corpus.mlflow_server import free_port
from tests.faults.killing import kill_often, noted_in
from tests.faults.ledger import Ledger
from tests.faults.worker import Worker, begin
from tests.servers.cloudtrack_server import cloudtrack_server


@pytest.mark.parametrize(
    ("kind", "seed", "kills"),
    [
        ("folder", 1, 3),
        pytest.param("folder", 2, 25, marks=pytest.mark.slow),
        pytest.param("seaweed-obstore", 3, 15, marks=pytest.mark.slow),
        pytest.param("moto-s3fs", 4, 5, marks=pytest.mark.slow),
    ],
)
def test_processes_that_are_killed_lose_nothing(
    kind: str, seed: int, kills: int, make_url: Callable[[str], str], tmp_path: Path
) -> None:
    url = make_url(kind)
    plain = Client(url)
    begin(plain)
    assert kill_often(url, tmp_path, seed=seed, kills=kills) == 2 * kills
    report = connect(url, spool_dir=tmp_path / "spool").sync()
    assert not report.failed
    assert not report.in_use
    ledger = noted_in(tmp_path)
    judgement = ledger.judge(plain)
    assert judgement.ok, judgement
    assert judgement.acknowledged > kills


@pytest.mark.slow
def test_clients_of_a_server_that_is_killed_lose_nothing(tmp_path: Path, make_url: Callable[[str], str]) -> None:
    url, port, ledger = make_url("folder"), free_port(), Ledger()
    plain = Client(url)
    begin(plain)
    failures: list[BaseException] = []
    done = threading.Event()

    def work(seed: int) -> None:
        client = RemoteClient(f"http://127.0.0.1:{port}", spool_dir=tmp_path / "spool")
        try:
            worker = Worker(client, ledger, seed)
            while not done.is_set():
                worker.act(1)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 2)]
    for life in range(5):
        with cloudtrack_server(url, tmp_path, port=port) as server:
            if not life:
                for thread in threads:
                    thread.start()
            time.sleep(2)
            server.process.kill()
            server.process.wait()
    with cloudtrack_server(url, tmp_path, port=port):
        done.set()
        for thread in threads:
            thread.join()
        report = RemoteClient(f"http://127.0.0.1:{port}", spool_dir=tmp_path / "spool").sync()
    assert not failures, failures
    assert not report.failed
    judgement = ledger.judge(plain)
    assert judgement.ok, judgement
    assert judgement.acknowledged > 20

"""However a training process ends, its run ends right, and nothing that reached the spool is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.entities.run import Run
from cloudtrack.storage.opening import open_store
from tests.conftest import BOTH_MODES, SLOW_S3FS
from tests.scripts import run_script, start_script, wait_for


def _only_run(store: str, spool: Path) -> tuple[AnyClient, Run]:
    client = connect(store, spool_dir=spool)
    (run,) = client.runs.list(["0"])
    return client, run


_ENDS = [
    ("ct.start_run(); ct.log_metric('m', 1)", "FINISHED", 0),
    ("ct.log_metric('m', 1); raise ValueError('boom')", "FAILED", 1),
    ("ct.log_metric('m', 1); raise SystemExit(0)", "FINISHED", 0),
    ("ct.log_metric('m', 1)\nwith ct.start_run(nested=True):\n    pass\nraise SystemExit(3)", None, 3),
    ("with ct.start_run():\n    ct.log_metric('m', 1)\n    raise KeyError('boom')", "FAILED", 1),
    ("with ct.start_run():\n    ct.log_metric('m', 1)\n    raise SystemExit(2)", "FAILED", 2),
    (
        "with ct.start_run():\n    ct.log_metric('m', 1)\n    os.kill(os.getpid(), 15)\n    time.sleep(9)",
        "KILLED",
        143,
    ),
    ("ct.log_metric('m', 1); os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)", "KILLED", 143),
]
"""What a program does, how its run ends, and its own exit code."""
_SERVED = (0, 1, 7)
"""Those that tell a server in `make test`; all of them do in `make test-all`."""


@pytest.mark.parametrize(
    ("store_url", "body", "status", "code"),
    [
        *(("folder", *end) for end in _ENDS),
        *(
            pytest.param("server", *end, marks=() if number in _SERVED else pytest.mark.slow)
            for number, end in enumerate(_ENDS)
        ),
    ],
    indirect=["store_url"],
)
def test_a_run_ends_as_its_process_does(
    store_url: str, tmp_path: Path, body: str, status: str | None, code: int
) -> None:
    done = run_script(f"import os, signal, time\nimport cloudtrack as ct\n{body}", store=store_url, folder=tmp_path)
    assert done.returncode == code, done.stderr
    runs = connect(store_url).runs.list(["0"])
    if status is not None:
        (run,) = runs
        assert run.info.status == status
        assert run.data.metrics == {"m": 1.0}
        assert run.info.end_time is not None
    assert not any(run.info.status == "RUNNING" for run in runs)
    assert list((tmp_path / "spool").glob("*.spool")) == []


def test_kill_9_loses_nothing_that_reached_the_spool(store_url: str, tmp_path: Path) -> None:
    process = start_script(
        """
        import time
        from pathlib import Path
        import cloudtrack as ct

        ct.start_run()
        ct.log_param("depth", 3)
        for step in range(10_000):
            ct.log_metric("loss", 1 / (step + 1), step=step)
        time.sleep(0.5)  # the spool is written ten times a second; the store has not been told yet
        Path("logged").touch()
        time.sleep(60)
        """,
        store=store_url,
        folder=tmp_path,
    )
    wait_for(tmp_path / "logged", process)
    process.kill()
    process.wait()

    client, _ = _only_run(store_url, tmp_path / "spool")
    assert len(client.sync().delivered) == 1
    client, run = _only_run(store_url, tmp_path / "spool")
    assert run.data.params == {"depth": "3"}
    assert [point.step for point in client.metrics.history(run.info.run_id, "loss")] == list(range(10_000))
    assert run.info.status == "RUNNING"  # nobody has said how it ended; it is LOST when its heartbeats are missed
    store = open_store(store_url)
    before = {info.key: store.get(info.key).body for info in store.list()}
    assert client.sync().delivered == []
    assert {info.key: store.get(info.key).body for info in store.list()} == before


def test_sync_leaves_the_spool_of_a_living_process_alone(store_url: str, tmp_path: Path) -> None:
    process = start_script(
        """
        import time
        from pathlib import Path
        import cloudtrack as ct

        ct.log_metric("m", 1)
        Path("logged").touch()
        while not Path("go").exists():
            time.sleep(0.02)
        ct.log_metric("m", 2, step=1)
        """,
        store=store_url,
        folder=tmp_path,
    )
    wait_for(tmp_path / "logged", process)
    report = Client(store_url, spool_dir=tmp_path / "spool").sync()
    assert (len(report.in_use), report.delivered) == (1, [])
    (tmp_path / "go").touch()
    assert process.wait(60) == 0
    client, run = _only_run(store_url, tmp_path / "spool")
    assert [point.value for point in client.metrics.history(run.info.run_id, "m")] == [1.0, 2.0]


@pytest.mark.parametrize("store_url", ["folder", "server", SLOW_S3FS, "moto-obstore"], indirect=True)
def test_a_fork_neither_duplicates_nor_loses_points(store_url: str, tmp_path: Path) -> None:
    done = run_script(
        """
        import multiprocessing
        import os
        import cloudtrack as ct

        def work(rank):
            for step in range(500):
                ct.log_metric(f"rank{rank}", step, step=step)

        if __name__ == "__main__":
            with ct.start_run() as run:
                for step in range(500):
                    ct.log_metric("parent", step, step=step)
                context = multiprocessing.get_context("fork")
                children = [context.Process(target=work, args=(rank,)) for rank in range(3)]
                for child in children:
                    child.start()
                for child in children:
                    child.join()
                    assert child.exitcode == 0
                if os.fork() == 0:
                    ct.log_metric("plain", 1)
                    raise SystemExit(0)
                os.wait()
                assert ct.get_run(run.info.run_id).info.status == "RUNNING"
        """,
        store=store_url,
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    client, run = _only_run(store_url, tmp_path / "spool")
    assert run.info.status == "FINISHED"
    for key in ("parent", "rank0", "rank1", "rank2"):
        assert [point.step for point in client.metrics.history(run.info.run_id, key)] == list(range(500)), key
        assert run.data.summaries[key].count == 500
    assert run.data.metrics["plain"] == 1.0
    assert list((tmp_path / "spool").glob("*.spool")) == []


@pytest.mark.parametrize("store_url", BOTH_MODES, indirect=True)
def test_threads_log_to_one_run_without_loss(store_url: str, tmp_path: Path) -> None:
    done = run_script(
        """
        import threading
        import cloudtrack as ct

        with ct.start_run() as run:
            def work(number):
                for step in range(2_000):
                    ct.log_metric(f"t{number}", step, step=step, run_id=run.info.run_id)

            threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        """,
        store=store_url,
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    _, run = _only_run(store_url, tmp_path / "spool")
    assert {key: summary.count for key, summary in run.data.summaries.items()} == {f"t{n}": 2_000 for n in range(8)}


@pytest.mark.slow
def test_training_ends_well_when_the_server_is_gone(tmp_path: Path) -> None:
    done = run_script(
        """
        import logging
        logging.basicConfig()
        import cloudtrack as ct
        ct.set_experiment("offline")
        with ct.start_run():
            ct.log_metric("m", 1)
        print("trained")
        """,
        store="s3://bucket/x?endpoint_url=http://127.0.0.1:9",
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "trained" in done.stdout
    assert "cloudtrack sync" in done.stderr
    assert len(list((tmp_path / "spool").glob("*.spool"))) == 1


def test_signals_of_the_users_own_are_left_alone(store_url: str, tmp_path: Path) -> None:
    done = run_script(
        """
        import os, signal
        import cloudtrack as ct
        seen = []
        signal.signal(signal.SIGTERM, lambda *_: seen.append(1))
        with ct.start_run():
            os.kill(os.getpid(), signal.SIGTERM)
        assert seen == [1]
        """,
        store=store_url,
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert _only_run(store_url, tmp_path / "spool")[1].info.status == "FINISHED"

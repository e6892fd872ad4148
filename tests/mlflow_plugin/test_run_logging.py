"""Which runs are logged to without waiting, and until when."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.errors import InvalidInput
from cloudtrack.mlflow_plugin.run_logging import RunLogging


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path / "store")


def _begun(client: Client, logging: RunLogging) -> str:
    run_id = client.runs.create("0").info.run_id
    logging.begin(run_id)
    return str(run_id)


def test_a_run_of_others_and_one_that_has_ended_are_left_alone(client: Client) -> None:
    logging = RunLogging(client)
    run_id = client.runs.create("0").info.run_id
    assert not logging.log(run_id, [Metric("m", 1.0, 1, 0)], {}, {})
    logging.begin(run_id)
    assert logging.log(run_id, [Metric("m", 1.0, 1, 0)], {"p": "1"}, {"t": "1"})
    assert logging.end(run_id, "FINISHED", 77)
    assert not logging.log(run_id, [Metric("m", 2.0, 1, 1)], {}, {})
    assert not logging.end(run_id, "FAILED", None)
    run = client.runs.get(run_id)
    assert (run.info.status, run.info.end_time, run.data.metrics, run.data.params) == (
        *("FINISHED", 77),
        *({"m": 1.0}, {"p": "1"}),
    )


def test_a_run_that_another_process_has_ended_does_not_begin_again(client: Client) -> None:
    logging = RunLogging(client)
    run_id = _begun(client, logging)
    Client(client.uri).runs.update(run_id, status="FINISHED")
    assert not logging.log(run_id, [Metric("m", 1.0, 1, 0)], {}, {})
    assert client.runs.get(run_id).info.status == "FINISHED"


def test_a_batch_with_a_mistake_logs_nothing(client: Client) -> None:
    logging = RunLogging(client)
    run_id = _begun(client, logging)
    logging.log(run_id, [], {"p": "1"}, {})
    for params, tags in (({"p": "2"}, {"t": "1"}), ({"q": "1", "a/../b": "1"}, {})):
        with pytest.raises(InvalidInput):
            logging.log(run_id, [Metric("m", 1.0, 1, 0)], params, tags)
    data = client.runs.get(run_id).data
    assert (data.metrics, data.params, set(data.tags)) == ({}, {"p": "1"}, {"mlflow.runName"})
    logging.leave_all()


def test_a_run_that_ends_while_others_log_has_all_that_was_taken_and_stays_ended(client: Client) -> None:
    logging = RunLogging(client)
    run_id = _begun(client, logging)
    taken: list[int] = []
    begun = threading.Event()

    def log(first: int) -> None:
        for step in range(first, first + 2000):
            if logging.log(run_id, [Metric("m", 1.0, 1, step)], {}, {}):
                taken.append(step)
            begun.set()

    threads = [threading.Thread(target=log, args=(first,)) for first in (0, 10_000, 20_000)]
    for thread in threads:
        thread.start()
    begun.wait(60)
    logging.end(run_id, "FINISHED", None)
    for thread in threads:
        thread.join()
    assert client.runs.get(run_id).info.status == "FINISHED"
    assert sorted(taken) == [point.step for point in client.metrics.history(run_id, "m")]

"""The index is derived: thrown away and made anew, it answers as before."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import Metric
from cloudtrack.errors import Conflict, Unavailable
from cloudtrack.maintenance.reindexing import Reindexer
from cloudtrack.tracking import keys
from cloudtrack.tracking.run_documents import RunDocuments
from tests.storage.lossy import LossyStore


def filled(tmp_path: Path) -> tuple[Client, list[str]]:
    client = Client(tmp_path / "store")
    experiments = [client.experiments.create(name) for name in ("one", "two", "empty")]
    for number in range(40):
        run_id = client.runs.create(experiments[number % 2], start_time=number).info.run_id
        client.runs.log_batch(run_id, metrics=[Metric("m", number / 7, 1, 1)], params={"p": str(number % 3)})
        if number % 10:
            client.runs.update(run_id, status="FINISHED")
        if number % 8 == 0:
            client.runs.delete(run_id)
    for experiment in experiments:
        client.run_index.compact(experiment)
    return client, experiments


def answers(client: Client, experiments: list[str]) -> list[list[str]]:
    found = [
        client.runs.search(experiments, text, view_type=view, order_by=["metrics.m DESC"])
        for text in ("", "params.p = '1'", "metrics.m > 2 AND status = 'RUNNING'")
        for view in (ViewType.ACTIVE_ONLY, ViewType.ALL)
    ]
    return [[json.dumps(run.to_dictionary()) for run in runs] for runs in found]


def reindexer(client: Client) -> Reindexer:
    return Reindexer(client.store, RunDocuments(client.store), client.run_index)


def throw_away(client: Client, experiment: str) -> None:
    for info in list(client.store.list(keys.run_index(experiment))):
        client.store.delete(info.key)


def test_a_rebuilt_index_answers_equally(tmp_path: Path) -> None:
    client, experiments = filled(tmp_path)
    before = answers(client, experiments)
    assert all(before)
    for experiment in experiments:
        throw_away(client, experiment)
    assert answers(Client(tmp_path / "store"), experiments) != before
    done = reindexer(client).rebuild()
    assert sum(done.runs.values()) == 36
    assert sum(done.running.values()) == 4
    assert answers(Client(tmp_path / "store"), experiments) == before
    assert reindexer(client).check().ok


def test_rebuilding_a_good_index_changes_no_answer_and_leaves_no_old_files(tmp_path: Path) -> None:
    client, experiments = filled(tmp_path)
    before = answers(client, experiments)
    reindexer(client).rebuild(experiments[0])
    reindexer(client).rebuild()
    assert answers(client, experiments) == before
    for experiment in experiments:
        files = [info.key for info in client.store.list(f"{keys.run_index(experiment)}parts/")]
        assert len(files) <= 2


def test_the_check_names_what_is_missing_and_what_is_wrong(tmp_path: Path) -> None:
    client, experiments = filled(tmp_path)
    found = reindexer(client).check()
    assert (found.ok, found.runs) == (True, 40)
    throw_away(client, experiments[0])
    found = reindexer(Client(tmp_path / "store")).check()
    assert not found.ok
    assert len(found.missing) == 20


def test_a_rebuild_that_a_compaction_overtakes_leaves_the_index_alone(tmp_path: Path) -> None:
    client, experiments = filled(tmp_path)
    rebuild = client.run_index.rebuilding(experiments[0])
    run = client.runs.search([experiments[0]], "status = 'FINISHED'")[0]
    client.runs.log_batch(run.info.run_id, tags={"late": "1"})
    client.run_index.compact(experiments[0])
    before = answers(client, experiments)
    rebuild.add([])
    with pytest.raises(Conflict, match="compacted by another"):
        rebuild.commit()
    assert answers(client, experiments) == before


def test_lost_answers_make_no_wrong_index(tmp_path: Path) -> None:
    client, experiments = filled(tmp_path)
    before = answers(client, experiments)
    for seed in range(6):
        lossy = Client(LossyStore(client.store, share=0.3, seed=seed))
        with contextlib.suppress(Unavailable):
            reindexer(lossy).rebuild()
        with contextlib.suppress(Unavailable):
            lossy.run_index.compact(experiments[0])
        assert answers(Client(tmp_path / "store"), experiments) == before

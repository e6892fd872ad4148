"""Indexes are derived: thrown away and made anew, they answer as before."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.logged_model import LoggedModelStatus
from cloudtrack.entities.run import Metric
from cloudtrack.errors import Conflict, Unavailable
from cloudtrack.index.indexes import ONE, Indexes
from cloudtrack.maintenance.compacting import with_markers
from cloudtrack.maintenance.reindexing import check, rebuild
from tests.storage.lossy import LossyStore

KINDS = {
    "experiments": "experiment_index",
    "runs": "run_index",
    "logged": "logged_model_index",
    "models": "model_index",
}


def filled(tmp_path: Path) -> Client:
    client = Client(tmp_path / "store")
    experiments = [client.experiments.create(name, tags={"t": name}) for name in ("one", "two", "empty")]
    for number in range(40):
        run_id = client.runs.create(experiments[number % 2], start_time=number).info.run_id
        client.runs.log_batch(run_id, metrics=[Metric("m", number / 7, 1, 1)], params={"p": str(number % 3)})
        if number % 10:
            client.runs.update(run_id, status="FINISHED")
        if number % 8 == 0:
            client.runs.delete(run_id)
    for number in range(12):
        model = client.logged_models.create(experiments[number % 2], name=f"m{number}", params={"p": str(number % 3)})
        client.logged_models.log_metrics(model.model_id, [Metric("m", float(number), 1, 1), Metric("m", 0.5, 0, 0)])
        if number % 4:
            client.logged_models.finalize(model.model_id, LoggedModelStatus.READY)
        if number % 5 == 1:
            client.logged_models.delete(model.model_id)
    client.experiments.set_lifecycle_stage(experiments[2], "deleted")
    for name in ("a", "b", "gone", "renamed"):
        client.registered_models.create(name, tags={"t": name})
        for number in range(4):
            client.model_versions.create(name, f"runs:/{number:032}/model", tags={"v": str(number)})
        client.aliases.set(name, "best", 2)
        client.stages.transition(name, 3, "Production")
        client.model_versions.delete(name, 1)
    client.registered_models.delete("gone")
    client.registered_models.rename("renamed", "c" * 250)
    for indexes, name in with_markers(client.store, client.indexes):
        indexes.compact(name)
    client.stages.transition("b", 4, "Production", archive_existing_versions=True)
    client.experiments.set_tag(experiments[0], "t", "later")
    return client


def experiment_ids(client: Client) -> list[str]:
    return sorted(item.experiment_id for item in client.experiments.search(view_type=ViewType.ALL))


def collections_of(indexes: Indexes, experiments: list[str]) -> list[str]:
    return experiments if indexes.is_many else [ONE]


def answers(client: Client, experiments: list[str]) -> dict[str, list[list[Any]]]:
    return {
        "experiments": [
            [asdict(item) for item in client.experiments.search(text, view_type=view)]
            for text in ("", "tags.t LIKE 'l%'")
            for view in (ViewType.ACTIVE_ONLY, ViewType.ALL)
        ],
        "runs": [
            [json.dumps(run.to_dictionary()) for run in found]
            for text in ("", "params.p = '1'", "metrics.m > 2 AND status = 'RUNNING'")
            for view in (ViewType.ACTIVE_ONLY, ViewType.ALL)
            for found in [client.runs.search(experiments, text, view_type=view, order_by=["metrics.m DESC"])]
        ],
        "logged": [
            [asdict(item) for item in client.logged_models.search(experiments, text)]
            for text in ("", "params.p = '1'", "metrics.m > 5", "status = 'PENDING'")
        ],
        "models": [
            *(
                [asdict(item) for item in client.registered_models.search(text)]
                for text in ("", "tags.t = 'a'", "name LIKE 'c%'")
            ),
            *(
                [asdict(item) for item in client.model_versions.search(text)]
                for text in ("", "stage = 'Production'", "tags.v = '2'", "name = 'gone'")
            ),
        ],
    }


def throw_away(client: Client, indexes: Indexes, experiments: list[str]) -> None:
    for name in collections_of(indexes, experiments):
        for info in list(client.store.list(indexes.prefix(name))):
            client.store.delete(info.key)


@pytest.mark.parametrize("kind", KINDS)
def test_a_rebuilt_index_answers_equally(kind: str, tmp_path: Path) -> None:
    client = filled(tmp_path)
    experiments = experiment_ids(client)
    before = answers(client, experiments)
    assert sum(len(found) > 0 for found in before[kind]) >= 3
    throw_away(client, getattr(client, KINDS[kind]), experiments)
    without = Client(tmp_path / "store")
    assert answers(without, experiments)[kind] != before[kind]
    indexes = getattr(without, KINDS[kind])
    names = collections_of(indexes, experiments)
    found = check(indexes, names)
    assert not found.ok
    assert len(found.missing) == found.rows > 0
    done = rebuild(without.store, indexes, names)
    assert done.documents > 0
    assert done.waiting == {"runs": 4, "logged": 3}.get(kind, 0)
    assert answers(Client(tmp_path / "store"), experiments) == before
    assert check(indexes, names).ok


@pytest.mark.parametrize("kind", KINDS)
def test_rebuilding_a_good_index_changes_no_answer_and_leaves_no_old_files(kind: str, tmp_path: Path) -> None:
    client = filled(tmp_path)
    experiments = experiment_ids(client)
    before = answers(client, experiments)
    indexes: Indexes = getattr(client, KINDS[kind])
    names = collections_of(indexes, experiments)
    rebuild(client.store, indexes, names[:1])
    rebuild(client.store, indexes, names)
    assert answers(client, experiments) == before
    for name in names:
        parts = [info.key for info in client.store.list(f"{indexes.prefix(name)}parts/")]
        assert len(parts) <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_check_names_what_is_missing_and_what_is_wrong(kind: str, tmp_path: Path) -> None:
    client = filled(tmp_path)
    experiments = experiment_ids(client)
    indexes: Indexes = getattr(client, KINDS[kind])
    names = collections_of(indexes, experiments)
    found = check(indexes, names)
    assert found.ok
    assert found.rows == {"experiments": 4, "runs": 40, "logged": 12, "models": 3 + 3 * 3}[kind]

    def lie(document_id: str) -> Any:
        read = honest(document_id)
        if read is not None:
            for row in read[1].rows:
                object.__setattr__(row, "text", row.text and "{}")
        return read

    honest: Callable[[str], Any] = indexes.read
    indexes.read = lie  # type: ignore[method-assign]
    assert len(check(indexes, names).different) == found.rows


def test_a_rebuild_that_a_compaction_overtakes_leaves_the_index_alone(tmp_path: Path) -> None:
    client = filled(tmp_path)
    experiments = experiment_ids(client)
    run = client.runs.search(experiments, "status = 'FINISHED'")[0]
    experiment = run.info.experiment_id
    rebuilding = client.run_index.rebuilding(experiment)
    client.runs.log_batch(run.info.run_id, tags={"late": "1"})
    client.run_index.compact(experiment)
    before = answers(client, experiments)
    rebuilding.add([])
    with pytest.raises(Conflict, match="compacted by another"):
        rebuilding.commit()
    assert answers(client, experiments) == before


@pytest.mark.slow
def test_lost_answers_make_no_wrong_index(tmp_path: Path) -> None:
    client = filled(tmp_path)
    experiments = experiment_ids(client)
    before = answers(client, experiments)
    for seed in range(6):
        lossy = Client(LossyStore(client.store, share=0.3, seed=seed))
        for kind in KINDS.values():
            indexes: Indexes = getattr(lossy, kind)
            for name in collections_of(indexes, experiments):
                with contextlib.suppress(Unavailable, Conflict):
                    rebuild(lossy.store, indexes, [name])
                with contextlib.suppress(Unavailable, Conflict):
                    indexes.compact(name)
        assert answers(Client(tmp_path / "store"), experiments) == before

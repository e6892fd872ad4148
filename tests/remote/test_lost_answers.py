"""A request that is repeated because its answer was lost is done once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import Metric
from cloudtrack.errors import AlreadyExists, NotFound, StateError
from cloudtrack.remote.client import RemoteClient
from cloudtrack.tracking.frames import FRAME_BYTES
from tests.servers.api_server import ApiServer


@pytest.fixture(autouse=True)
def _losing(server: ApiServer) -> Counter[str]:
    """The server does what it is asked, and drops the answer to every first attempt at a write."""
    seen: Counter[str] = Counter()

    def fault(method: str, path: str) -> str | None:
        if method == "GET":
            return None
        seen[f"{method} {path}"] += 1
        return "lost" if seen[f"{method} {path}"] % 2 else None

    server.fault = fault
    return seen


def test_creations_are_done_once(client: RemoteClient, server: ApiServer) -> None:
    experiment = client.experiments.create("e", tags={"a": "b"})
    assert [item.name for item in client.experiments.search(view_type=ViewType.ALL)] == ["e", "Default"]
    run = client.runs.create(experiment, run_name="r")
    assert [item.info.run_id for item in server.client.runs.list([experiment])] == [run.info.run_id]
    model = client.logged_models.create(experiment, name="m", source_run_id=run.info.run_id)
    assert [item.model_id for item in server.client.logged_models.list([experiment])] == [model.model_id]
    client.registered_models.create("churn", description="d")
    made = [client.model_versions.create("churn", f"runs:/{run.info.run_id}/m").version for _ in range(3)]
    assert made == [1, 2, 3]
    assert server.client.history.verify("churn").number == 4


def test_names_of_others_stay_taken(client: RemoteClient, server: ApiServer) -> None:
    server.client.experiments.create("theirs")
    server.client.registered_models.create("theirs")
    with pytest.raises(AlreadyExists, match="theirs"):
        client.experiments.create("theirs")
    with pytest.raises(AlreadyExists, match="theirs"):
        client.registered_models.create("theirs")


def test_a_batch_counts_once(client: RemoteClient) -> None:
    run_id = client.runs.create("0").info.run_id
    for step in range(5):
        client.runs.log_batch(run_id, metrics=[Metric("m", 1.0, 1, step)], params={"a": 1}, tags={"t": step})
    summary = client.runs.get(run_id).data.summaries["m"]
    assert (summary.count, summary.step) == (5, 4)


def test_what_a_writer_logs_counts_once(client: RemoteClient) -> None:
    run, writer = client.runs.start_writer(client.experiments.get("0"))
    for step in range(20):
        writer.log_metric("m", 1.0, step)
        writer.flush()
    writer.finish("FINISHED")
    found = client.runs.get(run.info.run_id)
    assert (found.data.summaries["m"].count, found.info.status) == (20, "FINISHED")


def test_every_change_of_a_model_is_one_event(client: RemoteClient, server: ApiServer) -> None:
    run_id = client.runs.create("0").info.run_id
    client.registered_models.create("churn")
    for _ in range(2):
        client.model_versions.create("churn", f"runs:/{run_id}/m", comment="why")
    client.registered_models.set_tag("churn", "k", "v")
    client.registered_models.delete_tag("churn", "k")
    client.registered_models.update("churn", description="new")
    client.model_versions.set_tag("churn", 1, "k", "v")
    client.model_versions.delete_tag("churn", 1, "k")
    client.model_versions.update("churn", 1, description="new")
    moved = client.stages.transition("churn", 1, "Production", comment="good")
    assert moved.current_stage == "Production"
    client.aliases.set("churn", "champion", 2)
    client.aliases.delete("churn", "champion", comment="gone")
    client.model_versions.delete("churn", 1)
    assert client.registered_models.rename("churn", "leave").name == "leave"
    client.registered_models.delete("leave", comment="end")
    assert [event.change.type for event in client.history.events("churn")] == [
        "model_created",
        "version_created",
        "version_created",
        "model_changed",
        "model_changed",
        "model_changed",
        "version_changed",
        "version_changed",
        "version_changed",
        "stage_transitioned",
        "alias_set",
        "alias_deleted",
        "version_deleted",
        "rename_started",
        "renamed",
    ]
    assert [event.change.type for event in client.history.events("leave")] == ["moved_in", "model_deleted"]
    assert {event.comment for event in client.history.events("churn")} == {None, "why", "good", "gone"}
    assert client.history.verify("churn").number == 15
    assert client.history.verify("leave").number == server.client.history.verify("leave").number == 2


def test_a_deletion_that_was_done_is_no_error(client: RemoteClient) -> None:
    experiment = client.experiments.create("e", tags={"t": "x"})
    run_id = client.runs.create(experiment, tags={"t": "x"}).info.run_id
    model_id = client.logged_models.create(experiment, tags={"t": "x"}).model_id
    client.runs.delete_tag(run_id, "t")
    client.experiments.delete_tag(experiment, "t")
    client.logged_models.delete_tag(model_id, "t")
    client.logged_models.delete(model_id)
    client.logged_models.delete(model_id)
    client.runs.delete(run_id)
    client.runs.restore(run_id)
    client.experiments.rename(experiment, "f")
    client.runs.delete_experiment(experiment)
    client.runs.restore_experiment(experiment)
    found = client.runs.get(run_id)
    assert (found.info.lifecycle_stage, "t" in found.data.tags) == ("active", False)


def test_a_mistake_is_an_error_also_when_nothing_was_lost(client: RemoteClient, server: ApiServer) -> None:
    experiment = client.experiments.create("e")
    run_id = client.runs.create(experiment).info.run_id
    server.fault = lambda _method, _path: None
    with pytest.raises(NotFound, match="'t'"):
        client.runs.delete_tag(run_id, "t")
    client.runs.delete_experiment(experiment)
    with pytest.raises(StateError, match="deleted already"):
        client.runs.delete_experiment(experiment)


def test_an_upload_is_whole_and_there_once(client: RemoteClient, tmp_path: Path) -> None:
    run_id = client.runs.create("0").info.run_id
    (tmp_path / "f.bin").write_bytes(bytes(range(256)) * 40_000)
    moved: list[int] = []
    client.artifacts.log_file(run_id, tmp_path / "f.bin", "data", progress=moved.append)
    assert sum(moved) == 256 * 40_000
    target = client.artifacts.download(run_id, "data/f.bin", tmp_path / "out")
    assert target.read_bytes() == (tmp_path / "f.bin").read_bytes()
    client.artifacts.delete(run_id, "data")
    assert client.artifacts.list(run_id) == []


@pytest.mark.slow
def test_large_batches_of_a_writer_are_cut_into_requests_that_pass_a_lambda(
    client: RemoteClient, server: ApiServer
) -> None:
    run, writer = client.runs.start_writer(client.experiments.get("0"))
    writer.log_params({f"p{number}": "\x01" * 60_000 for number in range(40)})
    for step in range(400_000):
        writer.log_metric("m", float(step), step, 1)
    writer.finish("FINISHED")
    assert server.largest_body <= 4 << 20
    assert server.largest_body > 2 * FRAME_BYTES
    found = client.runs.get(run.info.run_id)
    assert found.data.summaries["m"].count == 400_000
    assert len(found.data.params) == 40

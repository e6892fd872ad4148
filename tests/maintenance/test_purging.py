"""What is purged is gone for ever; what a version of a registered model needs is not, whoever races or is cut off."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.cli.main import app as cli
from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import Metric
from cloudtrack.errors import CloudtrackError, Conflict, NotFound, Purged, StateError, Unavailable
from cloudtrack.lakehouse.tables import Tables
from cloudtrack.maintenance.reindexing import check, rebuild
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.tracking.points import INLINE_POINTS
from tests.api.sending import ask
from tests.cli.test_cli import IN_BOTH_MODES
from tests.conftest import SLOW_SERVER
from tests.storage.lossy import CountingStore, ForwardingStore, LossyStore, Stopped, StoppingStore
from tests.thoroughness import IS_THOROUGH

FILES = ("model/MLmodel", "notes/a.txt", "b.txt")


def a_run(client: AnyClient, experiment_id: str) -> str:
    """A run with everything, in the trash."""
    run_id = client.runs.create(experiment_id, run_name="secret name").info.run_id
    points = [Metric("loss", 0.5, 1, step) for step in range(INLINE_POINTS + 1)]
    for first in range(0, len(points), 1000):
        client.runs.log_batch(run_id, metrics=points[first : first + 1000], params={"lr": "secret"})
    for path in FILES:
        client.artifacts.log_text(run_id, "flavors: {}\n", path)
    client.source_files.create(run_id, "packages.txt", b"numpy==2\n")
    client.console.append(run_id, "1790000000000-0123456789ab-p", 0, b"printed\n")
    model = client.logged_models.create(experiment_id, name="logged", source_run_id=run_id)
    client.logged_model_artifacts.log_text(model.model_id, "flavors: {}\n", "MLmodel")
    client.logged_models.finalize(model.model_id, "READY")
    client.runs.update(run_id, status="FINISHED")
    client.runs.delete(run_id)
    return run_id


def keys_of(store: ObjectStore) -> set[str]:
    return {info.key for info in store.list() if info.key.startswith(("runs/", "logged_models/"))}


def assert_gone(client: Client, run_id: str) -> None:
    """There is nothing but tombstones, and nobody is shown them."""
    keys = keys_of(client.store)
    assert {key.rpartition("/")[2] for key in keys} <= {"run.json", "model.json"}
    assert all(b"secret" not in client.store.get(key).body for key in keys)
    with pytest.raises(Purged):
        client.runs.get(run_id)


@pytest.fixture(params=SLOW_SERVER, name="client")
def _client(request: pytest.FixtureRequest, make_url: Callable[[str], str], tmp_path: Path) -> Iterator[AnyClient]:
    client = connect(make_url(request.param), user="ana", spool_dir=tmp_path / "spool")
    yield client
    client.close()


@pytest.fixture(name="memory")
def _memory() -> Client:
    return Client(MemoryStore(), user="ana")


def test_a_purged_run_is_gone_with_its_files_and_its_logged_models(client: AnyClient) -> None:
    experiment_id = client.experiments.create("e")
    run_id = a_run(client, experiment_id)
    (model,) = client.logged_models.search([experiment_id])
    report = client.purging.run(run_id)
    assert (report.run_ids, report.model_ids, report.objects) == ([run_id], [model.model_id], len(FILES) + 4)
    for look in (
        lambda: client.runs.get(run_id),
        lambda: client.runs.restore(run_id),
        lambda: client.runs.log_batch(run_id, tags={"a": "b"}),
        lambda: client.metrics.history(run_id, "loss"),
        lambda: client.logged_models.get(model.model_id),
    ):
        with pytest.raises(Purged, match=r"was purged by .* at .*; its id is not used again"):
            look()
    assert client.artifacts.list(run_id) == []
    assert client.runs.search([experiment_id], view_type=ViewType.ALL) == []
    assert client.logged_models.search([experiment_id]) == []
    assert client.purging.run(run_id).objects == 0


def test_only_what_is_in_the_trash_is_purged(client: AnyClient) -> None:
    experiment_id = client.experiments.create("e")
    run_id = client.runs.create(experiment_id).info.run_id
    with pytest.raises(StateError, match=f"run {run_id} is not in the trash: delete it first"):
        client.purging.run(run_id)
    with pytest.raises(StateError, match="is not in the trash"):
        client.purging.experiment(experiment_id)
    with pytest.raises(NotFound, match="there is no run"):
        client.purging.run("0" * 32)
    with pytest.raises(StateError, match="every store has the experiment 0"):
        client.purging.experiment("0")
    client.runs.delete(run_id)
    client.runs.restore(run_id)
    assert client.runs.get(run_id).info.lifecycle_stage == "active"


def test_a_run_behind_a_version_stays_and_the_error_names_all_of_them(client: AnyClient) -> None:
    run_id = a_run(client, client.experiments.create("e"))
    (model,) = client.logged_models.search([client.runs.get(run_id).info.experiment_id])
    for name, source in (("by run", f"runs:/{run_id}/model"), ("by model", f"models:/{model.model_id}")):
        client.registered_models.create(name)
        client.model_versions.create(name, source)
    client.registered_models.create("by id")
    client.model_versions.create("by id", "s3://elsewhere/model", run_id=run_id)
    client.stages.transition("by run", 1, "Production")
    named = (
        r"by id/1 \(None\), by model/1 \(None\), by run/1 \(Production\): delete these .* `cloudtrack models pin by id"
    )
    with pytest.raises(StateError, match=named):
        client.purging.run(run_id, force=True)
    assert client.artifacts.read(run_id, "model/MLmodel") == b"flavors: {}\n"
    for name in ("by run", "by model", "by id"):
        client.model_versions.delete(name, 1)
    assert client.purging.run(run_id).run_ids == [run_id]
    with pytest.raises(Purged):
        client.model_versions.create("by run", f"runs:/{run_id}/model")
    with pytest.raises(Purged):
        client.model_versions.create("by run", "s3://elsewhere/model", model_id=model.model_id)


def test_where_the_registry_keeps_the_files_the_run_goes_by_force_and_lineage_says_so(memory: Client) -> None:
    run_id = a_run(memory, memory.experiments.create("e"))
    memory.register_model(f"runs:/{run_id}/model", "churn", copy=True)
    with pytest.raises(StateError, match=r"churn/1 \(None\) came from it: their files are kept, but .* --force"):
        memory.purging.run(run_id)
    assert memory.purging.run(run_id, force=True).held_by == ["churn/1"]
    assert memory.purging.run(run_id).held_by == ["churn/1"]
    found = memory.lineage.of("churn", 1)
    assert (found.run, found.source) == (None, f"runs:/{run_id}/model")
    assert found.purged.startswith(f"run {run_id} was purged by ana at 20")
    memory.verify_version("churn", 1)


def test_a_parent_goes_after_its_children(client: AnyClient) -> None:
    experiment_id = client.experiments.create("e")
    parent = client.runs.create(experiment_id).info.run_id
    child = client.runs.create(experiment_id, tags={"mlflow.parentRunId": parent}).info.run_id
    for run_id in (parent, child):
        client.runs.delete(run_id)
    with pytest.raises(StateError, match=f"has child runs: {child}; purge them first"):
        client.purging.run(parent)
    client.purging.run(child)
    client.purging.run(parent)


def test_an_experiment_goes_with_all_in_it_and_its_name_is_free(client: AnyClient) -> None:
    experiment_id = client.experiments.create("e")
    parent = a_run(client, experiment_id)
    child = client.runs.create(experiment_id, tags={"mlflow.parentRunId": parent}).info.run_id
    own = client.logged_models.create(experiment_id, name="own")
    client.logged_model_artifacts.log_text(own.model_id, "x", "MLmodel")
    client.runs.delete_experiment(experiment_id)
    report = client.purging.experiment(experiment_id)
    assert report.run_ids == sorted([parent, child])
    assert own.model_id in report.model_ids
    for look in (client.experiments.get, client.runs.restore_experiment, client.runs.create):
        with pytest.raises(Purged):
            look(experiment_id)
    assert [each.name for each in client.experiments.search(view_type=ViewType.ALL)] == ["Default"]
    assert client.experiments.create("e") != experiment_id
    assert client.purging.experiment(experiment_id).run_ids == []
    if isinstance(client, Client):
        assert {key.rpartition("/")[2] for key in keys_of(client.store)} == {"run.json", "model.json"}
        assert [info.key for info in client.store.list(f"experiments/{experiment_id}/")] == [
            f"experiments/{experiment_id}/experiment.json"
        ]


def test_an_experiment_stays_whole_where_a_version_needs_one_of_its_runs(client: AnyClient) -> None:
    experiment_id = client.experiments.create("e")
    runs = [a_run(client, experiment_id) for _ in range(3)]
    client.registered_models.create("churn")
    client.model_versions.create("churn", f"runs:/{runs[1]}/model", run_id=runs[1])
    client.runs.delete_experiment(experiment_id)
    with pytest.raises(StateError, match=rf"experiment {experiment_id} is not purged.*churn/1 \(None\)"):
        client.purging.experiment(experiment_id)
    client.runs.restore_experiment(experiment_id)
    assert {client.runs.get(run_id).data.params["lr"] for run_id in runs} == {"secret"}


def test_a_version_is_found_where_the_index_was_thrown_away(memory: Client) -> None:
    run_id = a_run(memory, memory.experiments.create("e"))
    memory.registered_models.create("churn")
    memory.model_versions.create("churn", f"runs:/{run_id}/model")
    memory.model_index.compact("")
    for info in list(memory.store.list("index/models/")):
        memory.store.delete(info.key)
    with pytest.raises(StateError, match="churn/1"):
        Client(memory.store).purging.run(run_id)


def purge_stopped(store: ObjectStore, writes: int, purge: Callable[[Client], object]) -> bool:
    """Whether a purge was cut off before one of its writes."""
    try:
        purge(Client(StoppingStore(store, writes=writes), user="ana"))
    except Stopped:
        return True
    return False


def test_a_purge_that_was_stopped_at_any_write_shows_all_or_nothing_and_is_finished_by_the_next() -> None:
    writes, stopped = 0, True
    while stopped:
        client = Client(MemoryStore(), user="ana")
        experiment_id = client.experiments.create("e")
        run_id = a_run(client, experiment_id)
        before = keys_of(client.store)
        stopped = purge_stopped(client.store, writes, lambda other, run_id=run_id: other.purging.run(run_id))
        try:
            run = client.runs.get(run_id)
            assert (run.info.lifecycle_stage, run.data.params, len(run.data.metrics)) == (
                "deleted",
                {"lr": "secret"},
                1,
            )
            assert before <= keys_of(client.store)
        except Purged:
            assert client.runs.search([experiment_id], view_type=ViewType.ALL) == []
        client.purging.run(run_id)
        assert_gone(client, run_id)
        writes += 1
    assert writes > 10


@pytest.mark.slow
def test_a_purge_of_an_experiment_that_was_stopped_at_any_write_is_finished_by_the_next() -> None:
    writes, stopped = 0, True
    while stopped:
        client = Client(MemoryStore(), user="ana")
        experiment_id = client.experiments.create("e")
        runs = [a_run(client, experiment_id) for _ in range(2)]
        own = client.logged_models.create(experiment_id, name="own")
        client.logged_model_artifacts.log_text(own.model_id, "x", "MLmodel")
        client.runs.delete_experiment(experiment_id)
        stopped = purge_stopped(client.store, writes, lambda other, its=experiment_id: other.purging.experiment(its))
        Client(client.store, user="bea").purging.experiment(experiment_id)
        for run_id in runs:
            assert_gone(client, run_id)
        assert len([*client.store.list(f"experiments/{experiment_id}/")]) == 1
        writes += 1 if IS_THOROUGH else 4
    assert writes > 20


def test_a_purge_that_was_stopped_before_its_end_can_be_called_off() -> None:
    client = Client(MemoryStore(), user="ana")
    run_id = a_run(client, client.experiments.create("e"))
    assert purge_stopped(client.store, 2, lambda other: other.purging.run(run_id))
    client.registered_models.create("churn")
    with pytest.raises(StateError, match="is being purged by ana: restore it to keep it, or purge it again"):
        client.model_versions.create("churn", f"runs:/{run_id}/model")
    client.runs.restore(run_id)
    assert client.model_versions.create("churn", f"runs:/{run_id}/model").version == 1


@pytest.mark.parametrize("seed", range(8))
def test_lost_answers_change_nothing(seed: int, memory: Client) -> None:
    experiment_id = memory.experiments.create("e")
    runs = [a_run(memory, experiment_id) for _ in range(2)]
    memory.runs.delete_experiment(experiment_id)
    lossy = LossyStore(memory.store, share=0.3, seed=seed)
    client = Client(lossy, user="ana")
    for _ in range(100):
        try:
            client.purging.run(runs[0])
            client.purging.experiment(experiment_id)
        except Unavailable:
            continue
        break
    assert lossy.lost
    for run_id in runs:
        assert_gone(memory, run_id)


class _Meeting(ForwardingStore):
    """Lets something happen just before a write of, or a look at, some key; once."""

    def __init__(self, inner: ObjectStore, verb: str, key: str, then: Callable[[], object]) -> None:
        super().__init__(inner)
        self._wanted = (verb, key)
        self._then = then
        self.error: CloudtrackError | None = None

    def _meet(self, verb: str, key: str) -> None:
        if verb == self._wanted[0] and self._wanted[1] in key:
            self._wanted = ("", "")
            try:
                self._then()
            except CloudtrackError as error:
                self.error = error

    def create(self, key: str, body: bytes) -> str:
        self._meet("create", key)
        return super().create(key, body)

    def replace(self, key: str, body: bytes, etag: str) -> str:
        self._meet("replace", key)
        return super().replace(key, body, etag)

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectInfo]:
        self._meet("list", prefix)
        return super().list(prefix, start_after=start_after)


def test_a_version_whose_run_was_purged_just_before_its_commit_is_taken_back(memory: Client) -> None:
    run_id = a_run(memory, memory.experiments.create("e"))
    memory.registered_models.create("churn")
    store = _Meeting(memory.store, "create", "events/000000000002", lambda: memory.purging.run(run_id))
    with pytest.raises(Purged):
        Client(store).model_versions.create("churn", f"runs:/{run_id}/model")
    assert store.error is None, "the purge saw no version"
    assert memory.model_versions.list("churn") == []
    assert [event.change.type for event in memory.history.events("churn")][-2:] == [
        "version_created",
        "version_deleted",
    ]
    assert_gone(memory, run_id)


def test_a_version_registered_after_the_claim_is_refused_and_the_purge_goes_on(memory: Client) -> None:
    run_id = a_run(memory, memory.experiments.create("e"))
    memory.registered_models.create("churn")
    register = lambda: memory.model_versions.create("churn", f"runs:/{run_id}/model")  # noqa: E731 - what comes between
    store = _Meeting(memory.store, "list", "index/models/pending", register)
    Client(store, user="ana").purging.run(run_id)
    assert isinstance(store.error, StateError)
    assert_gone(memory, run_id)


def test_a_run_that_is_restored_while_it_is_looked_at_stays(memory: Client) -> None:
    run_id = a_run(memory, memory.experiments.create("e"))
    store = _Meeting(memory.store, "list", "index/models/pending", lambda: memory.runs.restore(run_id))
    with pytest.raises(Conflict, match="is not purged: it was restored"):
        Client(store, user="ana").purging.run(run_id)
    assert memory.runs.get(run_id).info.lifecycle_stage == "active"
    assert memory.artifacts.read(run_id, "b.txt")


@pytest.mark.parametrize("store_url", ["memory", "folder"], indirect=True)
def test_a_version_and_a_purge_of_its_run_are_never_both_done(store_url: str) -> None:
    client = Client(store_url, user="ana")
    experiment_id = client.experiments.create("e")
    client.registered_models.create("churn")
    done: dict[str, int] = {}
    for _ in range(25):
        run_id = client.runs.create(experiment_id).info.run_id
        client.artifacts.log_text(run_id, "flavors: {}\n", "model/MLmodel")
        client.runs.delete(run_id)
        results: dict[str, Any] = {}
        start = threading.Barrier(3)

        def attempt(name: str, work: Callable[[], Any], results: dict[str, Any] = results, start: Any = start) -> None:
            start.wait()
            with suppress(CloudtrackError):
                results[name] = work()

        source = f"runs:/{run_id}/model"
        works = {
            "purge": lambda run_id=run_id: client.purging.run(run_id),
            "purge again": lambda run_id=run_id: Client(store_url, user="bea").purging.run(run_id),
            "register": lambda source=source: Client(store_url).register_model(source, "churn"),
        }
        threads = [threading.Thread(target=attempt, args=item) for item in works.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        live = [version for version in client.model_versions.list("churn") if version.source == source]
        assert not ("register" in results and {"purge", "purge again"} & results.keys())
        assert len(live) == ("register" in results)
        if live:
            assert client.artifacts.read(run_id, "model/MLmodel")
        for name in results:
            done[name] = done.get(name, 0) + 1
    assert done, "somebody wins at times"


def test_purged_runs_stay_hidden_in_parts_tables_and_new_indexes(memory: Client) -> None:
    experiment_id = memory.experiments.create("e")
    kept = memory.runs.create(experiment_id, run_name="kept").info.run_id
    memory.runs.update(kept, status="FINISHED")
    run_id = a_run(memory, experiment_id)
    memory.run_index.compact(experiment_id)
    memory.purging.run(run_id)
    tables = Tables(memory.store, memory.experiments, memory.run_index, memory.registered_models, memory.model_versions)

    def shown() -> tuple[list[str], list[Any], list[Any]]:
        found = Client(memory.store).runs.search([experiment_id], view_type=ViewType.ALL)
        with tables.query("SELECT run_id FROM runs") as answer:
            rows = list(answer)
        with tables.query("SELECT DISTINCT run_id FROM params") as answer:
            params = list(answer)
        return [run.info.run_id for run in found], rows, params

    before = shown()
    assert before[0] == [kept]
    assert len(before[1]) == 1
    assert before[2] == []
    for change in (
        lambda: memory.run_index.compact(experiment_id),
        lambda: rebuild(memory.store, memory.run_index, [experiment_id]),
    ):
        change()
        assert shown() == before
        assert check(memory.run_index, [experiment_id]).ok
    memory.runs.delete_experiment(experiment_id)
    memory.runs.restore_experiment(experiment_id)
    assert memory.runs.get(kept).info.lifecycle_stage == "active"


def test_what_waits_for_a_purged_run_is_dropped(client: AnyClient, tmp_path: Path) -> None:
    experiment_id = client.experiments.create("e")
    run, writer = client.runs.start_writer(client.experiments.get(experiment_id))
    client.runs.get(run.info.run_id)
    other = connect(client.uri, user="ana", spool_dir=tmp_path / "other")
    other.runs.delete(run.info.run_id)
    other.purging.run(run.info.run_id)
    writer.log_params({"lr": "1"})
    writer.detach()
    spools = list((tmp_path / "spool").glob("*.spool"))
    assert spools
    report = client.sync()
    assert (report.purged, report.failed) == ([run.info.run_id], {})
    assert list((tmp_path / "spool").glob("*.spool")) == []


def test_who_may_manage_the_experiment_purges_and_names_the_run_twice(memory: Client) -> None:
    experiment_id = memory.experiments.create("e")
    run_id = a_run(memory, experiment_id)
    access = Access(memory.store)
    access.grant("boss", Resource.EXPERIMENT, experiment_id, Permission.MANAGE)
    access.grant("editor", Resource.EXPERIMENT, experiment_id, Permission.EDIT)
    app = App(memory, access=access)

    def purge(who: str, **more: str) -> tuple[int, dict[str, Any]]:
        body = json.dumps({"run_id": run_id, **more}).encode()
        headers = {"content-type": "application/json"}
        answer = ask(app, "POST", "/api/2.0/cloudtrack/runs/purge", body, headers, principal=Principal(who))
        return answer.status, answer.json()

    assert purge("editor", confirm=run_id)[0] == 403
    assert purge("stranger", confirm=run_id)[0] == 404
    for confirm in ({}, {"confirm": "yes"}):
        assert purge("boss", **confirm)[0] == 400
    assert memory.runs.get(run_id).info.lifecycle_stage == "deleted"
    for objects in (len(FILES) + 4, 0):
        status, answer = purge("boss", confirm=run_id)
        assert (status, answer["purged"]["run_ids"], answer["purged"]["objects"]) == (200, [run_id], objects)
    with pytest.raises(Purged, match="was purged by boss"):
        memory.runs.get(run_id)


@IN_BOTH_MODES
def test_the_command_asks_before_it_purges(store_url: str) -> None:
    client = connect(store_url)
    experiment_id = client.experiments.create("e")
    runs = [a_run(client, experiment_id) for _ in range(3)]
    purge = CliRunner()
    refused = purge.invoke(cli, ["-s", store_url, "runs", "purge", runs[0]], input="n\n")
    assert refused.exit_code == 1
    assert client.runs.get(runs[0]).info.run_id == runs[0]
    done = purge.invoke(cli, ["-s", store_url, "runs", "purge", *runs[:2]], input="y\n")
    assert done.exit_code == 0, done.output
    assert "removed 2 run(s), 2 logged model(s) and 14 object(s)" in done.output
    client.runs.delete_experiment(experiment_id)
    done = purge.invoke(cli, ["-s", store_url, "experiments", "purge", experiment_id, "--yes", "--json"])
    assert json.loads(done.output)["run_ids"] == [runs[2]]
    failed = purge.invoke(cli, ["-s", store_url, "runs", "purge", "0" * 32, "--yes"])
    assert failed.exit_code == 1


def test_a_purge_asks_no_more_where_there_are_many_runs_and_models() -> None:
    counts = []
    for others in (1, 30):
        client = Client(MemoryStore(), user="ana")
        experiment_id = client.experiments.create("e")
        for number in range(others):
            client.runs.update(client.runs.create(experiment_id).info.run_id, status="FINISHED")
            client.registered_models.create(f"m{number}")
        run_id = a_run(client, experiment_id)
        client.run_index.compact(experiment_id)
        client.logged_model_index.compact(experiment_id)
        client.model_index.compact("")
        store = CountingStore(client.store)
        counting = Client(store, user="ana")
        store.reset()
        counting.purging.run(run_id)
        counts.append((store.requests, store.counts["delete"]))
    assert counts[0] == counts[1]
    assert counts[0][1] == len(FILES) + 4
    assert counts[0][0] <= 60, counts


def test_a_registration_asks_for_its_run_twice(memory: Client) -> None:
    run_id = memory.runs.create("0").info.run_id
    memory.registered_models.create("churn")
    store = CountingStore(memory.store)
    client = Client(store)
    counts = []
    for source in ("s3://elsewhere/model", f"runs:/{run_id}/model"):
        store.reset()
        client.model_versions.create("churn", source, run_id=None if "s3" in source else run_id)
        counts.append(store.requests)
    assert counts[1] - counts[0] == 2

"""Runs: what is logged is there, exactly once, whoever writes and whatever breaks."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.dataset import Dataset, DatasetInput, InputTag
from cloudtrack.entities.experiment import LifecycleStage, ViewType
from cloudtrack.entities.run import Metric, RunStatus
from cloudtrack.errors import InvalidInput, NotFound, StateError, Unavailable
from cloudtrack.index.cache import PartCache
from cloudtrack.storage.folder import FolderStore
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.logged_model_index import LoggedModelIndex
from cloudtrack.tracking.logged_models import LoggedModels
from cloudtrack.tracking.metrics import Metrics
from cloudtrack.tracking.points import INLINE_POINTS
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.run_index import RunIndex
from cloudtrack.tracking.runs import Runs
from cloudtrack.tracking.sync import sync_spools
from tests.processes import run_together
from tests.storage.lossy import CountingStore, ForwardingStore, LossyStore
from tests.tracking.racers import log_to_one_run

KINDS = pytest.mark.parametrize("store_url", ["memory", "folder", "moto-obstore"], indirect=True)


class Tracking:
    """The tracking services over one store."""

    def __init__(self, store: ObjectStore, spool: Path) -> None:
        self.spool = spool
        self.experiments = Experiments(store)
        self.documents = RunDocuments(store)
        cache = PartCache(store, spool.parent / "cache")
        self.logged_models = LoggedModels(store, self.experiments, LoggedModelIndex(store, cache))
        self.runs = Runs(
            store, self.documents, self.experiments, RunIndex(store, cache), self.logged_models, spool_dir=spool
        )
        self.metrics = Metrics(self.documents)


@pytest.fixture
def tracking(store: ObjectStore, tmp_path: Path) -> Tracking:
    return Tracking(store, tmp_path / "spool")


@pytest.fixture
def memory(tmp_path: Path) -> Tracking:
    return Tracking(MemoryStore(), tmp_path / "spool")


@KINDS
def test_a_batch_reads_back_equal(tracking: Tracking) -> None:
    experiment = tracking.experiments.create("e")
    run = tracking.runs.create(experiment, run_name="n", tags={"a": "b"}, user_id="ann")
    values = [0.5, math.nan, math.inf, -math.inf, 1e308, -0.0, 5e-324]
    metrics = [Metric(f"m ü/{i} {number}", value, 10 + i, i) for number in range(140) for i, value in enumerate(values)]
    params = {f"p.{number}": "ü" * number for number in range(100)}
    tracking.runs.log_batch(run.info.run_id, metrics=metrics, params=params, tags={"t": "v"})
    found = tracking.runs.get(run.info.run_id)
    assert found.data.params == params
    assert found.data.tags == {"a": "b", "t": "v", "mlflow.runName": "n"}
    assert len(found.data.metrics) == len(metrics)
    for metric in metrics:
        value = found.data.metrics[metric.key]
        assert value == metric.value or (math.isnan(value) and math.isnan(metric.value))
        if metric.key.endswith(" 0"):
            point = tracking.metrics.history(run.info.run_id, metric.key)[0]
            assert (point.step, point.timestamp) == (metric.step, metric.timestamp)
    assert (found.info.run_name, found.info.user_id, found.info.status) == ("n", "ann", "RUNNING")


def test_a_run_goes_through_its_life(memory: Tracking) -> None:
    experiment = memory.experiments.create("e")
    run_id = memory.runs.create(experiment).info.run_id
    assert memory.runs.get(run_id).info.end_time is None
    ended = memory.runs.update(run_id, status="FINISHED", run_name="better")
    assert (ended.info.status, ended.info.run_name) == ("FINISHED", "better")
    assert ended.data.tags["mlflow.runName"] == "better"
    assert ended.info.end_time is not None
    memory.runs.delete(run_id)
    assert memory.runs.list([experiment]) == []
    assert [run.info.run_id for run in memory.runs.list([experiment], view_type=ViewType.DELETED_ONLY)] == [run_id]
    with pytest.raises(StateError, match="deleted"):
        memory.runs.log_batch(run_id, params={"a": 1})
    memory.runs.restore(run_id)
    memory.runs.log_batch(run_id, tags={"late": "x"})
    memory.runs.delete_tag(run_id, "late")
    with pytest.raises(NotFound, match="late"):
        memory.runs.delete_tag(run_id, "late")
    with pytest.raises(InvalidInput, match="BORED"):
        memory.runs.update(run_id, status="BORED")


def test_deleting_an_experiment_again_finishes_what_was_cut_off(memory: Tracking) -> None:
    experiment = memory.experiments.create("e")
    run_id = memory.runs.create(experiment).info.run_id
    memory.experiments.set_lifecycle_stage(experiment, LifecycleStage.DELETED)  # and stopped there
    memory.runs.delete_experiment(experiment)
    assert memory.runs.get(run_id).info.lifecycle_stage == LifecycleStage.DELETED
    with pytest.raises(StateError, match="deleted already"):
        memory.runs.delete_experiment(experiment)
    memory.runs.restore_experiment(experiment)
    assert memory.runs.get(run_id).info.lifecycle_stage == LifecycleStage.ACTIVE


def test_params_are_written_once(memory: Tracking) -> None:
    run_id = memory.runs.create(memory.experiments.create("e")).info.run_id
    memory.runs.log_batch(run_id, params={"a": 1})
    memory.runs.log_batch(run_id, params={"a": "1"})
    with pytest.raises(InvalidInput, match=r"'a'.*'1' already.*'2'"):
        memory.runs.log_batch(run_id, params={"a": 2, "b": 3}, tags={"t": "x"})
    found = memory.runs.get(run_id)
    assert found.data.params == {"a": "1"}
    assert "t" not in found.data.tags


def test_params_up_to_64_kib_are_kept_whole(memory: Tracking) -> None:
    run_id = memory.runs.create(memory.experiments.create("e")).info.run_id
    memory.runs.log_batch(run_id, params={"long": "x" * (64 << 10)})
    assert len(memory.runs.get(run_id).data.params["long"]) == 64 << 10
    with pytest.raises(InvalidInput, match="log_text"):
        memory.runs.log_batch(run_id, params={"longer": "x" * ((64 << 10) + 1)})


@pytest.mark.parametrize("key", ["", "a" * 251, "../x", "/a", "a//b", "a/../b", "a\x00", "a\nb", "ä?", 3, ".", "a/"])
def test_bad_keys_are_refused(memory: Tracking, key: object) -> None:
    run_id = memory.runs.create(memory.experiments.create("e")).info.run_id
    before = memory.documents.get(run_id).document.version
    for batch in ({"params": {key: 1}}, {"tags": {key: 1}}, {"metrics": [Metric(key, 1.0, 1)]}):  # type: ignore[arg-type]
        with pytest.raises(InvalidInput):
            memory.runs.log_batch(run_id, **batch)  # type: ignore[arg-type]  # the point of the test
    assert memory.documents.get(run_id).document.version == before


def test_deleting_an_experiment_takes_its_runs_along_and_restoring_brings_those_back(memory: Tracking) -> None:
    experiment = memory.experiments.create("e")
    kept = memory.runs.create(experiment).info.run_id
    gone = memory.runs.create(experiment).info.run_id
    memory.runs.delete(gone)
    memory.runs.delete_experiment(experiment)
    assert memory.runs.get(kept).info.lifecycle_stage == "deleted"
    with pytest.raises(StateError):
        memory.runs.create(experiment)
    memory.runs.restore_experiment(experiment)
    assert [run.info.run_id for run in memory.runs.list([experiment])] == [kept]


def test_datasets_are_inputs_and_the_same_one_is_recorded_once(memory: Tracking) -> None:
    run_id = memory.runs.create(memory.experiments.create("e")).info.run_id
    dataset = Dataset("wine", "abc", "local", "{}", "schema", "profile")
    memory.runs.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "train")])])
    memory.runs.log_inputs(run_id, [DatasetInput(dataset, [InputTag("more", "x")])])
    (use,) = memory.runs.get(run_id).inputs.dataset_inputs
    assert use.dataset == dataset
    assert {tag.key: tag.value for tag in use.tags} == {"mlflow.data.context": "train", "more": "x"}


def test_a_dataset_that_is_read_for_two_purposes_is_two_inputs(memory: Tracking) -> None:
    run_id = memory.runs.create(memory.experiments.create("e")).info.run_id
    for tags in ([], ["train"], ["eval"], [], ["train"]):
        contexts = [InputTag("mlflow.data.context", context) for context in tags]
        memory.runs.log_inputs(run_id, [DatasetInput(Dataset("wine", "abc"), contexts)])
    uses = memory.runs.get(run_id).inputs.dataset_inputs
    assert [[tag.value for tag in use.tags] for use in uses] == [["train"], ["eval"]]


@KINDS
def test_a_long_history_is_spilled_and_read_back_whole(tracking: Tracking) -> None:
    experiment = tracking.experiments.get(tracking.experiments.create("e"))
    run, writer = tracking.runs.start_writer(experiment)
    for part in range(3):
        for step in range(INLINE_POINTS + 500):
            writer.log_metric("loss", float(step), part * 10_000 + step, 1000)
        writer.flush()
    for step in range(5):
        writer.log_metric("loss", math.nan, 50_000 + step, 1000)
    writer.finish(RunStatus.FINISHED)
    history = tracking.metrics.history(run.info.run_id, "loss")
    assert len(history) == 3 * (INLINE_POINTS + 500) + 5
    assert [point.step for point in history] == sorted(point.step for point in history)
    document = tracking.documents.get(run.info.run_id).document
    assert sum(segment.rows for segment in document.segments) == 3 * (INLINE_POINTS + 500)
    summary = tracking.runs.get(run.info.run_id).data.summaries["loss"]
    assert (summary.count, summary.max, summary.min) == (len(history), INLINE_POINTS + 499, 0.0)
    assert tracking.metrics.history(run.info.run_id, "other") == []


def test_many_segments_are_merged_so_that_a_long_run_has_few(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    tracking = Tracking(store, tmp_path / "spool")
    run, writer = tracking.runs.start_writer(tracking.experiments.get(tracking.experiments.create("e")))
    rounds = 20
    for part in range(rounds):
        for step in range(INLINE_POINTS + 1):
            writer.log_metric("loss", 1.0, part * 10_000 + step, 7)
        writer.flush()
    writer.finish(RunStatus.FINISHED)
    segments = tracking.documents.get(run.info.run_id).document.segments
    assert len(segments) < 10
    stored = {
        info.key.rpartition("/")[2].removesuffix(".parquet") for info in store.list(f"runs/{run.info.run_id}/metrics/")
    }
    assert stored == {segment.name for segment in segments}
    assert len(tracking.metrics.history(run.info.run_id, "loss")) == rounds * (INLINE_POINTS + 1)


def test_a_short_run_costs_few_requests(tmp_path: Path) -> None:
    counting = CountingStore(FolderStore(tmp_path / "store"))
    tracking = Tracking(counting, tmp_path / "spool")
    experiment = tracking.experiments.get(tracking.experiments.create("e"))
    counting.reset()
    _, writer = tracking.runs.start_writer(experiment)
    writer.log_params({f"p{number}": number for number in range(100)})
    for number in range(10):
        writer.log_metric(f"m{number}", 0.5)
    writer.finish(RunStatus.FINISHED)
    assert counting.requests <= 6
    assert counting.writes <= 4


@pytest.mark.parametrize("steps", [20_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_million_points_are_few_writes(steps: int, tmp_path: Path) -> None:
    counting = CountingStore(FolderStore(tmp_path / "store"))
    tracking = Tracking(counting, tmp_path / "spool")
    experiment = tracking.experiments.get(tracking.experiments.create("e"))
    counting.reset()
    run, writer = tracking.runs.start_writer(experiment)
    for step in range(steps):
        for number in range(10):
            writer.log_metric(f"m{number}", float(step), step, 1000 + step)
    writer.finish(RunStatus.FINISHED)
    assert counting.writes <= 20
    data = tracking.runs.get(run.info.run_id).data
    assert {summary.count for summary in data.summaries.values()} == {steps}
    assert len(tracking.metrics.history(run.info.run_id, "m7")) == steps


def test_what_a_writer_logs_is_seen_by_reads_of_its_own_process(memory: Tracking) -> None:
    run, writer = memory.runs.start_writer(memory.experiments.get(memory.experiments.create("e")))
    writer.log_params({"a": 1})
    writer.log_metric("m", 2)
    found = memory.runs.get(run.info.run_id)
    assert (found.data.params, found.data.metrics) == ({"a": "1"}, {"m": 2.0})
    assert [item.info.run_id for item in memory.runs.list([run.info.experiment_id])] == [run.info.run_id]
    writer.finish(RunStatus.FINISHED)
    with pytest.raises(StateError, match="has ended"):
        writer.log_metric("m", 3)
    with pytest.raises(StateError, match="has ended"):
        writer.log_params({"b": 3})


def test_a_writer_refuses_a_changed_param_at_once(memory: Tracking) -> None:
    run, writer = memory.runs.start_writer(memory.experiments.get(memory.experiments.create("e")))
    writer.log_params({"a": 1})
    with pytest.raises(InvalidInput, match="'a'"):
        writer.log_params({"new": 1, "a": 2})
    writer.finish(RunStatus.FINISHED)
    assert memory.runs.get(run.info.run_id).data.params == {"a": "1"}


def test_of_two_writers_the_first_param_is_kept_and_the_other_is_noted(tmp_path: Path) -> None:
    store = MemoryStore()
    first, second = Tracking(store, tmp_path / "a"), Tracking(store, tmp_path / "b")
    run, writer = first.runs.start_writer(first.experiments.get(first.experiments.create("e")))
    rival = second.runs.open_writer(run.info.run_id)
    writer.log_params({"a": 1})
    rival.log_params({"a": 2, "b": 3})
    writer.flush()
    rival.detach()
    writer.finish(RunStatus.FINISHED)
    document = first.documents.get(run.info.run_id).document
    assert document.params == {"a": "1", "b": "3"}
    assert [(param.key, param.value) for param in document.rejected_params] == [("a", "2")]


@pytest.mark.parametrize("kind", ["folder", "moto-obstore"])
def test_many_processes_log_to_one_run(kind: str, make_url: Callable[[str], str], tmp_path: Path) -> None:
    url = make_url(kind)
    client = Client(url, spool_dir=tmp_path / "own")
    run_id = client.runs.create(client.experiments.create("e")).info.run_id
    ranks, points = 4, 1_000
    run_together(log_to_one_run, [(url, run_id, str(tmp_path / "spool"), rank, points) for rank in range(ranks)])
    found = client.runs.get(run_id)
    assert found.data.params == {"shared": "same", **{f"p{rank}": str(rank) for rank in range(ranks)}}
    for rank in range(ranks):
        assert [point.step for point in client.metrics.history(run_id, f"m{rank}")] == list(range(points))
        assert found.data.summaries[f"m{rank}"].count == points


def test_lost_answers_count_nothing_twice(tmp_path: Path) -> None:
    store = MemoryStore()
    lossy = LossyStore(store, share=0.0, seed=5)
    tracking = Tracking(lossy, tmp_path / "spool")
    run, writer = tracking.runs.start_writer(tracking.experiments.get(tracking.experiments.create("e")))
    lossy._share = 0.5
    for step in range(40):
        writer.log_metric("m", 1.0, step)
        while True:
            try:
                writer.flush()
                break
            except Unavailable:
                continue
    lossy._share = 0.0
    writer.finish(RunStatus.FINISHED)
    assert lossy.lost > 5
    summary = tracking.runs.get(run.info.run_id).data.summaries["m"]
    assert summary.count == 40


class AwayStore(ForwardingStore):
    """A store that can be unplugged."""

    away = False

    def _check(self) -> None:
        if self.away:
            raise Unavailable("the cable is out")

    def get(self, key: str, *, unless_etag: str = ""):  # type: ignore[no-untyped-def]
        self._check()
        return super().get(key, unless_etag=unless_etag)

    def create(self, key: str, body: bytes) -> str:
        self._check()
        return super().create(key, body)

    def replace(self, key: str, body: bytes, etag: str) -> str:
        self._check()
        return super().replace(key, body, etag)


def test_a_run_starts_goes_on_and_ends_while_the_store_is_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = MemoryStore()
    away = AwayStore(store)
    tracking = Tracking(away, tmp_path / "spool")
    experiment = tracking.experiments.get(tracking.experiments.create("e"))
    away.away = True
    run, writer = tracking.runs.start_writer(experiment, run_name="offline")
    writer.log_params({"a": 1})
    for step in range(5000):
        writer.log_metric("m", float(step), step)
    writer.finish(RunStatus.FINISHED)
    assert "cloudtrack sync" in caplog.text
    away.away = False
    with pytest.raises(NotFound):
        tracking.runs.get(run.info.run_id)

    report = sync_spools(tracking.spool, tracking.runs.delivery, away.url)
    assert report.delivered == [run.info.run_id]
    found = tracking.runs.get(run.info.run_id)
    assert (found.info.status, found.info.run_name, found.data.params) == ("FINISHED", "offline", {"a": "1"})
    assert found.info.start_time == run.info.start_time
    assert len(tracking.metrics.history(run.info.run_id, "m")) == 5000
    before = list(store.list())
    assert sync_spools(tracking.spool, tracking.runs.delivery, away.url).delivered == []
    assert list(store.list()) == before


def test_a_spool_may_be_replayed_from_any_copy(tmp_path: Path) -> None:
    store = MemoryStore()
    away = AwayStore(store)
    tracking = Tracking(away, tmp_path / "spool")
    experiment = tracking.experiments.get(tracking.experiments.create("e"))
    run, writer = tracking.runs.start_writer(experiment)
    writer.log_metric("m", 1.0, 1)
    writer.flush()
    away.away = True
    writer.log_metric("m", 2.0, 2)
    writer.finish(RunStatus.FAILED)
    away.away = False
    (spool,) = tracking.spool.glob("*.spool")
    for copy in ("one", "two"):
        (tmp_path / copy).mkdir()
        (tmp_path / copy / spool.name).write_bytes(spool.read_bytes())
    for folder in (tmp_path / "one", tracking.spool, tmp_path / "two"):
        assert sync_spools(folder, tracking.runs.delivery, away.url).delivered == [run.info.run_id]
    found = tracking.runs.get(run.info.run_id)
    assert found.data.summaries["m"].count == 2
    assert found.info.status == "FAILED"
    assert [point.value for point in tracking.metrics.history(run.info.run_id, "m")] == [1.0, 2.0]


def test_a_torn_spool_gives_what_is_whole_and_is_set_aside(tmp_path: Path) -> None:
    store = MemoryStore()
    away = AwayStore(store)
    tracking = Tracking(away, tmp_path / "spool")
    experiment = tracking.experiments.get(tracking.experiments.create("e"))
    run, writer = tracking.runs.start_writer(experiment)
    away.away = True
    writer.log_metric("m", 1.0, 1)
    with pytest.raises(Unavailable):
        writer.flush()
    writer.log_metric("m", 2.0, 2)
    writer.finish(RunStatus.FINISHED)
    away.away = False
    (spool,) = tracking.spool.glob("*.spool")
    spool.write_bytes(spool.read_bytes()[:-7])
    report = sync_spools(tracking.spool, tracking.runs.delivery, away.url)
    assert report.delivered == [run.info.run_id]
    assert [point.value for point in tracking.metrics.history(run.info.run_id, "m")] == [1.0]
    assert len(list(tracking.spool.glob("*.damaged"))) == 1


def test_a_file_that_is_no_spool_is_kept_and_named(tmp_path: Path, memory: Tracking) -> None:
    memory.spool.mkdir(parents=True)
    (memory.spool / "x.spool").write_bytes(b"not a spool")
    report = sync_spools(memory.spool, memory.runs.delivery, "memory://")
    assert list(report.failed) == ["x.spool"]
    assert (memory.spool / "x.spool").exists()


def test_logging_goes_on_where_the_spool_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    tracking = Tracking(MemoryStore(), tmp_path / "file" / "spool")
    run, writer = tracking.runs.start_writer(tracking.experiments.get(tracking.experiments.create("e")))
    writer.log_metric("m", 1.0)
    writer.finish(RunStatus.FINISHED)
    assert "cannot be written" in caplog.text
    assert tracking.runs.get(run.info.run_id).data.metrics == {"m": 1.0}


def test_a_silent_run_is_lost(memory: Tracking) -> None:
    run, writer = memory.runs.start_writer(memory.experiments.get(memory.experiments.create("e")))
    document = memory.documents.get(run.info.run_id).document
    beat = document.heartbeat_time
    assert not document.is_lost(beat + 3 * document.heartbeat_interval_ms)
    assert document.is_lost(beat + 3 * document.heartbeat_interval_ms + 1)
    writer.finish(RunStatus.FINISHED)
    assert not memory.documents.get(run.info.run_id).document.is_lost(beat + 10**9)


def test_a_resumed_run_goes_on(memory: Tracking) -> None:
    run, writer = memory.runs.start_writer(memory.experiments.get(memory.experiments.create("e")))
    writer.log_metric("m", 1.0, 1)
    writer.finish(RunStatus.FINISHED)
    again = memory.runs.open_writer(run.info.run_id)
    assert memory.runs.get(run.info.run_id).info.status == "RUNNING"
    again.log_metric("m", 2.0, 2)
    again.finish(RunStatus.FAILED)
    found = memory.runs.get(run.info.run_id)
    assert (found.info.status, found.data.metrics) == ("FAILED", {"m": 2.0})
    assert [point.value for point in memory.metrics.history(run.info.run_id, "m")] == [1.0, 2.0]


def test_every_change_an_index_would_miss_is_marked_before_it_is_made(memory: Tracking) -> None:
    experiment = memory.experiments.create("e")
    run_id = memory.runs.create(experiment).info.run_id
    store = memory.documents._store
    prefix = f"experiments/{experiment}/index/pending/"
    assert [info.key for info in store.list(prefix)] == [f"{prefix}{run_id}.1"]
    memory.runs.log_batch(run_id, params={"a": 1})
    memory.runs.update(run_id, status="FINISHED")
    assert len(list(store.list(prefix))) == 1  # one marker for a running run's whole life
    memory.runs.log_batch(run_id, tags={"late": "x"})
    version = memory.documents.get(run_id).document.version
    assert {info.key for info in store.list(prefix)} == {f"{prefix}{run_id}.1", f"{prefix}{run_id}.{version}"}


def test_one_bad_object_does_not_hide_the_others(memory: Tracking, caplog: pytest.LogCaptureFixture) -> None:
    experiment = memory.experiments.create("e")
    good = memory.runs.create(experiment).info.run_id
    bad = memory.runs.create(experiment).info.run_id
    store = memory.documents._store
    store.delete(f"runs/{bad}/run.json")
    store.create(f"runs/{bad}/run.json", b'{"format": "cloudtrack.run/9"}')
    store.create("experiments/bad one/experiment.json", b"x")
    store.create(f"experiments/{'7' * 18}/experiment.json", b"[]")
    assert [run.info.run_id for run in memory.runs.list([experiment])] == [good]
    assert [item.name for item in memory.experiments.search()] == ["e"]
    assert f"runs/{bad}/run.json" in caplog.text

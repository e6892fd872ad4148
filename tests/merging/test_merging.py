"""push, pull and sync: what is brought, what is a conflict, and what it costs."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import Metric
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.merging import files
from cloudtrack.merging.report import Merged
from cloudtrack.registry import versions
from cloudtrack.registry.contents import condemnation
from cloudtrack.registry.events import ModelCreated, MovedIn
from cloudtrack.registry.registry import Registry
from cloudtrack.storage.folder import FolderStore
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from cloudtrack.tracking.points import INLINE_POINTS
from tests.maintenance.stores import Clock, fill, log_model, log_points
from tests.maintenance.test_gc import a_client, assert_whole
from tests.merging.contents import content
from tests.storage.lossy import CountingStore, Stopped, StoppingStore, WatchedStore
from tests.thoroughness import IS_THOROUGH


@pytest.fixture
def a() -> Client:
    return a_client(MemoryStore("a"))


@pytest.fixture
def b(a: Client) -> Client:
    """An empty copy of the other."""
    a.merging.push(store := MemoryStore("b"))
    return a_client(store)


def kinds(*ways: Merged) -> list[str]:
    return sorted(each.kind for way in ways for each in way.conflicts)


def findings(client: Client) -> list[str]:
    return [f"{each.kind} {each.key}" for each in client.fsck.check(deep=True).findings]


def a_run(client: Client, experiment: str = "0") -> str:
    run_id = client.runs.create(experiment).info.run_id
    log_model(client, run_id, "model", "weights")
    client.runs.log_batch(run_id, params={"lr": "1"}, metrics=[Metric("loss", 1.0, 1, 1)])
    client.runs.update(run_id, status="FINISHED")
    return run_id


def steps(client: Client, run_id: str) -> set[int]:
    found = [metric.step for metric in client.metrics.history(run_id, "loss")]
    assert client.runs.get(run_id).data.summaries["loss"].count == len(found)
    return {*found}


def test_a_copy_has_everything_but_what_is_a_stores_own(a: Client) -> None:
    names = fill(a)
    done = a.merging.push(copy := MemoryStore("b"))
    assert done.conflicts == []
    assert content(copy) == content(a.store)
    b = a_client(copy)
    assert findings(b) == []
    own = ("policy.yaml", "access/", "webhooks/", "feed/", "gc/")
    assert not [info.key for info in copy.list() if info.key.startswith(own)]
    assert [run.info.run_id for run in b.runs.search([names["experiment"]], max_results=None)] == [
        run.info.run_id for run in a.runs.search([names["experiment"]], max_results=None)
    ]
    assert b.model_versions.search() == a.model_versions.search()
    assert_whole(b)


@pytest.mark.parametrize("kind", ["moto-obstore"])
def test_a_folder_goes_to_s3_and_back(kind: str, make_url: Callable[[str], str], tmp_path: Path) -> None:
    first = Client(tmp_path / "a")
    fill(first)
    url = make_url(kind)
    assert first.merging.push(url).conflicts == []
    second = Client(url, create=False)
    assert second.merging.push(tmp_path / "back").conflicts == []
    assert content(FolderStore(tmp_path / "back")) == content(open_store(url)) == content(first.store)
    again = CountingStore(open_store(url))
    first.merging.push(again)
    assert again.writes == 0


def test_a_cluster_and_a_laptop_that_both_went_on_are_one_after_a_sync(tmp_path: Path) -> None:
    cluster = Client(tmp_path / "cluster")
    experiment = cluster.experiments.create("train")
    run_id = a_run(cluster, experiment)
    cluster.register_model(f"runs:/{run_id}/model", "churn")
    shutil.copytree(tmp_path / "cluster", tmp_path / "laptop")  # rsync
    laptop = Client(tmp_path / "laptop")
    laptop.runs.log_batch(run_id, tags={"note": "good"})
    laptop.stages.transition("churn", 1, "Production")
    theirs = a_run(laptop, experiment)
    mine = a_run(cluster, experiment)
    log_points(cluster, mine, INLINE_POINTS + 5, first=10)
    pulled, pushed = cluster.merging.sync(tmp_path / "laptop")
    assert kinds(pulled, pushed) == []
    assert content(cluster.store) == content(laptop.store)
    assert {run.info.run_id for run in cluster.runs.search([experiment])} == {run_id, theirs, mine}
    assert cluster.stages.holders("churn", "Production") == laptop.stages.holders("churn", "Production")
    assert findings(cluster) == findings(laptop) == []


def test_a_second_merge_writes_nothing_and_reads_no_run(a: Client) -> None:
    requests = []
    for count in (3, 30):
        for _ in range(count):
            a_run(a)
        copy = CountingStore(MemoryStore("b"))
        a.merging.push(copy)
        mine = CountingStore(a.store)
        copy.reset()
        a_client(mine).merging.push(copy)
        assert copy.writes == mine.writes == 0
        requests.append((copy.requests, mine.requests))
    assert requests[0] == requests[1]
    assert requests[0] == (8, 7)  # five listings, and the marker


def test_a_folder_is_read_once_more_and_then_known(a: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_run(a)
    copy = CountingStore(FolderStore(tmp_path / "b"))
    a.merging.push(copy)
    from cloudtrack import clock

    real = clock.now_ms
    monkeypatch.setattr(clock, "now_ms", lambda: real() + 60_000)  # files may be written again within a tick
    reads = []
    for _ in range(3):
        copy.reset()
        a.merging.push(copy)
        assert copy.writes == 0
        reads.append(copy.counts["get"])
    assert reads[0] > reads[1] == reads[2] == 3  # the marker


def test_a_run_that_is_being_written_is_whole_at_every_moment(a: Client, b: Client) -> None:
    run_id = a.runs.create("0").info.run_id
    failed: list[BaseException] = []

    def train() -> None:
        try:
            mine = a_client(a.store)
            for number in range(12):
                log_points(mine, run_id, INLINE_POINTS // 2, first=number * INLINE_POINTS)
                mine.artifacts.log_text(run_id, f"epoch {number}", "last.txt")
        except BaseException as error:
            failed.append(error)

    training = threading.Thread(target=train)
    training.start()
    while training.is_alive():
        a.merging.push(b.store)
        assert [each for each in b.fsck.check().findings if each.severity == "damage"] == []
    training.join()
    assert failed == []
    assert a.merging.push(b.store).conflicts == []
    assert steps(b, run_id) == steps(a, run_id)
    assert b.store.get(f"runs/{run_id}/artifacts/last.txt").body == b"epoch 11"


@pytest.mark.parametrize("forgets", [False, True])
def test_a_run_with_more_commits_than_it_remembers_goes_forward(
    a: Client, b: Client, forgets: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run_id = a.runs.create("0").info.run_id
    log_points(a, run_id, 10)
    a.merging.push(b.store)
    for step in range(300):
        a.runs.log_batch(run_id, metrics=[Metric("loss", 1.0, 1, 100 + step)])
    if forgets:
        monkeypatch.setenv("CLOUDTRACK_CACHE_DIR", str(tmp_path / "elsewhere"))
    done = a.merging.push(b.store)
    assert (kinds(done), done.counts["runs updated"]) == ([], 1)
    assert content(b.store) == content(a.store)


def test_what_two_sides_logged_to_one_run_is_united(a: Client, b: Client) -> None:
    run_id = a.runs.create("0").info.run_id
    log_points(a, run_id, 10)
    a.merging.push(b.store)
    log_points(a, run_id, INLINE_POINTS + 5, first=100)  # spilled into a file here, and inline there
    log_points(b, run_id, 7, first=50_000)
    a.runs.log_batch(run_id, params={"a": "1"}, tags={"from": "a"})
    b.runs.log_batch(run_id, params={"b": "1"}, tags={"note": "b"})
    pulled, pushed = a.merging.sync(b.store)
    assert kinds(pulled, pushed) == []
    assert steps(a, run_id) == {*range(10), *range(100, 100 + INLINE_POINTS + 5), *range(50_000, 50_007)}
    assert steps(b, run_id) == steps(a, run_id)
    assert a.runs.get(run_id).data.params == {"a": "1", "b": "1"}
    assert content(a.store) == content(b.store)
    assert findings(a) == findings(b) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda client, run_id, who: client.runs.log_batch(run_id, tags={"t": who}), "tag 't': 'b' and 'a'"),
        (lambda client, run_id, who: client.runs.log_batch(run_id, params={"p": who}), "param 'p': 'b' and 'a'"),
        (lambda client, run_id, who: client.runs.update(run_id, run_name=who), "run_name: 'b' and 'a'"),
    ],
    ids=["tag", "param", "name"],
)
def test_a_run_with_two_values_for_one_thing_is_named_and_left(
    a: Client, b: Client, change: Callable[[Client, str, str], object], word: str
) -> None:
    run_id = a_run(a)
    a.merging.push(b.store)
    change(a, run_id, "a")
    change(b, run_id, "b")
    before = content(a.store), content(b.store)
    done = a.merging.push(b.store)
    assert [(each.kind, each.key) for each in done.conflicts] == [("document-diverged", f"runs/{run_id}/run.json")]
    assert word in done.conflicts[0].problem
    assert (content(a.store), content(b.store)) == before


def test_a_file_goes_forward_and_one_that_both_changed_is_named(
    a: Client, b: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = a_run(a)
    a.artifacts.log_text(run_id, "1", "x")
    a.merging.push(b.store)
    key = f"runs/{run_id}/artifacts/x"
    b.artifacts.log_text(run_id, "2", "x")
    assert a.merging.push(b.store).replaced == []  # that is the newer one
    assert a.merging.pull(b.store).replaced == [key]
    assert a.store.get(key).body == b"2"
    a.artifacts.log_text(run_id, "3", "x")
    Clock(monkeypatch).pass_ms(1_000)
    b.artifacts.log_text(run_id, "4", "x")
    pulled, pushed = a.merging.sync(b.store)
    assert kinds(pulled, pushed) == ["file-differs", "file-differs"]
    assert (a.store.get(key).body, b.store.get(key).body) == (b"3", b"4")
    pulled, pushed = a.merging.sync(b.store, newest=True)
    assert kinds(pulled, pushed) == []
    assert a.store.get(key).body == b.store.get(key).body == b"4"


def test_the_files_of_a_version_are_not_overwritten_and_no_version_comes_without_its_own(a: Client, b: Client) -> None:
    first, second = a_run(a), a_run(a)
    a.merging.push(b.store)
    b.register_model(f"runs:/{first}/model", "churn")
    log_model(a, first, "model", "other weights")
    log_model(a, second, "model", "weights of a")
    log_model(b, second, "model", "weights of b")
    a.register_model(f"runs:/{second}/model", "iris")
    done = a.merging.push(b.store)
    assert kinds(done) == ["file-differs", "file-differs", "history-waits"]
    assert any("churn/1 came from it" in each.problem for each in done.conflicts)
    b.verify_version("churn", 1)
    assert b.model_versions.search("name = 'iris'") == []
    assert findings(b) == []


class Rival(WatchedStore):
    """Somebody else writes just before a write to a key."""

    def __init__(self, inner: ObjectStore, key: str, work: Callable[[], object]) -> None:
        super().__init__(inner)
        self._key = key
        self._work: Callable[[], object] | None = work

    def _before(self, verb: str, key: str) -> None:
        if key == self._key and verb in ("create", "replace", "upload") and self._work is not None:
            work, self._work = self._work, None
            work()


def test_rivals_of_the_target_lose_nothing(a: Client, b: Client) -> None:
    run_id = a_run(a)
    a.artifacts.log_text(run_id, "1", "x")
    a.register_model(f"runs:/{run_id}/model", "churn")
    a.merging.push(b.store)
    a.artifacts.log_text(run_id, "2", "x")
    a.runs.log_batch(run_id, tags={"from": "a"})
    a.stages.transition("churn", 1, "Staging")

    def push(key: str, work: Callable[[], object]) -> Merged:
        return a.merging.push(Rival(b.store, key, work))

    done = push(f"runs/{run_id}/artifacts/x", lambda: b.artifacts.log_text(run_id, "rival", "x"))
    assert kinds(done) == ["busy"]
    assert b.store.get(f"runs/{run_id}/artifacts/x").body == b"rival"
    a.runs.log_batch(run_id, tags={"again": "a"})
    push(f"runs/{run_id}/run.json", lambda: b.runs.log_batch(run_id, tags={"rival": "b"}))
    assert {"from": "a", "again": "a", "rival": "b"}.items() <= b.runs.get(run_id).data.tags.items()
    a.registered_models.set_tag("churn", "a", "a")
    last = a.history.events("churn")[-1].number
    done = push(f"models/churn/events/{last:012d}.json", lambda: b.registered_models.set_tag("churn", "b", "b"))
    assert kinds(done) == ["busy", "file-differs"]
    assert b.registered_models.get("churn").tags == {"b": "b"}


def test_a_purge_travels_and_what_was_purged_does_not_come_back(a: Client, b: Client) -> None:
    experiment = a.experiments.create("e")
    run_id, other = a_run(a, experiment), a_run(a, experiment)
    model = a.logged_models.create(experiment, source_run_id=run_id)
    a.logged_model_artifacts.log_text(model.model_id, "x", "MLmodel")
    a.logged_models.finalize(model.model_id, "READY")
    a.merging.push(b.store)
    a.runs.delete(run_id)
    a.purging.run(run_id)
    assert a.merging.pull(b.store).counts == {}
    assert a.merging.push(b.store).counts == {"runs purged": 1, "logged models purged": 1}
    assert content(a.store) == content(b.store)
    b.runs.delete(other)
    b.runs.delete_experiment(experiment)
    b.purging.experiment(experiment)
    pulled, pushed = a.merging.sync(b.store)
    assert kinds(pulled, pushed) == []
    assert pulled.counts == {"runs purged": 1, "experiments purged": 1}
    assert content(a.store) == content(b.store)
    assert findings(a) == findings(b) == []


def test_a_purge_of_what_the_other_side_needs_is_refused(a: Client, b: Client) -> None:
    registered, changed, kept = a_run(a), a_run(a), a_run(a)
    a.merging.push(b.store)
    for run_id in (registered, changed, kept):
        a.runs.delete(run_id)
        a.purging.run(run_id)
    b.register_model(f"runs:/{registered}/model", "churn")
    b.register_model(f"runs:/{kept}/model", "safe", copy=True)
    b.runs.log_batch(changed, tags={"note": "keep it"})
    pulled, pushed = a.merging.sync(b.store)
    refused = {each.key.split("/")[1]: each for each in pushed.conflicts if each.kind == "purge-refused"}
    assert refused.keys() == {registered, changed, kept} - {kept}
    assert "churn/1" in refused[registered].problem
    assert b.runs.get(changed).data.tags["note"] == "keep it"
    assert kinds(pulled) == ["history-waits", "purge-refused"]  # churn/1 has no files where its run was purged
    assert a.model_versions.search("name = 'churn'") == []
    assert a.registered_models.get("safe").name == "safe"
    assert findings(a) == findings(b) == []


def test_a_history_goes_on_where_it_was_and_never_in_two_ways(a: Client, b: Client) -> None:
    run_id = a_run(a)
    for name in ("churn", "iris"):
        a.register_model(f"runs:/{run_id}/model", name)
    a.merging.push(b.store)
    for number in range(5):
        b.registered_models.set_tag("churn", f"b{number}", "1")
    assert a.merging.pull(b.store).counts["events"] == 5
    for number in range(3):
        a.registered_models.set_tag("iris", f"a{number}", "1")
    b.stages.transition("iris", 1, "Production")
    b.releases.switch("prod", {"m": "iris/1"})
    before = content(a.store), content(b.store)
    pulled, pushed = a.merging.sync(b.store)
    assert kinds(pulled, pushed) == ["history-diverged", "history-diverged", "history-waits"]
    diverged = next(each for each in pulled.conflicts if each.kind == "history-diverged")
    events = a.history.events("iris")
    assert diverged.key == f"models/iris/events/{len(events) - 2:012d}.json"
    assert "stage_transitioned by ana" in diverged.problem
    assert "model_changed by ana" in diverged.problem
    assert (content(a.store), content(b.store)) == before


def test_renamed_models_come_with_both_histories(a: Client, b: Client) -> None:
    run_id = a_run(a)
    a.register_model(f"runs:/{run_id}/model", "old")
    a.merging.push(b.store)
    for number in range(70):
        a.registered_models.set_tag("old", "n", str(number))
    a.registered_models.rename("old", "a new name")
    a.registered_models.create("old")
    a.register_model(f"runs:/{run_id}/model", "a new name")
    assert a.merging.push(b.store).conflicts == []
    assert content(a.store) == content(b.store)
    assert b.model_versions.search() == a.model_versions.search()
    assert findings(b) == []


def test_pages_that_a_rename_names_come_before_it(a: Client, b: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MOST_RECENT", 5), ("_STAYING", 1), ("PAGE_VERSIONS", 4)):
        monkeypatch.setattr(versions, name, value)
    run_id = a_run(a)
    for _ in range(14):
        a.register_model(f"runs:/{run_id}/model", "old")
    a.registered_models.rename("old", "new")
    assert a.merging.push(b.store).conflicts == []
    b.store.delete("models/new/model.json")
    assert len(b.model_versions.list("new")) == 14
    assert b.model_versions.search() == a.model_versions.search()


def test_a_source_that_names_other_objects_as_pages_is_not_believed(a: Client, b: Client) -> None:
    a.store.create("access/policy.json", b"of the source")
    state = {"versions": {"pages": [{"key": "access/policy.json", "first": 1, "last": 1, "number": 1}]}}
    Registry(a.store, "mallory").commit("old", lambda _: ModelCreated(name="old"))
    Registry(a.store, "mallory").commit("new", lambda _: MovedIn(name="new", old_name="old", old_number=1, state=state))
    assert "damaged" in kinds(a.merging.push(b.store))
    assert not [info.key for info in b.store.list("access/")]


def test_a_name_of_two_experiments_is_named_and_their_runs_wait(a: Client, b: Client) -> None:
    mine, theirs = a.experiments.create("same"), b.experiments.create("same")
    run_id = a_run(a, mine)
    done = a.merging.push(b.store)
    assert kinds(done) == ["document-diverged", "name-taken"]
    assert all(word in done.conflicts[1].problem + done.conflicts[0].problem for word in (mine, theirs, "same"))
    with pytest.raises(NotFound):
        b.runs.get(run_id)
    b.experiments.rename(theirs, "another")
    assert a.merging.sync(b.store)[1].conflicts == []
    assert b.experiments.get_by_name("same").experiment_id == mine  # type: ignore[union-attr]
    assert a.experiments.get(theirs).name == "another"
    assert findings(a) == findings(b) == []


def test_names_that_went_from_one_experiment_to_another_follow(a: Client, b: Client) -> None:
    first = a.experiments.create("current")
    a.merging.push(b.store)
    a.experiments.rename(first, "previous")
    second = a.experiments.create("current")
    assert a.merging.push(b.store).conflicts == []
    assert [b.experiments.get(its_id).name for its_id in (first, second)] == ["previous", "current"]


def test_a_merge_that_is_stopped_anywhere_leaves_a_whole_store_and_is_finished_by_another(a: Client) -> None:
    fill(a)
    whole = content(a.store)
    writes = CountingStore(MemoryStore("b"))
    a.merging.push(writes)
    every = 1 if IS_THOROUGH else 9
    stops = range(1, writes.writes, every)
    for stop in stops:
        copy = MemoryStore("b")
        with pytest.raises(Stopped):
            a.merging.push(StoppingStore(copy, writes=stop))
        if any(info.key == "cloudtrack.json" for info in copy.list()):
            client = a_client(copy)
            assert [each for each in client.fsck.check().findings if each.severity == "damage"] == [], stop
            assert_whole(client)
        assert a.merging.push(copy).conflicts == []
        assert content(copy) == whole
        assert [each for each in findings(a_client(copy)) if "probe" not in each] == []


def test_a_copy_of_a_copy_is_a_copy(a: Client) -> None:
    fill(a)
    a.merging.push(b := MemoryStore("b"))
    a_client(b).merging.push(c := MemoryStore("c"))
    assert content(a.store) == content(b) == content(c)
    done = a.merging.push(CountingStore(c))
    assert (done.counts, done.conflicts) == ({}, [])


def test_a_dry_run_says_what_would_be_done_and_does_nothing(a: Client, tmp_path: Path) -> None:
    fill(a)
    said = a.merging.push(tmp_path / "b", dry_run=True)
    assert not (tmp_path / "b").exists()
    done = a.merging.push(tmp_path / "b")
    kept = {"files": 2}  # of versions, which are known when their events are read
    assert {what: number + kept.get(what, 0) for what, number in said.counts.items()} == done.counts
    a_run(a)
    before = content(FolderStore(tmp_path / "b"))
    assert a.merging.push(tmp_path / "b", dry_run=True).counts["runs created"] == 1
    assert content(FolderStore(tmp_path / "b")) == before


def test_contents_that_the_target_condemned_come_under_another_name(a: Client, b: Client) -> None:
    run_id = a_run(a)
    version = a.register_model(f"runs:/{run_id}/model", "churn", copy=True)
    names = [f"models/~manifests/{version.manifest}.json"]
    names += [info.key for info in a.store.list("model_files/")]
    for key in names:
        b.store.create(condemnation(key), b"")
    assert a.merging.push(b.store).conflicts == []
    assert not {info.key for info in b.store.list()} & {*names}
    b.verify_version("churn", 1)
    assert findings(b) == []


def test_large_files_are_streamed(a: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "CONDITIONAL_BYTES", 4)
    fill(a)
    b = CountingStore(FolderStore(tmp_path / "b"))
    assert a.merging.push(b).conflicts == []
    assert b.counts["upload"] > 5
    assert content(b) == content(a.store)
    run_id = a_run(a)
    a.artifacts.log_text(run_id, "longer", "x")
    a.merging.push(b)
    a.artifacts.log_text(run_id, "and longer", "x")
    assert a.merging.push(b).replaced == [f"runs/{run_id}/artifacts/x"]
    assert content(b) == content(a.store)


def test_one_name_with_two_bodies_is_named(a: Client, b: Client) -> None:
    run_id = a.runs.create("0").info.run_id
    log_points(a, run_id, INLINE_POINTS + 1)
    a.source_files.create(run_id, "packages.txt", b"numpy==2\n")
    key = next(info.key for info in a.store.list(f"runs/{run_id}/metrics/"))
    b.store.create(f"runs/{run_id}/source/packages.txt", b"other")
    b.store.create(key, b"other")
    done = a.merging.push(b.store)
    assert kinds(done) == ["object-differs", "object-differs"]
    with pytest.raises(NotFound):
        b.runs.get(run_id)  # its points are not there


def test_console_logs_have_no_gap(a: Client, b: Client) -> None:
    run_id = a_run(a)
    stream = "1790000000000-0123456789ab-p"
    for offset, body in ((0, b"one\n"), (4, b"two\n"), (8, b"three\n")):
        a.console.append(run_id, stream, offset, body)
    a.store.delete(f"runs/{run_id}/logs/{stream}/{4:012d}.log")  # as a listing may show it
    a.merging.push(b.store)
    assert [info.key[-7:] for info in b.store.list(f"runs/{run_id}/logs/")] == ["000.log"]


def test_a_store_is_not_merged_with_itself_or_with_nothing(a: Client, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="this store itself"):
        a.merging.push(a.store)
    with pytest.raises(NotFound, match="no cloudtrack store"):
        a.merging.pull(tmp_path / "nothing")
    with pytest.raises(InvalidInput, match="is a server"):
        a.merging.push("http://localhost:5000")


def test_the_trash_and_its_emptying_are_brought(a: Client, b: Client) -> None:
    experiment = a.experiments.create("e")
    run_id = a_run(a, experiment)
    a.merging.push(b.store)
    a.runs.delete_experiment(experiment)
    a.merging.push(b.store)
    assert [each.name for each in b.experiments.search(view_type=ViewType.DELETED_ONLY)] == ["e"]
    b.runs.restore_experiment(experiment)
    assert a.merging.sync(b.store)[0].conflicts == []
    assert a.runs.get(run_id).info.lifecycle_stage == "active"

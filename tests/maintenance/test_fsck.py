"""fsck names what is wrong by a word and a key, is silent about what is right, and makes only derived things anew."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.index.keys import IndexKeys
from cloudtrack.maintenance.fsck import Report
from cloudtrack.maintenance.fsck_finding import _KINDS, Severity
from cloudtrack.registry import keys as registry_keys
from cloudtrack.registry.events import VersionDeleted
from cloudtrack.registry.registry import Registry
from cloudtrack.storage.document import DocumentStore
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.grants import GrantDocument
from cloudtrack.tracking.points import INLINE_POINTS
from tests.maintenance.stores import fill, log_points, overwrite, sizes
from tests.maintenance.test_gc import copied
from tests.storage.lossy import CountingStore
from tests.thoroughness import examples


@dataclass
class Planted:
    """A store that is damaged."""

    store: ObjectStore
    ids: dict[str, Any]

    def body(self, key: str) -> bytes:
        return self.store.get(key).body

    def change(self, key: str, **fields: Any) -> None:
        overwrite(self.store, key, json.dumps({**json.loads(self.body(key)), **fields}).encode())

    def first(self, prefix: str) -> str:
        return next(info.key for info in self.store.list(prefix))

    @property
    def run(self) -> str:
        return keys.run(self.ids["run"])

    @property
    def segment(self) -> str:
        return self.first(f"runs/{self.ids['run']}/metrics/")

    @property
    def index(self) -> IndexKeys:
        return IndexKeys(keys.run_index(self.ids["experiment"]))


Plant = Callable[[Planted], str]
"""Does the damage; the key where it is."""
PLANTS: dict[str, tuple[str, bool, Plant]] = {}
"""By name: the kind of the finding, and whether only ``--deep`` finds it."""


def plant(kind: str, *, deep: bool = False) -> Callable[[Plant], Plant]:
    def remember(function: Plant) -> Plant:
        PLANTS[function.__name__] = (kind, deep, function)
        return function

    return remember


@plant("store-marker")
def marker_overwritten(it: Planted) -> str:
    overwrite(it.store, "cloudtrack.json", b"{}")
    return "cloudtrack.json"


@plant("document-damaged")
def run_cut_short(it: Planted) -> str:
    overwrite(it.store, it.run, it.body(it.run)[:-40])
    return it.run


@plant("document-damaged")
def logged_model_of_another_format(it: Planted) -> str:
    key = keys.logged_model(it.ids["model"])
    it.change(key, format="cloudtrack.logged-model/9")
    return key


@plant("document-damaged")
def token_nonsense(it: Planted) -> str:
    key = it.first("access/tokens/")
    overwrite(it.store, key, b"nonsense")
    return key


@plant("document-damaged")
def webhook_nonsense(it: Planted) -> str:
    key = registry_keys.webhook(it.ids["webhook"])
    overwrite(it.store, key, b"[]")
    return key


@plant("document-damaged")
def access_policy_nonsense(it: Planted) -> str:
    overwrite(it.store, "access/policy.json", b"{}")
    return "access/policy.json"


@plant("document-misplaced")
def run_under_another_id(it: Planted) -> str:
    key = keys.run("f" * 32)
    it.store.create(key, it.body(keys.run(it.ids["running"])))
    return key


@plant("name-unbound")
def claim_deleted(it: Planted) -> str:
    it.store.delete(keys.name_claim("wine"))
    return keys.experiment(it.ids["experiment"])


@plant("experiment-missing")
def experiment_deleted(it: Planted) -> str:
    key = keys.experiment(it.ids["experiment"])
    it.store.delete(key)
    return key


@plant("segment-missing")
def segment_deleted(it: Planted) -> str:
    key = it.segment
    it.store.delete(key)
    return key


@plant("segment-damaged")
def segment_cut_short(it: Planted) -> str:
    key = it.segment
    overwrite(it.store, key, it.body(key)[:-100])
    return key


@plant("segment-damaged")
def segment_with_another_end(it: Planted) -> str:
    key = it.segment
    overwrite(it.store, key, it.body(key)[:-4] + b"XXXX")
    return key


@plant("segment-damaged", deep=True)
def segment_altered_inside(it: Planted) -> str:
    key = it.segment
    body = bytearray(it.body(key))
    body[40:-600] = bytes(len(body[40:-600]))
    overwrite(it.store, key, bytes(body))
    return key


@plant("points-differ")
def summary_counts_more(it: Planted) -> str:
    metrics = json.loads(it.body(it.run))["metrics"]
    metrics["loss"]["count"] += 1
    it.change(it.run, metrics=metrics)
    return it.run


@plant("points-differ", deep=True)
def summary_with_another_maximum(it: Planted) -> str:
    metrics = json.loads(it.body(it.run))["metrics"]
    metrics["loss"]["max"] = 7.0
    it.change(it.run, metrics=metrics)
    return it.run


@plant("log-gap")
def log_segment_deleted(it: Planted) -> str:
    it.store.delete(keys.console_segment(it.ids["run"], it.ids["stream"], 0))
    return keys.console_segment(it.ids["run"], it.ids["stream"], 8)


@plant("history-broken")
def event_altered(it: Planted) -> str:
    key = f"{registry_keys.events('churn')}{20:012d}.json"
    it.change(key, actor="mallory")
    return f"{registry_keys.events('churn')}{21:012d}.json"


@plant("history-broken")
def event_deleted(it: Planted) -> str:
    key = f"{registry_keys.events('churn')}{30:012d}.json"
    it.store.delete(key)
    return key


@plant("history-broken")
def last_event_altered(it: Planted) -> str:
    key = f"{registry_keys.events('after')}{1:012d}.json"
    it.change(key, actor="mallory")
    return key


@plant("history-broken")
def end_cut_off_behind_an_anchor(it: Planted) -> str:
    last = list(it.store.list(registry_keys.events("churn")))[-1].key
    it.store.delete(last)
    it.store.delete(registry_keys.checkpoint("churn"))
    return last


@plant("history-broken")
def event_of_a_release_altered(it: Planted) -> str:
    it.change(f"{registry_keys.release_events('prod')}{1:012d}.json", actor="mallory")
    return f"{registry_keys.release_events('prod')}{2:012d}.json"


@plant("manifest-damaged")
def manifest_altered(it: Planted) -> str:
    key = it.first(registry_keys.MANIFESTS)
    overwrite(it.store, key, it.body(key) + b" ")
    return key


@plant("manifest-damaged")
def manifest_deleted(it: Planted) -> str:
    key = it.first(registry_keys.MANIFESTS)
    it.store.delete(key)
    return key


@plant("version-files")
def kept_file_deleted(it: Planted) -> str:
    key = it.first(registry_keys.KEPT_FILES)
    it.store.delete(key)
    return key


@plant("version-files")
def file_of_a_version_deleted(it: Planted) -> str:
    it.store.delete(keys.artifacts(it.ids["run"], "model/weights.txt"))
    return f"runs:/{it.ids['run']}/model/weights.txt"


@plant("version-files")
def file_of_a_version_longer(it: Planted) -> str:
    overwrite(it.store, keys.artifacts(it.ids["run"], "model/weights.txt"), b"weights and more")
    return f"runs:/{it.ids['run']}/model/weights.txt"


@plant("version-files", deep=True)
def file_of_a_version_altered(it: Planted) -> str:
    overwrite(it.store, keys.artifacts(it.ids["run"], "model/weights.txt"), b"WEIGHTS")
    return f"runs:/{it.ids['run']}/model"


@plant("kept-file-damaged", deep=True)
def kept_file_altered(it: Planted) -> str:
    key = it.first(registry_keys.KEPT_FILES)
    overwrite(it.store, key, it.body(key).upper())
    return key


@plant("release-member")
def version_in_a_release_deleted(it: Planted) -> str:
    Registry(it.store, "mallory").commit("churn", lambda _: VersionDeleted(version=2))
    return f"{registry_keys.release_events('prod')}{2:012d}.json"


@plant("policy-damaged")
def policy_nonsense(it: Planted) -> str:
    overwrite(it.store, "policy.yaml", b"rules: 7")
    return "policy.yaml"


@plant("cursor-damaged")
def cursor_altered(it: Planted) -> str:
    key = registry_keys.feed_cursor("0" * 64)
    it.store.create(key, b"{}")
    return key


@plant("token-key")
def ticket_key_short(it: Planted) -> str:
    overwrite(it.store, "access/ticket-key", b"short")
    return "access/ticket-key"


@plant("checkpoint-damaged")
def checkpoint_altered(it: Planted) -> str:
    key = registry_keys.checkpoint("churn")
    state = json.loads(it.body(key))["state"]
    it.change(key, state={**state, "description": "other"})
    return key


@plant("checkpoint-damaged")
def checkpoint_with_another_stage(it: Planted) -> str:
    key = registry_keys.checkpoint("churn")
    state = json.loads(it.body(key))["state"]
    state["versions"]["recent"]["1"]["stage"] = "Archived"
    it.change(key, state=state)
    return key


@plant("checkpoint-damaged")
def checkpoint_of_a_release_altered(it: Planted) -> str:
    it.change(registry_keys.release("prod"), comment="other")
    return registry_keys.release("prod")


@plant("snapshot-damaged")
def snapshot_altered(it: Planted) -> str:
    key = registry_keys.snapshot("churn", 64)
    it.change(key, state={**json.loads(it.body(key))["state"], "description": "other"})
    return key


@plant("index-damaged")
def part_deleted(it: Planted) -> str:
    key = it.first(f"{it.index.prefix}parts/")
    it.store.delete(key)
    return key


@plant("index-damaged")
def index_manifest_nonsense(it: Planted) -> str:
    overwrite(it.store, it.index.manifest, b"nonsense")
    return it.index.manifest


@plant("index-differs", deep=True)
def run_changed_behind_the_index(it: Planted) -> str:
    it.change(it.run, run_name="another")
    return str(it.ids["run"])


@plant("segment-unlisted")
def segment_left(it: Planted) -> str:
    key = keys.segment(it.ids["run"], "cut0ff")
    it.store.create(key, b"PAR1")
    return key


@plant("part-unlisted")
def part_left(it: Planted) -> str:
    key = it.index.rows("cut0ff")
    it.store.create(key, b"PAR1")
    return key


@plant("probe")
def probe_left(it: Planted) -> str:
    it.store.create("doctor/1", b"1")
    return "doctor/1"


@plant("marker-unneeded")
def marker_left(it: Planted) -> str:
    key = it.index.marker("e" * 32, 1)
    it.store.create(key, b"")
    return key


@plant("claim-unfinished")
def experiment_cut_off(it: Planted) -> str:
    key = keys.name_claim("wine")
    body = {**json.loads(it.body(key)), "name": "cut off", "experiment_id": "1" * 18}
    it.store.create(keys.name_claim("cut off"), json.dumps(body).encode())
    return keys.name_claim("cut off")


@plant("purge-unfinished")
def file_uploaded_after_a_purge(it: Planted) -> str:
    it.store.create(keys.artifacts(it.ids["purged"], "late.txt"), b"late")
    return keys.run(it.ids["purged"])


@plant("ownerless")
def artifacts_without_a_run(it: Planted) -> str:
    it.store.create(keys.artifacts("d" * 32, "a.txt"), b"a")
    return f"runs/{'d' * 32}/"


@plant("ownerless")
def delivery_without_a_grant(it: Planted) -> str:
    it.store.create(keys.grant_slot("a" * 32, 1), b"a")
    return keys.grant_inbox("a" * 32)


def _grant(it: Planted, grant_id: str = "a" * 32) -> str:
    document = GrantDocument(
        grant_id=grant_id, run_id="b" * 32, experiment_id="0", created=1, expires=2, slots=60, max_bytes=1
    )
    DocumentStore(it.store, GrantDocument).create(keys.grant("a" * 32), document)
    return keys.grant("a" * 32)


@plant("grant-uncollected")
def grant_that_ended(it: Planted) -> str:
    return _grant(it)


@plant("document-misplaced")
def grant_under_another_id(it: Planted) -> str:
    return _grant(it, "c" * 32)


@plant("document-damaged")
def grant_nonsense(it: Planted) -> str:
    it.store.create(keys.grant("a" * 32), b"{}")
    return keys.grant("a" * 32)


@plant("unknown")
def file_in_an_inbox(it: Planted) -> str:
    DocumentStore(it.store, GrantDocument).create(
        keys.grant("a" * 32),
        GrantDocument(
            grant_id="a" * 32, run_id="b" * 32, experiment_id="0", created=1, expires=2, slots=60, max_bytes=1, closed=3
        ),
    )
    it.store.create(f"{keys.grant_inbox('a' * 32)}x", b"a")
    return f"{keys.grant_inbox('a' * 32)}x"


@plant("unknown")
def file_of_somebody_else(it: Planted) -> str:
    it.store.create("backup.zip", b"PK")
    return "backup.zip"


@pytest.fixture(scope="module", name="whole")
def _whole() -> tuple[MemoryStore, dict[str, Any]]:
    store = MemoryStore()
    return store, fill(Client(store, user="ana"))


def found_in(report: Report) -> set[tuple[str, str]]:
    return {(finding.kind, finding.key) for finding in report.findings}


@pytest.mark.parametrize("store_url", ["memory", "folder", "moto-obstore"], indirect=True)
def test_a_store_with_everything_is_clean(store: ObjectStore) -> None:
    client = Client(store, user="ana")
    fill(client)
    before = sizes(store)
    for deep in (False, True):
        report = client.fsck.check(deep=deep)
        assert (report.findings, report.damaged) == ([], False)
        assert report.objects == len(before)
    assert sizes(store) == before


@pytest.mark.parametrize("name", PLANTS)
def test_damage_is_found_by_name_and_key(name: str, whole: tuple[MemoryStore, dict[str, Any]]) -> None:
    kind, deep, function = PLANTS[name]
    planted = Planted(copied(whole[0]), whole[1])
    key = function(planted)
    client = Client(planted.store, user="ana") if kind != "store-marker" else _opened(planted.store)
    report = client.fsck.check(deep=deep)
    assert (kind, key) in found_in(report)
    (finding,) = {each for each in report.findings if (each.kind, each.key) == (kind, key)}
    assert finding.problem
    assert finding.advice
    assert report.damaged == any(each.severity == Severity.DAMAGE for each in report.findings)
    if finding.severity != Severity.DAMAGE:
        assert not report.damaged
    if deep:
        assert (kind, key) not in found_in(client.fsck.check())
    if finding.severity == Severity.DERIVED:
        _assert_repaired(client, planted.store, deep)


def _opened(store: ObjectStore) -> Client:
    """A client from before the damage."""
    body = store.get("cloudtrack.json").body
    good = Client(MemoryStore()).store.get("cloudtrack.json").body
    overwrite(store, "cloudtrack.json", good)
    client = Client(store, user="ana")
    overwrite(store, "cloudtrack.json", body)
    return client


def _assert_repaired(client: Client, store: ObjectStore, deep: bool) -> None:
    derived = ("/model.json", "/release.json", "/snapshots/", "/pages/", "/index/", "index/")

    def truth() -> dict[str, bytes]:
        names = (info.key for info in store.list())
        return {
            key: store.get(key).body
            for key in names
            if key.startswith("logged_models/") or not any(word in key for word in derived)
        }

    before = truth()
    report = client.fsck.repair(deep=deep)
    assert {finding.kind for finding in report.findings} <= {"part-unlisted"}
    assert report.repaired
    assert truth() == before
    assert {finding.kind for finding in client.fsck.check(deep=True).findings} <= {"part-unlisted"}


def test_every_kind_of_damage_is_planted_somewhere() -> None:
    kinds = {kind for kind, _, _ in PLANTS.values()}
    assert kinds == _KINDS.keys() - {"page-damaged"}  # below
    assert len(kinds) > 10


@pytest.mark.parametrize("store_url", ["folder", "moto-obstore"], indirect=True)
def test_many_damages_at_once_are_all_found(store: ObjectStore) -> None:
    client = Client(store, user="ana")
    planted = Planted(store, fill(client))
    together = [
        "logged_model_of_another_format",
        "token_nonsense",
        "run_under_another_id",
        "claim_deleted",
        "segment_cut_short",
        "log_segment_deleted",
        "event_altered",
        "manifest_altered",
        "policy_nonsense",
        "ticket_key_short",
        "checkpoint_of_a_release_altered",
        "part_deleted",
        "marker_left",
        "probe_left",
        "artifacts_without_a_run",
        "file_of_somebody_else",
    ]
    wanted = {(PLANTS[name][0], PLANTS[name][2](planted)) for name in together}
    report = client.fsck.check()
    assert wanted <= found_in(report)
    assert report.damaged


def test_pages_of_versions_are_checked_and_made_anew() -> None:
    store = MemoryStore()
    client = Client(store, user="ana")
    client.registered_models.create("many")
    for number in range(300):
        client.model_versions.create("many", f"runs:/{'a' * 32}/m{number}")
    assert client.fsck.check(deep=True).findings == []
    key = next(info.key for info in store.list(registry_keys.pages("many")))
    for damage in (store.delete, lambda its_key: overwrite(store, its_key, b"[]")):
        damage(key)
        assert found_in(Client(store).fsck.check()) == {("page-damaged", key)}
        report = Client(store, user="ana").fsck.repair()
        assert (report.findings, report.repaired) == ([], ["models/many/"])
        key = next(info.key for info in store.list(registry_keys.pages("many")))
    assert len(Client(store).model_versions.list("many")) == 300


def test_a_history_that_is_broken_is_not_repaired(whole: tuple[MemoryStore, dict[str, Any]]) -> None:
    planted = Planted(copied(whole[0]), whole[1])
    PLANTS["event_altered"][2](planted)
    PLANTS["checkpoint_of_a_release_altered"][2](planted)
    client = Client(planted.store, user="ana")
    before = {key: size for key, size in sizes(planted.store).items() if key.startswith("models/")}
    report = client.fsck.repair()
    assert report.damaged
    assert report.repaired == ["releases/prod/"]
    assert {key: size for key, size in sizes(planted.store).items() if key.startswith("models/")} == before


@pytest.mark.parametrize("store_url", ["memory", "folder"], indirect=True)
def test_writers_at_work_are_no_damage(store: ObjectStore) -> None:
    client = Client(store, user="ana")
    ids = fill(client)
    stop = threading.Event()

    def until_stopped(work: Callable[[Client, int], object]) -> None:
        mine, number = Client(store, user="ana"), 0
        while not stop.is_set() and number < 40:
            number += 1
            work(mine, number)

    def runs(mine: Client, number: int) -> None:
        log_points(mine, ids["running"], INLINE_POINTS + 1, number * 10_000)
        run_id = mine.runs.create(ids["experiment"]).info.run_id
        mine.runs.log_batch(run_id, metrics=[Metric("loss", 1.0, 1, 1)])
        mine.runs.delete(run_id)
        mine.purging.run(run_id)

    def models(mine: Client, number: int) -> None:
        mine.register_model(f"runs:/{ids['run']}/model", "churn", copy=True)
        mine.stages.transition("churn", 1, ("Production", "Staging")[number % 2])
        mine.releases.switch("prod", {"ranker": f"churn/{1 + number % 2}"})

    def indexes(mine: Client, number: int) -> None:
        mine.experiments.create(f"e{number}")
        mine.run_index.compact(ids["experiment"])
        mine.model_index.compact("")

    threads = [threading.Thread(target=until_stopped, args=(work,)) for work in (runs, models, indexes)]
    for thread in threads:
        thread.start()
    try:
        for number in range(examples(16)):
            report = client.fsck.check(deep=number % 4 == 3)
            wrong = [finding for finding in report.findings if finding.severity != Severity.LEFTOVER]
            assert wrong == []
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    left = client.fsck.check(deep=True)
    assert [finding for finding in left.findings if finding.severity != Severity.LEFTOVER] == []


def test_a_run_costs_one_request_and_one_for_each_segment() -> None:
    def requests(runs: int, spilled: int) -> int:
        inner = MemoryStore()
        client = Client(inner, user="ana")
        for number in range(runs):
            run_id = client.runs.create("0").info.run_id
            client.artifacts.log_text(run_id, "x", "x.txt")
            if number < spilled:
                log_points(client, run_id, INLINE_POINTS + 1)
            client.runs.update(run_id, status="FINISHED")
        client.run_index.compact("0")
        store = CountingStore(inner)
        reader = Client(store, user="ana")
        store.reset()
        assert reader.fsck.check().findings == []
        assert store.writes == 0
        assert store.counts["list"] == 1
        return store.requests

    few = requests(2, 0)
    assert requests(12, 0) == few + 10
    assert requests(12, 3) == few + 10 + 3

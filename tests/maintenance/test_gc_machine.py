"""gc and writers in any order, cut off anywhere, and at the same time: what is reachable stays, and fsck is clean."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cloudtrack import clock
from cloudtrack.client import Client
from cloudtrack.errors import CloudtrackError
from cloudtrack.maintenance.fsck_finding import Severity
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking.points import INLINE_POINTS
from tests.maintenance.stores import DAY_MS, HOUR_MS, log_model, log_points, sizes
from tests.maintenance.test_gc import a_client, assert_whole, freed
from tests.storage.lossy import Stopped, StoppingStore
from tests.thoroughness import IS_THOROUGH, examples

STOPS = st.integers(0, 40)
"""A writer dies before so many writes; a little one does not come so far."""
NAMES = st.sampled_from(["a", "b"])


class Collecting(RuleBasedStateMachine):
    """Writers, some of which are killed, and collections, some of which are killed."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.ahead = 0
        real = clock.now_ms
        self.patched = patch.object(clock, "now_ms", lambda: real() + self.ahead)
        self.patched.start()
        self.steps = 0

    @initialize()
    def begin(self) -> None:
        client = a_client(self.store)
        self.experiment = client.experiments.create("e")
        self.runs = [client.runs.create(self.experiment).info.run_id for _ in range(2)]
        for number, run_id in enumerate(self.runs):
            log_model(client, run_id, "model", f"weights {number}")
        for name in ("a", "b"):
            client.registered_models.create(name)

    def _try(self, stop: int, work: Callable[[Client], object]) -> None:
        with suppress(CloudtrackError, Stopped):
            work(a_client(StoppingStore(self.store, writes=stop)))

    @rule(stop=STOPS, which=st.integers(0, 1))
    def log(self, stop: int, which: int) -> None:
        self.steps += 1
        self._try(stop, lambda client: log_points(client, self.runs[which], INLINE_POINTS + 1, self.steps * 10_000))

    @rule(stop=STOPS, which=st.integers(0, 1), name=NAMES, copy=st.booleans())
    def register(self, stop: int, which: int, name: str, copy: bool) -> None:
        self._try(stop, lambda client: client.register_model(f"runs:/{self.runs[which]}/model", name, copy=copy))

    @rule(name=NAMES, number=st.integers(1, 4))
    def delete_version(self, name: str, number: int) -> None:
        self._try(40, lambda client: client.model_versions.delete(name, number))

    @rule(name=NAMES, number=st.integers(1, 4), other=NAMES)
    def copy_version(self, name: str, number: int, other: str) -> None:
        self._try(40, lambda client: client.register_model(f"models:/{name}/{number}", other))

    @rule(name=NAMES, number=st.integers(1, 4))
    def release(self, name: str, number: int) -> None:
        self._try(40, lambda client: client.releases.switch("prod", {"m": f"{name}/{number}"}))

    @rule(stop=STOPS)
    def compact(self, stop: int) -> None:
        def work(client: Client) -> None:
            client.run_index.compact(self.experiment)
            client.model_index.compact("")

        self._try(stop, work)

    @rule(stop=STOPS)
    def throw_away(self, stop: int) -> None:
        def work(client: Client) -> None:
            run_id = client.runs.create(self.experiment).info.run_id
            client.artifacts.log_text(run_id, "trash", "a.txt")
            client.runs.update(run_id, status="FINISHED")
            client.runs.delete(run_id)

        self._try(stop, work)

    @rule(which=st.integers(0, 1), dead=st.booleans())
    def move_to_the_trash_or_back(self, which: int, dead: bool) -> None:
        run_id = self.runs[which]
        self._try(40, lambda client: (client.runs.delete if dead else client.runs.restore)(run_id))

    @rule(ms=st.sampled_from([2 * HOUR_MS, 8 * DAY_MS, 31 * DAY_MS]))
    def wait(self, ms: int) -> None:
        self.ahead += ms

    @rule()
    def collect(self) -> None:
        client = a_client(self.store)
        promise = client.garbage.look().due
        before = sizes(self.store)
        done = client.garbage.collect()
        assert {each.key for each in done.removed} == {each.key for each in promise}
        assert freed(before, sizes(self.store)) == sum(each.size_bytes for each in promise)

    @rule(stop=STOPS)
    def collect_and_die(self, stop: int) -> None:
        self._try(stop, lambda client: client.garbage.collect())

    @invariant()
    @precondition(lambda self: hasattr(self, "runs"))
    def is_whole(self) -> None:
        report = a_client(self.store).fsck.check()
        wrong = [finding for finding in report.findings if finding.severity == Severity.DAMAGE]
        assert [finding for finding in wrong if finding.kind != "release-member"] == []  # docs/releases.md says so

    def teardown(self) -> None:
        try:
            assert_whole(a_client(self.store))
        finally:
            self.patched.stop()


TestCollecting = Collecting.TestCase
TestCollecting.settings = settings(
    max_examples=examples(100), stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("store_url", ["memory", "folder"], indirect=True)
def test_collections_and_writers_at_the_same_time_lose_nothing(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time flies: days pass while a writer is at work, so that most of them are late."""
    client = a_client(store)
    experiment = client.experiments.create("e")
    run_id, other = (client.runs.create(experiment).info.run_id for _ in range(2))
    log_model(client, run_id, "model", "weights")
    real, ahead = clock.now_ms, 0
    monkeypatch.setattr(clock, "now_ms", lambda: real() + ahead)
    stop = threading.Event()
    failed: list[BaseException] = []

    def runs(mine: Client, number: int) -> None:
        log_points(mine, other, INLINE_POINTS + 1, number * 10_000)

    def models(mine: Client, number: int) -> None:
        made = mine.register_model(f"runs:/{run_id}/model", "churn", copy=True)
        if number % 3:
            mine.model_versions.delete("churn", made.version)
        mine.releases.switch("prod", {"m": "churn/1"})

    def indexes(mine: Client, _number: int) -> None:
        mine.run_index.compact(experiment)
        mine.model_index.compact("")

    def trash(mine: Client, _number: int) -> None:
        dead = mine.runs.create(experiment).info.run_id
        mine.artifacts.log_text(dead, "trash", "a.txt")
        mine.runs.delete(dead)

    def work(job: Callable[[Client, int], None]) -> None:
        mine = a_client(store)
        for number in range(25 if IS_THOROUGH else 8):
            try:
                job(mine, number)
            except CloudtrackError:
                continue  # told that it is late, or that it lost
            except BaseException as error:
                failed.append(error)
                return

    def collect() -> None:
        nonlocal ahead
        while not stop.is_set():
            ahead += 8 * DAY_MS
            with suppress(CloudtrackError):
                a_client(store).garbage.collect()

    writers = [threading.Thread(target=work, args=(job,)) for job in (runs, models, indexes, trash)]
    collectors = [threading.Thread(target=collect) for _ in range(2)]
    for thread in [*writers, *collectors]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in collectors:
        thread.join()
    assert failed == []
    for _ in range(3):
        assert_whole(a_client(store))
        report = a_client(store).fsck.check()
        assert [finding for finding in report.findings if finding.severity == Severity.DAMAGE] == []
        ahead += 31 * DAY_MS
        a_client(store).garbage.collect()

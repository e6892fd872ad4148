"""Searches for runs through the index see every write, whatever was compacted, or half compacted, meanwhile."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import Metric, Run
from cloudtrack.errors import CloudtrackError, StateError
from cloudtrack.index.cache import PartCache
from cloudtrack.index.compaction import Compactor
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.tracking.run_source import RunSource
from tests.storage.lossy import CountingStore, Stopped, StoppingStore
from tests.thoroughness import examples

FILTERS: dict[str, Callable[[Run], bool]] = {
    "": lambda run: True,
    "metrics.m > 0.3": lambda run: run.data.metrics.get("m", -1) > 0.3,
    "params.p = 'x'": lambda run: run.data.params.get("p") == "x",
    "params.p != 'x'": lambda run: run.data.params.get("p", "x") != "x",
    "tags.t = '1' AND status = 'FINISHED'": lambda run: run.data.tags.get("t") == "1" and run.info.status == "FINISHED",
}


class RunsMachine(RuleBasedStateMachine):
    """Two experiments, compacted at any time; every run is also read by itself."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = MemoryStore(uuid.uuid4().hex)
        self.client = Client(self.store, spool_dir=self.folder / "spool")
        self.experiments = [self.client.experiments.create(name) for name in ("one", "two")]
        self.ids: list[str] = []

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @rule(which=st.integers(0, 1), start=st.integers(0, 3))
    def create(self, which: int, start: int) -> None:
        with contextlib.suppress(StateError):  # the experiment is in the trash
            self.ids.append(self.client.runs.create(self.experiments[which], start_time=start).info.run_id)

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def change(self, data: st.DataObject) -> None:
        run_id = data.draw(st.sampled_from(self.ids))
        runs = self.client.runs
        change = data.draw(
            st.sampled_from(
                [
                    lambda: runs.log_batch(run_id, metrics=[Metric("m", data.draw(st.sampled_from([0.1, 0.5])), 1, 1)]),
                    lambda: runs.log_batch(run_id, params={"p": data.draw(st.sampled_from(["x", "y"]))}),
                    lambda: runs.log_batch(run_id, tags={"t": data.draw(st.sampled_from(["1", "2"]))}),
                    lambda: runs.update(run_id, status="FINISHED"),
                    lambda: runs.update(run_id, status="RUNNING"),
                    lambda: runs.delete(run_id),
                    lambda: runs.restore(run_id),
                ]
            )
        )
        with contextlib.suppress(CloudtrackError):  # a deleted run, or a param that is written already
            change()

    @rule(which=st.integers(0, 1), deleted=st.booleans())
    def move_experiment(self, which: int, deleted: bool) -> None:
        runs = self.client.runs
        with contextlib.suppress(CloudtrackError):
            (runs.delete_experiment if deleted else runs.restore_experiment)(self.experiments[which])

    @rule(which=st.integers(0, 1))
    def compact(self, which: int) -> None:
        self.client.run_index.compact(self.experiments[which])

    @rule(which=st.integers(0, 1), writes=st.integers(0, 8))
    def compaction_is_killed(self, which: int, writes: int) -> None:
        source = RunSource(self.store, self.experiments[which])
        with contextlib.suppress(Stopped):
            Compactor(StoppingStore(self.store, writes=writes), source, PartCache(self.store, self.folder)).compact()

    @rule(text=st.sampled_from(list(FILTERS)), limit=st.integers(1, 4), view=st.sampled_from([1, 2, 3]))
    def search(self, text: str, limit: int, view: int) -> None:
        found: list[Run] = []
        token = None
        while True:
            page = self.client.runs.search(
                self.experiments, text, view_type=view, max_results=limit, page_token=token, order_by=["metrics.m ASC"]
            )
            found += page
            token = page.token
            if not token:
                break
        assert [run.info.run_id for run in found] == [run.info.run_id for run in self.expected(text, view)]

    @invariant()
    def a_search_shows_runs_as_they_are(self) -> None:
        if hasattr(self, "client"):
            found = self.client.runs.search(self.experiments, view_type=ViewType.ALL, order_by=["metrics.m"])
            assert [_without_url(run) for run in found] == [
                _without_url(run) for run in self.expected("", ViewType.ALL)
            ]

    def expected(self, text: str, view: int) -> list[Run]:
        runs = [self.client.runs.get(run_id) for run_id in self.ids]
        shown = [run for run in runs if ViewType.shows(view, run.info.lifecycle_stage) and FILTERS[text](run)]
        return sorted(
            shown,
            key=lambda run: (
                "m" not in run.data.metrics,
                run.data.metrics.get("m", 0),
                -(run.info.start_time or 0),
                run.info.run_id,
            ),
        )


def _without_url(run: Run) -> Any:
    return run.to_dictionary()


TestRuns = RunsMachine.TestCase
TestRuns.settings = settings(
    max_examples=examples(30), stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_a_reader_that_meets_a_long_list_compacts_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("cloudtrack.index.indexes.LONG_LIST", 20)
    client = Client(tmp_path / "store")
    for _ in range(25):
        client.runs.update(client.runs.create("0").info.run_id, status="FINISHED")
    assert len(client.runs.search(["0"])) == 25
    client.run_index.join()
    assert list(client.store.list("experiments/0/index/pending/")) == []
    assert len(client.runs.search(["0"])) == 25


def test_a_warm_search_of_settled_runs_makes_two_requests(tmp_path: Path) -> None:
    store = CountingStore(MemoryStore(uuid.uuid4().hex))
    client = Client(store)
    ids = [client.runs.create("0").info.run_id for _ in range(50)]
    for run_id in ids:
        client.runs.update(run_id, status="FINISHED")
    client.run_index.compact("0")
    client.runs.search(["0"], max_results=10)
    store.reset()
    assert len(client.runs.search(["0"], max_results=10)) == 10
    assert store.requests == 2
    client.runs.log_batch(ids[7], tags={"changed": "1"})
    client.runs.create("0")
    store.reset()
    assert len(client.runs.search(["0"], "tags.changed = '1'")) == 1
    assert store.requests == 2 + 2


def test_pages_stay_as_they_are_while_runs_are_added() -> None:
    client = Client(MemoryStore(uuid.uuid4().hex))
    old = [client.runs.create("0", start_time=number).info.run_id for number in range(20)]
    first = client.runs.search(["0"], max_results=7)
    for number in range(100, 110):
        client.runs.create("0", start_time=number)
    second = client.runs.search(["0"], max_results=7, page_token=first.token)
    third = client.runs.search(["0"], max_results=7, page_token=second.token)
    seen = [run.info.run_id for page in (first, second, third) for run in page]
    assert seen == list(reversed(old))
    assert third.token is None


@pytest.mark.slow
def test_twelve_thousand_metric_keys_stay_usable(tmp_path: Path) -> None:
    client = Client(tmp_path / "store")
    for number in range(12):
        run_id = client.runs.create("0", start_time=number).info.run_id
        client.runs.log_batch(
            run_id, metrics=[Metric(f"m{number}/{key}", float(key), 1, 1) for key in range(1000)], params={"n": number}
        )
        client.runs.update(run_id, status="FINISHED")
    client.run_index.compact("0")
    for number in (0, 7, 11):
        (found,) = client.runs.search(["0"], f"metrics.`m{number}/999` = 999")
        assert found.data.params["n"] == str(number)
    best = client.runs.search(["0"], order_by=["metrics.`m3/5` ASC"], max_results=1)
    assert best[0].data.params["n"] == "3"

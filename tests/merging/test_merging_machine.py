"""Work on three stores, and merges of two in any order, cut off anywhere: what was done is everywhere, or named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from cloudtrack.errors import CloudtrackError, NotFound, Purged
from cloudtrack.maintenance.fsck_finding import Severity
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking.points import INLINE_POINTS
from tests.maintenance.stores import log_model, log_points
from tests.maintenance.test_gc import a_client, assert_whole
from tests.merging.contents import conflicts_of, content
from tests.storage.lossy import Stopped, StoppingStore
from tests.thoroughness import IS_THOROUGH, examples

STORES = st.sampled_from(["a", "b", "c"])
PAIRS = st.sampled_from(["ab", "bc", "ca", "ba", "cb", "ac"])
RUNS = st.integers(0, 5)
MODELS = st.sampled_from(["m", "n"])
STOPS = st.integers(0, 60)


class Merging(RuleBasedStateMachine):
    """People work on any store; programs merge two of them, and some are killed."""

    @initialize()
    def begin(self) -> None:
        self.stores: dict[str, ObjectStore] = {name: MemoryStore(name) for name in "abc"}
        self.steps = 0
        first = a_client(self.stores["a"])
        self.experiments = [first.experiments.create("e")]
        self.runs: list[str] = []
        self.facts: list[tuple[str, Callable[[Client], bool]]] = []
        """What was done: the word that a conflict about it has, and whether a store has it."""
        self.files: dict[tuple[str, str], list[str]] = defaultdict(list)
        for other in "bc":
            first.merging.push(self.stores[other])

    def _client(self, name: str) -> Client:
        return a_client(self.stores[name])

    def _run(self, which: int) -> str:
        return self.runs[which % len(self.runs)] if self.runs else "0" * 32

    def _do(self, word: str, work: Callable[[], object], fact: Callable[[Client], bool]) -> None:
        with suppress(CloudtrackError):
            work()
            self.facts.append((word, fact))

    @rule(store=STORES, name=st.sampled_from(["e", "f", "g"]))
    def create_experiment(self, store: str, name: str) -> None:
        with suppress(CloudtrackError):
            experiment = self._client(store).experiments.create(name)
            self.experiments.append(experiment)
            self.facts.append((experiment, lambda client: client.experiments.get(experiment).name != ""))

    @rule(store=STORES, which=st.integers(0, 3), name=st.sampled_from(["f", "g", "h"]))
    def rename_experiment(self, store: str, which: int, name: str) -> None:
        experiment = self.experiments[which % len(self.experiments)]
        with suppress(CloudtrackError):
            self._client(store).experiments.rename(experiment, name)

    @rule(store=STORES, which=st.integers(0, 3))
    def create_run(self, store: str, which: int) -> None:
        experiment = self.experiments[which % len(self.experiments)]
        with suppress(CloudtrackError):
            client = self._client(store)
            run_id = client.runs.create(experiment).info.run_id
            log_model(client, run_id, "model", f"weights of {run_id}")
            self.runs.append(run_id)
            self.facts.append((run_id, lambda client: client.runs.get(run_id).info.run_id == run_id))

    @rule(store=STORES, which=RUNS, clash=st.booleans())
    def log(self, store: str, which: int, clash: bool) -> None:
        self.steps += 1
        run_id, key, value = self._run(which), "clash" if clash else f"k{self.steps}", str(self.steps)
        client = self._client(store)
        metrics = [Metric("loss", 1.0, self.steps, self.steps)]

        def work() -> None:
            client.runs.log_batch(run_id, params={f"p{value}": value}, tags={key: value}, metrics=metrics)

        def fact(found: Client) -> bool:
            data = found.runs.get(run_id).data
            steps = {metric.step for metric in found.metrics.history(run_id, "loss")}
            return (clash or data.tags.get(key) == value) and data.params[f"p{value}"] == value and int(value) in steps

        self._do(run_id, work, fact)

    @rule(store=STORES, which=RUNS)
    def log_many(self, store: str, which: int) -> None:
        self.steps += 1
        run_id, first, client = self._run(which), self.steps * 10_000, self._client(store)
        count = INLINE_POINTS + 1

        def fact(found: Client) -> bool:
            steps = {metric.step for metric in found.metrics.history(run_id, "loss")}
            return {*range(first, first + count)} <= steps

        self._do(run_id, lambda: log_points(client, run_id, count, first), fact)

    @rule(store=STORES, which=RUNS, name=st.sampled_from(["x", "y"]))
    def upload(self, store: str, which: int, name: str) -> None:
        self.steps += 1
        run_id, text, client = self._run(which), f"{self.steps}", self._client(store)
        with suppress(CloudtrackError):
            client.runs.get(run_id)
            client.artifacts.log_text(run_id, text, name)
            self.files[run_id, name].append(text)

    @rule(store=STORES, which=RUNS, status=st.sampled_from(["FINISHED", "RUNNING", "FAILED"]))
    def set_status(self, store: str, which: int, status: str) -> None:
        with suppress(CloudtrackError):
            self._client(store).runs.update(self._run(which), status=status)

    @rule(store=STORES, which=RUNS, dead=st.booleans())
    def move_to_the_trash_or_back(self, store: str, which: int, dead: bool) -> None:
        with suppress(CloudtrackError):
            runs = self._client(store).runs
            (runs.delete if dead else runs.restore)(self._run(which))

    @rule(store=STORES, which=RUNS)
    def purge(self, store: str, which: int) -> None:
        with suppress(CloudtrackError):
            client = self._client(store)
            client.runs.delete(self._run(which))
            client.purging.run(self._run(which))

    @rule(store=STORES, which=RUNS, model=MODELS, copy=st.booleans())
    def register(self, store: str, which: int, model: str, copy: bool) -> None:
        with suppress(CloudtrackError):
            self._client(store).register_model(f"runs:/{self._run(which)}/model", model, copy=copy)
            self._note_history(store, model)

    @rule(store=STORES, model=MODELS, stage=st.sampled_from(["Staging", "Production"]))
    def transition(self, store: str, model: str, stage: str) -> None:
        with suppress(CloudtrackError):
            self._client(store).stages.transition(model, 1, stage)
            self._note_history(store, model)

    @rule(store=STORES, model=MODELS)
    def delete_version(self, store: str, model: str) -> None:
        with suppress(CloudtrackError):
            self._client(store).model_versions.delete(model, 1)
            self._note_history(store, model)

    @rule(store=STORES, old=MODELS, new=MODELS)
    def rename_model(self, store: str, old: str, new: str) -> None:
        with suppress(CloudtrackError):
            self._client(store).registered_models.rename(old, new)
            self._note_history(store, old)
            self._note_history(store, new)

    @rule(store=STORES, model=MODELS)
    def release(self, store: str, model: str) -> None:
        with suppress(CloudtrackError):
            self._client(store).releases.switch("prod", {"member": f"{model}/1"})

    @rule(store=STORES)
    def compact(self, store: str) -> None:
        client = self._client(store)
        for indexes in client.indexes:
            for name in self.experiments if indexes.is_many else [""]:
                indexes.compact(name)

    def _note_history(self, store: str, model: str) -> None:
        last = self._client(store).history.events(model)[-1]
        number, event_id = last.number, last.id
        self.facts.append((f"models/{model}/", lambda client: client.history.events(model)[number - 1].id == event_id))

    @rule(pair=PAIRS)
    def push(self, pair: str) -> None:
        self._client(pair[0]).merging.push(self.stores[pair[1]])
        self._is_whole(pair[1])

    @rule(pair=PAIRS, stop=STOPS)
    def push_and_die(self, pair: str, stop: int) -> None:
        with suppress(Stopped):
            self._client(pair[0]).merging.push(StoppingStore(self.stores[pair[1]], writes=stop))
        self._is_whole(pair[1])

    @rule(pair=PAIRS)
    def sync(self, pair: str) -> None:
        self._client(pair[0]).merging.sync(self.stores[pair[1]])
        self._is_whole(pair[0])
        self._is_whole(pair[1])

    def _is_whole(self, store: str) -> None:
        report = self._client(store).fsck.check()
        wrong = [each for each in report.findings if each.severity == Severity.DAMAGE]
        assert [each for each in wrong if each.kind != "release-member"] == []  # docs/releases.md says so

    def teardown(self) -> None:
        if not hasattr(self, "stores"):
            return
        for pair in ("ab", "bc", "ca", "ab", "bc"):
            self._client(pair[0]).merging.sync(self.stores[pair[1]])
        named: list[str] = []
        for pair in ("ab", "bc", "ca"):
            pulled, pushed = self._client(pair[0]).merging.sync(self.stores[pair[1]])
            assert (pulled.counts, pushed.counts) == ({}, {})  # a second time nothing is left to do
            named += conflicts_of(pulled, pushed)
        for word, fact in self.facts:
            for name in "abc":
                assert self._has(fact, name) or any(word in each for each in named), (word, name, named)
        for (run_id, path), texts in self.files.items():
            self._check_file(run_id, path, texts, named)
        for name in "abc":
            assert_whole(self._client(name), taken_away=True)
        if not named:
            contents = [content(store) for store in self.stores.values()]
            assert contents[0] == contents[1] == contents[2]

    def _has(self, fact: Callable[[Client], bool], name: str) -> bool:
        try:
            return fact(self._client(name))
        except Purged:
            return True  # somebody said so
        except (NotFound, KeyError, IndexError):
            return False

    def _check_file(self, run_id: str, path: str, texts: list[str], named: list[str]) -> None:
        if any(run_id in each for each in named):
            return
        found = set()
        for store in self.stores.values():
            with suppress(CloudtrackError):
                found.add(store.get(f"runs/{run_id}/artifacts/{path}").body.decode())
        assert len(found) <= 1
        assert found <= {*texts}


TestMerging = Merging.TestCase
TestMerging.settings = settings(
    max_examples=examples(160),
    stateful_step_count=25,
    deadline=None,
    derandomize=not IS_THOROUGH,
    suppress_health_check=list(HealthCheck),
)

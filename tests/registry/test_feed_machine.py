"""Commits, crashes, lost answers, compactions, rebuilt indexes in any order: consumers read exactly the histories."""

from __future__ import annotations

import contextlib

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from cloudtrack.client import Client
from cloudtrack.errors import AlreadyExists, Conflict, NotFound, StateError, Unavailable
from cloudtrack.index.indexes import ONE
from cloudtrack.maintenance.reindexing import rebuild
from cloudtrack.registry.registry import Registry
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from tests.storage.lossy import LossyStore, Stopped, StoppingStore
from tests.thoroughness import examples

SOURCE = "runs:/" + "a" * 32 + "/model"
NAMES = ("a", "b", "long " * 50)
names = st.sampled_from(["a", "a", *NAMES])
consumers = st.integers(0, 99)


class Consumer:
    """What one has read, by model, and what was there before it began."""

    def __init__(self, cursor: str, before: dict[str, int]) -> None:
        self.cursor = cursor
        self.numbers = before

    def read(self, client: Client, limit: int) -> int:
        page = client.feed.read(self.cursor, limit)
        for name, number in ((item.name, item.event.number) for item in page.events):
            assert number == self.numbers.get(name, 0) + 1, "each event once, and in its model's order"
            self.numbers[name] = number
        self.cursor = page.cursor
        return len(page.events)


class Feeding(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.client = Client(self.store)
        self.consumers = [Consumer("start", {})]
        for name in NAMES[:2]:
            self.client.registered_models.create(name)

    def histories(self) -> dict[str, int]:
        """The number of the last event of each name."""
        registry = Registry(self.store, actor="")
        last = {name: sum(1 for _ in registry.events(name).read_listed()) for name in NAMES}
        return {name: number for name, number in last.items() if number}

    def act(self, store: ObjectStore, what: str, name: str, other: str) -> None:
        with contextlib.suppress(AlreadyExists, NotFound, StateError, Conflict, Unavailable, Stopped):
            client = Client(store)
            match what:
                case "create":
                    client.registered_models.create(name)
                case "register":
                    client.model_versions.create(name, SOURCE)
                case "move":
                    client.stages.transition(name, 1, "Production", archive_existing_versions=True)
                case "tag":
                    client.registered_models.set_tag(name, "k", "v")
                case "delete":
                    client.registered_models.delete(name)
                case "rename":
                    client.registered_models.rename(name, other)

    acts = st.sampled_from(["tag", "tag", "create", "register", "move", "delete", "rename"])

    @rule(what=acts, name=names, other=names)
    def commit(self, what: str, name: str, other: str) -> None:
        self.act(self.store, what, name, other)

    @rule(what=acts, name=names, other=names, writes=st.integers(0, 8))
    def commit_and_crash(self, what: str, name: str, other: str, writes: int) -> None:
        self.act(StoppingStore(self.store, writes=writes), what, name, other)

    @rule(what=acts, name=names, other=names, seed=st.integers(0, 99))
    def commit_and_lose_answers(self, what: str, name: str, other: str, seed: int) -> None:
        self.act(LossyStore(self.store, share=0.5, seed=seed), what, name, other)

    @rule(name=names)
    def die_before_the_event(self, name: str) -> None:
        self.act(StoppingStore(self.store, writes=1), "tag", name, name)

    @rule()
    def compact(self) -> None:
        self.client.model_index.compact(ONE)

    @rule(writes=st.integers(0, 4))
    def compact_and_crash(self, writes: int) -> None:
        with contextlib.suppress(Stopped):
            Client(StoppingStore(self.store, writes=writes)).model_index.compact(ONE)

    @rule()
    def reindex(self) -> None:
        rebuild(self.store, self.client.model_index, [ONE])

    @rule()
    def throw_the_index_away_and_reindex(self) -> None:
        for info in list(self.store.list("index/models/")):
            self.store.delete(info.key)
        rebuild(self.store, self.client.model_index, [ONE])

    @rule(who=consumers, limit=st.integers(1, 5))
    def read(self, who: int, limit: int) -> None:
        self.consumers[who % len(self.consumers)].read(self.client, limit)

    @rule(who=consumers)
    def read_by_another_process(self, who: int) -> None:
        self.consumers[who % len(self.consumers)].read(Client(self.store), 100)

    @rule()
    def begin_now(self) -> None:
        self.consumers.append(Consumer(self.client.feed.read("now").cursor, self.histories()))

    def teardown(self) -> None:
        there = self.histories()
        for consumer in self.consumers:
            while consumer.read(self.client, 2):
                pass
            assert consumer.numbers == there


Feeding.TestCase.settings = settings(
    max_examples=examples(100), stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
test_consumers_read_exactly_the_histories = Feeding.TestCase

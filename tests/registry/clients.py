"""Clients that do at random what can be done with a model, and note what they were told."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

from cloudtrack.errors import CloudtrackError, Unavailable
from cloudtrack.registry.aliases import Aliases
from cloudtrack.registry.model_versions import ModelVersions
from cloudtrack.registry.registered_models import RegisteredModels
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.stages import Stages
from cloudtrack.storage.object_store import Object, ObjectStore
from cloudtrack.storage.opening import open_store
from tests.registry.linearizability import UNKNOWN, Call, Model
from tests.storage.lossy import ForwardingStore, LossyStore, Stopped, StoppingStore

MODEL = "churn"
SOURCE = "runs:/" + "a" * 32 + "/model"
_LONGEST_WAIT_S = 0.002
_WEIGHTS = {"register": 2, "move": 3, "promote": 4, "rollback": 3, "point": 2, "look": 3, "holders": 3}


START = Model(("None", "None", "None"))
"""What ``begin`` makes."""


def begin(store: ObjectStore, name: str = MODEL) -> None:
    """A model with three versions."""
    registry = Registry(store, actor="test")
    RegisteredModels(registry).create(name)
    for _ in START.stages:
        ModelVersions(registry).create(name, SOURCE)


class RandomClient:
    """One client of a model in a store."""

    def __init__(self, store: ObjectStore, seed: int, name: str = MODEL) -> None:
        self._registry = Registry(store, actor=f"client {seed}")
        self._random = random.Random(seed)
        self._name = name

    def act(self, times: int) -> list[Call]:
        """So many calls one after the other; fewer where the client is killed."""
        calls: list[Call] = []
        for _ in range(times):
            verb = self._random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
            arguments = self._arguments(verb)
            began = time.monotonic()
            try:
                answer = self._ask(verb, arguments)
            except Stopped:
                return [*calls, Call(verb, arguments, UNKNOWN, began, time.monotonic())]
            except Unavailable:
                answer = UNKNOWN
            except CloudtrackError as error:
                answer = type(error).__name__
            calls.append(Call(verb, arguments, answer, began, time.monotonic()))
        return calls

    def _arguments(self, verb: str) -> tuple[Any, ...]:
        version, other = self._random.randint(1, 4), self._random.randint(0, 3)
        match verb:
            case "move":
                return version, self._random.choice(["Staging", "Production", "None"])
            case "promote":
                return version, other
            case "point":
                return (version,)
            case _:
                return ()

    def _ask(self, verb: str, arguments: tuple[Any, ...]) -> Hashable:
        name, registry = self._name, self._registry
        match verb, *arguments:
            case "register", *_:
                return ModelVersions(registry).create(name, SOURCE).version
            case "move", version, stage:
                archives = stage == "Production"
                return Stages(registry).transition(name, version, stage, archive_existing_versions=archives).version
            case "promote", version, expected:
                stages = Stages(registry)
                return stages.transition(
                    name, version, "Production", archive_existing_versions=True, expect=expected
                ).version
            case "rollback", *_:
                return Stages(registry).rollback(name, "Production").version
            case "point", version:
                Aliases(registry).set(name, "champion", version)
                return version
            case "look", *_:
                state = registry.read(name)
                found = [state.versions.get(number) for number in range(1, state.last_version + 1)]
                return tuple(version.stage for version in found if version), state.aliases.get("champion", 0)
            case _:
                return tuple(version.version for version in Stages(registry).holders(name, "Production"))


def act_together(
    make_store: Callable[[int], ObjectStore], seed: int, *, clients: int, times: int, name: str
) -> list[Call]:
    """What threads did at once, each as a client with a store of its own."""
    found: list[Call] = []
    start = threading.Barrier(clients)

    def act(number: int) -> None:
        client = RandomClient(make_store(number), seed * 1000 + number, name)
        start.wait()
        found.extend(client.act(times))

    threads = [threading.Thread(target=act, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class SlowStore(ForwardingStore):
    """Waits a little before each request, so that others come between."""

    def __init__(self, inner: ObjectStore, seed: int) -> None:
        super().__init__(inner)
        self._random = random.Random(seed)

    def get(self, key: str, *, unless_etag: str = "") -> Object:
        self._wait()
        return super().get(key, unless_etag=unless_etag)

    def create(self, key: str, body: bytes) -> str:
        self._wait()
        return super().create(key, body)

    def replace(self, key: str, body: bytes, etag: str) -> str:
        self._wait()
        return super().replace(key, body, etag)

    def _wait(self) -> None:
        time.sleep(self._random.random() * _LONGEST_WAIT_S)


def disturbed(inner: ObjectStore, seed: int) -> ObjectStore:
    """A store that loses a quarter of its answers, or is killed at some write, or does neither; and is slow."""
    rng, store = random.Random(seed), SlowStore(inner, seed)
    return rng.choice(
        [
            lambda: store,
            lambda: LossyStore(store, share=0.25, seed=seed),
            lambda: StoppingStore(store, writes=rng.randint(0, 12)),
        ]
    )()


def act_in_process(url: str, number: int, models: int, times: int) -> list[list[Call]]:
    """What one process did with each of several models, one after the other."""
    store = open_store(url)
    return [
        RandomClient(disturbed(store, model * 100 + number), model * 1000 + number, f"{MODEL}{model}").act(times)
        for model in range(models)
    ]

"""Any sequence of verbs on a store does what it does to a dictionary."""

from __future__ import annotations

import shutil
import tempfile
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from cloudtrack.errors import ObjectChanged, ObjectExists, ObjectNotFound
from cloudtrack.storage.folder import FolderStore
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from tests.thoroughness import examples

KEYS = ["a", "b/c", "b/d", "b/e/f", "b.x", "z/1", "z/10", "z/2"]
keys = st.sampled_from(KEYS)
bodies = st.binary(max_size=4)


class StoreMachine(RuleBasedStateMachine):
    """Compares a store with a plain dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.store = self.make()
        self.model: dict[str, bytes] = {}
        self.etags: list[tuple[str, str, bytes]] = []

    def make(self) -> ObjectStore:
        return MemoryStore()

    @rule(key=keys, body=bodies)
    def create(self, key: str, body: bytes) -> None:
        if self.model.get(key, body) != body:
            with pytest.raises(ObjectExists) as caught:
                self.store.create(key, body)
            assert caught.value.body == self.model[key]
        else:
            self.etags.append((key, self.store.create(key, body), body))
            self.model[key] = body

    @precondition(lambda self: self.etags)
    @rule(data=st.data(), body=bodies)
    def replace(self, data: st.DataObject, body: bytes) -> None:
        key, etag, seen = data.draw(st.sampled_from(self.etags))
        try:
            new = self.store.replace(key, body, etag)
        except ObjectChanged:
            assert self.model.get(key) != seen
        else:
            assert self.model.get(key) == seen
            self.model[key] = body
            self.etags.append((key, new, body))

    @rule(key=keys)
    def delete(self, key: str) -> None:
        self.store.delete(key)
        self.model.pop(key, None)

    @rule(key=keys, start=st.integers(0, 5), length=st.integers(0, 5))
    def get(self, key: str, start: int, length: int) -> None:
        if key in self.model:
            assert self.store.get(key).body == self.model[key]
            assert self.store.get_range(key, start, length) == self.model[key][start : start + length]
        else:
            with pytest.raises(ObjectNotFound):
                self.store.get(key)

    @rule(prefix=st.sampled_from(["", "b", "b/", "b/e/", "z/1", "nope/"]), after=st.sampled_from(["", *KEYS]))
    def list(self, prefix: str, after: str) -> None:
        expected = sorted(key for key in self.model if key.startswith(prefix) and key > after)
        assert [info.key for info in self.store.list(prefix, start_after=after)] == expected

    @rule(prefix=st.sampled_from(["", "b/", "z/"]))
    def list_folder(self, prefix: str) -> None:
        rest = sorted(key[len(prefix) :] for key in self.model if key.startswith(prefix))
        level = self.store.list_folder(prefix)
        assert level.folders == sorted({f"{prefix}{key.partition('/')[0]}/" for key in rest if "/" in key})
        assert [info.key for info in level.objects] == [prefix + key for key in rest if "/" not in key]


class FolderMachine(StoreMachine):
    def make(self) -> ObjectStore:
        self.folder = tempfile.mkdtemp()
        return FolderStore(self.folder)

    def teardown(self) -> None:
        shutil.rmtree(self.folder)


@pytest.mark.parametrize("machine", [StoreMachine, FolderMachine])
def test_a_store_behaves_like_a_dictionary(machine: Any) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples(60), stateful_step_count=30, deadline=None)
    )

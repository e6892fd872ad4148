"""Changing the policy: exact under races, seen at once by the writer and soon by others."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.errors import CorruptData, InvalidInput, NotFound, Unavailable
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from tests.access.racers import grant as grant_again_and_again
from tests.processes import run_together
from tests.storage.lossy import CountingStore, Stopped, StoppingStore

EXPERIMENT, MODEL = Resource.EXPERIMENT, Resource.REGISTERED_MODEL
ALICE = Principal("alice")


def _together(count: int, work: Callable[[int], None]) -> None:
    barrier = Barrier(count)

    def begin(number: int) -> None:
        barrier.wait()
        work(number)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(begin, range(count)))


@pytest.mark.parametrize("store_url", ["memory", "folder", "moto-obstore", "moto-s3fs"], indirect=True)
def test_what_is_granted_holds_until_it_is_revoked(store: ObjectStore) -> None:
    access = Access(store)
    assert access.policy().permission(ALICE, EXPERIMENT, "1") == Permission.NO_PERMISSIONS
    access.grant("alice", EXPERIMENT, "1", Permission.READ)
    assert access.policy().permission(ALICE, EXPERIMENT, "1") == Permission.READ
    access.grant("alice", EXPERIMENT, "1", Permission.EDIT)
    access.grant("alice", MODEL, "1", Permission.USE, approver=True)
    assert access.policy().permission(ALICE, EXPERIMENT, "1") == Permission.EDIT
    assert access.policy().is_approver(ALICE, "1")
    assert len(access.policy().grants) == 2
    access.revoke("alice", EXPERIMENT, "1")
    assert access.policy().permission(ALICE, EXPERIMENT, "1") == Permission.NO_PERMISSIONS
    access.set_default(Permission.READ)
    assert access.policy().permission(ALICE, EXPERIMENT, "1") == Permission.READ
    access.add_admin("alice")
    access.add_admin("alice")
    assert access.policy().admins == ["alice"]
    access.remove_admin("alice")
    assert not access.policy().is_admin(ALICE)
    again = Access(store).policy()
    assert (again.permission(ALICE, MODEL, "1"), again.default_permission) == (Permission.USE, Permission.READ)


def test_a_new_grant_on_the_same_resource_replaces_the_approver_too() -> None:
    access = Access(MemoryStore())
    access.grant("alice", MODEL, "churn", Permission.READ, approver=True)
    access.grant("alice", MODEL, "churn", Permission.EDIT)
    assert not access.policy().is_approver(ALICE, "churn")


@pytest.mark.parametrize("store_url", ["memory", "folder"], indirect=True)
def test_grants_of_many_threads_all_count_from_the_very_first(store_url: str) -> None:
    services = [Access(open_store(store_url)) for _ in range(4)]

    def work(number: int) -> None:
        access = services[number % 4]
        for turn in range(5):
            access.grant(f"user-{number}", EXPERIMENT, str(turn), Permission.EDIT)
            who = Principal(f"user-{number}")
            assert access.policy().permission(who, EXPERIMENT, str(turn)) == Permission.EDIT

    _together(8, work)
    grants = Access(open_store(store_url)).policy().grants
    assert sorted((grant.principal, grant.resource_id) for grant in grants) == sorted(
        (f"user-{number}", str(turn)) for number in range(8) for turn in range(5)
    )


@pytest.mark.parametrize("store_url", ["memory", "folder"], indirect=True)
def test_rival_grants_on_one_resource_leave_one(store_url: str) -> None:
    def work(number: int) -> None:
        permission = Permission(number % 5)
        Access(open_store(store_url)).grant("alice", MODEL, "churn", permission, approver=permission > Permission.USE)

    _together(10, work)
    (grant,) = Access(open_store(store_url)).policy().grants
    assert grant.approver == (grant.permission > Permission.USE)


@pytest.mark.parametrize("store_url", ["memory", "folder"], indirect=True)
def test_of_many_who_revoke_one_grant_one_does(store_url: str) -> None:
    Access(open_store(store_url)).grant("alice", MODEL, "churn", Permission.READ)
    outcomes: list[str] = []

    def work(_: int) -> None:
        try:
            Access(open_store(store_url)).revoke("alice", MODEL, "churn")
            outcomes.append("revoked")
        except NotFound:
            outcomes.append("not there")

    _together(6, work)
    assert sorted(outcomes) == ["not there"] * 5 + ["revoked"]


@pytest.mark.slow
def test_changes_of_processes_whose_answers_are_lost_count_once(store_url: str) -> None:
    Access(open_store(store_url)).set_default(Permission.READ)
    run_together(grant_again_and_again, [(store_url, writer, 6, 0.25) for writer in range(3)])
    policy = Access(open_store(store_url)).policy()
    assert sorted((grant.principal, grant.resource_id) for grant in policy.grants) == [
        (f"user-{writer}", str(number)) for writer in range(3) for number in (0, 2, 4)
    ]
    assert policy.default_permission == Permission.READ


def test_a_first_change_that_is_cut_off_leaves_no_policy_or_an_empty_one() -> None:
    for writes in (0, 1):
        store = MemoryStore()
        with pytest.raises(Stopped):
            Access(StoppingStore(store, writes=writes)).grant("alice", EXPERIMENT, "1", Permission.READ)
        assert Access(store).policy().grants == []
        Access(store).grant("alice", EXPERIMENT, "1", Permission.READ)
        assert len(Access(store).policy().grants) == 1


def test_the_policy_is_asked_for_once_in_ten_seconds(wait: Callable[[float], None]) -> None:
    store = CountingStore(MemoryStore())
    mine, others = Access(store), Access(store)
    for _ in range(50):
        mine.policy()
    assert store.counts == {"get": 1}
    others.grant("alice", EXPERIMENT, "1", Permission.READ)
    assert mine.policy().grants == []
    wait(10)
    assert len(mine.policy().grants) == 1
    others.revoke("alice", EXPERIMENT, "1")
    wait(10)
    assert mine.policy().grants == []


def test_an_unchanged_policy_is_not_sent_again(wait: Callable[[float], None]) -> None:
    asked: list[str] = []

    class Watched(MemoryStore):
        def get(self, key: str, *, unless_etag: str = "") -> Any:
            asked.append(unless_etag)
            return super().get(key, unless_etag=unless_etag)

    access = Access(Watched())
    access.set_default(Permission.READ)
    before = access.policy()
    wait(10)
    asked.clear()
    assert access.policy() is before
    assert len(asked) == 1
    assert asked[0] != ""


def test_a_policy_that_is_gone_allows_nothing(wait: Callable[[float], None]) -> None:
    store = MemoryStore()
    access = Access(store)
    access.set_default(Permission.MANAGE)
    assert access.policy().permission(ALICE, EXPERIMENT, "1") == Permission.MANAGE
    store.delete("access/policy.json")
    wait(10)
    assert access.policy().permission(ALICE, EXPERIMENT, "1") == Permission.NO_PERMISSIONS


def test_a_policy_that_cannot_be_read_allows_nothing(
    wait: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    access = Access(store)
    access.set_default(Permission.MANAGE)
    access.policy()
    there = store.get("access/policy.json")
    store.replace("access/policy.json", b"{}", there.etag)
    wait(10)
    for _ in range(2):
        with pytest.raises(CorruptData):
            access.policy()
    with pytest.raises(CorruptData):
        access.set_default(Permission.READ)

    def away(*_: object, **__: object) -> None:
        raise Unavailable("the store is away")

    monkeypatch.setattr(store, "get", away)
    with pytest.raises(Unavailable):
        access.policy()


def test_what_a_newer_version_added_is_kept() -> None:
    store = MemoryStore()
    access = Access(store)
    access.grant("alice", EXPERIMENT, "1", Permission.READ)
    there = store.get("access/policy.json")
    content = json.loads(there.body)
    content["reviewed"] = "2027"
    content["grants"][0]["until"] = 99
    store.replace("access/policy.json", json.dumps(content).encode(), there.etag)
    access.grant("bob", EXPERIMENT, "1", Permission.READ)
    kept = json.loads(store.get("access/policy.json").body)
    assert (kept["reviewed"], kept["grants"][0]["until"]) == ("2027", 99)


@pytest.mark.parametrize(
    ("principal", "resource", "resource_id", "approver"),
    [
        ("", EXPERIMENT, "1", False),
        ("group:", EXPERIMENT, "1", False),
        ("group: a", EXPERIMENT, "1", False),
        ("a\n", EXPERIMENT, "1", False),
        ("alice", EXPERIMENT, "", False),
        ("alice", EXPERIMENT, "../x", False),
        ("alice", EXPERIMENT, "**", False),
        ("alice", MODEL, "", False),
        ("alice", MODEL, "a/b", False),
        ("alice", MODEL, "a:b", False),
        ("alice", MODEL, "x" * 257, False),
        ("alice", EXPERIMENT, "1", True),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(
    principal: str, resource: Resource, resource_id: str, approver: bool
) -> None:
    store = MemoryStore()
    with pytest.raises(InvalidInput):
        Access(store).grant(principal, resource, resource_id, Permission.READ, approver=approver)
    assert list(store.list()) == []


@pytest.mark.parametrize("name", ["*", "group:ops", ""])
def test_only_a_principal_becomes_an_admin(name: str) -> None:
    with pytest.raises(InvalidInput):
        Access(MemoryStore()).add_admin(name)


def test_taking_back_what_was_not_given_says_so() -> None:
    access = Access(MemoryStore())
    access.grant("alice", EXPERIMENT, "*", Permission.READ)
    for principal, resource, resource_id in (
        ("alice", EXPERIMENT, "1"),
        ("alice", MODEL, "*"),
        ("bob", EXPERIMENT, "*"),
        ("*", EXPERIMENT, "*"),
    ):
        with pytest.raises(NotFound, match="no grant"):
            access.revoke(principal, resource, resource_id)
    with pytest.raises(NotFound, match="admins"):
        access.remove_admin("alice")
    assert len(access.policy().grants) == 1

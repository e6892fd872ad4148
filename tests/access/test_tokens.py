"""API tokens: what is a login, what is kept, and what it costs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudtrack.access.principal import Principal
from cloudtrack.access.tokens import Tokens
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from tests.storage.lossy import CountingStore


def _everything(store: ObjectStore) -> str:
    return "".join(info.key + store.get(info.key).body.decode() for info in store.list())


@pytest.mark.parametrize("store_url", ["memory", "folder", "moto-obstore", "moto-s3fs"], indirect=True)
def test_a_token_proves_its_principal(store: ObjectStore, wait: Callable[[float], None]) -> None:
    tokens = Tokens(store)
    token, info = tokens.create("alice@corp.org", groups=["ops", "ml"], description="laptop", created_by="root")
    assert tokens.find(token) == Principal("alice@corp.org", admin=False, groups=("ops", "ml"))
    assert (info.principal, info.description, info.created_by) == ("alice@corp.org", "laptop", "root")
    assert (info.expires, info.revoked) == (None, None)
    wait(1)
    admin, _ = tokens.create("root", admin=True)
    assert tokens.find(admin) == Principal("root", admin=True)
    assert [listed.principal for listed in tokens.list()] == ["alice@corp.org", "root"]


def test_tokens_are_of_256_bits_and_differ() -> None:
    tokens = Tokens(MemoryStore())
    made = {tokens.create("a")[0] for _ in range(50)}
    assert len(made) == 50
    for token in made:
        assert token.startswith("ctk_")
        assert len(token) == len("ctk_") + 43


def test_the_store_never_has_the_token(store: ObjectStore) -> None:
    tokens = Tokens(store)
    token, info = tokens.create("a")
    assert token.removeprefix("ctk_") not in _everything(store)
    digest = hashlib.sha256(token.encode()).hexdigest()
    assert [found.key for found in store.list()] == [f"access/tokens/{digest}.json"]
    assert digest.startswith(info.token_id)


def test_an_expired_token_is_no_login(wait: Callable[[float], None]) -> None:
    tokens = Tokens(MemoryStore())
    token, info = tokens.create("a", expires_in_s=3600)
    assert info.expires == info.created + 3_600_000
    wait(3599)
    assert tokens.find(token) is not None
    wait(1)
    assert tokens.find(token) is None


def test_a_revoked_token_is_no_login_and_is_still_listed(store: ObjectStore) -> None:
    tokens = Tokens(store)
    token, info = tokens.create("a")
    other, _ = tokens.create("a")
    tokens.revoke(info.token_id)
    assert tokens.find(token) is None
    assert tokens.find(other) is not None
    assert [listed.revoked is not None for listed in tokens.list()].count(True) == 1


def test_revoking_again_changes_nothing(store: ObjectStore) -> None:
    tokens = Tokens(store)
    _, info = tokens.create("a")
    tokens.revoke(info.token_id)
    before = _everything(store)
    tokens.revoke(info.token_id)
    assert _everything(store) == before


@pytest.mark.parametrize("token_id", ["0" * 12, "", "abc", "../policy.js", "ABCDEF012345", "0" * 13, "é" * 12, "a/b"])
def test_revoking_what_is_not_there_says_so_and_touches_nothing(token_id: str) -> None:
    store = CountingStore(MemoryStore())
    tokens = Tokens(store)
    token, _ = tokens.create("a")
    store.reset()
    with pytest.raises(NotFound, match="no API token with id"):
        tokens.revoke(token_id)
    assert store.writes == 0
    assert tokens.find(token) is not None


def test_looking_up_a_token_is_one_request_whatever_its_state(wait: Callable[[float], None]) -> None:
    store = CountingStore(MemoryStore())
    tokens = Tokens(store)
    good, _ = tokens.create("a")
    revoked, info = tokens.create("a")
    expired, _ = tokens.create("a", expires_in_s=1)
    tokens.revoke(info.token_id)
    wait(2)
    unknown = "ctk_" + "x" * 43
    for token, is_login in ((good, True), (revoked, False), (expired, False), (unknown, False)):
        store.reset()
        assert (tokens.find(token) is not None) == is_login
        assert store.counts == {"get": 1}
    store.reset()
    assert tokens.find(f"{good}x") is None
    assert store.requests == 0  # no token looks like this


@given(st.one_of(st.text(), st.text(alphabet="abAB01-_/.%\n", min_size=40, max_size=46).map("ctk_".__add__)))
def test_no_other_text_is_a_login_or_reaches_a_key(text: str) -> None:
    keys: list[str] = []

    class Watched(MemoryStore):
        def get(self, key: str, *, unless_etag: str = "") -> Any:
            keys.append(key)
            return super().get(key, unless_etag=unless_etag)

    assert Tokens(Watched()).find(text) is None
    assert all(key == f"access/tokens/{hashlib.sha256(text.encode()).hexdigest()}.json" for key in keys)


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[]", b'{"format": "cloudtrack.run/1"}', b'{"format": "cloudtrack.api-token/1"}'],
)
def test_a_bad_object_is_no_login_and_hides_no_token(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    tokens = Tokens(store)
    token = "ctk_" + "y" * 43
    store.create(f"access/tokens/{hashlib.sha256(token.encode()).hexdigest()}.json", body)
    tokens.create("a")
    assert tokens.find(token) is None
    assert [info.principal for info in tokens.list()] == ["a"]
    assert "access/tokens/" in caplog.text
    assert token not in caplog.text


def test_fields_of_a_newer_version_are_kept() -> None:
    store = MemoryStore()
    tokens = Tokens(store)
    _, info = tokens.create("a")
    (key,) = [found.key for found in store.list()]
    there = store.get(key)
    store.replace(key, json.dumps(json.loads(there.body) | {"scopes": ["x"]}).encode(), there.etag)
    tokens.revoke(info.token_id)
    assert json.loads(store.get(key).body)["scopes"] == ["x"]


@pytest.mark.parametrize(
    "name",
    ["", " ", " a", "a ", "*", "group:", "group:ops", "a\nb", "a\x1b[31m", "a\u200bb", "\ud800", "x" * 257, None],
)
def test_a_name_that_a_grant_could_misread_is_refused(name: Any) -> None:
    store = MemoryStore()
    with pytest.raises(InvalidInput):
        Tokens(store).create(name)
    assert list(store.list()) == []


@pytest.mark.parametrize("name", ["a", "alice@corp.org", "Zoë Müller", "x" * 256, "groups", "a:b", "**"])
def test_other_names_are_taken(name: str) -> None:
    tokens = Tokens(MemoryStore())
    token, _ = tokens.create(name)
    assert tokens.find(token) == Principal(name)


@pytest.mark.parametrize(
    "arguments",
    [
        {"groups": [""]},
        {"groups": ["a\n"]},
        {"description": "two\nlines"},
        {"description": "x" * 257},
        {"created_by": "\ud800"},
        {"expires_in_s": 0},
        {"expires_in_s": -1},
        {"expires_in_s": float("nan")},
        {"expires_in_s": float("inf")},
        {"expires_in_s": 1e12},
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Tokens(MemoryStore()).create("a", **arguments)

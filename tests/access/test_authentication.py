"""The header ``Authorization``: what is a login, what is remembered, and what is never said."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudtrack.access import authentication
from cloudtrack.access.authentication import Authenticator
from cloudtrack.access.oidc import OidcVerifier
from cloudtrack.access.principal import Principal
from cloudtrack.access.tokens import Tokens
from cloudtrack.errors import Unauthenticated, Unavailable
from cloudtrack.storage.memory import MemoryStore
from tests.access.issuer import AUDIENCE, Issuer
from tests.storage.lossy import CountingStore

ALICE = Principal("alice@corp.org", groups=("ml",))


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def store() -> CountingStore:
    return CountingStore(MemoryStore())


@pytest.fixture
def tokens(store: CountingStore) -> Tokens:
    return Tokens(store)


@pytest.fixture
def token(tokens: Tokens) -> str:
    return tokens.create(ALICE.name, groups=ALICE.groups)[0]


def test_a_token_is_taken_as_bearer_and_as_password(tokens: Tokens, token: str) -> None:
    authenticator = Authenticator(tokens)
    for header in (
        f"Bearer {token}",
        f"bearer  {token} ",
        _basic(ALICE.name, token),
        _basic("token", token),
        _basic("", token),
    ):
        assert authenticator.authenticate(header) == ALICE


def test_a_jwt_is_taken_where_an_issuer_is_trusted(tokens: Tokens, token: str, issuer: Issuer) -> None:
    jwt = issuer.token(email="bob@corp.org")
    authenticator = Authenticator(tokens, OidcVerifier(issuer.url, AUDIENCE))
    assert authenticator.authenticate(f"Bearer {jwt}") == Principal("bob@corp.org")
    assert authenticator.authenticate(f"Bearer {token}") == ALICE
    with pytest.raises(Unauthenticated):
        authenticator.authenticate(_basic("bob@corp.org", jwt))
    with pytest.raises(Unauthenticated):
        Authenticator(tokens).authenticate(f"Bearer {jwt}")


def test_every_failure_says_the_same(tokens: Tokens, token: str, issuer: Issuer, wait: Callable[[float], None]) -> None:
    authenticator = Authenticator(tokens, OidcVerifier(issuer.url, AUDIENCE))
    revoked, info = tokens.create("a")
    tokens.revoke(info.token_id)
    expired, _ = tokens.create("a", expires_in_s=1)
    wait(2)
    headers = [
        None,
        "",
        " ",
        token,
        "Bearer",
        "Bearer ",
        "Bearer ctk_",
        f"Bearer ctk_{'x' * 43}",
        f"Bearer {revoked}",
        f"Bearer {expired}",
        f"Bearer {token}x",
        f"Bearer {token} {token}",
        f"Bearer {token}é",
        f"Bearer \udcff{token}",
        f"Bearer {' ' * 20_000}{token}",
        f"Token {token}",
        f"Negotiate {token}",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        "Basic " + base64.b64encode(token.encode()).decode(),
        _basic("bob@corp.org", token),
        _basic(ALICE.name.upper(), token),
        _basic("*", token),
        _basic("alice@corp.org", ""),
        _basic("alice@corp.org", "password"),
        _basic("alice@corp.org", f"{token}:"),
        f"Bearer {issuer.token(aud='other')}",
        f"Bearer {issuer.token(kid='unknown')}",
        "Bearer a.b.c",
    ]
    said = set()
    for header in headers:
        with pytest.raises(Unauthenticated) as raised:
            authenticator.authenticate(header)
        said.add((raised.value.message, raised.value.__cause__, raised.value.__context__))
    assert len(said) == 1
    assert "MLFLOW_TRACKING_TOKEN" in said.pop()[0]


def test_no_credential_is_logged_or_said(
    tokens: Tokens, token: str, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    authenticator = Authenticator(tokens, OidcVerifier(issuer.url, AUDIENCE))
    secrets = [token, f"{token[:-1]}?", issuer.token(), issuer.token(aud="other"), f"ctk_{'z' * 43}"]
    text = ""
    for secret in secrets:
        for header in (f"Bearer {secret}", _basic("bob", secret), secret):
            try:
                authenticator.authenticate(header)
            except Unauthenticated as error:
                text += "".join(traceback.format_exception(error))
    text += caplog.text + repr(vars(authenticator)) + repr(vars(authenticator._remembered))
    for secret in secrets:
        assert secret not in text
        assert base64.b64encode(f"bob:{secret}".encode()).decode() not in text


def test_a_login_is_remembered_for_half_a_minute(
    store: CountingStore, tokens: Tokens, token: str, wait: Callable[[float], None]
) -> None:
    authenticator = Authenticator(tokens)
    store.reset()
    for _ in range(10):
        authenticator.authenticate(f"Bearer {token}")
        authenticator.authenticate(_basic("token", token))
    assert store.counts == {"get": 1}
    wait(31)
    authenticator.authenticate(f"Bearer {token}")
    assert store.counts == {"get": 2}


def test_a_remembered_login_still_checks_the_user_name(tokens: Tokens, token: str) -> None:
    authenticator = Authenticator(tokens)
    authenticator.authenticate(f"Bearer {token}")
    with pytest.raises(Unauthenticated):
        authenticator.authenticate(_basic("bob", token))


def test_a_revoked_token_ends_within_half_a_minute(tokens: Tokens, wait: Callable[[float], None]) -> None:
    authenticator = Authenticator(tokens)
    token, info = tokens.create("a")
    authenticator.authenticate(f"Bearer {token}")
    tokens.revoke(info.token_id)
    wait(31)
    with pytest.raises(Unauthenticated):
        authenticator.authenticate(f"Bearer {token}")


def test_a_failure_is_not_remembered(tokens: Tokens, store: CountingStore) -> None:
    authenticator = Authenticator(tokens)
    token, _ = tokens.create("a")
    (key,) = [info.key for info in store.list()]
    there = store.get(key)
    store.delete(key)
    with pytest.raises(Unauthenticated):
        authenticator.authenticate(f"Bearer {token}")
    store.create(key, there.body)
    assert authenticator.authenticate(f"Bearer {token}") == Principal("a")


def test_memory_is_bounded_and_keeps_the_newest_logins(
    tokens: Tokens, store: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "_MAX_REMEMBERED", 4)
    authenticator = Authenticator(tokens)
    made = [tokens.create(f"user {number}")[0] for number in range(10)]
    for number, token in enumerate(made):
        assert authenticator.authenticate(f"Bearer {token}") == Principal(f"user {number}")
    assert len(authenticator._remembered._entries) == 4
    for number in range(10):
        with pytest.raises(Unauthenticated):
            authenticator.authenticate(f"Bearer ctk_{number:043d}")
    store.reset()
    for token in made[-4:]:
        authenticator.authenticate(f"Bearer {token}")
    assert store.requests == 0


def test_a_store_that_is_away_is_no_login(tokens: Tokens, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Unavailable("the store is away")

    monkeypatch.setattr(tokens._documents, "get", away)
    with pytest.raises(Unavailable):
        Authenticator(tokens).authenticate(f"Bearer {token}")


@given(
    st.one_of(st.text(), st.text().map("Basic ".__add__), st.binary().map(lambda b: f"Basic {base64.b64encode(b)!s}"))
)
def test_no_header_does_more_than_not_log_in(header: str) -> None:
    with pytest.raises(Unauthenticated):
        Authenticator(Tokens(MemoryStore())).authenticate(header)

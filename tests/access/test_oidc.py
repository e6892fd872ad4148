"""JWTs of an issuer: which are logins, of whom, and what happens when the issuer is away."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from cloudtrack import config
from cloudtrack.access import signing_keys
from cloudtrack.access.oidc import OidcVerifier
from cloudtrack.access.principal import Principal
from cloudtrack.errors import InvalidInput, MissingDependency, Unavailable
from tests.access.issuer import AUDIENCE, EC_KEY, RSA_KEY, STRANGERS_KEY, Issuer, assemble


@pytest.fixture
def verifier(issuer: Issuer) -> OidcVerifier:
    return OidcVerifier(issuer.url, AUDIENCE, admin_groups=("admins",))


def test_a_token_of_the_issuer_is_a_login(issuer: Issuer, verifier: OidcVerifier) -> None:
    assert verifier.verify(issuer.token(email="a@corp.org")) == Principal("a@corp.org")
    assert verifier.verify(issuer.token(EC_KEY, alg="ES256", kid="ec", email="b@corp.org")) == Principal("b@corp.org")
    assert verifier.verify(issuer.token(aud=["other", AUDIENCE])) == Principal("id-1")


def test_groups_come_from_the_issuer_and_may_make_an_admin(issuer: Issuer, verifier: OidcVerifier) -> None:
    assert verifier.verify(issuer.token(groups=["ml", 7])) == Principal("id-1", groups=("ml",))
    assert verifier.verify(issuer.token(groups=["admins"])) == Principal("id-1", admin=True, groups=("admins",))
    assert verifier.verify(issuer.token(groups="admins")) == Principal("id-1")
    roles = OidcVerifier(issuer.url, AUDIENCE, groups_claim="cognito:groups")
    assert roles.verify(issuer.token(**{"cognito:groups": ["ml"]})) == Principal("id-1", groups=("ml",))


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"email": "a@corp.org", "preferred_username": "a"}, "a@corp.org"),
        ({"email": "a@corp.org", "email_verified": True}, "a@corp.org"),
        ({"email": "a@corp.org", "email_verified": False, "preferred_username": "a"}, "a"),
        ({"email": "a@corp.org", "email_verified": "false", "preferred_username": "a"}, "a"),
        ({"email": "a@corp.org", "email_verified": False}, "id-1"),
        ({"email": "a@corp.org", "email_verified": False, "preferred_username": "a@corp.org"}, "id-1"),
        ({"preferred_username": "a@corp.org"}, "a@corp.org"),
        ({"email": ""}, "id-1"),
        ({}, "id-1"),
    ],
)
def test_the_name_is_the_verified_address_else_the_user_name_else_the_id(
    issuer: Issuer, verifier: OidcVerifier, claims: dict[str, Any], name: str
) -> None:
    assert verifier.verify(issuer.token(**claims)) == Principal(name)


@pytest.mark.parametrize(
    "claims",
    [
        {"preferred_username": "*"},
        {"preferred_username": "group:admins"},
        {"email": ["a@corp.org"]},
        {"email": "a\n"},
        {"sub": None},
    ],
)
def test_a_name_that_a_grant_could_misread_is_no_login(
    issuer: Issuer, verifier: OidcVerifier, claims: dict[str, Any]
) -> None:
    assert verifier.verify(issuer.token(**claims)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": int(time.time()) + 3600},
        {"iat": int(time.time()) + 3600},
        {"aud": "another"},
        {"aud": None},
        {"aud": []},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"key": STRANGERS_KEY},
        {"kid": "unknown"},
        {"kid": None},
        {"kid": "ec"},
        {"alg": "RS512"},
        {"alg": "PS256"},
        {"key": EC_KEY, "alg": "ES256", "kid": "rsa"},
    ],
    ids="-".join,
)
def test_any_other_token_is_no_login(issuer: Issuer, verifier: OidcVerifier, changes: dict[str, Any]) -> None:
    assert verifier.verify(issuer.token(email="a@corp.org")) is not None
    assert verifier.verify(issuer.token(**{"email": "a@corp.org", **changes})) is None


def test_an_unsigned_token_is_no_login(issuer: Issuer, verifier: OidcVerifier) -> None:
    for alg in ("none", "None", "NONE", "", None, ["RS256"]):
        assert verifier.verify(assemble({"alg": alg, "kid": "rsa"}, issuer.claims(), b"")) is None


def test_the_public_key_as_a_shared_secret_is_no_login(issuer: Issuer, verifier: OidcVerifier) -> None:
    public = RSA_KEY.public_key()
    forms = serialization.Encoding, serialization.PublicFormat
    pem = public.public_bytes(forms[0].PEM, forms[1].SubjectPublicKeyInfo)
    der = public.public_bytes(forms[0].DER, forms[1].SubjectPublicKeyInfo)
    for secret in (pem, pem.strip(), der, json.dumps(issuer.keys[0]).encode()):
        unsigned = assemble({"alg": "HS256", "kid": "rsa"}, issuer.claims(), b"").rstrip(".")
        signature = hmac.new(secret, unsigned.encode(), hashlib.sha256).digest()
        assert verifier.verify(assemble({"alg": "HS256", "kid": "rsa"}, issuer.claims(), signature)) is None


def test_a_key_for_another_algorithm_signs_nothing_even_where_the_issuer_names_it(
    issuer: Issuer, verifier: OidcVerifier
) -> None:
    secret = b"s" * 64
    shared = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    issuer.keys += [{"kty": "oct", "k": shared, "kid": "shared"}, {**issuer.keys[0], "kid": "512", "alg": "RS512"}]
    assert verifier.verify(issuer.token(secret, alg="HS256", kid="shared")) is None
    assert verifier.verify(issuer.token(alg="RS512", kid="512")) is None


def test_a_changed_token_is_no_login(issuer: Issuer, verifier: OidcVerifier) -> None:
    header, _, signature = issuer.token(email="a@corp.org").split(".")
    _, claims, _ = issuer.token(email="root@corp.org").split(".")
    assert verifier.verify(f"{header}.{claims}.{signature}") is None


def test_keys_that_the_token_brings_are_not_used(issuer: Issuer, verifier: OidcVerifier) -> None:
    import jwt

    headers = {"kid": "unknown", "jku": f"{issuer.url}/evil", "jwk": issuer.keys[0], "x5u": f"{issuer.url}/evil"}
    assert verifier.verify(jwt.encode(issuer.claims(), STRANGERS_KEY, algorithm="RS256", headers=headers)) is None
    assert f"{issuer.url}/evil" not in issuer.requests


@given(
    st.one_of(
        st.text(),
        st.lists(st.text(alphabet="abcAB019_-=", max_size=40), min_size=3, max_size=3).map(".".join),
        st.dictionaries(
            st.sampled_from(["alg", "kid", "typ", "crit", "b64", "x"]),
            st.one_of(st.none(), st.booleans(), st.integers(), st.just("RS256"), st.text(), st.lists(st.text())),
        ).map(lambda header: assemble(header, {}, b"x")),
    )
)
def test_no_text_does_more_than_not_log_in(text: str) -> None:
    verifier = OidcVerifier("http://127.0.0.1:9", AUDIENCE)  # nobody listens: a header that asks for a key goes on
    try:
        assert verifier.verify(text) is None
    except Unavailable:
        assert "." in text


def test_a_header_nested_without_end_is_no_login(verifier: OidcVerifier) -> None:
    header = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 50_000).rstrip(b"=").decode()
    assert verifier.verify(f"{header}.e30.") is None


def test_the_issuer_is_asked_once_for_many_logins(issuer: Issuer, verifier: OidcVerifier) -> None:
    for number in range(20):
        assert verifier.verify(issuer.token(email=f"user{number}@corp.org")) is not None
    assert issuer.requests == ["/.well-known/openid-configuration", "/keys"]


def test_strangers_cannot_make_us_ask_the_issuer_often(
    issuer: Issuer, verifier: OidcVerifier, wait: Callable[[float], None]
) -> None:
    assert verifier.verify(issuer.token()) is not None
    issuer.requests.clear()
    for number in range(20):
        assert verifier.verify(issuer.token(STRANGERS_KEY, kid=f"made up {number}")) is None
    assert issuer.requests == []
    wait(11)
    for number in range(20):
        assert verifier.verify(issuer.token(STRANGERS_KEY, kid=f"made up {number}")) is None
    assert len(issuer.requests) == 2


def test_a_new_key_is_found_and_an_old_one_is_dropped(
    issuer: Issuer, verifier: OidcVerifier, wait: Callable[[float], None]
) -> None:
    assert verifier.verify(issuer.token()) is not None
    issuer.add_key(STRANGERS_KEY, "next")
    wait(11)
    assert verifier.verify(issuer.token(STRANGERS_KEY, kid="next")) == Principal("id-1")
    issuer.keys = [key for key in issuer.keys if key["kid"] != "rsa"]
    wait(301)
    assert verifier.verify(issuer.token()) is None


def test_keys_for_encryption_sign_nothing(issuer: Issuer, verifier: OidcVerifier) -> None:
    issuer.keys[0]["use"] = "enc"
    assert verifier.verify(issuer.token()) is None


def test_an_issuer_that_is_away_is_no_login_and_is_said(verifier: OidcVerifier, issuer: Issuer) -> None:
    token = issuer.token()
    issuer.shutdown()
    issuer.server_close()
    for _ in range(2):  # the second is answered without asking
        with pytest.raises(Unavailable, match="OIDC issuer"):
            verifier.verify(token)


def test_known_keys_are_enough_while_the_issuer_is_away(
    issuer: Issuer, verifier: OidcVerifier, wait: Callable[[float], None]
) -> None:
    token = issuer.token()
    assert verifier.verify(token) is not None
    issuer.answers["/keys"] = (500, b"", {})
    wait(11)
    with pytest.raises(Unavailable):
        verifier.verify(issuer.token(STRANGERS_KEY, kid="made up"))
    assert verifier.verify(issuer.token(STRANGERS_KEY, kid="made up")) is None
    assert verifier.verify(token) is not None
    wait(300)
    with pytest.raises(Unavailable):
        verifier.verify(token)
    issuer.answers.clear()
    wait(11)
    assert verifier.verify(token) is not None


def test_an_issuer_that_is_away_is_asked_by_one_of_many(issuer: Issuer, verifier: OidcVerifier) -> None:
    issuer.answers["/.well-known/openid-configuration"] = (503, b"", {})
    said: list[str] = []
    token = issuer.token()

    def log_in() -> None:
        try:
            verifier.verify(token)
        except Unavailable as error:
            said.append(error.message)

    threads = [threading.Thread(target=log_in) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 16
    assert len(issuer.requests) == 1


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/.well-known/openid-configuration", (200, b"not json", {})),
        ("/.well-known/openid-configuration", (200, b"[]", {})),
        ("/.well-known/openid-configuration", (200, b"{}", {})),
        ("/.well-known/openid-configuration", (404, b"{}", {})),
        ("/keys", (200, b"\xff", {})),
        ("/keys", (200, b"[]", {})),
        ("/keys", (200, b'{"keys": []}', {})),
        ("/keys", (200, b'{"keys": {}}', {})),
        ("/keys", (200, b'{"keys": [{}, {"kty": "RSA"}]}', {})),
        ("/keys", (200, b'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}', {})),
        ("/keys", (302, b"", {"Location": "/other-keys"})),
    ],
)
def test_an_issuer_that_talks_nonsense_is_unavailable(
    issuer: Issuer, verifier: OidcVerifier, path: str, answer: tuple[int, bytes, dict[str, str]]
) -> None:
    issuer.answers[path] = answer
    issuer.answers["/other-keys"] = (200, json.dumps({"keys": issuer.keys}).encode(), {})
    with pytest.raises(Unavailable):
        verifier.verify(issuer.token())
    assert "/other-keys" not in issuer.requests


def test_another_issuers_configuration_is_not_taken(issuer: Issuer, verifier: OidcVerifier) -> None:
    issuer.configuration["issuer"] = f"{issuer.url}/"
    with pytest.raises(Unavailable, match="another issuer"):
        verifier.verify(issuer.token())


def test_an_answer_without_end_is_not_read(issuer: Issuer, verifier: OidcVerifier) -> None:
    issuer.answers["/keys"] = (200, b" " * (2 << 20) + json.dumps({"keys": issuer.keys}).encode(), {})
    with pytest.raises(Unavailable, match="longer than"):
        verifier.verify(issuer.token())


def test_keys_may_be_at_an_address_with_a_query(issuer: Issuer, verifier: OidcVerifier) -> None:
    issuer.configuration["jwks_uri"] = f"{issuer.url}/keys?p=policy"
    issuer.answers["/keys?p=policy"] = issuer.answer("/keys")
    assert verifier.verify(issuer.token()) == Principal("id-1")


def test_an_https_issuer_cannot_point_us_to_this_machine(monkeypatch: pytest.MonkeyPatch, issuer: Issuer) -> None:
    asked: list[str] = []

    def answer(url: str) -> dict[str, Any]:
        asked.append(url)
        return {"issuer": "https://corp.org/", "jwks_uri": f"{issuer.url}/keys"}

    monkeypatch.setattr(signing_keys, "_get_object", answer)
    with pytest.raises(Unavailable, match="https"):
        OidcVerifier("https://corp.org/", AUDIENCE).verify(issuer.token())
    assert asked == ["https://corp.org/.well-known/openid-configuration"]


@pytest.mark.parametrize(
    "address", ["http://evil.example/keys", "file:///etc/passwd", "ftp://127.0.0.1/k", "", None, 7]
)
def test_keys_are_read_over_https_or_from_this_machine_alone(
    issuer: Issuer, verifier: OidcVerifier, address: Any
) -> None:
    issuer.configuration["jwks_uri"] = address
    with pytest.raises(Unavailable):
        verifier.verify(issuer.token())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "corp.org",
        "http://corp.org",
        "http://10.0.0.1",
        "http://127.0.0.1.corp.org",
        "https://",
        "https://user:secret@corp.org",
        "https://corp.org/?a=b",
        "https://corp.org/#a",
        "https://[",
        "file:///etc/passwd",
    ],
)
def test_an_issuer_that_is_not_https_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        OidcVerifier(url, AUDIENCE)


@pytest.mark.parametrize(
    "url",
    ["https://corp.org", "https://corp.org/realms/x/", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:80"],
)
def test_https_and_this_machine_are_taken(url: str) -> None:
    OidcVerifier(url, AUDIENCE)


def test_an_audience_is_required(issuer: Issuer) -> None:
    with pytest.raises(InvalidInput, match="audience"):
        OidcVerifier(issuer.url, "")


@pytest.mark.parametrize("package", ["jwt", "cryptography"])
def test_without_pyjwt_the_extra_is_named(issuer: Issuer, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependency, match=r"cloudtrack\[oidc\]"):
        OidcVerifier(issuer.url, AUDIENCE)


def test_the_environment_configures_the_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (config.oidc_issuer(), config.oidc_audience(), config.oidc_admin_groups()) == ("", "", ())
    monkeypatch.setenv("CLOUDTRACK_OIDC_ISSUER", "https://corp.org")
    monkeypatch.setenv("CLOUDTRACK_OIDC_AUDIENCE", AUDIENCE)
    monkeypatch.setenv("CLOUDTRACK_OIDC_ADMIN_GROUPS", "ops, ml admins,,")
    assert (config.oidc_issuer(), config.oidc_audience()) == ("https://corp.org", AUDIENCE)
    assert config.oidc_admin_groups() == ("ops", "ml admins")

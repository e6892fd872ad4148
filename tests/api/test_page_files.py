"""The files of the web page: few bytes, kept long, under a strict policy; and nothing that is no file of the page."""

from __future__ import annotations

import base64
import gzip
import shutil
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.access.access import Access
from cloudtrack.api.app import App
from cloudtrack.api.bundle import BUILT, Bundle, content_type_of
from cloudtrack.api.gate import secured
from cloudtrack.api.message import Response
from cloudtrack.api.page_files import policy
from cloudtrack.api.settings import ArtifactRoute, Settings
from cloudtrack.client import Client
from cloudtrack.storage.opening import open_store
from handlers.exchange import exchange
from tests.api.sending import ask
from tests.handlers.recorded import event
from tests.storage.lossy import CountingStore
from tests.ui.stand_in import INDEX, SCRIPT, built

GZIP = {"Accept-Encoding": "gzip, br"}
NAME = "/assets/index-Ab12_-9z.js"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    return built(tmp_path / "dist")


def app_of(dist: Path, store: Any = "memory://page", *, is_guarded: bool = False, **settings: Any) -> App:
    client = Client(store)
    access = Access(client.store) if is_guarded else None
    return App(client, access=access, settings=Settings(bundle=Bundle(dist), **settings))


@pytest.fixture
def app(dist: Path) -> App:
    return app_of(dist)


def rules(answer: Response) -> dict[str, str]:
    """The policy of an answer by directive."""
    written = secured(answer).headers["content-security-policy"]
    return {name: value for name, _, value in (rule.strip().partition(" ") for rule in written.split(";"))}


def test_the_page_is_at_the_root_and_under_its_name(app: App) -> None:
    for path in ("/", "/index.html"):
        answer = ask(app, "GET", path)
        assert (answer.status, answer.body) == (200, INDEX)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"


def test_files_with_a_hash_in_their_name_are_kept_for_a_year_and_others_are_asked_for(app: App) -> None:
    assert ask(app, "GET", NAME).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert ask(app, "GET", "/assets/mark.svg").headers["cache-control"] == "no-cache"
    assert ask(app, "GET", "/assets/mark.svg").headers["content-type"] == "image/svg+xml"


def test_who_takes_gzip_gets_the_packed_twin(app: App) -> None:
    plain, packed = ask(app, "GET", NAME), ask(app, "GET", NAME, headers=GZIP)
    assert plain.body == SCRIPT
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.whole_body()) == SCRIPT
    assert plain.headers["vary"] == packed.headers["vary"] == "accept-encoding"
    assert plain.headers["etag"] != packed.headers["etag"], "a strong ETag names bytes"
    assert "content-encoding" not in ask(app, "GET", "/", headers=GZIP).headers, "it has no twin"


@pytest.mark.parametrize("headers", [{}, GZIP])
def test_who_has_a_file_gets_304(app: App, headers: dict[str, str]) -> None:
    tag = ask(app, "GET", NAME, headers=headers).headers["etag"]
    for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = ask(app, "GET", NAME, headers={**headers, "If-None-Match": sent})
        assert (answer.status, answer.whole_body()) == (304, b"")
        assert answer.headers["etag"] == tag
        assert rules(answer) == rules(ask(app, "GET", NAME)), "a browser takes the headers of a 304 for the page's"
    for sent in ('"other"', tag.strip('"'), ""):
        assert ask(app, "GET", NAME, headers={**headers, "If-None-Match": sent}).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/assets/../index.html",
        "/assets/%2e%2e/index.html",
        "/assets/..%2findex.html",
        "/assets//etc/passwd",
        "/assets/%00",
        "/assets/./mark.svg",
        "/assets/index-Ab12_-9z.js.gz",
        "/assets/link.txt/../mark.svg",
        "/assets/" + "a" * 10_000,
    ],
)
def test_what_is_no_file_of_the_page_is_not_there(app: App, path: str) -> None:
    answer = ask(app, "GET", path)
    assert (answer.status, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert len(answer.whole_body()) < 1000


def test_other_files_of_a_build_have_no_address(app: App) -> None:
    for path in ("/build.json", "/THIRD_PARTY_LICENSES.txt", "/ui/dist/index.html"):
        assert ask(app, "GET", path).status == 404


def test_the_policy_is_strict(app: App) -> None:
    found = rules(ask(app, "GET", "/"))
    assert found == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "font-src": "'self'",
        "frame-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' blob: data:",
        "media-src": "'self' blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
    }
    assert "unsafe" not in policy("https://bucket.example")


@pytest.mark.parametrize("store_url", ["moto-obstore", "moto-s3fs"], indirect=True)
def test_the_policy_names_the_bucket_where_urls_are_signed(store_url: str, dist: Path, moto_url: str) -> None:
    there = moto_url.rstrip("/")
    signing = rules(ask(app_of(dist, store_url, artifacts=ArtifactRoute.PRESIGNED), "GET", "/"))
    for name in ("connect-src", "img-src", "media-src"):
        assert signing[name].split()[-1] == there
    assert there not in signing["script-src"] + signing["frame-src"] + signing["style-src"]
    assert there not in str(rules(ask(app_of(dist, store_url), "GET", "/"))), "what streams needs no bucket"


def test_on_aws_the_bucket_has_a_host_of_its_own(dist: Path) -> None:
    url = "s3://my-bucket/team?region=eu-west-1"
    found = open_store(url).signer
    assert found is not None
    assert found.origin() == "https://my-bucket.s3.eu-west-1.amazonaws.com"


def test_a_page_needs_no_login_and_no_request_to_the_store(dist: Path) -> None:
    store = CountingStore(Client("memory://guarded").store)
    app = app_of(dist, store, is_guarded=True)
    store.reset()
    assert ask(app, "GET", "/").status == 200
    assert ask(app, "GET", NAME).status == 200
    assert ask(app, "GET", "/ajax-api/2.0/mlflow/experiments/search?max_results=1").status == 401
    assert store.requests == 0


def test_without_a_build_the_page_says_how_it_is_made(tmp_path: Path) -> None:
    app = app_of(tmp_path / "none")
    answer = ask(app, "GET", "/")
    assert answer.status == 200
    assert b"python -m cloudtrack.ui build" in answer.whole_body()
    assert "default-src 'none'" in secured(answer).headers["content-security-policy"]
    assert ask(app, "GET", NAME).status == 404
    built(tmp_path / "none")
    assert ask(app, "GET", "/").body == INDEX, "a running server finds the page once it is built"


def test_a_new_build_is_served_while_it_is_written_and_after(app: App, dist: Path) -> None:
    old = ask(app, "GET", "/").headers["etag"]
    (dist / "index.html").write_bytes(INDEX.replace(b"index-Ab12_-9z", b"new-12345678"))
    answer = ask(app, "GET", "/")
    assert answer.headers["etag"] != old
    assert b"new-12345678.js" in answer.whole_body()
    (dist / "assets" / "new-12345678.js").write_bytes(b"new")
    assert ask(app, "GET", "/assets/new-12345678.js").body == b"new"
    (dist / "assets" / "new-12345678.js.gz").write_bytes(gzip.compress(b"new"))
    assert ask(app, "GET", "/assets/new-12345678.js", headers=GZIP).headers["content-encoding"] == "gzip"
    shutil.rmtree(dist)
    assert b"is not built" in ask(app, "GET", "/").whole_body()


def test_a_function_sends_packed_files_unharmed(app: App) -> None:
    asked = {**event("get_with_query"), "rawPath": NAME, "rawQueryString": "", "headers": {"accept-encoding": "gzip"}}
    sent = exchange(asked, app)
    assert sent["isBase64Encoded"] is True
    assert sent["headers"]["content-encoding"] == "gzip"
    assert gzip.decompress(base64.b64decode(sent["body"])) == SCRIPT
    tag = sent["headers"]["etag"]
    again = exchange({**asked, "headers": {"accept-encoding": "gzip", "if-none-match": tag}}, app)
    assert (again["statusCode"], again["body"]) == (304, "")


def test_types_are_the_same_on_every_machine() -> None:
    assert content_type_of("assets/a.js") == "text/javascript; charset=utf-8"
    assert content_type_of("assets/a.woff2") == "font/woff2"
    assert content_type_of("assets/a.unknown") == "application/octet-stream"
    assert BUILT.parts[-3:] == ("cloudtrack", "ui", "dist")

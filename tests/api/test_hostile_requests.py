"""Requests by an enemy: each gets a clean refusal, and nothing outside the store is read, written or told."""

from __future__ import annotations

import io
import json
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st
from pydantic import BaseModel

from cloudtrack.api.app import App
from cloudtrack.api.endpoint import Endpoint
from cloudtrack.api.endpoints import ENDPOINTS
from cloudtrack.api.message import Request, Response
from cloudtrack.api.mlflow.not_implemented import not_implemented
from cloudtrack.api.parsing import MAX_BODY_BYTES
from cloudtrack.api.settings import ArtifactRoute, Settings
from cloudtrack.client import Client
from cloudtrack.storage.folder import FolderStore
from cloudtrack.storage.signing import SignedRequest
from tests.api.samples import SAMPLES, World, fill, key_of, new_world
from tests.api.sending import ask
from tests.thoroughness import examples

JSON = {"Content-Type": "application/json"}
CANARY = "the canary is alive"
ANSWERED = [endpoint for endpoint in ENDPOINTS if endpoint.answer is not not_implemented]


def is_destructive(endpoint: Endpoint) -> bool:
    """Whether a good request leaves later ones with less to find."""
    return endpoint.method == "DELETE" or endpoint.path.endswith(("/delete", "/rename", "/update"))


ANSWERED.sort(key=is_destructive)
WITH_JSON = [endpoint for endpoint in ANSWERED if endpoint.method != "GET" and not endpoint.raw]
KEYED = ("get", "get_range", "stat", "create", "replace", "delete", "upload", "read", "download", "list", "list_folder")


class RecordingStore(FolderStore):
    """A folder that knows every key it was asked for."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.keys: set[str] = set()

    @property
    def signer(self) -> Any:
        return RecordingSigner(self.keys)


class RecordingSigner:
    """Signs whatever it is asked for, and knows of what."""

    def __init__(self, keys: set[str]) -> None:
        self._keys = keys

    def get(self, key: str, **_: Any) -> SignedRequest:
        self._keys.add(key)
        return SignedRequest("https://signed", {})

    put = get

    def put_part(self, key: str, upload_id: str, part_number: int, **_: Any) -> SignedRequest:
        return self.get(key)

    def create_multipart(self, key: str) -> str:
        self._keys.add(key)
        return "upload"

    def complete_multipart(self, key: str, upload_id: str, parts: Any) -> None:
        self._keys.add(key)

    def abort_multipart(self, key: str, upload_id: str) -> None:
        self._keys.add(key)


def _recorded(name: str) -> Any:
    def call(self: RecordingStore, key: str = "", *arguments: Any, **more: Any) -> Any:
        self.keys.add(key)
        return getattr(super(RecordingStore, self), name)(key, *arguments, **more)

    return call


for _name in KEYED:
    setattr(RecordingStore, _name, _recorded(_name))


@dataclass
class Besieged:
    """An application over a folder inside another, which has things that are nobody's business."""

    app: App
    world: World
    store: RecordingStore
    parent: Path
    outside: dict[str, bytes]

    def send(self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Response:
        return checked(ask(self.app, method, target, body, headers), self.parent)

    def send_json(self, endpoint: Endpoint, body: Any) -> Response:
        method, target, _ = self.world.request(endpoint)
        return self.send(method, target, json.dumps(body).encode(), JSON)

    def assert_unharmed(self) -> None:
        """Nothing outside was changed, no key leads anywhere, and the store has no strange folders."""
        assert snapshot(self.parent) == self.outside
        for key in self.store.keys:
            assert not key.startswith("/"), key
            assert not {"..", "."} & set(key.split("/")), key
            assert "\x00" not in key
        assert {path.name for path in (self.parent / "store").iterdir()} <= {
            "cloudtrack.json", "experiments", "index", "logged_models", "models", "policy.yaml", "releases", "runs",
            "webhooks", "access", ".cloudtrack",
        }  # fmt: skip


def snapshot(parent: Path) -> dict[str, bytes]:
    """All files beside the store."""
    files = [path for path in parent.rglob("*") if path.is_file() and "store" not in path.relative_to(parent).parts]
    return {str(path.relative_to(parent)): path.read_bytes() for path in files}


def checked(answer: Response, parent: Path | None = None) -> Response:
    """The answer, which is no fault of the server, JSON where it is an error, and tells nothing of the machine."""
    body = answer.whole_body()
    text = body.decode(errors="replace")
    if answer.status >= 400:
        told = json.loads(body)
        assert told["error_code"], body
        assert told["message"], body
        assert answer.status < 500 or told["error_code"] == "NOT_IMPLEMENTED", body
        assert len(body) < 20_000
    assert "Traceback" not in text
    assert 'File "' not in text
    assert CANARY not in text
    if parent is not None:
        assert str(parent) not in text
    return answer


@pytest.fixture
def besieged(tmp_path: Path) -> Iterator[Besieged]:
    parent = tmp_path / "parent"
    (parent / "other").mkdir(parents=True)
    for place in ("canary.txt", "other/canary.txt", "passwd"):
        (parent / place).write_text(CANARY)
    store = RecordingStore(parent / "store")
    client = Client(store)
    world = fill(client)
    yield Besieged(App(client), world, store, parent, snapshot(parent))
    client.close()


# Bodies that cannot be right

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "space": b" \n\t ",
    "cut off": b'{"name": "x"',
    "only a brace": b"{",
    "null": b"null",
    "list": b"[]",
    "number": b"5",
    "text": b'"text"',
    "text with a list": b'"[1, 2]"',
    "text in text in text": json.dumps(json.dumps(json.dumps({"name": "x"}))).encode(),
    "bad utf-8": b'{"name": "\xff\xfe\xfa"}',
    "overlong utf-8": b'{"name": "\xc0\xae\xc0\xae"}',
    "utf-16": '{"name": "x"}'.encode("utf-16"),
    "a BOM": b'\xef\xbb\xbf{"name": "x"}',
    "NUL": b'{"name": "a\x00b"}',
    "escaped NUL": b'{"name": "a\\u0000b", "key": "a\\u0000b", "experiment_id": "\\u0000"}',
    "lone surrogate": b'{"name": "\\ud800", "experiment_name": "\\udfff", "key": "\\ud800"}',
    "huge int": b'{"max_results": ' + b"9" * 5000 + b', "start_time": ' + b"9" * 5000 + b"}",
    "huge int as text": b'{"max_results": "' + b"9" * 5000 + b'", "end_time": "' + b"9" * 5000 + b'"}',
    "huge float": b'{"value": 1e999999, "max_results": 1e999999, "timestamp": 1e400}',
    "NaN": b'{"value": NaN, "timestamp": NaN, "max_results": NaN}',
    "Infinity": b'{"value": -Infinity, "step": Infinity, "max_results": Infinity}',
    "the same key twice": b'{"name": "a", "name": {"b": 1}}',
    "both spellings": b'{"experiment_id": "1", "experimentId": ["2"]}',
    "key of another kind": b'{"__class__": "x", "__init__": {}, "constructor": {"prototype": {}}}',
    "65 levels": b'{"a": ' * 65 + b"1" + b"}" * 65,
    "150 levels of lists": b'{"tags": ' + b"[" * 150 + b"]" * 150 + b"}",
    "100,000 levels of lists": b"[" * 100_000 + b"]" * 100_000,
    "100,000 levels of objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "100,000 levels in text": json.dumps('{"a":' * 100_000 + "1" + "}" * 100_000).encode(),
    "a list of 10,001": json.dumps({"tags": [{"key": "k", "value": "v"}] * 10_001}).encode(),
    "10,001 fields": json.dumps({str(number): 1 for number in range(10_001)}).encode(),
    "10,000 mistakes": json.dumps({"tags": [5] * 10_000, "params": [5] * 10_000}).encode(),
    "a long text": json.dumps({"name": "x" * 5_000_000, "key": "x" * 1_000_000}).encode(),
    "a name with format": b'{"name": "{0.__class__} %s %n ${jndi:ldap://x} {{7*7}}"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_cannot_be_right_is_refused_everywhere(besieged: Besieged, body: bytes) -> None:
    for endpoint in WITH_JSON:
        method, target, _ = besieged.world.request(endpoint)
        besieged.send(method, target, body, JSON)
    besieged.assert_unharmed()


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonp",
        "\x00",
        "x" * 5000,
    ],
)
def test_a_body_of_another_type_is_refused(besieged: Besieged, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    body = b'{"name": "x"}'
    assert besieged.send("POST", "/api/2.0/mlflow/experiments/create", body, headers).status == 400


def test_a_body_that_is_too_large_is_413_however_it_says_so(besieged: Besieged) -> None:
    body = b'{"name": "' + b"x" * MAX_BODY_BYTES + b'"}'
    target = "/api/2.0/mlflow/experiments/create"
    answer = besieged.send("POST", target, body, JSON)
    assert (answer.status, answer.json()["error_code"]) == (413, "INVALID_PARAMETER_VALUE")
    lying = Request("POST", target, [], {"content-type": "application/json"}, io.BytesIO(body), body_bytes=5)
    assert checked(besieged.app(lying)).status == 413
    short = Request("POST", target, [], {"content-type": "application/json"}, io.BytesIO(b"{}"), 1 << 40)
    assert checked(besieged.app(short)).status == 413


def test_a_body_of_the_largest_size_is_read(besieged: Besieged) -> None:
    body = json.dumps({"experiment_id": "0", "x": ""}).encode()
    body = body[:-2] + b"x" * (MAX_BODY_BYTES - len(body)) + body[-2:]
    assert len(body) == MAX_BODY_BYTES
    assert besieged.send("POST", "/api/2.0/mlflow/runs/create", body, JSON).status == 200


# Wrong types in every field

ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**30), max_value=10**30)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["", "0", "-1", "NaN", "true", "1e400", "../..", "\x00", "%00", "'", '"', "`", "\\", "é", "x" * 300]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def fields_of(model: type[BaseModel], prefix: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every field of a message, through the first entry of its lists."""
    for name, field in model.model_fields.items():
        way = (*prefix, field.alias or name)
        yield way
        inner = field.annotation
        for argument in typing.get_args(inner) or (inner,):
            if isinstance(argument, type) and issubclass(argument, BaseModel):
                in_list = typing.get_origin(inner) is list
                yield from fields_of(argument, (*way, 0) if in_list else way)


def placed(body: Any, way: tuple[Any, ...], value: Any) -> Any:
    """The body with a value at the end of a way, which is made where it does not exist."""
    if not way:
        return value
    if isinstance(way[0], int):
        return [placed(body[0] if isinstance(body, list) and body else {}, way[1:], value)]
    there = body if isinstance(body, dict) else {}
    return {**there, way[0]: placed(there.get(way[0]), way[1:], value)}


FIELDS = [(endpoint, way) for endpoint in ANSWERED for way in fields_of(endpoint.request)]
SHARED = new_world()
SHARED_APP = App(SHARED.client)


@trials(max_examples=examples(1500), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(field=st.sampled_from(FIELDS), value=ODD)
def test_a_wrong_type_in_any_field_is_refused(field: tuple[Endpoint, tuple[Any, ...]], value: Any) -> None:
    endpoint, way = field
    world = new_world() if is_destructive(endpoint) else SHARED
    app = App(world.client) if is_destructive(endpoint) else SHARED_APP
    method, target, body = world.request(endpoint)
    path = target.partition("?")[0]
    if endpoint.raw or (method == "GET" and not isinstance(value, dict | list)):
        shown = value if isinstance(value, str) else json.dumps(value)
        checked(ask(app, method, f"{path}?{way[0]}={quote(shown, errors='replace')}", body))
    else:
        sample = SAMPLES[key_of(endpoint)]
        whole = json.loads(body) if isinstance(sample.body, dict) and body else {}
        checked(ask(app, method, path, json.dumps(placed(whole, way, value)).encode(), JSON))


def test_every_field_is_reached() -> None:
    assert ("metrics", 0, "value") in {way for endpoint, way in FIELDS if endpoint.path.endswith("log-batch")}
    assert ("datasets", 0, "dataset", "schema") in {way for _, way in FIELDS}
    assert len(FIELDS) > 300


# Ways out

UPWARD = [
    "..",
    "../..",
    "../../../../../../etc/passwd",
    "../canary.txt",
    "../../canary.txt",
    "a/../../../../canary.txt",
    "./../canary.txt",
    "..\\..\\canary.txt",
    "a\\..\\..\\..\\canary.txt",
    "/etc/passwd",
    "//etc/passwd",
    "\\etc\\passwd",
    "\\\\server\\share",
    "a/../../b",
    "..\x00",
    "canary.txt\x00.txt",
    "%2e%2e/%2e%2e/canary.txt",
    "..%2f..%2fcanary.txt",
    "%2e%2e%2f%2e%2e%2fcanary.txt",
    "..%5c..%5ccanary.txt",
    "%252e%252e%252fcanary.txt",
    "%25252e%25252e%25252fcanary.txt",
    "..%252f..%252fcanary.txt",
    "%00",
    "a%00b/../..",
]
PATHS = {"artifact_path", "path", "artifact_directory_path", "artifact_file_path"}
IDS = {"run_id", "run_uuid", "run_ids", "experiment_id", "experiment_ids", "model_id", "webhook_id", "source_run_id"}
TEXT_FIELDS = [
    (endpoint, name, field.annotation)
    for endpoint in ANSWERED
    for name, field in endpoint.request.model_fields.items()
    if field.annotation in (str, list[str])
]


@pytest.mark.parametrize("way_out", UPWARD)
def test_no_text_in_any_field_leads_out_of_the_store(besieged: Besieged, way_out: str) -> None:
    for endpoint, name, annotation in TEXT_FIELDS:
        method, target, body = besieged.world.request(endpoint)
        sample = SAMPLES[key_of(endpoint)]
        value: Any = [way_out] if annotation == list[str] else way_out
        if f"{{{name}" in endpoint.path:
            placeholder = next(part for part in endpoint.path.split("/") if part.startswith(f"{{{name}"))
            template = endpoint.paths[0].replace(placeholder, quote(way_out, safe=""))
            path = template if "{" not in template else target
            answer = besieged.send(method, path, body, JSON if isinstance(sample.body, dict) else {})
        elif method == "GET" or endpoint.raw:
            alias = endpoint.request.model_fields[name].alias or name
            path, _, query = target.partition("?")
            answer = besieged.send(method, f"{path}?{query}&{alias}={quote(way_out, safe='')}", body)
        else:
            whole = {**(json.loads(body) if isinstance(sample.body, dict) else {}), name: value}
            answer = besieged.send_json(endpoint, whole)
        if name in PATHS and not endpoint.path.startswith("/mlflow-artifacts/mpu"):
            assert 400 <= answer.status < 500 or answer.status == 501, (key_of(endpoint), name, answer)
        if name in IDS and "search" not in endpoint.path:
            assert answer.status in (200, 400, 404, 501), (key_of(endpoint), name, answer)
    besieged.assert_unharmed()


@pytest.mark.parametrize("encoded", range(4))
@pytest.mark.parametrize("way_out", UPWARD)
def test_no_address_leads_out_of_the_store(besieged: Besieged, way_out: str, encoded: int) -> None:
    for _ in range(encoded):
        way_out = quote(way_out, safe="")
    way_out = way_out.replace("\x00", "%00") if not encoded else way_out
    run, model = besieged.world.names["run"], besieged.world.names["model_id"]
    proxy = "/api/2.0/mlflow-artifacts"
    for prefix in (
        "",
        f"runs/{run}/artifacts/",
        f"runs/{run}/",
        "runs/",
        f"logged_models/{model}/artifacts/",
        "logged_models/",
    ):
        for method, path, body in [
            ("GET", f"{proxy}/artifacts/{prefix}{way_out}", b""),
            ("PUT", f"{proxy}/artifacts/{prefix}{way_out}", b"evil"),
            ("DELETE", f"{proxy}/artifacts/{prefix}{way_out}", b""),
            ("GET", f"{proxy}/artifacts?path={prefix}{way_out}", b""),
            ("GET", f"{proxy}/presigned/{prefix}{way_out}", b""),
            ("POST", f"{proxy}/mpu/create/{prefix}{way_out}", b'{"path": "x"}'),
        ]:
            besieged.send(method, path, body, JSON if method == "POST" else {})
    for path in (
        f"/get-artifact?run_id={run}&path={way_out}",
        f"/get-artifact?run_id={way_out}&path=file.txt",
        f"/model-versions/get-artifact?name=model+one&version=1&path={way_out}",
        f"/model-versions/get-artifact?name={way_out}&version=1&path=MLmodel",
        f"/api/2.0/mlflow/logged-models/{way_out}",
        f"/api/2.0/mlflow/logged-models/{model}/artifacts/files?artifact_file_path={way_out}",
        f"/api/2.0/mlflow/logged-models/{model}/artifacts/directories?artifact_directory_path={way_out}",
        f"/api/2.0/mlflow/logged-models/{way_out}/artifacts/files?artifact_file_path=MLmodel",
        f"/api/2.0/mlflow/webhooks/{way_out}",
        f"/api/2.0/mlflow/artifacts/list?run_id={run}&path={way_out}",
        f"/{way_out}",
        f"/api/2.0/mlflow/{way_out}",
    ):
        assert besieged.send("GET", path).status in (400, 404)
    besieged.assert_unharmed()


@pytest.mark.parametrize("way_out", UPWARD)
def test_no_url_is_signed_for_what_lies_outside(besieged: Besieged, way_out: str) -> None:
    app = App(besieged.world.client, settings=Settings(artifacts=ArtifactRoute.PRESIGNED))
    run, model = besieged.world.names["run"], besieged.world.names["model_id"]
    besieged.store.keys.clear()
    proxy = "/api/2.0/mlflow-artifacts"
    for prefix in ("", f"runs/{run}/artifacts/", f"runs/{run}/", f"logged_models/{model}/artifacts/"):
        place = quote(f"{prefix}{way_out}", safe="/")
        for method, path, body in [
            ("GET", f"{proxy}/presigned/{place}", None),
            ("POST", f"{proxy}/mpu/create/{place}", {"path": "x"}),
            ("POST", f"{proxy}/mpu/complete/{place}", {"path": "x", "upload_id": "1", "parts": []}),
            ("POST", f"{proxy}/mpu/abort/{place}", {"path": "x", "upload_id": "1"}),
        ]:
            content = b"" if body is None else json.dumps(body).encode()
            assert 400 <= checked(ask(app, method, path, content, JSON)).status < 500, path
    for owner in ({"run_id": run}, {"model_id": model}):
        for verb in ("upload", "download"):
            content = json.dumps({**owner, "path": way_out}).encode()
            path = f"/api/2.0/mlflow/artifacts/presigned-{verb}-url"
            assert 400 <= checked(ask(app, "POST", path, content, JSON)).status < 500, (path, owner)
    for name in ("run_id", "model_id"):
        content = json.dumps({name: way_out, "path": "file.txt"}).encode()
        for verb in ("upload", "download"):
            path = f"/api/2.0/mlflow/artifacts/presigned-{verb}-url"
            assert 400 <= checked(ask(app, "POST", path, content, JSON)).status < 500, (path, name)
    besieged.assert_unharmed()


def test_the_name_of_a_client_s_file_chooses_no_folder(besieged: Besieged) -> None:
    app = App(besieged.world.client, settings=Settings(artifacts=ArtifactRoute.PRESIGNED))
    run = besieged.world.names["run"]
    for path in ("/home/me/model.bin", "C:\\Users\\me\\model.bin", "../../model.bin"):
        besieged.store.keys.clear()
        body = json.dumps({"path": path}).encode()
        answer = ask(app, "POST", f"/api/2.0/mlflow-artifacts/mpu/create/runs/{run}/artifacts/folder", body, JSON)
        assert answer.status == 200
        assert f"runs/{run}/artifacts/folder/model.bin" in besieged.store.keys


def test_no_upload_escapes(besieged: Besieged) -> None:
    """What does get written by odd names lies in the folder of its run, under a name that is one segment a part."""
    run = besieged.world.names["run"]
    before = {info.key for info in besieged.store.list()}
    for name in (
        "file:///etc/passwd",
        "file%3A%2F%2F%2Fetc",
        "...",
        "a/.../b",
        "~",
        "~root/x",
        "a b",
        "con",
        "nul.txt",
        "a:b",
        "C:x",
        "$HOME",
        "`id`",
        "a;b",
        "-rf",
        "a*?",
    ):
        besieged.send("PUT", f"/api/2.0/mlflow-artifacts/artifacts/runs/{run}/artifacts/{quote(name)}", b"evil")
    written = {info.key for info in besieged.store.list()} - before
    assert all(key.startswith(f"runs/{run}/artifacts/") for key in written)
    besieged.assert_unharmed()


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "file:///etc/passwd",
        "runs:/../../etc",
        "runs:/0123456789abcdef0123456789abcdef/../../x",
        "models:/m-0123456789abcdef0123456789abcdef/../../x",
        "mlflow-artifacts:/../../etc",
        "mlflow-artifacts:/runs/0123456789abcdef0123456789abcdef/artifacts/../../x",
        "mlflow-artifacts:/0/0123/artifacts/model",
        "mlflow-artifacts://elsewhere/x",
        "s3://bucket/a/../../b",
        "s3://bucket/%2e%2e/b",
        "http://127.0.0.1/x",
        "https://elsewhere/x",
        "javascript:alert(1)",
        "data:text/html,x",
        "C:\\Windows",
        "\\\\server\\share",
        "relative/path",
        "s3:",
        "s3:///",
        "dbfs:/../x",
        "runs:",
        "models:/",
        "\x00",
        " ",
    ],
)
def test_a_source_that_is_no_place_of_a_model_is_refused(besieged: Besieged, source: str) -> None:
    body = json.dumps({"name": "model one", "source": source}).encode()
    assert besieged.send("POST", "/api/2.0/mlflow/model-versions/create", body, JSON).status in (400, 404)
    besieged.assert_unharmed()


def test_a_source_elsewhere_is_kept_and_never_opened(besieged: Besieged) -> None:
    body = json.dumps({"name": "model one", "source": "s3://[no-host"}).encode()
    answer = besieged.send("POST", "/api/2.0/mlflow/model-versions/create", body, JSON)
    assert answer.status == 200
    version = answer.json()["model_version"]["version"]
    path = f"/model-versions/get-artifact?name=model+one&version={version}&path=MLmodel"
    assert besieged.send("GET", path).status == 400


def test_a_file_is_never_a_page(besieged: Besieged) -> None:
    run = besieged.world.names["run"]
    path = f"/api/2.0/mlflow-artifacts/artifacts/runs/{run}/artifacts/evil.html"
    besieged.send("PUT", path, b"<script>alert(1)</script>")
    answer = besieged.send("GET", path)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_name_of_a_file_cannot_add_a_header(besieged: Besieged) -> None:
    run = besieged.world.names["run"]
    path = f"/api/2.0/mlflow-artifacts/artifacts/runs/{run}/artifacts/" + quote('a"\r\nSet-Cookie: x=y')
    besieged.send("PUT", path, b"x")
    answer = besieged.send("GET", path)
    assert all("\r" not in value and "\n" not in value for value in answer.headers.values())


# Filters


@pytest.mark.parametrize(
    "filter_string",
    [
        "x" * 70_000,
        "metrics.a > 1 AND " * 3_000 + "metrics.a > 1",
        "(" * 10_000,
        "run_id IN (" + "'a'," * 10_000 + "'a')",
        "params.a LIKE '" + "%a" * 5_000 + "'",
        "tags.`" + "a" * 50_000,
        "tags." + "`" * 1001,
        "name = '\\",
        "name = 'a' --",
        "name = ''; DROP TABLE runs; --",
        "1 = 1",
        "metrics.a > 1e999999",
        "metrics.a = " + "9" * 5_000,
        "\x00",
        "\ud7ff",
    ],
)
def test_a_strange_filter_is_read_or_refused(besieged: Besieged, filter_string: str) -> None:
    searches = [
        ("POST", "runs/search", {"experiment_ids": [besieged.world.names["experiment"]], "filter": filter_string}),
        ("POST", "experiments/search", {"max_results": 10, "filter": filter_string}),
        ("POST", "logged-models/search", {"experiment_ids": ["0"], "filter": filter_string}),
    ]
    for method, path, body in searches:
        besieged.send(method, f"/api/2.0/mlflow/{path}", json.dumps(body).encode(), JSON)
    for path in ("registered-models/search", "model-versions/search"):
        besieged.send("GET", f"/api/2.0/mlflow/{path}?filter={quote(filter_string)}")


@pytest.mark.parametrize(
    "token", ["x", "e30=", "eyJvZmZzZXQiOiAtMX0=", "eyJvZmZzZXQiOiAxZTk5fQ==", "é", "W10=", "=" * 5000]
)
def test_a_page_token_of_ones_own_making_is_refused(besieged: Besieged, token: str) -> None:
    body = json.dumps({"max_results": 1, "page_token": token}).encode()
    assert besieged.send("POST", "/api/2.0/mlflow/experiments/search", body, JSON).status == 400


def test_an_order_without_end_is_refused(besieged: Besieged) -> None:
    experiment = besieged.world.names["experiment"]
    for path, term in (("runs/search", "metrics.a"), ("logged-models/search", {"field_name": "name"})):
        body = json.dumps({"experiment_ids": [experiment], "order_by": [term] * 51}).encode()
        assert besieged.send("POST", f"/api/2.0/mlflow/{path}", body, JSON).status == 400


def test_a_like_that_would_take_for_ever_does_not(besieged: Besieged) -> None:
    """A matcher that tries every way to share out the text would never come to an end here."""
    run = besieged.world.names["run"]
    besieged.world.client.runs.log_batch(run, tags={"long": "a" * 60_000})
    body = {
        "experiment_ids": [besieged.world.names["experiment"]],
        "filter": f"tags.long LIKE '{'%a' * 200}%b'",
    }
    answer = besieged.send("POST", "/api/2.0/mlflow/runs/search", json.dumps(body).encode(), JSON)
    assert (answer.status, answer.json()) == (200, {})

"""What the web page reads of artifacts: trees, pages of files, and addresses that a browser loads by itself."""

from __future__ import annotations

import io
import json
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import duckdb
import pytest

from cloudtrack import clock
from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.access.tickets import LIFETIME_S
from cloudtrack.api.app import App
from cloudtrack.api.gate import Gate, secured
from cloudtrack.api.message import Response
from cloudtrack.api.settings import ArtifactRoute, Settings
from cloudtrack.client import Client
from cloudtrack.entities.run import LoggedModelOutput
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore, Reading
from cloudtrack.tracking.artifact_lines import CHUNK_BYTES
from cloudtrack.tracking.artifact_tree import MOST_ENTRIES
from tests.api.sending import ask, get, told
from tests.storage.lossy import CountingStore

READER = Principal("reader")
STRANGER = Principal("stranger")


class MeteredStore(CountingStore):
    """Counts the bytes that are read, too."""

    def __init__(self, inner: ObjectStore) -> None:
        super().__init__(inner)
        self.read_bytes = 0

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Reading:
        reading = super().read(key, start=start, length=length)
        return Reading(reading.size_bytes, self._metered(reading.chunks), reading.etag)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        body = super().get_range(key, start, length)
        self.read_bytes += len(body)
        return body

    def _metered(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.read_bytes += len(chunk)
            yield chunk


@pytest.fixture
def client(store_url: str) -> Client:
    return Client(store_url)


@pytest.fixture
def app(client: Client) -> App:
    return App(client)


@pytest.fixture
def run_id(client: Client) -> str:
    run_id = client.runs.create("0").info.run_id
    for path in ("a.txt", "plots/one.png", "plots/deep/two.svg", "größe 50%.txt"):
        client.artifacts.log_text(run_id, f"content of {path}", path)
    return run_id


def guarded(client: Client) -> App:
    access = Access(client.store)
    access.grant(READER.name, Resource.EXPERIMENT, "0", Permission.READ)
    return App(client, access=access)


def upload(client: Client, run_id: str, path: str, body: bytes) -> None:
    client.artifacts.upload(run_id, io.BytesIO(body), path)


# Trees


def test_a_tree_shows_one_level_with_sizes_and_times(app: App, run_id: str) -> None:
    top = told(app, "artifacts/tree", run_id=run_id)
    assert [(file["path"], file["is_dir"]) for file in top["files"]] == [
        ("a.txt", False),
        ("größe 50%.txt", False),
        ("plots", True),
    ]
    assert top["truncated"] is False
    assert top["files"][0]["size"] == len("content of a.txt")
    assert top["files"][0]["mtime"] > 0
    below = told(app, "artifacts/tree", run_id=run_id, path="plots")
    assert [file["path"] for file in below["files"]] == ["plots/deep", "plots/one.png"]


def test_a_tree_shows_all_below_with_one_listing(client: Client, run_id: str) -> None:
    counting = CountingStore(client.store)
    files = told(App(Client(counting)), "artifacts/tree", run_id=run_id, path="plots", recursive="true")["files"]
    assert [file["path"] for file in files] == ["plots/deep/two.svg", "plots/one.png"]
    assert counting.counts["list"] == 1


def test_a_long_tree_says_that_it_is_cut() -> None:
    client = Client(MemoryStore(uuid.uuid4().hex))
    run_id = client.runs.create("0").info.run_id
    for number in range(MOST_ENTRIES + 1):
        client.store.create(f"runs/{run_id}/artifacts/f/{number:06}", b"")
    answer = get(App(client), "artifacts/tree", run_id=run_id, path="f", recursive="true")
    assert (len(answer.json()["files"]), answer.json()["truncated"]) == (MOST_ENTRIES, True)
    assert len(answer.whole_body()) < 5_000_000


def test_a_runs_tree_has_the_models_that_it_made(client: Client, app: App, run_id: str) -> None:
    model = client.logged_models.create("0", name="model", source_run_id=run_id)
    client.logged_model_artifacts.log_text(model.model_id, "flavors: {}", "MLmodel")
    foreign = client.logged_models.create("0", name="foreign")
    client.runs.log_outputs(run_id, [LoggedModelOutput(model.model_id), LoggedModelOutput(foreign.model_id)])
    top = told(app, "artifacts/tree", run_id=run_id)["files"]
    assert {"path": "model", "is_dir": True, "model_id": model.model_id} in top
    assert "foreign" not in {file["path"] for file in top}
    assert [file["path"] for file in told(app, "artifacts/tree", run_id=run_id, path="model")["files"]] == [
        "model/MLmodel"
    ]
    assert told(app, "artifacts/preview", run_id=run_id, path="model/MLmodel")["text"] == "flavors: {}"
    everything = told(app, "artifacts/tree", run_id=run_id, recursive="true")["files"]
    assert "model/MLmodel" in {file["path"] for file in everything}
    assert told(app, "artifacts/tree", model_id=model.model_id)["files"][0]["path"] == "MLmodel"


@pytest.mark.parametrize("copy", [False, True])
def test_a_versions_tree_is_its_manifest_wherever_the_files_are(
    client: Client, app: App, run_id: str, *, copy: bool
) -> None:
    for path, text in {"MLmodel": "flavors: {}\n", "data/x.csv": "a,b\n1,2\n"}.items():
        client.artifacts.log_text(run_id, text, f"m/{path}")
    client.register_model(f"runs:/{run_id}/m", "churn", copy=copy)
    client.artifacts.log_text(run_id, "later", "m/added.txt")
    about = {"name": "churn", "version": "1"}
    top = told(app, "artifacts/tree", **about)["files"]
    assert [(file["path"], file.get("size")) for file in top] == [("MLmodel", 12), ("data", None)]
    assert len(top[0]["sha256"]) == 64
    below = told(app, "artifacts/tree", **about, recursive="true")["files"]
    assert [file["path"] for file in below] == ["MLmodel", "data/x.csv"]
    assert told(app, "artifacts/preview", **about, path="data/x.csv", kind="table")["columns"] == [[1], [2]]
    assert get(app, "artifacts/preview", **about, path="added.txt").status == 404


def test_a_version_without_a_manifest_shows_the_folder_that_it_came_from(client: Client, app: App, run_id: str) -> None:
    client.registered_models.create("plain")
    client.model_versions.create("plain", f"runs:/{run_id}/plots")
    client.model_versions.create("plain", "models:/plain/1")
    client.model_versions.create("plain", "s3://elsewhere/model")
    for version in ("1", "2"):
        files = told(app, "artifacts/tree", name="plain", version=version)["files"]
        assert [file["path"] for file in files] == ["deep", "one.png"]
        text = told(app, "artifacts/preview", name="plain", version=version, path="one.png")["text"]
        assert text == "content of plots/one.png"
    assert get(app, "artifacts/tree", name="plain", version="3").status == 400


def test_answers_that_are_known_are_not_sent_again(app: App, run_id: str) -> None:
    for route, query in {"artifacts/tree": {}, "artifacts/preview": {"path": "a.txt"}}.items():
        first = get(app, route, run_id=run_id, **query)
        again = get(app, route, headers={"If-None-Match": first.headers["etag"]}, run_id=run_id, **query)
        assert (again.status, again.whole_body()) == (304, b"")


# Hostile


HOSTILE = [
    "../run.json",
    "..",
    "a/../../run.json",
    "%2e%2e/run.json",
    "%252e%252e/run.json",
    "..\\run.json",
    "/etc/passwd",
]
ROUTES = ["artifacts/tree", "artifacts/preview", "artifacts/url", "artifacts/file", "artifacts/render"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("path", [*HOSTILE, "a\0b", "x" * 10_000, "a//b"], ids=lambda path: repr(path[:20]))
def test_no_path_leads_out_of_its_folder(app: App, run_id: str, route: str, path: str) -> None:
    answer = get(app, route, run_id=run_id, path=path)
    assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), answer
    assert len(answer.whole_body()) < 1000


@pytest.mark.parametrize("route", [*ROUTES, "models/mlmodel", "lineage"])
def test_whose_files_are_meant_must_be_clear(app: App, run_id: str, route: str) -> None:
    for owner in ({}, {"run_id": run_id, "model_id": "m-1"}, {"name": "churn"}, {"run_id": run_id, "version": "1"}):
        assert get(app, route, **owner, path="a.txt").status == 400


def test_links_in_a_folder_lead_nowhere(client: Client, app: App, run_id: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.html").write_text("secret")
    place = Path(urlsplit(client.uri).path) / "runs" / run_id / "artifacts"
    os.symlink(outside, place / "folder")
    os.symlink(outside / "secret.html", place / "file.html")
    assert {"folder", "file.html"}.isdisjoint(f["path"] for f in told(app, "artifacts/tree", run_id=run_id)["files"])
    assert told(app, "artifacts/tree", run_id=run_id, path="folder", recursive="true")["files"] == []
    assert told(app, "artifacts/tree", run_id=run_id, path="folder")["files"] == []
    for route in ROUTES[1:]:
        for path in ("file.html", "folder/secret.html"):
            answer = get(app, route, run_id=run_id, path=path)
            assert answer.status in (403, 404), (route, path)
            assert b"secret</" not in answer.whole_body()


# Text


def test_text_comes_in_pages_that_cut_no_character(client: Client, app: App, run_id: str) -> None:
    text = "aé€🙂" * 20_000
    upload(client, run_id, "long.txt", text.encode())
    found, offset = [], 0
    while offset is not None:
        page = told(app, "artifacts/preview", run_id=run_id, path="long.txt", offset=offset)
        assert page["size"] == len(text.encode())
        assert page["is_binary"] is False
        found.append(page["text"])
        offset = page["next"]
    assert "".join(found) == text
    assert len(found) == 4


def test_bytes_that_are_no_text_are_said_to_be_none(client: Client, app: App, run_id: str) -> None:
    upload(client, run_id, "x.bin", bytes(range(256)))
    page = told(app, "artifacts/preview", run_id=run_id, path="x.bin")
    assert page["is_binary"] is True
    assert "\ufffd" in page["text"]
    assert told(app, "artifacts/preview", run_id=run_id, path="x.bin", offset=999)["text"] == ""
    upload(client, run_id, "empty.txt", b"")
    assert told(app, "artifacts/preview", run_id=run_id, path="empty.txt")["next"] is None
    assert get(app, "artifacts/preview", run_id=run_id, path="x.bin", offset=-1).status == 400


def test_a_page_of_text_reads_its_bytes_and_no_more(client: Client, run_id: str) -> None:
    upload(client, run_id, "big.log", b"line\n" * 1_000_000)
    store = MeteredStore(client.store)
    app = App(Client(store))
    told(app, "artifacts/preview", run_id=run_id, path="big.log")
    store.reset()
    store.read_bytes = 0
    told(app, "artifacts/preview", run_id=run_id, path="big.log", offset=4_000_000, limit=1000)
    assert store.read_bytes == 1000
    assert store.requests == 2


# Tables


def pages_of(app: App, run_id: str, path: str, limit: int = 200) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    offset = 0
    while offset is not None:
        page = told(app, "artifacts/preview", run_id=run_id, path=path, kind="table", offset=offset, limit=limit)
        found.append(page)
        offset = page["next"]
        assert len(found) < 100
    return found


def rows_of(pages: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [row for page in pages for row in zip(*page["columns"], strict=True)]


def test_csv_comes_in_pages_with_names_and_kinds(client: Client, app: App, run_id: str) -> None:
    rows = [f'{n},{n / 4},"row\n{n}, ""quoted""",00{n},{"" if n % 2 else n}' for n in range(450)]
    upload(client, run_id, "t.csv", ("\ufeffid,value,text,code,sparse\r\n" + "\r\n".join(rows)).encode())
    pages = pages_of(app, run_id, "t.csv")
    assert [len(page["columns"][0]) for page in pages] == [200, 200, 50]
    assert all(page["names"] == ["id", "value", "text", "code", "sparse"] for page in pages)
    assert pages[0]["kinds"] == ["number", "number", "string", "string", "number"]
    assert pages[0]["total"] is None
    expected = [(n, n / 4, f'row\n{n}, "quoted"', f"00{n}", None if n % 2 else n) for n in range(450)]
    assert rows_of(pages) == expected


def test_the_sign_between_columns_is_found(client: Client, app: App, run_id: str) -> None:
    upload(client, run_id, "a.tsv", b"x\ty,z\n1\t2,3\n")
    upload(client, run_id, "b.csv", b"x;y\n1;2,5\n")
    upload(client, run_id, "c.csv", b"x,y\n1,2,3\n4\n")
    assert pages_of(app, run_id, "a.tsv")[0]["names"] == ["x", "y,z"]
    assert pages_of(app, run_id, "b.csv")[0]["columns"] == [[1], ["2,5"]]
    ragged = pages_of(app, run_id, "c.csv")[0]
    assert (ragged["names"], ragged["columns"]) == (["x", "y", "column 3"], [[1, 4], [2, None], [3, None]])


def test_the_first_page_of_a_large_csv_reads_little(run_id: str, client: Client) -> None:
    place = Path(urlsplit(client.uri).path) / "runs" / run_id / "artifacts" / "large.csv"
    with place.open("wb") as stream:
        stream.write(b"a,b,c\n" + b"1,2,3\n" * 100_000)
        stream.truncate(500_000_000)  # NUL bytes to the end, which nobody reads
    store = MeteredStore(client.store)
    app = App(Client(store))
    page = told(app, "artifacts/preview", run_id=run_id, path="large.csv", kind="table")
    assert len(page["columns"][0]) == 200
    assert page["size"] == 500_000_000
    assert store.read_bytes < 200_000
    assert store.requests < 5


def test_a_row_that_is_too_long_is_refused_with_its_place(client: Client, app: App, run_id: str) -> None:
    upload(client, run_id, "t.csv", b'a,b\n1,2\n"' + b"x" * 2 * CHUNK_BYTES + b'",3\n')
    first = told(app, "artifacts/preview", run_id=run_id, path="t.csv", kind="table")
    assert first["columns"] == [[1], [2]]
    answer = get(app, "artifacts/preview", run_id=run_id, path="t.csv", kind="table", offset=first["next"])
    assert answer.status == 400
    assert "the row at byte 8 has more" in answer.json()["message"]
    upload(client, run_id, "h.csv", b"x" * 2 * CHUNK_BYTES)
    assert get(app, "artifacts/preview", run_id=run_id, path="h.csv", kind="table").status == 400
    upload(client, run_id, "e.csv", b"")
    assert pages_of(app, run_id, "e.csv")[0]["names"] == []


def test_json_lines_come_in_pages(client: Client, app: App, run_id: str) -> None:
    records = [{"n": n, "ok": True, "deep": {"é": [n]}, **({"late": "x"} if n > 200 else {})} for n in range(300)]
    upload(client, run_id, "t.jsonl", "\n".join(json.dumps(record) for record in records).encode())
    pages = pages_of(app, run_id, "t.jsonl")
    assert [page["names"] for page in pages] == [["n", "ok", "deep"], ["n", "ok", "deep", "late"]]
    assert pages[0]["kinds"] == ["number", "boolean", "json"]
    assert pages[1]["columns"][3][:2] == [None, "x"]
    assert [json.loads(cell)["é"] for page in pages for cell in page["columns"][2]] == [[n] for n in range(300)]
    upload(client, run_id, "bad.jsonl", b'{"a": 1}\n{oops\n')
    answer = get(app, "artifacts/preview", run_id=run_id, path="bad.jsonl", kind="table")
    assert (answer.status, "byte 9" in answer.json()["message"]) == (400, True)


def test_mlflows_table_json_comes_in_pages(client: Client, app: App, run_id: str) -> None:
    data = [[n, f"t{n}", [n]] for n in range(250)]
    upload(client, run_id, "t.json", json.dumps({"columns": ["n", "t", "l"], "data": data}).encode())
    pages = pages_of(app, run_id, "t.json")
    assert [(len(page["columns"][0]), page["total"], page["next"]) for page in pages] == [
        (200, 250, 200),
        (50, 250, None),
    ]
    assert pages[0]["kinds"] == ["number", "string", "json"]
    for body in (b"[]", b"{", b'{"columns": ["a"], "data": [1]}', b"[" * 100_000):
        upload(client, run_id, "bad.json", body)
        assert get(app, "artifacts/preview", run_id=run_id, path="bad.json", kind="table").status == 400


@pytest.mark.parametrize("store_url", ["folder", "memory"], indirect=True)
def test_parquet_comes_in_pages(client: Client, app: App, run_id: str, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    duckdb.sql(
        "SELECT range AS n, 'x' || range AS t, range / 3 AS d, [range] AS l, '\\x00\\x01'::BLOB AS b, "
        "(range * 1.5)::DECIMAL(10, 2) AS e, DATE '2026-01-02' AS \"a \"\"day\", repeat('y', 9000) AS long, "
        "range > 3 AS ok FROM range(450)"
    ).write_parquet(str(path))
    upload(client, run_id, "odd [name]*.parquet", path.read_bytes())
    pages = pages_of(app, run_id, "odd [name]*.parquet")
    assert [(len(page["columns"][0]), page["total"], page["next"]) for page in pages] == [
        (200, 450, 200),
        (200, 450, 400),
        (50, 450, None),
    ]
    page = pages[0]
    assert page["names"] == ["n", "t", "d", "l", "b", "e", 'a "day', "long", "ok"]
    assert page["kinds"] == ["number", "string", "number", "json", "string", "number", "string", "string", "boolean"]
    row = [column[4] for column in page["columns"]]
    assert row[:7] == [4, "x4", 4 / 3, "[4]", "2 bytes", 6.0, "2026-01-02"]
    assert len(row[7]) == 4001
    assert page["cut"] == 200
    upload(client, run_id, "bad.parquet", b"PAR1 no")
    answer = get(app, "artifacts/preview", run_id=run_id, path="bad.parquet", kind="table")
    assert answer.status == 400
    assert str(tmp_path) not in answer.json()["message"]
    assert "cloudtrack-" not in answer.json()["message"]


def test_what_is_no_table_is_refused(app: App, run_id: str) -> None:
    assert get(app, "artifacts/preview", run_id=run_id, path="a.txt", kind="table").status == 400
    assert get(app, "artifacts/preview", run_id=run_id, path="a.txt", kind="picture").status == 400
    assert get(app, "artifacts/preview", run_id=run_id, path="none.txt").status == 404
    assert get(app, "artifacts/preview", run_id=run_id, path="plots").status == 404


def test_a_page_is_never_larger_than_an_answer_may_be(client: Client, app: App, run_id: str) -> None:
    wide = ",".join(f"c{n}" for n in range(2000))
    upload(client, run_id, "wide.csv", (wide + "\n" + (("7," * 1999 + "7\n") * 500)).encode())
    data = [["x" * 100_000] * 100] * 50
    upload(client, run_id, "heavy.json", json.dumps({"columns": list(range(100)), "data": data[:1]}).encode())
    for path in ("wide.csv", "heavy.json"):
        answer = get(app, "artifacts/preview", run_id=run_id, path=path, kind="table")
        assert answer.status == 200
        assert len(answer.whole_body()) < 5_000_000
    assert answer.json()["cut"] == 100


# Addresses


def follow(app: App, url: str, principal: Principal | None = None, headers: dict[str, str] | None = None) -> Response:
    return secured(ask(app, "GET", f"/{url}", headers=headers, principal=principal))


def test_an_open_server_gives_addresses_of_its_own(client: Client, app: App, run_id: str) -> None:
    upload(client, run_id, "p.png", b"\x89PNG....")
    about = told(app, "artifacts/url", run_id=run_id, path="p.png")
    assert (about["size"], about["content_type"], about["name"], about["expires_in"]) == (8, "image/png", "p.png", None)
    answer = follow(app, about["url"])
    assert (answer.status, answer.whole_body()) == (200, b"\x89PNG....")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("inline;")
    saved = follow(app, told(app, "artifacts/url", run_id=run_id, path="p.png", disposition="attachment")["url"])
    assert saved.headers["content-disposition"] == "attachment; filename*=UTF-8''p.png"
    assert saved.headers["content-type"] == "application/octet-stream"


def test_what_could_run_is_saved_and_not_shown(client: Client, app: App, run_id: str) -> None:
    for name in ("x.html", "x.xhtml", "x.js", "x.xml", "x"):
        upload(client, run_id, name, b"<script>1</script>")
        answer = follow(app, told(app, "artifacts/url", run_id=run_id, path=name)["url"])
        assert answer.headers["content-type"] == "application/octet-stream", name
        assert answer.headers["content-disposition"].startswith("attachment"), name
        assert answer.headers["x-content-type-options"] == "nosniff"
    drawing = follow(app, told(app, "artifacts/url", run_id=run_id, path="plots/deep/two.svg")["url"])
    assert drawing.headers["content-type"] == "image/svg+xml"
    assert "sandbox;" in drawing.headers["content-security-policy"]


def test_parts_of_a_file_can_be_asked_for(client: Client, app: App, run_id: str) -> None:
    upload(client, run_id, "v.mp4", bytes(range(100)))
    url = told(app, "artifacts/url", run_id=run_id, path="v.mp4")["url"]
    part = follow(app, url, headers={"Range": "bytes=10-19"})
    assert (part.status, part.whole_body()) == (206, bytes(range(10, 20)))
    assert part.headers["content-range"] == "bytes 10-19/100"
    assert follow(app, url, headers={"Range": "bytes=90-"}).whole_body() == bytes(range(90, 100))
    assert follow(app, url, headers={"Range": "bytes=100-"}).status == 416
    assert follow(app, url, headers={"Range": "bytes=0-1", "If-Range": '"other"'}).status == 200
    assert follow(app, url, headers={"Range": "lines=1-2"}).status == 200


def test_pages_are_rendered_where_they_reach_nothing(client: Client, app: App, run_id: str) -> None:
    upload(client, run_id, "report.html", b"<script>fetch('/api')</script>")
    about = told(app, "artifacts/url", run_id=run_id, path="report.html", disposition="render")
    answer = follow(app, about["url"])
    assert (answer.status, answer.whole_body()) == (200, b"<script>fetch('/api')</script>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"].split("; ")
    assert (
        policy[0] == "sandbox allow-scripts"
    )  # and nothing else: no origin of ours, no forms, no windows, no top page
    assert "default-src 'unsafe-inline' data: blob: 'unsafe-eval'" in policy  # no address on any network
    assert {"base-uri 'none'", "form-action 'none'", "frame-ancestors 'self'"} <= {*policy}
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    for path in ("a.txt", "plots/one.png"):
        assert get(app, "artifacts/render", run_id=run_id, path=path).status == 400


def test_a_page_that_is_too_large_is_not_rendered(client: Client, app: App, run_id: str) -> None:
    place = Path(urlsplit(client.uri).path) / "runs" / run_id / "artifacts" / "large.html"
    with place.open("wb") as stream:
        stream.truncate((20 << 20) + 1)
    for route, more in (("artifacts/render", {}), ("artifacts/url", {"disposition": "render"})):
        assert get(app, route, run_id=run_id, path="large.html", **more).status == 413


def test_a_frame_of_our_own_page_passes_the_gate_and_one_in_a_sandbox_does_not() -> None:
    gate = Gate()
    gate.check("GET", {"sec-fetch-site": "same-origin", "sec-fetch-dest": "iframe", "sec-fetch-mode": "navigate"})
    for site in ("cross-site", "same-site"):  # the origin of a sandbox is nobody's
        with pytest.raises(Exception, match="another site"):
            gate.check("GET", {"sec-fetch-site": site})


def test_a_ticket_lets_a_browser_load_one_file_without_a_login(client: Client, run_id: str) -> None:
    upload(client, run_id, "report.html", b"<p>")
    upload(client, run_id, "other.html", b"<p>other")
    app = guarded(client)
    about = get(app, "artifacts/url", principal=READER, run_id=run_id, path="report.html", disposition="render").json()
    assert about["expires_in"] == LIFETIME_S
    assert follow(app, about["url"]).status == 200
    another = App(Client(client.uri), access=Access(client.store))
    assert follow(another, about["url"]).whole_body() == b"<p>", "any process takes it"
    for changed in (
        about["url"].replace("report", "other"),
        about["url"].replace("artifacts/render", "artifacts/file"),
        about["url"].partition("&ticket")[0],
        about["url"][:-1] + ("A" if about["url"][-1] != "A" else "B"),
        about["url"].replace("ticket=1", "ticket=9"),
        about["url"].replace("ticket=", "ticket=%00"),
    ):
        answer = follow(app, changed)
        assert (answer.status, answer.json()["error_code"]) == (401, "UNAUTHENTICATED"), changed
        assert follow(app, changed, READER).status == 401, "a login is no ticket"


def test_a_ticket_ends(client: Client, run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = guarded(client)
    url = get(app, "artifacts/url", principal=READER, run_id=run_id, path="a.txt").json()["url"]
    assert follow(app, url).status == 200
    later = clock.now_ms() + (LIFETIME_S + 2) * 1000
    monkeypatch.setattr(clock, "now_ms", lambda: later)
    assert follow(app, url).status == 401


def test_who_may_not_read_a_file_gets_no_ticket(client: Client, run_id: str) -> None:
    app = guarded(client)
    for route in ("artifacts/url", "artifacts/tree", "artifacts/preview"):
        assert get(app, route, principal=STRANGER, run_id=run_id, path="a.txt").status == 404
        assert get(app, route, None, run_id=run_id, path="a.txt").status == 401


def test_a_version_shows_no_files_of_a_model_that_one_may_not_know_of(client: Client, run_id: str) -> None:
    for name in ("hidden", "shown"):
        client.registered_models.create(name)
    client.model_versions.create("hidden", f"runs:/{run_id}/plots")
    client.model_versions.create("shown", "models:/hidden/1")
    access = Access(client.store)
    access.grant(READER.name, Resource.REGISTERED_MODEL, "shown", Permission.READ)
    app = App(client, access=access)
    assert get(app, "artifacts/tree", principal=READER, name="shown", version="1").status == 404
    access.grant(READER.name, Resource.REGISTERED_MODEL, "hidden", Permission.READ)
    assert get(app, "artifacts/tree", principal=READER, name="shown", version="1").status == 200


@pytest.mark.parametrize("store_url", ["moto-obstore"], indirect=True)
@pytest.mark.parametrize("is_guarded", [False, True])
def test_a_bucket_gives_signed_addresses(client: Client, run_id: str, *, is_guarded: bool) -> None:
    access = Access(client.store) if is_guarded else None
    if access is not None:
        access.grant(READER.name, Resource.EXPERIMENT, "0", Permission.READ)
    app = App(client, access=access, settings=Settings(artifacts=ArtifactRoute.PRESIGNED))
    upload(client, run_id, "p.png", b"\x89PNG....")
    upload(client, run_id, "x.html", b"<p>")
    about = get(app, "artifacts/url", principal=READER, run_id=run_id, path="p.png").json()
    assert about["expires_in"] == 900
    with urlopen(about["url"]) as answer:
        assert answer.read() == b"\x89PNG...."
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["content-disposition"].startswith("inline")
    for query in ({"path": "p.png", "disposition": "attachment"}, {"path": "x.html"}):
        with urlopen(get(app, "artifacts/url", principal=READER, run_id=run_id, **query).json()["url"]) as answer:
            assert answer.headers["content-disposition"].startswith("attachment")
            assert answer.headers["content-type"] == "application/octet-stream"
    page = get(app, "artifacts/url", principal=READER, run_id=run_id, path="x.html", disposition="render").json()
    assert page["url"].startswith("ajax-api/"), "only this server says where the page may reach"
    assert follow(app, page["url"]).whole_body() == b"<p>"
    files = get(app, "artifacts/tree", principal=READER, run_id=run_id).json()["files"]
    assert all(file["is_dir"] or (file["etag"] and file["mtime"]) for file in files)
    upload(client, run_id, "t.csv", b"a\n1\n")
    assert get(app, "artifacts/preview", principal=READER, run_id=run_id, path="t.csv", kind="table").json()[
        "columns"
    ] == [[1]]


def make_parquet(path: Path) -> bytes:
    duckdb.sql("SELECT 1 AS a").write_parquet(str(path))
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["moto-obstore", "moto-s3fs"])
def test_parquet_in_a_bucket_is_fetched_up_to_a_limit(
    make_url: Callable[[str], str], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(make_url(kind))
    run_id = client.runs.create("0").info.run_id
    upload(client, run_id, "t.parquet", make_parquet(tmp_path / "t.parquet"))
    app = App(client)
    assert pages_of(app, run_id, "t.parquet")[0]["columns"] == [[1]]
    monkeypatch.setattr("cloudtrack.tracking.artifact_table.MOST_PARQUET_BYTES", 100)
    answer = get(app, "artifacts/preview", run_id=run_id, path="t.parquet", kind="table")
    assert answer.status == 400
    assert "is shown up to 100" in answer.json()["message"]

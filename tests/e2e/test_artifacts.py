"""Files of runs in a browser: the tree, the previews, downloads, and files that try to be more than files."""

from __future__ import annotations

import io
import json
import os
import re
import struct
import wave
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cloudtrack.access.tokens import Tokens
from cloudtrack.client import Client
from tests.e2e.conftest import Axe
from tests.e2e.filling import fill_artifacts
from tests.e2e.watching import Watch, settle
from tests.servers.cloudtrack_server import RunningServer, forked_server

_LARGE = 500_000_000
_FEW = 200_000
_HOSTILE = {
    "evil/cookie.html": "<body><script>try { document.body.textContent = 'cookie: ' + document.cookie }"
    " catch (e) { document.body.textContent = 'no cookie' }</script>",
    "evil/links.md": "[a](javascript:document.title='stolen') <img src=x onerror=\"document.title='stolen'\"> "
    "![b](javascript:document.title='stolen') [c](data:text/html,<script>document.title='stolen'</script>)\n\n"
    "<iframe src=javascript:parent.document.title='stolen'></iframe> [ok](../notes.md)\n",
    "evil/MLmodel": "flavors:\n  x: !!python/object/apply:os.system ['<script>document.title=1</script>']\n",
    "evil/<img src=x onerror=document.title=1>.txt": "the name is the attack",
}


_CODE = "main script, main iframe, main [onerror], main a[href^='javascript'], main a[href^='data']"
_LARGE_FILES = {
    "big.log": b"first line\n" * 20_000,
    "big.csv": b"a,b\n" + b"1,2\n" * 500_000,
    "big.json": b"{}",
    "big.html": b"<p>",
    "big.png": b"\x89PNG",
    "big.ipynb": b"{}",
    "big.bin": b"",
    "big.npy": b"\x93NUMPY\x01\x00"
    + struct.pack("<H", 60)
    + b"{'descr': '<f8', 'fortran_order': False, 'shape': (9,), }".ljust(60),
    "big": b"text\n" * 20_000,
}
_KINDS = {
    "train.log": "00000 epoch 0 loss 1.0000",
    "code/train.py": "import cloudtrack as ct",
    "data/config.json": "3 items",
    "data/rows.csv": "name 3",
    "data/lines.jsonl": "200 rows, page 1",
    "data/table.json": "3 rows of 3",
    "data/table.parquet": "200 rows of 1,000",
    "images/sample-0.png": "64 \N{MULTIPLICATION SIGN} 48",
    "drawing.svg": "80 \N{MULTIPLICATION SIGN} 60",
    "report.html": "isolated",
    "notebook.ipynb": "print('hello')",
    "notes.md": "It works, see here",
    "data/weights.bin": "Nothing of it has been loaded",
    "data/array.npy": "3 \N{MULTIPLICATION SIGN} 4",
    "code": "1 file",
    "more/model.safetensors": "layer.weight",
}
"""What each kind of file shows."""


@dataclass
class Site:
    """A server over a run with a file of each kind."""

    server: RunningServer
    client: Client
    run_id: str

    def open(self, page: Any, path: str, query: str = "") -> None:
        experiment = self.client.runs.get(self.run_id).info.experiment_id
        page.goto(f"{self.server.url}/#/experiments/{experiment}/runs/{self.run_id}/artifacts/{path}{query}")
        page.get_by_role("tree").wait_for()

    def log(self, path: str, content: bytes) -> Path:
        """A file of the run; gives where it lies."""
        self.client.artifacts.log_text(self.run_id, "", path)
        found = self.client.store.local_path(self.client.artifacts.key(self.run_id, path))
        assert found is not None
        found.write_bytes(content)
        return Path(found)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("files")
    url = (folder / "store").as_uri()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLOUDTRACK_SPOOL_DIR", str(folder / "spool"))
        run_id = fill_artifacts(url)
    client = Client(url)
    for path, text in _HOSTILE.items():
        client.artifacts.log_text(run_id, text, path)
    with forked_server(url, folder) as server:
        yield Site(server, client, run_id)
    client.close()


def until(page: Any, expression: str) -> None:
    """Wait for something that the page's policy lets nobody wait for inside of it."""
    for _ in range(300):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never true: {expression}")


def _tensors() -> bytes:
    header = json.dumps({"layer.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(24)


def test_each_kind_of_file_is_shown(site: Site, page: Any) -> None:
    site.log("more/model.safetensors", _tensors())
    for path, shown in _KINDS.items():
        site.open(page, path)
        page.locator(".artifact-main").get_by_text(shown).first.wait_for()


def test_sound_and_documents_are_shown_by_the_browser(site: Site, page: Any) -> None:
    body = io.BytesIO()
    with wave.open(body, "wb") as tone:
        tone.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        tone.writeframes(bytes(16_000))
    site.log("media/tone.wav", body.getvalue())
    site.log("media/document.pdf", b"%PDF-1.4\n%%EOF")
    site.open(page, "media/tone.wav")
    until(page, "document.querySelector('audio')?.duration === 1")
    site.open(page, "media/document.pdf")
    page.locator("iframe[title='document.pdf']").wait_for()


def test_a_zip_in_the_making_can_be_cancelled(site: Site, page: Any) -> None:
    waiting: list[Any] = []
    page.route("**/artifacts/file?*", lambda route: waiting.append(route))  # noqa: PLW0108 - Playwright marks what it is given
    site.open(page, "data")
    page.get_by_role("button", name="Download as zip").click()
    page.get_by_label("Making the zip").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Download as zip").wait_for()
    assert page.locator(".toast").count() == 0
    for route in waiting:
        route.abort()


def test_a_large_file_costs_little(site: Site, page: Any) -> None:
    for name, begin in _LARGE_FILES.items():
        os.truncate(site.log(f"large/{name}", begin), _LARGE)
    site.open(page, "notes.md")
    page.get_by_text("It works").wait_for()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    received: list[int] = []
    session.on("Network.dataReceived", lambda event: received.append(event["encodedDataLength"] or event["dataLength"]))
    for name in _LARGE_FILES:
        received.clear()
        site.open(page, f"large/{name}")
        page.get_by_text("500 MB").first.wait_for()
        settle(page)
        page.locator(".artifact-main .skeleton").wait_for(state="detached")
        assert sum(received) < _FEW, name
    assert page.locator(".failure").count() == 0


def test_more_of_a_large_text_is_loaded_when_it_is_asked_for(site: Site, page: Any) -> None:
    lines = "".join(f"line {number} ü\n" for number in range(100_000)).encode()
    site.log("large/more.log", lines)
    site.open(page, "large/more.log")
    page.get_by_text("first 65.5 KB").wait_for()
    page.get_by_role("button", name=re.compile("Load .* more")).click()
    page.get_by_text("first 1.1 MB").wait_for()
    page.get_by_label("Search in the text").fill("line 60000 ü")
    page.get_by_text("1 of 1 lines").wait_for()
    assert page.locator(".hit.current").inner_text() == "line 60000 ü"


def test_a_line_has_an_address(site: Site, page: Any) -> None:
    site.open(page, "train.log", "?at=L4000")
    marked = page.locator(".line.marked")
    marked.wait_for()
    assert "03999 epoch" in marked.inner_text()
    page.get_by_role("button", name="Line 4002", exact=True).click()
    page.wait_for_url(re.compile("at=L4002"))
    assert page.locator(".line").count() < 200
    assert page.locator(".line .fg-2").count() > 10  # what was green in the terminal


def test_the_path_is_in_the_address(site: Site, page: Any) -> None:
    site.open(page, "")
    page.get_by_role("treeitem", name=re.compile("data")).click()
    page.get_by_role("treeitem", name=re.compile("rows.csv")).click()
    page.get_by_text("name 3").first.wait_for()
    assert page.url.endswith("/artifacts/data/rows.csv")
    page.get_by_role("button", name="Next page").click()
    page.get_by_text("page 2").wait_for()
    page.get_by_text("name 200").first.wait_for()
    page.reload()
    page.get_by_text("name 200").first.wait_for()
    page.go_back()
    page.get_by_text("name 3").first.wait_for()


def test_the_tree_is_walked_by_keys(site: Site, page: Any) -> None:
    site.open(page, "")
    page.get_by_role("treeitem", name=re.compile("^code")).wait_for()
    page.get_by_role("tree").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("treeitem", name=re.compile("train.py")).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("artifacts/code/train.py$"))
    page.get_by_text("import cloudtrack").wait_for()
    with page.expect_download() as downloading:
        page.keyboard.press("d")
    assert downloading.value.suggested_filename == "train.py"


def test_files_are_found_at_any_depth(site: Site, page: Any) -> None:
    site.open(page, "")
    page.get_by_label("Find a file").fill("SAMPLE")
    page.get_by_text("3 files of").wait_for()
    page.wait_for_url(re.compile("find=SAMPLE"))
    page.get_by_role("treeitem", name=re.compile("sample-10")).click()
    page.get_by_text("64 \N{MULTIPLICATION SIGN} 48").wait_for()
    assert "find=SAMPLE" in page.url


def test_what_was_looked_at_is_offered_in_the_next_run(site: Site, page: Any) -> None:
    site.open(page, "data/config.json")
    page.get_by_text("3 items").wait_for()
    experiment = site.client.runs.get(site.run_id).info.experiment_id
    other = site.client.runs.create(experiment, run_name="next", start_time=1).info.run_id
    site.client.runs.update(other, status="FINISHED", end_time=2)
    site.client.artifacts.log_text(other, '{"other": 1}', "data/config.json")
    page.goto(f"{site.server.url}/#/runs/{other}/artifacts")
    page.get_by_role("button", name="data/config.json, as last time").click()
    page.get_by_text("other:").wait_for()


def test_a_download_has_the_bytes_of_the_file(site: Site, page: Any) -> None:
    site.open(page, "images/sample-20.png")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download").click()
    there = site.client.store.get(site.client.artifacts.key(site.run_id, "images/sample-20.png")).body
    assert Path(downloading.value.path()).read_bytes() == there


def test_a_folder_is_a_zip(site: Site, page: Any) -> None:
    site.open(page, "data")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download as zip").click()
    assert downloading.value.suggested_filename == "data.zip"
    with zipfile.ZipFile(io.BytesIO(Path(downloading.value.path()).read_bytes())) as archive:
        assert archive.testzip() is None
        for name in ("rows.csv", "table.parquet", "weights.bin"):
            assert (
                archive.read(name) == site.client.store.get(site.client.artifacts.key(site.run_id, f"data/{name}")).body
            )


def test_a_page_in_a_frame_reaches_nothing(site: Site, page: Any, watch: Watch) -> None:
    watch.expect("connect-src|default-src|Failed to read|SecurityError|Content Security Policy|Fetch API cannot load")
    page.goto(f"{site.server.url}/")
    page.evaluate("document.cookie = 'secret=1'")
    title = page.title()
    for path, said in (
        ("hostile.html", "api refused"),
        ("evil/cookie.html", "no cookie"),
        ("report.html", "origin null"),
    ):
        site.open(page, path)
        page.frame_locator("iframe").get_by_text(said).wait_for()
        assert page.locator("iframe").get_attribute("sandbox") == "allow-scripts"
    assert "stolen" not in page.title() + title


def test_no_script_of_a_file_runs_in_the_page(site: Site, page: Any) -> None:
    for path in ("drawing.svg", "notebook.ipynb", "notes.md", "evil/links.md", "evil/MLmodel", "evil/cookie.html"):
        site.open(page, path, "?as=text" if path.endswith(".html") else "")
        settle(page)
        page.locator(".artifact-main .skeleton").wait_for(state="detached")
        assert page.title().startswith("all kinds")
        assert page.locator(_CODE).count() == 0, path


def test_a_link_in_markdown_leads_to_the_file_beside(site: Site, page: Any) -> None:
    site.open(page, "evil/links.md")
    page.get_by_role("link", name="ok").click()
    page.wait_for_url(re.compile("artifacts/notes.md$"))
    page.locator(".markdown img").wait_for()
    until(page, "document.querySelector('.markdown img').naturalWidth === 64")


def test_a_name_that_tries_to_be_code_is_text(site: Site, page: Any) -> None:
    site.open(page, "evil")
    page.get_by_role("treeitem", name=re.compile("onerror")).click()
    page.get_by_text("the name is the attack").wait_for()
    assert page.locator("img").count() == page.locator(".brand img").count()


def test_what_is_not_there_is_said(site: Site, page: Any) -> None:
    site.open(page, "nowhere/at/all.txt")
    page.get_by_text("There is no such file").wait_for()
    page.get_by_role("button", name="All files").click()
    page.get_by_role("button", name="Download as zip").wait_for()


@pytest.mark.parametrize("store_url", ["moto-obstore"], indirect=True)
def test_files_come_straight_from_the_bucket(
    store_url: str, start_server: Callable[..., RunningServer], page: Any, watch: Watch
) -> None:
    import boto3

    bucket = urlsplit(store_url).netloc
    endpoint = store_url.partition("endpoint_url=")[2].partition("&")[0]
    rule = {"AllowedMethods": ["GET", "HEAD"], "AllowedOrigins": ["*"], "AllowedHeaders": ["*"]}
    boto3.client("s3", endpoint_url=endpoint).put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    client = Client(store_url)
    run = client.runs.create(client.experiments.create("bucket"), run_name="far away").info.run_id
    client.runs.update(run, status="FINISHED", end_time=2)
    client.artifacts.log_text(run, "a far text", "far.txt")
    client.artifacts.log_text(run, '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>', "far.svg")
    client.artifacts.log_text(run, "a,b\n1,far cell\n", "far.csv")
    client.artifacts.log_text(run, "<p>far page</p>", "far.html")
    server = start_server(store_url, "--artifacts", "presigned")
    watch.allow_origin(endpoint)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(f"{server.url}/#/runs/{run}/far.txt")
    page.get_by_text("a far text").wait_for()
    page.get_by_role("treeitem", name=re.compile("far.svg")).click()
    page.get_by_text("30 \N{MULTIPLICATION SIGN} 20").wait_for()
    page.get_by_role("treeitem", name=re.compile("far.csv")).click()
    page.get_by_text("far cell").wait_for()
    page.get_by_role("treeitem", name=re.compile("far.html")).click()
    page.frame_locator("iframe").get_by_text("far page").wait_for()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download").click()
    assert Path(downloading.value.path()).read_bytes() == b"<p>far page</p>"
    signed = [url for url in loaded if url.startswith(endpoint)]
    assert {urlsplit(url).path.rpartition("/")[2] for url in signed} >= {"far.txt", "far.svg"}
    assert "X-Amz" not in page.url
    client.close()


def test_files_behind_a_login_are_shown(
    store_url: str, client: Client, start_server: Callable[..., RunningServer], page: Any
) -> None:
    run = client.runs.create(client.experiments.create("guarded")).info.run_id
    client.runs.update(run, status="FINISHED", end_time=2)
    client.artifacts.log_text(run, "for ann alone", "notes.txt")
    client.artifacts.log_text(run, '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>', "drawing.svg")
    client.artifacts.log_text(run, "<p>a page</p>", "page.html")
    token, _ = Tokens(client.store).create("ann", admin=True)
    server = start_server(store_url, "--auth")
    page.add_init_script(f"try {{ sessionStorage.setItem('cloudtrack.token', '{token}') }} catch {{}}")
    page.goto(f"{server.url}/#/runs/{run}/notes.txt")
    page.get_by_text("for ann alone").wait_for()
    page.get_by_role("treeitem", name=re.compile("drawing.svg")).click()
    page.get_by_text("30 \N{MULTIPLICATION SIGN} 20").wait_for()
    page.get_by_role("treeitem", name=re.compile("page.html")).click()
    page.frame_locator("iframe").get_by_text("a page").wait_for()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download").click()
    assert Path(downloading.value.path()).read_bytes() == b"<p>a page</p>"
    assert "ticket" not in page.url


@pytest.mark.slow  # make ui-test looks at each page once, in test_quality.py
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everyone_can_read_it(site: Site, page: Any, axe: Axe, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    for path in (
        "data",
        "train.log",
        "data/config.json",
        "notes.md",
        "notebook.ipynb",
        "images/sample-0.png",
        "report.html",
    ):
        site.open(page, path)
        settle(page)
        page.locator(".artifact-main .skeleton").wait_for(state="detached")
        assert axe(page, within="main") == [], path
    site.open(page, "data/rows.csv")
    page.get_by_role("button", name="Columns").click()
    assert axe(page, within="main") == []

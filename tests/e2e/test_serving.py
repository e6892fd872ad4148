"""The page in a browser, as every server sends it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.api.bundle import Bundle
from cloudtrack.client import Client, connect
from cloudtrack.ui.export import export_site
from tests.e2e.conftest import Axe
from tests.e2e.measuring import Meter
from tests.e2e.watching import Watch, settle
from tests.servers.cloudtrack_server import RunningServer
from tests.servers.file_server import file_server


@pytest.mark.parametrize(
    "store_url", ["folder", "moto-obstore", pytest.param("seaweed-s3fs", marks=pytest.mark.slow)], indirect=True
)
def test_the_page_shows_what_is_in_the_store(server: RunningServer, client: Client, page: Any) -> None:
    client.experiments.create("a first look")
    page.goto(server.url)
    page.get_by_text("a first look").first.wait_for()


def test_the_page_can_be_read_by_everyone(server: RunningServer, page: Any, axe: Axe) -> None:
    page.goto(server.url)
    page.locator("h1").first.wait_for()
    assert axe(page) == []


def test_the_policy_refuses_code_in_the_page(server: RunningServer, page: Any, watch: Watch) -> None:
    watch.expect("script-src|inline")
    page.goto(server.url)
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = true'}))")
    assert page.evaluate("window.ran") is None
    assert any("script-src" in text for text in watch.seen)


def test_a_link_on_another_site_opens_the_page(server: RunningServer, page: Any, watch: Watch) -> None:
    page.goto(f"data:text/html,<a href='{server.url}/%23/experiments'>look</a>")
    page.get_by_text("look").click()
    page.locator("h1").first.wait_for()
    assert page.url.startswith(f"{server.url}/")


def test_processor_time_is_measured(server: RunningServer, page: Any) -> None:
    page.goto(server.url)
    page.locator("h1").first.wait_for()
    busy, idle = Meter(page), Meter(page)
    with busy.measured():
        page.evaluate("() => { const end = performance.now() + 200; while (performance.now() < end); }")
    with idle.measured():
        page.evaluate("() => new Promise((done) => setTimeout(done, 200))")
    assert busy.ms > idle.ms * 2


def test_the_page_works_under_a_prefix(make_url: Callable[[str], str], page: Any) -> None:
    url = make_url("server")
    assert url.endswith("/some/stage")
    connect(url).experiments.create("behind a stage")
    page.goto(f"{url}/")
    page.get_by_text("behind a stage").first.wait_for()


def test_what_goes_wrong_in_a_page_is_seen(server: RunningServer, context: Any, watch: Watch) -> None:
    opened = context.new_page()
    opened.goto(server.url)
    opened.locator("h1").first.wait_for()
    assert watch.problems() == []
    opened.evaluate("console.error('it broke')")
    opened.evaluate("setTimeout(() => { throw new Error('nobody caught this'); })")
    opened.evaluate("fetch('https://elsewhere.example/pixel').catch(() => {})")
    opened.evaluate("fetch('nothing-here')")
    opened.wait_for_timeout(200)
    said = "\n".join(watch.problems())
    assert "it broke" in said
    assert "nobody caught this" in said
    assert "connect-src" in said
    assert "404" in said
    watch.expect("it broke")
    assert "it broke" not in "\n".join(watch.problems())
    opened.goto("data:text/html,<img src='http://127.0.0.1:9/pixel'>")
    assert any("foreign request: http://127.0.0.1:9/pixel" in text for text in watch.problems())


@pytest.mark.parametrize("store_url", ["moto-obstore"], indirect=True)
def test_files_come_straight_from_the_bucket_by_signed_urls(
    store_url: str, start_server: Callable[..., RunningServer], client: Client, page: Any, watch: Watch, moto_url: str
) -> None:
    run_id = client.runs.create("0").info.run_id
    client.artifacts.log_text(run_id, "from the bucket", "notes.txt")
    server = start_server(store_url, "--artifacts=presigned")
    watch.allow_origin(moto_url)
    page.goto(server.url)
    asked = {"run_id": run_id, "path": "notes.txt"}
    signed = page.request.post(f"{server.url}/api/2.0/mlflow/artifacts/presigned-download-url", data=asked).json()
    assert signed["presigned_url"].startswith(moto_url)
    read = "(url) => fetch(url, {headers: {Range: 'bytes=9-14'}}).then((answer) => answer.text())"
    assert page.evaluate(read, signed["presigned_url"]) == "bucket"


def test_a_copy_opens_from_a_server_of_files(store_url: str, client: Client, page: Any, tmp_path: Path) -> None:
    export_site(client, Bundle().files(), tmp_path / "site", max_bytes=0)
    with file_server(tmp_path / "site") as url:
        page.goto(f"{url}/")
        page.locator("h1").first.wait_for()
        assert page.locator("meta[name=cloudtrack-frozen]").get_attribute("content") == "site.json"
        settle(page)
        page.goto("about:blank")  # before its server ends

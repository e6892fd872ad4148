"""The page in a browser, as every server sends it."""

from __future__ import annotations

from typing import Any

import pytest

from cloudtrack.client import Client
from tests.e2e.conftest import Axe
from tests.e2e.watching import Watch
from tests.servers.cloudtrack_server import RunningServer


@pytest.mark.parametrize("store_url", ["folder", "moto-obstore", "seaweed-s3fs"], indirect=True)
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


def test_processor_time_is_measured(server: RunningServer, page: Any, cdp_cpu: Any) -> None:
    page.goto(server.url)
    page.locator("h1").first.wait_for()
    with cdp_cpu(page) as spent:
        page.evaluate("() => { const end = performance.now() + 200; while (performance.now() < end); }")
    assert spent.ms > 1

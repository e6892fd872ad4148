"""The registry's pages and the files of a version over S3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

import cloudtrack as ct
from cloudtrack.client import Client
from tests.e2e.filling import MODEL, fill_models
from tests.servers.cloudtrack_server import RunningServer


@pytest.mark.parametrize(
    "store_url", [pytest.param("moto-obstore", marks=pytest.mark.slow), "seaweed-obstore"], indirect=True
)
def test_versions_are_moved_rolled_back_and_looked_into(
    store_url: str, client: Client, start_server: Callable[..., RunningServer], page: Any
) -> None:
    fill_models(store_url)
    ct.set_tracking_uri("")
    url = start_server(store_url).url
    page.goto(f"{url}/#/models/{MODEL}/board")
    page.get_by_role("button", name="Move v4").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name="Production").check()
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(dialog).to_have_count(0)
    assert client.model_versions.get(MODEL, 4).current_stage == "Production"
    page.goto(f"{url}/#/models/{MODEL}/versions/4/artifacts/MLmodel")
    page.get_by_text("flavors:").first.wait_for()
    page.goto(f"{url}/#/models/{MODEL}/timeline")
    page.get_by_text("v4").first.wait_for()
    page.get_by_role("button", name="Roll back").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert client.model_versions.get(MODEL, 4).current_stage != "Production"
    page.goto("about:blank")

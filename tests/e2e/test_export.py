"""A copy of a store behind a server of files: every page shows what it shows beside a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from cloudtrack.api.bundle import Bundle
from cloudtrack.ui.export import export_site
from tests.e2e.filling import MODEL, SWEEP, fill
from tests.e2e.stores import Shown, shown
from tests.e2e.test_quality import PAGES
from tests.servers.file_server import file_server

_BELOW = "reports/site"
_SAME = [
    "experiments",
    "runs",
    "charts",
    "side by side",
    "compare",
    "metric",
    "run",
    "run metrics",
    "run activity",
    "artifacts",
    "models",
    "model",
    "board",
    "version",
    "lineage",
    "versions compared",
    "requests",
    "activity",
]
_TIMES = re.compile(r"\b(just now|now|\d+ (s|min|h|d)( ago)?|\d\d:\d\d(:\d\d)?)\b")


@dataclass(frozen=True)
class Copied:
    """A store behind its server, and the copy of it behind a server of files."""

    store: Shown
    url: str

    @property
    def ids(self) -> dict[str, str]:
        """What the addresses of pages name."""
        sweep, files = self.store.made[0], self.store.made[1]
        experiments = {"e": self.store.experiment(SWEEP), "f": self.store.experiment("files")}
        return {**experiments, "a": files, "m": MODEL, "r": sweep[0], "s": sweep[1], "t": sweep[2]}

    def open(self, page: Any, address: str) -> None:
        """Show a page of the copy, whole."""
        _show(page, f"{self.url}/{address.format(**self.ids)}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copied]:
    folder = tmp_path_factory.mktemp("export")
    with shown(folder, lambda root: list(fill(root))) as store:
        client = store.client()
        export_site(client, Bundle().files(), folder / "www" / _BELOW, max_bytes=10**8)
        client.close()
        with file_server(folder / "www") as url:
            yield Copied(store, f"{url}/{_BELOW}")


def _show(page: Any, address: str) -> None:
    page.goto("about:blank")
    page.goto(address)
    page.locator("h1").first.wait_for()
    page.wait_for_load_state("networkidle")
    expect(page.locator(".bone")).to_have_count(0)


def _words(page: Any) -> list[str]:
    """What can be read on the page, without times."""
    text = page.locator("main").inner_text()
    return [line for line in _TIMES.sub("", text).splitlines() if line.strip()]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens(site: Copied, page: Any, name: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    site.open(page, PAGES[name])
    assert page.locator(".failure").count() == 0
    assert page.get_by_text("Not part of the export").count() == 0
    assert [url for url in asked if not url.startswith((f"{site.url}/", "about:"))] == []
    expect(page.get_by_text("This page is read-only: it is an export.")).to_be_visible()


@pytest.mark.parametrize("name", _SAME)
def test_a_page_says_what_it_says_beside_a_server(site: Copied, page: Any, name: str) -> None:
    site.open(page, PAGES[name])
    copied = _words(page)
    _show(page, f"{site.store.server.url}/{PAGES[name].format(**site.ids)}")
    assert copied == ["This page is read-only: it is an export.", *_words(page)]

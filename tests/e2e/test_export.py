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
from cloudtrack.client import Client
from cloudtrack.ui.export import export_site
from tests.e2e.conftest import Axe
from tests.e2e.filling import MODEL, SWEEP, fill
from tests.e2e.stores import Shown, shown
from tests.e2e.test_quality import PAGES
from tests.e2e.watching import settle
from tests.servers.file_server import file_server

_BELOW = "reports/site"
_BANNER = "This page is read-only: it is an export."
_MISSING = "Not part of the export"
_REASON = "this page is read-only"
_SAME = ("runs", "run", "board", "version", "lineage")
"""Pages whose words are compared with those of the page beside the server."""
_MORE = (
    "#/experiments/{e}?view=charts&x=time",
    "#/experiments/{e}?view=charts&x=relative",
    "#/compare?runs={b}.{c}",
    "#/experiments/{d}/runs/{b}/models",
    "#/experiments/{d}/runs/{b}/logs",
    "#/experiments/{d}/runs/{b}/artifacts/model/MLmodel",
    "#/models/{m}/versions/2/artifacts",
    "#/models/{m}/versions/2/artifacts/MLmodel",
    "#/models/{m}/compare/4..1",
    "#/activity?model={m}&action=alias_set",
)
_NO_TIMES = re.compile(r"\b(just now|now|\d+ (s|min|h|d)( ago)?|\d\d:\d\d(:\d\d)?)\b")
_LIVE_SERVER = re.compile(r"http://127\.0\.0\.1:\d+|https://your-server")


@dataclass(frozen=True)
class Copied:
    """A store behind its server, and the copy of it behind a server of files."""

    store: Shown
    url: str

    @property
    def ids(self) -> dict[str, str]:
        """What the addresses of pages name."""
        (sweep, files, models), find = self.store.made[:3], self.store.experiment
        return {
            **{"e": find(SWEEP), "f": find("files"), "d": find("tabular/churn"), "a": files, "m": MODEL},
            **{"r": sweep[0], "s": sweep[1], "t": sweep[2], "b": models["runs"][0], "c": models["runs"][1]},
        }

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
    settle(page)


def _words(page: Any) -> list[str]:
    """What can be read on the page, without times and addresses."""
    text = _LIVE_SERVER.sub("", _NO_TIMES.sub("", page.locator("main").inner_text()))
    return [line for line in text.splitlines() if line.strip() not in ("", _BANNER)]


@pytest.mark.parametrize(
    "pages", [pytest.param(PAGES.values(), id="all", marks=pytest.mark.slow), pytest.param(_MORE, id="more")]
)
def test_every_page_opens(site: Copied, page: Any, pages: tuple[str, ...]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for address in pages:
        site.open(page, address)
        assert page.locator(".failure").count() == 0, address
        assert page.get_by_text(_MISSING).count() == 0, address
        expect(page.get_by_text(_BANNER)).to_be_visible()
    assert [url for url in asked if not url.startswith((f"{site.url}/", "about:"))] == []


def test_a_page_says_what_it_says_beside_a_server(site: Copied, page: Any) -> None:
    page.set_viewport_size({"width": 1280, "height": 2000})
    for name in _SAME:
        site.open(page, PAGES[name])
        copied = _words(page)
        _show(page, f"{site.store.server.url}/{PAGES[name].format(**site.ids)}")
        assert copied == _words(page), name


def test_runs_are_filtered_and_sorted(site: Copied, page: Any) -> None:
    site.open(page, "#/experiments/{e}?q=params.optimizer+%3D+%27adam%27")
    rows = page.locator("[role=grid] [data-row]")
    client = site.store.client()
    runs = client.runs.list([site.ids["e"]])
    client.close()
    adam = sorted((run for run in runs if run.data.params["optimizer"] == "adam"), key=_accuracy)
    assert 0 < len(adam) < len(runs)
    expect(rows).to_have_count(len(adam))
    page.get_by_role("columnheader", name="val/acc").click()
    expect(rows.first).to_contain_text(adam[-1].info.run_name)
    page.get_by_role("columnheader", name="val/acc").click()
    expect(rows.first).to_contain_text(adam[0].info.run_name)


def _accuracy(run: Any) -> float:
    return float(run.data.metrics["val/acc"])


def test_a_filter_that_needs_a_server_says_so(site: Copied, page: Any) -> None:
    site.open(page, "#/experiments/{e}?q=params.optimizer+RLIKE+%27a.*%27")
    page.get_by_text("This filter needs a server").wait_for()


def test_files_are_looked_into(site: Copied, page: Any) -> None:
    at = "#/experiments/{f}/runs/{a}/artifacts/"
    for path, text in (
        ("data/rows.csv", "200 rows of 1,000"),
        ("data/lines.jsonl", "200 rows of 300"),
        ("data/table.json", "3 rows of 3"),
        ("images/sample-0.png", "64 \N{MULTIPLICATION SIGN} 48"),
        ("notes.md", "It works"),
        ("train.log", "00000 epoch 0"),
        ("notebook.ipynb", "A notebook"),
        ("data/array.npy", "3 \N{MULTIPLICATION SIGN} 4"),
        ("data/table.parquet", "Parquet is read by a server"),
    ):
        site.open(page, at + path)
        page.locator(".artifact-main").get_by_text(text).first.wait_for()
        assert page.locator(".failure").count() == 0, path
    site.open(page, f"{at}data/rows.csv")
    page.get_by_role("button", name="Next page").click()
    page.get_by_text("name 200").first.wait_for()
    site.open(page, f"{at}report.html")
    page.frame_locator("iframe").get_by_text("script ran, origin null").wait_for()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download").click()
    assert b"<h1>Report</h1>" in Path(downloading.value.path()).read_bytes()


def test_nothing_can_be_changed_and_the_page_says_why(site: Copied, page: Any) -> None:
    for address, names in (
        ("#/experiments/{e}?sel=*", ["Tag", "Move to trash"]),
        ("#/experiments/{e}/runs/{r}", ["Rename", "Describe this run"]),
        ("#/models/{m}/versions/2/activity", ["Move", "Comment"]),
    ):
        site.open(page, address)
        for name in names:
            button = page.get_by_role("button", name=name, exact=True).first
            expect(button).to_have_attribute("aria-disabled", "true")
            expect(button).to_have_attribute("title", _REASON)


def test_files_that_did_not_fit_are_said_to_be_missing(store_url: str, page: Any, axe: Axe, tmp_path: Path) -> None:
    client = Client(store_url)
    experiment = client.experiments.create("large")
    run = client.runs.create(experiment, run_name="one").info.run_id
    client.runs.update(run, status="FINISHED", end_time=2)
    client.artifacts.log_text(run, "a text", "notes.txt")
    export_site(client, Bundle().files(), tmp_path / "site", max_bytes=0)
    client.close()
    with file_server(tmp_path / "site") as url:
        _show(page, f"{url}/#/experiments/{experiment}/runs/{run}/artifacts/notes.txt")
        page.get_by_text(_MISSING).wait_for()
        assert page.locator(".failure").count() == 0
        assert axe(page) == []

"""Lists of runs and experiments: cards in narrow windows, folders, the bar of the selected runs, the page's icon."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

import cloudtrack as ct
from tests.e2e.conftest import Axe
from tests.e2e.filling import SWEEP, fill_nested, fill_sweep
from tests.e2e.stores import Shown, shown

PHONES = [(375, 740), (320, 640)]
_DOT = re.compile("circle.*circle")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    def fill(root: str) -> dict[str, Any]:
        sweep = fill_sweep(root, runs=8, steps=20)
        fill_nested(root)
        for name in ("vision/old/resnet", "vision/old/vgg", "text"):
            ct.create_experiment(name)
        return {"sweep": sweep, "files": _fill_files(root)}

    with shown(tmp_path_factory.mktemp("lists"), fill) as one:
        yield one


def _fill_files(root: str) -> list[str]:
    """Three runs, two of one name, each with a file; the first has a model besides."""
    ct.set_tracking_uri(root)
    ct.set_experiment("files")
    made = []
    for number, name in enumerate(["twin", "../alone", "twin"]):
        with ct.start_run(run_name=name) as run:
            ct.log_text(f"notes of {number}", "deep/notes.txt")
            if number == 0:
                ct.log_text("artifact_path: model\nflavors: {}\n", "model/MLmodel")
        made.append(str(run.info.run_id))
    return made


def _open(page: Any, store: Shown, experiment: str = SWEEP, query: str = "") -> None:
    page.goto(f"{store.server.url}/#/experiments/{store.experiment(experiment)}{query}")
    page.locator("[role=grid] [data-row]").first.wait_for()


def _experiments(page: Any, store: Shown, query: str = "") -> None:
    page.goto(f"{store.server.url}/#/experiments{query}")
    page.locator("[role=grid] [data-row]").first.wait_for()


def _lines(page: Any) -> list[str]:
    """What the lines of the list of experiments are called, from the top; a folder ends with its count."""
    return [
        str(text)
        for text in page.evaluate(
            """() => [...document.querySelectorAll('.grid-row')]
              .sort((a, b) => a.getAttribute('aria-rowindex') - b.getAttribute('aria-rowindex'))
              .map((row) => row.querySelector('.run-name').innerText.trim().replace(/\\s+/g, ' '))"""
        )
    ]


def _wide_as_the_window(page: Any) -> None:
    """Neither the page nor the list is wider than it is seen."""
    for of in ("document.documentElement", "document.querySelector('[role=grid]')"):
        assert page.evaluate(f"{of}.scrollWidth - {of}.clientWidth") <= 0, of


@pytest.mark.parametrize("size", PHONES)
def test_runs_are_cards_on_a_phone(store: Shown, page: Any, axe: Axe, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    _open(page, store, query="?sort=metrics.val/acc&dir=desc")
    card = page.locator(".grid-row").first
    assert card.bounding_box()["height"] == 56
    expect(card.locator(".card-line").first.locator("a")).to_have_text(re.compile(r"^sweep-0\d$"))
    expect(card.locator(".status")).to_have_attribute("title", "FINISHED")
    expect(card.locator("time")).to_have_count(1)
    assert card.locator(".fact small").all_inner_texts() == ["val/acc", "depth", "lr"]
    _wide_as_the_window(page)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert axe(page) == [], theme


def test_cards_are_chosen_and_opened_as_rows_are(store: Shown, page: Any, axe: Axe) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    _open(page, store)
    page.locator("[role=grid]").focus()
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator(".selection strong")).to_have_text("2 runs selected")
    page.locator(".tick").nth(2).click()
    expect(page.locator(".selection strong")).to_have_text("3 runs selected")
    assert axe(page) == []
    clicked = page.locator(".grid-row a").nth(2).inner_text()
    page.keyboard.press("Escape")
    page.locator("[role=grid]").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(clicked)


def test_a_card_opens_its_child_runs(store: Shown, page: Any) -> None:
    page.set_viewport_size({"width": 375, "height": 740})
    _open(page, store, "nested")
    expect(page.locator(".grid-row")).to_have_count(2)
    page.get_by_role("button", name="Open 3 child runs").click()
    expect(page.locator(".grid-row")).to_have_count(5)


def test_a_window_that_is_made_wide_has_the_table_again(store: Shown, page: Any) -> None:
    page.set_viewport_size({"width": 375, "height": 740})
    _open(page, store)
    expect(page.locator("[role=columnheader]")).to_have_count(2)
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.get_by_role("columnheader", name="optimizer")).to_be_visible()
    assert page.locator(".grid-row").first.bounding_box()["height"] == 30


@pytest.mark.parametrize("size", PHONES)
def test_experiments_are_cards_on_a_phone(store: Shown, page: Any, axe: Axe, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    _experiments(page, store, "?as=tree")
    card = page.locator(".grid-row", has_text="cifar-sweep")
    expect(card.locator(".card-facts")).to_contain_text("8 runs")
    expect(card.locator(".card-facts")).to_contain_text("val/acc")
    _wide_as_the_window(page)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert axe(page) == [], theme


def test_names_with_slashes_are_folders_where_asked(store: Shown, page: Any, axe: Axe) -> None:
    _experiments(page, store, "?sort=name&dir=asc")
    names = ["Default", "files", "nested", "text", "vision/cifar-sweep", "vision/old/resnet", "vision/old/vgg"]
    assert _lines(page) == names
    page.get_by_role("button", name="Folders").click()
    open_lines = [*names[:4], "vision 3", "cifar-sweep", "old 2", "resnet", "vgg"]
    expect(page.locator(".grid-row")).to_have_count(len(open_lines))
    assert _lines(page) == open_lines
    assert "as=tree" in page.url
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert axe(page) == [], theme
    page.get_by_role("button", name="Close vision/old: 2 experiments").click()
    expect(page.locator(".grid-row")).to_have_count(7)
    assert _lines(page)[-1] == "old 2"
    vision = page.locator("[data-row='folder vision']")
    expect(vision.get_by_role("gridcell").nth(2)).to_have_text("8")  # runs of all below


def test_folders_are_opened_and_chosen_by_keys(store: Shown, page: Any) -> None:
    _experiments(page, store, "?sort=name&dir=asc&as=tree")
    page.locator("[role=grid]").focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".grid-row")).to_have_count(5)
    page.keyboard.press("p")
    expect(page.locator(".grid-row")).to_have_count(9)
    page.keyboard.press("x")
    expect(page.get_by_role("link", name="Open 3 together")).to_be_visible()
    expect(page.locator(".grid-row[aria-selected=true]")).to_have_count(5)  # both folders and what is in them
    page.keyboard.press("x")
    expect(page.locator(".grid-row[aria-selected=true]")).to_have_count(0)


def test_the_artifacts_of_chosen_runs_are_one_zip(store: Shown, page: Any, axe: Axe, tmp_path: Path) -> None:
    _open(page, store, "files", "?sel=*")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as found:
        page.get_by_role("button", name="Artifacts as zip").click()
    assert found.value.suggested_filename == "artifacts-of-3-runs.zip"
    found.value.save_as(tmp_path / "found.zip")
    first, _, third = store.made["files"]
    with zipfile.ZipFile(tmp_path / "found.zip") as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name).decode() for name in archive.namelist() if name.endswith("notes.txt")} == {
            f"twin {first}/deep/notes.txt": "notes of 0",
            ".._alone/deep/notes.txt": "notes of 1",
            f"twin {third}/deep/notes.txt": "notes of 2",
        }
        assert f"twin {first}/model/MLmodel" in archive.namelist()
    expect(page.locator("dialog")).to_have_count(0)


def test_a_zip_tells_how_far_it_is_and_can_be_stopped(store: Shown, page: Any, axe: Axe) -> None:
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route("**/cloudtrack/artifacts/url*", hold)
    _open(page, store, "files", "?sel=*")
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Artifacts as zip").click()
    dialog = page.get_by_role("dialog", name="Artifacts of 3 runs")
    expect(dialog).to_contain_text("0 of 4 files")
    expect(dialog).to_contain_text("at most 2.1 GB")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert axe(page) == [], theme
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.locator("dialog")).to_have_count(0)
    assert len(held) == 1, "files are asked for one by one, and none after the end"
    expect(page.locator(".toast")).to_have_count(0)


def test_runs_without_files_say_so(store: Shown, page: Any) -> None:
    _open(page, store, query="?sel=*")
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Artifacts as zip").click()
    expect(page.get_by_role("alert")).to_have_text("there are no files to download")


def test_one_chosen_run_is_registered(store: Shown, page: Any, axe: Axe) -> None:
    _open(page, store, "files", "?sel=*")
    bar = page.get_by_role("toolbar", name="Selected runs")
    expect(bar.get_by_role("button", name="Register")).to_have_count(0)
    page.get_by_role("button", name="Clear").click()
    page.locator(f"[data-row='{store.made['files'][0]}'] .tick").click()
    bar.get_by_role("button", name="Register").click()
    page.get_by_label("Registered model").fill("from-the-list")
    assert axe(page) == []
    page.get_by_role("dialog").get_by_role("button", name="Register").click()
    expect(page.get_by_role("link", name="from-the-list v1")).to_be_visible()
    version = ct.MlflowClient(store.root).get_model_version("from-the-list", "1")
    assert version.run_id == store.made["files"][0]


def test_the_icon_has_a_dot_while_something_runs(store: Shown, page: Any) -> None:
    icon = page.locator("link[rel=icon]")
    _experiments(page, store)
    expect(icon).not_to_have_attribute("href", _DOT)
    client = ct.MlflowClient(store.root)
    run = client.create_run(store.experiment("text"))
    _open(page, store, "text")
    expect(icon).to_have_attribute("href", _DOT)
    _experiments(page, store)
    expect(icon).to_have_attribute("href", _DOT)
    client.set_terminated(run.info.run_id)
    page.reload()
    expect(page.get_by_role("link", name="text")).to_be_visible()
    expect(icon).not_to_have_attribute("href", _DOT)

"""Every page, in both themes: readable by everyone, usable by keys alone, on narrow and enlarged screens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Axe
from tests.e2e.filling import MODEL, SWEEP, fill
from tests.e2e.stores import Shown, shown
from tests.e2e.watching import settle

PICTURES = Path(os.environ.get("CLOUDTRACK_PICTURES") or Path(__file__).parents[2] / "build" / "pictures")
THEMES = ("light", "dark")
PAGES = {
    "experiments": "#/experiments",
    "runs": "#/experiments/{e}?sort=metrics.val/acc&dir=desc",
    "runs selected": "#/experiments/{e}?sel=*",
    "charts": "#/experiments/{e}?view=charts",
    "parallel": "#/experiments/{e}?view=parallel",
    "scatter": "#/experiments/{e}?view=scatter",
    "side by side": "#/experiments/{e}?view=side",
    "compare": "#/compare?runs={r}.{s}.{t}&base={r}",
    "metric": "#/metric/val/acc?runs={r}.{s}.{t}",
    "run": "#/experiments/{e}/runs/{r}",
    "run metrics": "#/experiments/{e}/runs/{r}/metrics",
    "run activity": "#/experiments/{e}/runs/{r}/activity",
    "artifacts": "#/experiments/{f}/runs/{a}/artifacts/data/rows.csv",
    "models": "#/models",
    "model": "#/models/{m}",
    "board": "#/models/{m}/board",
    "timeline": "#/models/{m}/timeline",
    "model activity": "#/models/{m}/activity",
    "version": "#/models/{m}/versions/2",
    "lineage": "#/models/{m}/versions/2/lineage",
    "versions compared": "#/models/{m}/compare/1..2",
    "requests": "#/requests",
    "activity": "#/activity",
    "trash": "#/trash",
    "settings": "#/settings",
    "keys": "#/keys",
    "nowhere": "#/nowhere",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with shown(tmp_path_factory.mktemp("quality"), lambda root: list(fill(root))) as one:
        yield one


def _address(store: Shown, name: str) -> str:
    sweep, artifacts = store.made[0], store.made[1]
    ids = {"e": store.experiment(SWEEP), "f": store.experiment("files"), "a": artifacts, "m": MODEL}
    return PAGES[name].format(**ids, r=sweep[0], s=sweep[1], t=sweep[2])


def _show(page: Any, store: Shown, name: str) -> None:
    page.goto(f"{store.server.url}/{_address(store, name)}")
    page.locator("h1").first.wait_for()
    settle(page)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_can_be_read_by_everyone(store: Shown, page: Any, axe: Axe, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    _show(page, store, name)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        settle(page)
        page.screenshot(path=PICTURES / f"{name.replace(' ', '-')}-{theme}.png")
        assert axe(page) == [], theme
    assert page.locator(".failure").count() == 0


@pytest.mark.parametrize(
    ("name", "opened"),
    [
        ("runs", "Columns"),
        ("runs", "Group"),
        ("runs", "Views"),
        ("runs", "Share"),
        ("runs", "More"),
        ("runs selected", "Export"),
        ("runs selected", "Tag"),
        ("experiments", "New experiment"),
        ("experiments", "Go to (Ctrl K)"),
    ],
)
def test_what_lies_over_a_page_can_be_read_too(store: Shown, page: Any, axe: Axe, name: str, opened: str) -> None:
    _show(page, store, name)
    page.get_by_role("button", name=opened, exact=True).click()
    page.locator(".popover, dialog[open]").first.wait_for()
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert axe(page) == [], theme


@pytest.mark.parametrize("name", ["runs", "charts", "run", "artifacts", "board", "version", "compare"])
def test_a_narrow_screen_has_everything(store: Shown, page: Any, axe: Axe, name: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    _show(page, store, name)
    page.screenshot(path=PICTURES / f"{name.replace(' ', '-')}-narrow.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate("document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth") <= 0
    assert axe(page) == []


@pytest.mark.parametrize("name", ["runs", "run", "board"])
def test_a_page_enlarged_twice_has_everything(store: Shown, page: Any, name: str) -> None:
    page.set_viewport_size({"width": 640, "height": 400})  # as 1280 x 800 at 200 %
    _show(page, store, name)
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_forced_colours_keep_what_is_chosen_visible(store: Shown, page: Any) -> None:
    page.emulate_media(forced_colors="active", color_scheme="dark")
    page.goto(f"{store.server.url}/{_address(store, 'runs selected')}")
    page.locator("[role=grid] [data-row]").first.wait_for()
    page.screenshot(path=PICTURES / "runs-forced-colours.png")
    tick = page.locator(".tick.on").first
    assert tick.locator("svg").count() == 1, "chosen rows have a mark, not only a colour"


def test_nothing_moves_where_the_reader_wants_no_motion(store: Shown, page: Any) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{store.server.url}/{_address(store, 'runs')}")
    page.locator("[role=grid] [data-row]").first.wait_for()
    assert page.evaluate("document.getAnimations().filter((each) => each.playState === 'running').length") == 0


def test_the_best_run_is_found_compared_registered_and_promoted_by_keys_alone(store: Shown, page: Any) -> None:
    """From the table of runs to Production without a mouse."""
    _show(page, store, "runs")
    page.goto(f"{store.server.url}/#/experiments/{store.experiment('tabular/churn')}")
    page.locator("[role=grid] [data-row]").first.wait_for()
    press = page.keyboard.press
    page.get_by_role("grid", name="Runs").focus()
    press("ArrowUp")
    while page.locator("[role=columnheader].active").get_attribute("data-column") != "metrics.val/auc":
        press("ArrowRight")
    press("Enter")
    expect(page.get_by_role("columnheader", name="val/auc")).to_have_attribute("aria-sort", "descending")
    press("ArrowDown")
    press("x")
    press("ArrowDown")
    press("x")
    page.get_by_text("2 runs selected").wait_for()
    press("c")
    page.locator("h1", has_text="2 runs side by side").wait_for()
    page.go_back()
    page.get_by_role("grid", name="Runs").focus()
    press("Home")
    page.keyboard.press("Control+Home")
    press("Enter")
    page.locator("h1", has_text="fit-3").wait_for()
    _press_button(page, "Register a model")
    page.locator("dialog[open]").wait_for()
    page.get_by_label("Registered model").focus()
    page.keyboard.type(MODEL)
    page.locator("dialog[open]").get_by_role("button", name="Register").focus()
    press("Enter")
    page.get_by_role("dialog", name="Registered").get_by_role("link").first.focus()
    press("Enter")
    page.locator("h1", has_text="v5").wait_for()
    move = page.get_by_role("button", name="Move", exact=True)
    expect(move).not_to_have_attribute("aria-disabled", "true")
    move.focus()
    press("Enter")
    page.locator("dialog[open]").wait_for()
    page.locator("dialog[open]").get_by_role("radio", name="Production").focus()
    press("Space")
    page.locator("dialog[open]").get_by_role("button", name="Move", exact=True).focus()
    press("Enter")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.locator(".chip.stage.Production").first.wait_for()


def _press_button(page: Any, title: str) -> None:
    """Through the menu of the page where the button is not on it."""
    direct = page.get_by_role("button", name=title)
    if direct.count() == 0:
        page.get_by_role("button", name="More").last.focus()
        page.keyboard.press("Enter")
    page.get_by_role("button", name=title).first.focus()
    page.keyboard.press("Enter")

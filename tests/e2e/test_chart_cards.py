"""Cards that differ from their page, and those beside lines: settings of their own, bands, boxes, histograms."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from statistics import quantiles
from typing import Any

import pytest

from tests.e2e.charting import MANY, MANY_POINTS, Charted, fill_charts
from tests.e2e.conftest import Axe
from tests.e2e.plots import card, drawn, label, series_requests
from tests.servers.cloudtrack_server import forked_server


class Site:
    """A server over the store of ``charting``."""

    def __init__(self, url: str, charted: Charted) -> None:
        self.url, self.charted = url, charted

    def view(self, experiment: str, **query: str) -> str:
        """The charts of an experiment."""
        asked = "&".join(f"{key}={value}" for key, value in {"view": "charts", **query}.items())
        return f"{self.url}/#/experiments/{self.charted.experiments[experiment]}?{asked}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("cards")
    store = str(folder / "store")
    charted = fill_charts(store)
    with forked_server(store, folder) as server:
        yield Site(server.url, charted)


def act(page: Any, key: str, title: str, of: str = "") -> None:
    """Do something of a card's menu."""
    card(page, key).get_by_role("button", name=f"Actions on {of or key}").click()
    card(page, key).get_by_role("button", name=title, exact=True).click()


def test_a_card_has_settings_of_its_own_and_the_others_do_not(site: Site, page: Any) -> None:
    page.goto(site.view("kinds"))
    drawn(page, "acc"), drawn(page, "loss")
    asked = series_requests(page)
    act(page, "loss", "Settings of this card")
    form = page.get_by_role("dialog", name="Settings of loss")
    form.get_by_role("combobox", name="x", exact=True).select_option("relative")
    form.get_by_role("combobox", name="logarithmic axes").select_option("y")
    form.get_by_role("textbox", name="smoothing").fill("2")
    form.get_by_role("button", name="Apply").click()
    assert "0.99" in form.get_by_role("alert").inner_text()
    form.get_by_role("textbox", name="smoothing").fill("0.6")
    form.get_by_role("button", name="Apply").click()
    card(page, "loss").get_by_text("x time since the start").wait_for()
    drawn(page, "loss")
    assert card(page, "loss").locator(".badge").all_inner_texts() == [
        "x time since the start",
        "log y",
        "smoothing 0.6",
    ]
    assert "at elapsed" in label(page, "loss")
    assert "at step" in label(page, "acc")
    assert "card=loss~x:relative~log:y~sm:0.6" in page.url
    again = [(each["keys"], each["x"]) for each in asked if {"acc", "loss"} & set(each["keys"])]
    assert again == [(["loss"], ["relative"])]  # of what was there nothing else is asked anew


def test_a_card_with_its_own_x_is_zoomed_alone_and_goes_back_to_the_page(site: Site, page: Any) -> None:
    page.goto(site.view("kinds", card="loss~x:relative"))
    drawn(page, "acc")
    drawn(page, "loss").locator(".plot").focus()
    page.keyboard.press("+")
    card(page, "loss").get_by_text("zoom of its own").wait_for()
    assert "zoom=" not in page.url
    page.reload()
    drawn(page, "loss")
    assert "zoom of its own" in card(page, "loss").locator(".badges").inner_text()
    act(page, "loss", "As the page")
    page.wait_for_url(lambda url: "card=" not in url)
    drawn(page, "loss")
    assert "at step" in label(page, "loss")


def test_settings_of_a_card_can_be_read_by_everyone(site: Site, page: Any, axe: Axe) -> None:
    page.goto(site.view("kinds", card="loss~x:relative~log:y"))
    drawn(page, "loss")
    act(page, "loss", "Settings of this card")
    assert axe(page) == []


def canvas(page: Any, key: str) -> str:
    """The picture of a card's lines."""
    return str(drawn(page, key).locator(".uplot canvas").evaluate("(canvas) => canvas.toDataURL()"))


def test_the_band_of_groups_is_the_range_or_the_standard_deviation(site: Site, page: Any) -> None:
    page.goto(site.view("many", group="params.lr"))
    page.get_by_role("list", name="Groups").wait_for()
    before = canvas(page, "curve")
    band = page.get_by_role("combobox", name="band")
    band.select_option("deviation")
    page.wait_for_url(lambda url: "band=std" in url)
    after = canvas(page, "curve")
    assert after != before
    page.reload()
    drawn(page, "curve")
    assert band.input_value() == "deviation"
    assert canvas(page, "curve") == after
    band.select_option("range")
    page.wait_for_url(lambda url: "band=" not in url)
    assert canvas(page, "curve") == before


def lasts() -> list[float]:
    """The last value of ``curve`` of each run of ``many``, as it was logged."""
    return [math.sin((MANY_POINTS - 1) / 50 + number / 9) + number / 10 for number in range(MANY)]


def test_boxes_by_a_param_are_added_and_are_those_of_what_was_logged(site: Site, page: Any) -> None:
    page.goto(site.view("many"))
    drawn(page, "curve")
    page.get_by_role("button", name="Add a card").click()
    page.get_by_role("button", name="Boxes by a param").click()
    form = page.get_by_role("dialog", name="Add boxes by a param")
    form.get_by_role("combobox", name="a box for each value of").select_option("lr")
    form.get_by_role("button", name="Add").click()
    found = card(page, "box:curve|lr")
    found.locator(".box").first.wait_for()
    assert "ch=box:curve%7Clr" in page.url
    expected = {}
    for group, name in enumerate(["1.0", "0.1", "0.01"]):
        values = sorted(lasts()[group::3])
        low, middle, high = quantiles(values, n=4, method="inclusive")
        expected[name] = [len(values), values[0], low, middle, high, values[-1], 0]
    act(page, "box:curve|lr", "Show the data table", of="curve by lr")
    rows = found.locator("tbody tr")
    assert rows.locator("th").all_inner_texts() == ["0.01", "0.1", "1.0"]
    for row in rows.all():
        cells = [float(text) for text in row.locator("td").all_inner_texts()]
        assert cells == pytest.approx(expected[row.locator("th").inner_text()], rel=1e-3)
    with page.expect_download() as waiting:
        act(page, "box:curve|lr", "CSV", of="curve by lr")
    with open(waiting.value.path(), encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert sorted(float(each["curve"]) for each in written) == pytest.approx(sorted(lasts()), rel=1e-5)
    assert {each["lr"] for each in written} == set(expected)


def test_a_histogram_counts_every_run_the_filter_lets_through_and_can_be_removed(site: Site, page: Any) -> None:
    page.goto(site.view("many"))
    drawn(page, "curve")
    page.get_by_role("button", name="Add a card").click()
    page.get_by_role("button", name="Histogram of a metric").click()
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    picture = card(page, "hist:curve").get_by_role("img")
    picture.wait_for()
    heights = picture.locator("i").evaluate_all("(all) => all.map((each) => each.getBoundingClientRect().height)")
    counts = [int(each.split(": ")[1].split()[0]) for each in bins(picture)]
    assert sum(counts) == MANY
    assert heights == pytest.approx([max(heights) * each / max(counts) for each in counts], abs=1)
    for each in bins(picture):
        low, high = map(float, each.split(": ")[0].split(" to "))
        assert int(each.split(": ")[1].split()[0]) == sum(low <= value < high for value in lasts())
    page.goto(site.view("many", ch="hist:curve", q="params.lr+%3D+%220.1%22"))
    page.wait_for_function("() => document.querySelector('.histogram')?.ariaLabel.includes('33 runs')")
    act(page, "hist:curve", "Remove", of="curve over runs")
    page.wait_for_url(lambda url: "ch=" not in url)
    assert page.locator(".histogram").count() == 0


def bins(picture: Any) -> list[str]:
    return list(picture.locator(".histogram-bins > span").evaluate_all("(all) => all.map((each) => each.title)"))


def test_an_added_card_says_what_is_not_in_it(site: Site, page: Any) -> None:
    page.goto(site.view("kinds", ch="hist:odd,hist:long,box:nothing%7Clr,box:loss%7Cnothing"))
    page.locator('[data-key="hist:odd"] .note').wait_for()
    assert card(page, "hist:odd").locator(".badge").all_inner_texts() == ["0 runs", "3 NaN or Inf"]
    assert card(page, "hist:long").locator(".badge").all_inner_texts() == ["1 run", "2 without"]
    card(page, "box:nothing|lr").get_by_text("no run has").wait_for()
    card(page, "box:loss|nothing").get_by_text("no run has").wait_for()


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_added_cards_can_be_read_by_everyone(site: Site, page: Any, axe: Axe, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(site.view("many", ch="box:curve%7Clr,hist:curve,box:curve%7Cnumber"))
    card(page, "box:curve|lr").locator(".box").first.wait_for()
    act(page, "box:curve|number", "Show the data table", of="curve by number")
    page.get_by_role("button", name="Add a card").click()
    assert axe(page) == []
    page.get_by_role("button", name="Boxes by a param").click()
    assert axe(page) == []

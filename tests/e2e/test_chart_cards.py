"""Cards that differ from their page, and cards beside those of lines: settings of their own, bands, boxes, histograms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.charting import Charted, fill_charts
from tests.e2e.conftest import Axe
from tests.e2e.plots import card, drawn, label, series_requests
from tests.servers.cloudtrack_server import cloudtrack_server


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
    with cloudtrack_server(store, folder) as server:
        yield Site(server.url, charted)


def act(page: Any, key: str, title: str) -> None:
    """Do something of a card's menu."""
    card(page, key).get_by_role("button", name=f"Actions on {key}").click()
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
    assert card(page, "loss").locator(".badge").all_inner_texts() == ["x time since the start", "log y", "smoothing 0.6"]
    assert "at elapsed" in label(page, "loss")
    assert "at step" in label(page, "acc")
    assert "card=loss~x:relative~log:y~sm:0.6" in page.url
    assert [(each["keys"], each["x"]) for each in asked] == [(["loss"], ["relative"])]  # nothing else is asked anew


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

"""Charts of runs: what is drawn is what was logged, however much that is."""

from __future__ import annotations

import csv
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.e2e.charting import LONG, MANY, SPIKE, STEPS, WIDE, Charted, acc, fill_charts, loss
from tests.e2e.conftest import Axe
from tests.e2e.measuring import Meter
from tests.e2e.plots import (
    area,
    card,
    colors,
    contrast,
    drawn,
    is_grey,
    label,
    pixels,
    rgb,
    series_requests,
    short,
    walk,
)
from tests.e2e.watching import Watch
from tests.servers.cloudtrack_server import forked_server

DRAW_MS, ZOOM_MS, HOVER_MS = 120, 50, 20
MOST_ALIVE = 24
ROOM = 0.04
"""Of the height of what is drawn, above and below it."""


@dataclass
class Site:
    """A server over the store of ``charting``."""

    url: str
    store: str
    charted: Charted

    def view(self, experiment: str, **query: str) -> str:
        """The charts of an experiment."""
        asked = "&".join(f"{key}={value}" for key, value in {"view": "charts", **query}.items())
        return f"{self.url}/#/experiments/{self.charted.experiments[experiment]}?{asked}"

    def metric(self, key: str, experiment: str, **query: str) -> str:
        """One metric of all runs of an experiment."""
        asked = "".join(f"&{name}={value}" for name, value in query.items())
        return f"{self.url}/#/metric/{key}?runs={'.'.join(map(short, self.charted.runs[experiment]))}{asked}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("charts")
    store = str(folder / "store")
    charted = fill_charts(store)
    with forked_server(store, folder) as server:
        yield Site(server.url, store, charted)


# what is drawn


def test_a_line_is_drawn_where_its_points_are(site: Site, page: Any) -> None:
    page.goto(site.view("kinds", find="loss"))
    found = drawn(page, "loss")
    box = area(found)
    values = [[loss(run, step) for step in STEPS] for run in range(3)]
    low, high = min(map(min, values)), max(map(max, values))
    bottom, top = low - ROOM * (high - low), high + ROOM * (high - low)
    for run, color in zip((2, 1, 0), colors(page), strict=True):  # the newest run is the first of the list
        for step in (0, 10, 30, 70, 90):
            left = step / STEPS[-1] * box["width"]
            down = (top - loss(run, step)) / (top - bottom) * box["height"]
            seen = pixels(found, max(0, left - 2), max(0, down - 2), 4, 4)
            assert color in seen, f"run {run} at step {step}: {seen}"


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ("step", f"{loss(0, 1)} at step 1"),
        ("time", f"{loss(0, 1)} at time 2025-06-15 15:06:41"),
        ("relative", f"{loss(0, 1)} at elapsed 1.0 s"),
    ],
)
def test_x_is_step_time_or_time_since_the_start(site: Site, page: Any, x: str, expected: str) -> None:
    page.goto(site.metric("loss", "kinds", x=x))
    text = walk(page, "loss", "ArrowRight", "ArrowRight")
    assert text == f"run-0: {expected}"


def test_x_is_another_metric(site: Site, page: Any) -> None:
    page.goto(site.metric("loss", "kinds", x="metrics.acc"))
    pairs = {(loss(0, step), float(f"{acc(0, step):.7g}")) for step in STEPS}
    for _ in range(3):
        found = re.fullmatch(r"run-0: (\S+) at acc (\S+)", walk(page, "loss", "ArrowRight"))
        assert found
        assert (float(found[1]), float(found[2])) in pairs


def test_values_that_powers_cannot_show_are_counted(site: Site, page: Any) -> None:
    page.goto(site.view("kinds", find="signed", log="y"))
    drawn(page, "signed")
    assert card(page, "signed").get_by_text("18 ≤ 0 not shown").is_visible(), "steps 0 to 5 of three runs"
    page.get_by_role("button", name="log y").click()
    card(page, "signed").get_by_text("not shown").wait_for(state="detached")


def test_smoothing_is_what_the_reference_says(site: Site, page: Any) -> None:
    page.goto(site.metric("acc", "kinds", sm="0.9"))
    expected = smoothed(STEPS, [acc(0, step) for step in STEPS], 0.9)
    for at in (1, 2, 52, 57):
        text = walk(page, "acc", "Escape", *["ArrowRight"] * (at + 1))
        found = re.search(r"run-0: (\S+), smoothed (\S+) at step (\S+)", text)
        assert found, text
        assert int(found[3]) == STEPS[at]
        assert float(found[1]) == acc(0, STEPS[at])
        assert float(found[2]) == pytest.approx(expected[at], rel=1e-5)


def smoothed(x: list[int], y: list[float], factor: float) -> list[float]:
    """The mean of all points so far, each weighted by how much of x it stands for and how long ago that was."""
    unit = (x[-1] - x[0]) / (len(x) - 1)
    shares = [1 - factor ** (((x[at] - x[at - 1]) / unit) if at else 1) for at in range(len(x))]
    found = []
    for end in range(len(x)):
        weights = [shares[at] * factor ** ((x[end] - x[at]) / unit) for at in range(end + 1)]
        found.append(sum(w * v for w, v in zip(weights, y, strict=False)) / sum(weights))
    return found


def test_what_no_line_can_show_is_said_and_single_points_are_bars(site: Site, page: Any) -> None:
    page.goto(site.view("kinds", size="S"))
    drawn(page, "odd")
    assert card(page, "odd").get_by_text("6 NaN").is_visible()
    assert card(page, "odd").get_by_text("6 Inf").is_visible()
    rows = card(page, "final").get_by_role("row").all_text_contents()
    assert rows == ["run-20.7", "run-10.6", "run-00.5"], "the best first"
    assert card(page, "final").locator("canvas").count() == 0
    mixed = drawn(page, "mixed")
    assert "1 line" in label(page, "mixed")
    assert mixed.get_by_role("row").all_text_contents() == ["run-14"]


def test_a_long_line_says_what_is_left_out_and_keeps_its_spike(site: Site, page: Any) -> None:
    asked = series_requests(page)
    page.goto(site.view("kinds", find="long"))
    found = drawn(page, "long")
    assert found.get_by_text("500 of 40,000 points").is_visible()
    box = area(found)
    left = SPIKE / (LONG - 1) * box["width"]
    assert colors(page)[-1] in pixels(found, left - 3, 0.1 * box["height"], 6, 0.2 * box["height"]), (
        "the spike is as high"
    )
    page.mouse.move(box["x"] + left - 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + left + 2, box["y"] + 42, steps=4)
    page.mouse.up()
    assert "zoom=" not in page.url, "a small movement is a click"
    page.keyboard.press("Escape")
    page.mouse.move(box["x"] + left - 30, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + left + 30, box["y"] + 45, steps=5)
    page.mouse.up()
    page.wait_for_url(re.compile("zoom="))
    low, high = map(float, parse_qs(urlsplit(page.url.replace("#", "")).query)["zoom"][0].split("~"))
    assert low < SPIKE < high
    found.get_by_text(f"500 of {math.ceil(high) - math.floor(low) + 1:,} points").wait_for()
    zoomed = asked[-1]
    assert [zoomed["from"], zoomed["to"]] == [[str(math.floor(low))], [str(math.ceil(high))]]
    page.mouse.dblclick(box["x"] + 100, box["y"] + 60)
    page.wait_for_function("() => !location.hash.includes('zoom=')")
    found.get_by_text("500 of 40,000 points").wait_for()


def test_the_cursor_is_in_all_cards_and_its_words_can_be_pinned(site: Site, page: Any) -> None:
    page.goto(site.view("kinds", find="o"))
    source, other = drawn(page, "loss"), drawn(page, "odd")
    ink = """(card) => card.querySelector('.plot-overlay').getContext('2d')
      .getImageData(0, 0, 9999, 999).data.some(Boolean)"""
    assert not other.evaluate(ink)
    box = area(source)
    page.mouse.move(box["x"] + box["width"] * 0.02, box["y"] + 8)
    source.locator(".tooltip").wait_for()
    assert source.locator(".tooltip tr").count() == 3
    assert source.locator(".tooltip tr").first.get_attribute("class") == "near"
    assert source.locator(".tooltip tr").first.text_content().startswith("run-2"), "the highest line is the nearest"
    assert other.evaluate(ink)
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(5, 5)
    page.wait_for_timeout(100)
    assert source.locator(".tooltip.pinned").is_visible()
    page.mouse.click(box["x"] + box["width"] - 10, box["y"] + 20)
    page.mouse.move(5, 5)
    source.locator(".tooltip").wait_for(state="detached")
    assert not other.evaluate(ink)


def test_a_chart_is_read_with_the_keyboard_alone(site: Site, page: Any) -> None:
    page.goto(site.metric("loss", "kinds"))
    assert walk(page, "loss", "ArrowRight").startswith("run-0: 1 at step 0")
    assert walk(page, "loss", "ArrowDown").startswith("run-1: 2.1 at step 0")
    assert walk(page, "loss", "ArrowUp", "ArrowUp").startswith("run-2: 3.2 at step 0")
    assert label(page, "loss").startswith("3 lines, loss, best run-0 ")
    page.keyboard.press("+")
    page.wait_for_url(re.compile("zoom="))
    zoom = parse_qs(urlsplit(page.url.replace("#", "")).query)["zoom"][0]
    box = area(card(page, "loss"))
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 200, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + 50, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.wait_for_function("(zoom) => !location.hash.includes(zoom)", arg=zoom)
    before, after = (
        float(each.split("~")[0]) for each in (zoom, parse_qs(urlsplit(page.url.replace("#", "")).query)["zoom"][0])
    )
    assert after > before, "dragged to the left with shift, later steps come into sight"
    page.keyboard.press("0")
    page.wait_for_function("() => !location.hash.includes('zoom=')")
    page.keyboard.press("d")
    table = page.get_by_role("region", name="Data of loss")
    assert table.get_by_role("row").count() == len(STEPS) + 1
    assert table.get_by_role("row").nth(1).text_content() == "0" + "1" + "2.1" + "3.2"
    page.keyboard.press("d")
    table.wait_for(state="detached")


def test_the_address_says_the_whole_picture(site: Site, page: Any, browser: Any) -> None:
    page.goto(site.view("kinds"))
    drawn(page, "loss")
    page.get_by_role("combobox", name="x", exact=True).select_option("relative")
    page.get_by_role("button", name="log y").click()
    page.get_by_role("button", name="clip").click()
    page.get_by_role("button", name="band").click()
    page.locator(".smoothing input").fill("0.6")
    page.get_by_role("combobox", name="size").select_option("L")
    page.get_by_label("Find a chart").fill("ss")
    page.get_by_role("button", name="Draw run-1").click()
    page.wait_for_url(re.compile("find=ss"))
    page.wait_for_url(re.compile("sm=0.6"))
    page.mouse.move(5, 5)
    picture = "(card) => card.querySelector('.uplot canvas').toDataURL()"
    before = drawn(page, "loss").evaluate(picture)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC")
    other = context.new_page()
    other.goto(page.url)
    after = drawn(other, "loss").evaluate(picture)
    count = other.locator("article.card").count()
    context.close()
    assert count == 1
    assert before == after


# many


def test_a_hundred_lines_are_grey_but_for_those_selected(site: Site, page: Any) -> None:
    asked = series_requests(page)
    chosen = short(site.charted.runs["many"][7])
    page.goto(site.view("many", vis=".".join(map(short, site.charted.runs["many"])), sel=chosen))
    found = drawn(page, "curve")
    assert "100 lines" in label(page, "curve")
    assert len(asked) == 2, "60 series a request"
    box = area(found)
    seen = pixels(found, 0, 0, box["width"], box["height"])
    page.goto(site.view("many", vis=".".join(map(short, site.charted.runs["many"]))))
    page.wait_for_timeout(400)
    grey = pixels(drawn(page, "curve"), 0, 0, box["width"], box["height"])
    assert all(is_grey(each) for each in grey)
    assert any(not is_grey(each) for each in seen)


def test_runs_in_groups_are_their_means(site: Site, page: Any) -> None:
    page.goto(site.view("many", group="params.lr"))
    drawn(page, "curve")
    assert label(page, "curve").startswith("3 lines, curve, best ")
    assert page.get_by_role("list", name="Groups").get_by_role("listitem").all_text_contents() == [
        " 0.01",
        " 0.1",
        " 1.0",
    ]
    text = walk(page, "curve", "ArrowRight")
    values = [math.sin(number / 9) + number / 10 for number in range(2, MANY, 3)]
    assert text.startswith("0.01 (33): ")
    assert float(text.split(": ")[1].split(" ")[0]) == pytest.approx(sum(values) / len(values))


def test_of_a_thousand_metrics_few_are_drawn(site: Site, page: Any) -> None:
    asked = series_requests(page)
    page.goto(site.view("wide"))
    drawn(page, "group0/m0000")
    assert page.locator("article.card").count() == WIDE
    assert 0 < page.locator(".uplot").count() <= MOST_ALIVE
    last = card(page, "group9/m0999")
    for _ in range(3):
        page.evaluate(
            "(part) => { const main = document.querySelector('main'); main.scrollTop += main.scrollHeight / 4; }"
        )
        page.wait_for_timeout(120)
    last.scroll_into_view_if_needed()
    drawn(page, "group9/m0999")
    assert page.locator(".uplot").count() <= MOST_ALIVE
    assert sum(len(each["keys"]) for each in asked) < 200
    page.get_by_label("Find a chart").fill("m0042")
    page.wait_for_function("() => document.querySelectorAll('article.card').length === 1")


def test_what_a_hundred_lines_cost(site: Site, page: Any) -> None:
    page.goto(site.metric("curve", "many"))
    found = drawn(page, "curve")
    page.wait_for_timeout(300)
    box = area(found)
    found.locator(".plot").focus()
    draw, zoom, hover = Meter(page), Meter(page), Meter(page)
    tries, keys, moves = 4, ("+", "+", "-", "-"), 20
    for _ in range(tries):
        with draw.measured():
            page.get_by_role("button", name="log x").click()
            drawn(page, "curve")
        page.get_by_role("button", name="log x").click()
        drawn(page, "curve")
    found.locator(".plot").focus()
    page.keyboard.press("ArrowRight")
    for _ in range(tries):
        with zoom.measured():
            for key in keys:
                page.keyboard.press(key)
                drawn(page, "curve")
    page.keyboard.press("0")
    for _ in range(tries):
        with hover.measured():
            for move in range(moves):
                page.mouse.move(box["x"] + 50 + move * 9, box["y"] + 60 + move)
                page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    print(f"draw {draw}, zoom {len(keys)} times {zoom}, hover {moves} times {hover}")
    assert draw.ms <= DRAW_MS
    assert zoom.ms / len(keys) <= ZOOM_MS
    assert hover.ms / moves <= HOVER_MS


# files


def test_a_card_is_taken_away_as_png_svg_and_csv(site: Site, page: Any) -> None:
    page.goto(site.view("kinds", find="long"))
    drawn(page, "long")

    def taken(item: str) -> Path:
        card(page, "long").get_by_role("button", name="Actions on long").click()
        with page.expect_download() as download:
            page.get_by_role("button", name=item, exact=True).click()
        return Path(download.value.path())

    assert taken("PNG").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    drawing = ET.fromstring(taken("SVG").read_text("utf-8"))
    namespace = "{http://www.w3.org/2000/svg}"
    assert [each.text for each in drawing.iter(f"{namespace}title")] == ["run-0"]
    rows = list(csv.DictReader(StringIO(taken("CSV, every point").read_text("utf-8"))))
    assert len(rows) == LONG
    assert [float(row["value"]) for row in rows[SPIKE - 1 : SPIKE + 2]] == [
        math.sin((SPIKE - 1) / 900),
        1000.0,
        math.sin((SPIKE + 1) / 900),
    ]
    assert [int(row["step"]) for row in rows] == list(range(LONG))


def test_cards_are_pinned_hidden_and_opened(site: Site, page: Any) -> None:
    page.goto(site.view("kinds"))
    drawn(page, "loss")

    def act(key: str, item: str) -> None:
        card(page, key).scroll_into_view_if_needed()
        card(page, key).get_by_role("button", name=f"Actions on {key}").click()
        page.get_by_role("button", name=item, exact=True).click()

    act("signed", "Pin to the top")
    page.get_by_role("region", name="pinned").wait_for()
    assert page.locator("article.card").first.get_attribute("data-key") == "signed"
    act("loss", "Hide")
    card(page, "loss").wait_for(state="detached")
    page.get_by_role("button", name="1 hidden").click()
    drawn(page, "loss")
    act("loss", "Full page")
    page.get_by_role("heading", name="loss", level=1).wait_for()
    drawn(page, "loss")
    assert "3 lines" in label(page, "loss")


def test_images_of_all_runs_follow_one_slider(site: Site, page: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "artifacts/" in request.url else None)
    page.goto(site.view("kinds", find="loss"))
    drawn(page, "loss")
    assert asked == [], "images are not looked for before one asks"
    page.get_by_role("button", name="images by step").click()
    pictures = card(page, "images/val/sample").get_by_role("img")
    pictures.nth(2).wait_for()
    widths = "(all) => all.map((each) => each.complete && each.naturalWidth)"
    page.wait_for_function(f"() => ({widths})([...document.querySelectorAll('.images img')]).join() === '18,18,18'")
    page.get_by_role("slider", name="step").fill("0")
    page.wait_for_function(f"() => ({widths})([...document.querySelectorAll('.images img')]).join() === '8,8,8'")
    assert pictures.first.get_attribute("alt") == "val/sample of run-2 at step 0"


# for everyone


def test_a_card_that_cannot_be_read_fails_alone(site: Site, page: Any, watch: Watch) -> None:
    watch.expect("503")
    broken = [True]

    def answer(route: Any) -> None:
        if broken and "keys=loss" in route.request.url:
            route.fulfill(status=503, headers={"retry-after": "60"}, json={"error_code": "X", "message": "busy"})
        else:
            route.continue_()

    page.route("**/metrics/series?*", answer)
    page.goto(site.view("kinds", find="loss"))
    card(page, "loss").get_by_role("alert").wait_for()
    broken.clear()
    card(page, "loss").get_by_role("button", name=re.compile("^Try again")).click()
    drawn(page, "loss")


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_charts_can_be_read_by_everyone(site: Site, page: Any, axe: Axe, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(site.view("kinds"))
    walk(page, "loss", "ArrowRight", "Enter", "d")
    card(page, "acc").get_by_role("button", name="Actions on acc").click()
    assert axe(page) == []
    page.goto(site.metric("loss", "kinds", group="params.lr"))
    drawn(page, "loss")
    assert axe(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_on_the_axes_can_be_read(site: Site, page: Any, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(site.view("kinds", find="loss"))
    found = drawn(page, "loss")
    box = area(found)
    ground = (255, 255, 255) if theme == "light" else (0x15, 0x18, 0x1D)
    text = [rgb(each) for each in pixels(found, 0, box["height"] + 8, box["width"], 16)]
    assert max(contrast(each, ground) for each in text) >= 4.5

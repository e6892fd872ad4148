"""Many runs looked at together: parallel coordinates, scatter plots, and runs side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import Axe
from tests.e2e.filling import SWEEP, fill_models, fill_sweep
from tests.e2e.many_pages import (
    Site,
    axes,
    brush,
    drag,
    fill_pairs,
    open_pair,
    open_view,
    picture,
    query,
    rows,
    shorten,
    track,
    wait_until,
)
from tests.servers.cloudtrack_server import forked_server

MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("multi")
    store = folder / "store"
    sweep = fill_sweep(str(store), steps=20)
    names = {"sweep": sweep, "models": fill_models(str(store))["runs"], "files": fill_pairs(str(store))}
    with forked_server(str(store), folder) as server:
        found = Site(server.url, store)
        found.names = names
        found.names["experiment"] = found.client.experiments.get_by_name(SWEEP).experiment_id
        yield found
        found.client.close()


def test_a_brush_filters_the_table_and_is_in_the_address(site: Site, page: Any, context: Any) -> None:
    open_view(page, site, "parallel")
    brush(page, "val/acc", 0.5, 1.0)
    wait_until(page, "() => location.hash.includes('brush=')")
    name, low, high = query(page, "brush").split("~")
    assert name == "metrics.val/acc"
    expected = sum(
        float(low) <= value <= float(high) for value in site.metrics(site.names["experiment"], "val/acc").values()
    )
    assert 0 < expected < 24
    assert rows(page) == expected
    page.get_by_text(f"{expected} of 24 runs within the brush").wait_for()
    other = context.new_page()
    other.goto(page.url)
    other.locator(".parallel .within").wait_for()
    wait_until(
        other, "(n) => document.querySelector('[role=grid]')?.getAttribute('aria-rowcount') === String(n + 1)", expected
    )
    page.mouse.move(5, 5)
    assert picture(other, ".parallel .within") == picture(page, ".parallel .within")
    other.close()
    page.get_by_role("button", name="Keep as filter").click()
    wait_until(page, "() => location.hash.includes('q=') && !location.hash.includes('brush=')")
    assert rows(page) == expected
    page.go_back()
    wait_until(page, "() => location.hash.includes('brush=')")


def test_several_brushes_on_an_axis_let_through_what_is_in_one_of_them(site: Site, page: Any) -> None:
    open_view(page, site, "parallel")
    brush(page, "val/acc", 0.8, 0.99)
    top = query(page, "brush")
    page.keyboard.down("Shift")
    brush(page, "val/acc", 0.02, 0.3)
    page.keyboard.up("Shift")
    assert query(page, "brush").startswith(top)
    ranges = [tuple(map(float, each.split("~")[1:])) for each in query(page, "brush").split(";")]
    assert len(ranges) == 2
    values = site.metrics(site.names["experiment"], "val/acc").values()
    assert rows(page) == sum(any(low <= value <= high for low, high in ranges) for value in values)
    page.get_by_role("button", name="Clear brushes").click()
    assert rows(page) == 24


def test_axes_are_moved_flipped_scaled_removed_and_added(site: Site, page: Any) -> None:
    open_view(page, site, "parallel")
    before = axes(page)
    assert before[-1] == "val/acc"
    handle = page.locator(".axis-name", has_text="val/acc")
    at, to = handle.bounding_box(), track(page, before[0])
    middle = at["y"] + at["height"] / 2
    drag(page, (at["x"] + 10, middle), (to["x"] + 20, middle))
    assert axes(page) == ["val/acc", *before[:-1]]
    page.locator(".axis-name", has_text="val/acc").dblclick()
    assert query(page, "flip") == "metrics.val/acc"
    plain = picture(page, ".parallel .all")
    page.get_by_role("button", name="Menu of test/acc").click()
    page.get_by_role("button", name="Logarithmic", exact=True).click()
    assert "metrics.test/acc" in query(page, "plog")
    page.locator(".axis-name", has_text="test/acc").locator("small").wait_for()
    wait_until(page, "(old) => document.querySelector('.parallel .all').toDataURL() !== old", plain)
    page.get_by_role("button", name="Menu of test/acc").click()
    page.get_by_role("button", name="Remove").click()
    assert "test/acc" not in axes(page)
    page.get_by_role("button", name="Axes").click()
    page.get_by_label("Find a param or a metric").fill("test")
    page.get_by_label("metrics.test/acc").check()
    assert "test/acc" in axes(page)


def test_categories_stand_by_the_mean_of_the_metric_and_a_click_chooses_one(site: Site, page: Any) -> None:
    open_view(page, site, "parallel")
    runs = site.client.runs.list([site.names["experiment"]])
    means = {}
    for optimizer in {run.data.params["optimizer"] for run in runs}:
        own = [run.data.metrics["val/acc"] for run in runs if run.data.params["optimizer"] == optimizer]
        means[optimizer] = sum(own) / len(own)
    slider = page.get_by_role("slider", name="Brush of optimizer")
    ticks = slider.locator(".tick-label")
    heights = {tick.inner_text(): tick.bounding_box()["y"] for tick in ticks.all()}
    assert sorted(heights, key=lambda name: -heights[name]) == sorted(means, key=lambda name: means[name])
    best = max(means, key=lambda name: means[name])
    box = slider.bounding_box()
    page.mouse.click(box["x"] + 20, heights[best] + 6)
    assert query(page, "brush") == f"params.optimizer~{best}~{best}"
    assert rows(page) == sum(run.data.params["optimizer"] == best for run in runs)


def test_keys_brush_move_and_flip_an_axis(site: Site, page: Any) -> None:
    open_view(page, site, "parallel")
    slider = page.get_by_role("slider", name="Brush of val/acc")
    slider.focus()
    assert slider.get_attribute("aria-valuetext") == "no brush"
    page.keyboard.press("ArrowUp")
    first = query(page, "brush").split("~")
    page.keyboard.press("ArrowUp")
    second = query(page, "brush").split("~")
    assert float(second[1]) > float(first[1])
    assert float(second[2]) > float(first[2])
    page.keyboard.press("Shift+ArrowUp")
    third = query(page, "brush").split("~")
    assert float(third[1]) == pytest.approx(float(second[1]), rel=1e-4)
    assert float(third[2]) > float(second[2])
    assert "of 24 runs" in slider.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowLeft")
    assert axes(page)[-2] == "val/acc"
    page.keyboard.press("f")
    assert query(page, "flip") == "metrics.val/acc"
    page.keyboard.press("Delete")
    assert query(page, "brush") == ""


def test_a_line_is_named_where_the_pointer_is_and_chosen_by_a_click(site: Site, page: Any) -> None:
    open_view(page, site, "parallel", "&pc=params.lr,metrics.val/acc")
    left, right = track(page, "lr"), track(page, "val/acc")
    values = site.metrics(site.names["experiment"], "val/acc")
    best = max(values, key=lambda name: values[name])
    page.mouse.move(right["x"] - 2, right["y"] + 1)
    page.locator(".line-name.hovered", has_text=best).wait_for()
    page.mouse.click(right["x"] - 2, right["y"] + 1)
    page.get_by_text("1 run selected").wait_for()
    page.mouse.move(left["x"], left["y"] - 30)
    assert page.locator(".line-name").inner_text() == best


def test_a_lasso_selects_and_the_front_is_what_nothing_beats(site: Site, page: Any) -> None:
    open_view(page, site, "scatter", "&sx=params.lr&sy=metrics.val/acc&pareto=min,max")
    runs = site.client.runs.list([site.names["experiment"]])
    points = {run.info.run_name: (float(run.data.params["lr"]), run.data.metrics["val/acc"]) for run in runs}
    front = {
        name
        for name, (x, y) in points.items()
        if not any(a <= x and b >= y and (a, b) != (x, y) for a, b in points.values())
    }
    page.get_by_role("button", name=f"Select the front ({len(front)})").click()
    page.get_by_text(f"{len(front)} run{'s' if len(front) > 1 else ''} selected").wait_for()
    box = page.locator(".scatter-plot").bounding_box()
    left, right, top, bottom = box["x"] + 6, box["x"] + box["width"] - 4, box["y"] + 3, box["y"] + box["height"] - 4
    middle = (left + 70 + right) / 2
    corners = [(right, top), (right, bottom), (middle, bottom), (middle, top)]
    drag(page, corners[0], *corners[1:], steps=3)
    wait_until(page, "(n) => !document.body.textContent.includes(`${n} runs selected`)", len(front))
    selected = int(page.locator(".selection strong").inner_text().split()[0])
    assert 0 < selected < 24
    page.keyboard.down("Shift")
    drag(page, (left, top), (left, bottom), (middle + 1, bottom), (middle + 1, top), steps=3)
    page.keyboard.up("Shift")
    page.get_by_text("24 runs selected").wait_for()


def test_a_scatter_plot_is_walked_by_keys_and_says_what_tells_most(site: Site, page: Any) -> None:
    open_view(page, site, "scatter", "&sx=params.depth&trend=1")
    page.get_by_text("trend: r²").wait_for()
    plot = page.locator(".scatter-plot")
    plot.focus()
    page.keyboard.press("Home")
    assert "depth 4" in page.locator(".scatter-tip").inner_text()
    page.keyboard.press("x")
    page.get_by_text("1 run selected").wait_for()
    table = page.get_by_role("region", name="Importance")
    assert {row.inner_text() for row in table.locator("tbody th").all()} == {"depth", "lr", "optimizer"}
    table.get_by_role("button", name="optimizer").click()
    assert query(page, "sx") == "params.optimizer"
    page.get_by_label("show").select_option("count")
    page.get_by_text("in a cell").wait_for()
    assert query(page, "as") == "count"


def test_two_runs_side_by_side_show_what_differs(site: Site, page: Any) -> None:
    open_pair(page, site, "files")
    page.get_by_text("right is the best in acc with 0.6 (+0.1 over left).").wait_for()
    params = page.locator("[data-section=params]")
    assert params.locator("tr:not(.section) th").all_inner_texts() == ["number"]
    params.get_by_role("button", name="1 equal one: show").click()
    assert params.locator("tr:not(.section) th").all_inner_texts() == ["number", "same"]
    assert query(page, "only") == "all"
    acc = page.locator("[data-section=metrics] tr", has_text="acc").locator("td")
    assert "+0.1 better" in acc.nth(1).inner_text()
    page.get_by_role("button", name="Make right the baseline (b)").click()
    assert "-0.1 worse" in acc.nth(0).inner_text()
    page.get_by_role("button", name="Make left the baseline (b)").focus()
    page.keyboard.press("b")
    assert query(page, "base") in ("", shorten(site.names["files"][:1]), site.names["files"][0])
    assert "+0.1 better" in acc.nth(1).inner_text()


def test_a_run_that_is_gone_is_said_and_too_many_are_cut(site: Site, page: Any) -> None:
    page.goto(f"{site.url}/#/compare?runs={shorten([*site.names['files'], '0' * 32])}")
    page.get_by_text("2 of 3 runs: there is no run 000000000000").wait_for()
    page.locator(".sheet").wait_for()
    page.goto(f"{site.url}/#/compare?runs={shorten([*site.names['files'], *(f'{n:032x}' for n in range(1, 60))])}")
    page.get_by_text("The address names 61 runs; the first 50 are compared.").wait_for()


def test_files_of_the_same_path_are_compared_by_their_kind(site: Site, page: Any) -> None:
    open_pair(page, site, "files")
    files = page.get_by_role("region", name="Files")
    files.scroll_into_view_if_needed()
    files.get_by_text("7 files: 5 changed, 1 added.").wait_for()
    assert files.get_by_role("button", name="equal.txt").count() == 0
    files.get_by_role("button", name="notes.txt", exact=True).click()
    lines = files.locator(".diff-lines tbody")
    lines.wait_for()
    assert lines.locator("td.removed").all_inner_texts() == [f"{MINUS}2", f"{MINUS}four"]
    assert lines.locator("td.added").all_inner_texts() == ["+two"]
    files.get_by_role("button", name="config.json").click()
    files.get_by_text("1 line removed").wait_for()
    files.get_by_role("button", name="scores.csv").click()
    files.get_by_text("1 changed, 1 removed, 1 added; rows are paired by").wait_for()
    assert files.locator(".row-changed").inner_text().split() == ["b", "~", "changed", "b", "5", "2"]
    files.get_by_role("button", name="words.json").click()
    files.get_by_text("1 changed, 0 removed, 0 added; rows are paired by").wait_for()
    files.get_by_role("button", name="images/sample.png").click()
    images = files.locator(".image-diff")
    images.locator("img").nth(1).wait_for()
    wait_until(
        page, "() => [...document.querySelectorAll('.image-diff img')].every((image) => image.naturalWidth === 64)"
    )
    images.get_by_role("button", name="slider").click()
    images.get_by_role("slider").fill("20")
    assert "80%" in images.locator(".over").get_attribute("style")
    images.get_by_role("button", name="difference").click()
    images.get_by_text("Black is equal").wait_for()


def test_folders_of_models_are_compared_without_downloading_them(site: Site, page: Any) -> None:
    open_pair(page, site, "models", "&only=all")
    model = page.get_by_role("region", name="Model model")
    page.get_by_role("region", name="Files").scroll_into_view_if_needed()
    model.get_by_text(re.compile(r"\d files: \d changed\.")).wait_for()
    changed = {row.locator("th").inner_text() for row in model.locator(".file-changed").all()}
    assert "MLmodel" in changed
    assert "requirements.txt" not in changed
    model.get_by_role("button", name="MLmodel").click()
    model.locator(".diff-lines", has_text="run_id").wait_for()
    model.get_by_role("button", name="Signatures").click()
    model.get_by_text("Both are the same").wait_for()
    source = page.get_by_role("region", name="Source")
    source.get_by_role("button", name="Packages").click()
    source.get_by_text("Both are the same").wait_for()


def test_runs_are_removed_moved_and_added_and_the_list_is_come_back_to(site: Site, page: Any) -> None:
    ids = site.names["sweep"][:3]
    experiment = site.names["experiment"]
    page.goto(f"{site.url}/#/compare?runs={shorten(ids)}&at={experiment}")
    heads = page.locator(".sheet thead .head-name")
    heads.nth(2).wait_for()
    page.get_by_role("button", name="Remove sweep-01").click()
    page.get_by_text("2 runs side by side").first.wait_for()
    page.get_by_role("button", name="Add runs").click()
    page.get_by_label("Name or id of a run").fill("sweep-05")
    page.get_by_role("dialog").get_by_role("button", name="Add").click()
    heads.nth(2).wait_for()
    assert heads.all_inner_texts() == ["sweep-00", "sweep-02", "sweep-05"]
    page.locator(".run-head").nth(2).drag_to(page.locator(".run-head").nth(0))
    wait_until(page, "() => document.querySelector('.head-name')?.textContent === 'sweep-05'")
    page.get_by_role("button", name="Menu of sweep-05").click()
    page.get_by_role("button", name="Move after").click()
    wait_until(page, "() => document.querySelector('.head-name')?.textContent === 'sweep-00'")
    page.get_by_role("button", name="Back to the list").click()
    page.get_by_text("3 runs selected").wait_for()
    assert set(query(page, "sel").split(".")) == set(shorten([ids[0], ids[2], site.names["sweep"][5]]).split("."))


def test_the_list_shows_its_first_runs_or_the_selected_side_by_side(site: Site, page: Any) -> None:
    page.goto(f"{site.url}/#/experiments/{site.names['experiment']}?view=side")
    page.get_by_text("The first 10 of 24").wait_for()
    assert page.locator(".sheet thead .run-head").count() == 10
    page.goto(f"{site.url}/#/experiments/{site.names['experiment']}?view=side&sel={shorten(site.names['sweep'][:2])}")
    page.get_by_text("The 2 selected runs").wait_for()
    assert page.locator(".sheet thead .run-head").count() == 2


@pytest.mark.slow  # make ui-test looks at each page once, in test_quality.py
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_these_pages(site: Site, page: Any, axe: Axe, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    open_view(page, site, "parallel", f"&sel={shorten(site.names['sweep'][:1])}&brush=params.optimizer~sgd~sgd")
    page.get_by_role("button", name="Axes").click()
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Menu of depth").click()
    assert axe(page) == []
    open_view(page, site, "scatter", "&trend=1&pareto=min,max")
    page.locator(".scatter-plot").focus()
    page.keyboard.press("Home")
    assert axe(page) == []
    open_pair(page, site, "files", "&only=all")
    files = page.get_by_role("region", name="Files")
    files.scroll_into_view_if_needed()
    for name in ("notes.txt", "scores.csv", "images/sample.png"):
        files.get_by_role("button", name=name, exact=True).click()
        page.wait_for_timeout(300)
        assert axe(page, within="[aria-label=Files]") == [], name
    assert axe(page, within=".sheet-scroll") == []
    page.get_by_role("button", name="Add runs").click()
    assert axe(page, within="dialog") == []

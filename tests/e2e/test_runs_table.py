"""The table of runs: columns, order, filter, selection, what the address says, and ten thousand rows."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.e2e.filling import RUNS, SWEEP, fill_hostile, fill_nested, fill_sweep
from tests.e2e.stores import Shown, shown


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    def fill(root: str) -> dict[str, Any]:
        made = {"sweep": fill_sweep(root, steps=20), "parent": fill_nested(root), "hostile": fill_hostile(root)}
        _write_kinds(root)
        return made

    with shown(tmp_path_factory.mktemp("table"), fill) as one:
        yield one


def _write_kinds(root: str) -> None:
    """Runs whose one metric is a number, NaN, infinite or missing, and whose param is text or a number."""
    import cloudtrack as ct

    ct.set_tracking_uri(root)
    ct.set_experiment("kinds")
    for name, value, depth in [
        ("two", 2.0, "9"),
        ("ten", 10.0, "10"),
        ("nan", float("nan"), "x"),
        ("inf", float("inf"), "2"),
    ]:
        with ct.start_run(run_name=name):
            ct.log_metric("m", value)
            ct.log_params({"depth": depth, "twin": depth if depth != "x" else "3"})
    with ct.start_run(run_name="none"):
        ct.log_param("other", "1")


def _open(page: Any, store: Shown, experiment: str = SWEEP, query: str = "") -> None:
    page.goto(f"{store.server.url}/#/experiments/{store.experiment(experiment)}{query}")
    page.locator("[role=grid] [data-row]").first.wait_for()


def _names(page: Any) -> list[str]:
    """Names of the shown runs from the top."""
    found = page.evaluate(
        """() => [...document.querySelectorAll('.grid-row')]
          .map((row) => [Number(row.getAttribute('aria-rowindex')),
            (row.querySelector('.run-name a') ?? row.querySelector('.twisty'))?.textContent])
          .sort((a, b) => a[0] - b[0]).map((pair) => pair[1])"""
    )
    return [str(name).strip() for name in found]


def _heads(page: Any) -> list[str]:
    return [text.rstrip("↓↑12") for text in page.locator("[role=columnheader]").all_inner_texts()]


def _count(page: Any) -> str:
    return str(page.locator("#filter-count").inner_text())


def test_columns_are_by_themselves_what_tells_the_runs_apart(store: Shown, page: Any) -> None:
    _open(page, store)
    heads = _heads(page)
    assert heads[1:4] == ["name", "start", "duration"]
    assert {"depth", "lr", "optimizer"} <= set(heads)
    assert "batch_size" not in heads
    assert heads.index("val/acc") == heads.index("optimizer") + 1, "the primary metric is the first"
    assert "batch_size=64" in page.locator(".same summary").inner_text()
    assert "augment=flip,crop" in page.locator(".same summary").inner_text()


def test_a_click_sorts_downwards_then_upwards_then_not_at_all(store: Shown, page: Any) -> None:
    _open(page, store)
    as_made = _names(page)
    head = page.get_by_role("columnheader", name="val/acc")
    head.click()
    page.wait_for_url("**dir=desc**")
    down = _names(page)
    head.click()
    page.wait_for_url("**dir=asc**")
    up = _names(page)
    head.click()
    page.wait_for_url(lambda url: "sort=" not in url)
    assert down == up[::-1] != as_made
    assert _names(page) == as_made


def test_values_then_nan_then_what_is_missing_whatever_the_direction(store: Shown, page: Any) -> None:
    for direction, expected in [("desc", ["inf", "ten", "two"]), ("asc", ["two", "ten", "inf"])]:
        _open(page, store, "kinds", f"?sort=metrics.m&dir={direction}")
        assert _names(page) == [*expected, "nan", "none"]
        page.goto("about:blank")


def test_params_that_are_all_numbers_are_sorted_as_numbers(store: Shown, page: Any) -> None:
    _open(page, store, "kinds", "?sort=params.twin&dir=asc")
    assert _names(page) == ["inf", "nan", "two", "ten", "none"]
    page.goto("about:blank")
    _open(page, store, "kinds", "?sort=params.depth&dir=asc")
    assert _names(page) == ["inf", "two", "ten", "nan", "none"], "texts with numbers in them as people order them"


def test_shift_click_adds_a_second_key(store: Shown, page: Any) -> None:
    _open(page, store)
    page.get_by_role("columnheader", name="optimizer").click()
    page.get_by_role("columnheader", name="val/acc").click(modifiers=["Shift"])
    page.wait_for_url("**sort=params.optimizer;metrics.val/acc**")
    cells = page.evaluate("""() => [...document.querySelectorAll('.grid-row')]
      .sort((a, b) => a.getAttribute('aria-rowindex') - b.getAttribute('aria-rowindex'))
      .map((row) => [...row.querySelectorAll('[role=gridcell]')].map((cell) => cell.textContent))""")
    optimizers = [row[6] for row in cells]
    assert optimizers == sorted(optimizers, reverse=True)


def test_an_error_of_a_filter_has_its_place(store: Shown, page: Any) -> None:
    _open(page, store)
    page.get_by_role("combobox", name="Filter runs").fill("params.depth > 5")
    page.get_by_role("alert").wait_for()
    assert page.get_by_role("alert").inner_text().startswith("column 14: params.depth is text")
    assert page.locator("mark").inner_text() == ">"
    assert page.locator("#filter").get_attribute("aria-invalid") == "true"


def test_completion_writes_a_filter(store: Shown, page: Any) -> None:
    _open(page, store)
    box = page.get_by_role("combobox", name="Filter runs")
    box.press_sequentially("opti")
    page.get_by_role("option", name="params.optimizer").wait_for()
    box.press("Tab")
    box.press_sequentially("=")
    box.press_sequentially(" ad")
    page.get_by_role("option", name="'adam'").wait_for()
    box.press("Enter")
    page.wait_for_url("**q=params.optimizer+*")
    assert box.input_value() == "params.optimizer = 'adam' "
    expect(page.locator("#filter-count")).not_to_have_text("24 of 24")
    assert 0 < int(_count(page).split()[0]) < RUNS


def test_words_are_looked_for_in_names_tags_and_params(store: Shown, page: Any) -> None:
    _open(page, store, query="?q=sweep-07")
    assert _names(page) == ["sweep-07"]
    assert _count(page) == "1 of 24"


def test_no_match_says_which_condition_lets_nothing_through(store: Shown, page: Any) -> None:
    query = quote("metrics.val/acc > 0 AND params.depth = '99'")
    page.goto(f"{store.server.url}/#/experiments/{store.experiment(SWEEP)}?q={query}")
    page.get_by_text("No run matches").wait_for()
    assert page.locator(".conditions li").all_inner_texts()[1].split("\n")[:2] == [
        "params.depth = '99'",
        "0 runs by itself",
    ]
    page.get_by_role("button", name="Remove params.depth = '99'").click()
    page.locator("[role=grid] [data-row]").first.wait_for()
    assert _count(page) == "24 of 24"


def test_a_regular_expression_is_answered_by_the_server(store: Shown, page: Any) -> None:
    _open(page, store, query=f"?q={quote('params.optimizer RLIKE ')}'^a'")
    page.get_by_text("The server has looked through all runs.").wait_for()
    assert 0 < len(_names(page)) < RUNS


def test_a_facet_adds_its_condition(store: Shown, page: Any) -> None:
    _open(page, store)
    facet = page.get_by_role("group", name="optimizer").get_by_role("button").first
    count = int(facet.locator("small").inner_text())
    facet.click()
    page.wait_for_url("**q=params.optimizer**")
    expect(page.locator("#filter-count")).to_have_text(f"{count} of 24")


def test_runs_in_groups_and_their_best(store: Shown, page: Any) -> None:
    _open(page, store)
    page.get_by_role("button", name="Group").click()
    page.get_by_role("dialog", name="Group").get_by_role("button", name="optimizer").click()
    page.wait_for_url("**group=params.optimizer**")
    assert page.locator(".grid-row.group").count() == 3
    page.locator(".grid-row.group .twisty").first.click()
    assert page.locator(".grid-row:not(.group)").count() > 0


def test_children_stand_below_their_parent(store: Shown, page: Any) -> None:
    _open(page, store, "nested")
    assert _names(page) == ["broken", "parent"]
    page.get_by_role("button", name="Open 3 child runs").click()
    assert _names(page) == ["broken", "parent", "child-2", "child-1", "child-0"]


def test_columns_are_picked_moved_and_kept_in_the_address(store: Shown, page: Any, context: Any) -> None:
    _open(page, store)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("searchbox", name="Find a column").fill("batch")
    page.get_by_role("checkbox", name="params.batch_size").check()
    page.get_by_role("searchbox", name="Find a column").fill("test/acc")
    page.get_by_role("checkbox", name="metrics.test/acc").uncheck()
    page.keyboard.press("Escape")
    heads = _heads(page)
    assert "batch_size" in heads
    assert "test/acc" not in heads
    page.get_by_role("columnheader", name="lr").drag_to(page.get_by_role("columnheader", name="start"))
    expect(page.get_by_role("columnheader").nth(2)).to_have_text("lr")
    moved = _heads(page)
    other = context.new_page()
    other.goto(page.url)
    other.locator("[role=grid] [data-row]").first.wait_for()
    assert _heads(other) == moved


def test_columns_are_resized_and_moved_by_the_keyboard(store: Shown, page: Any) -> None:
    _open(page, store)
    page.get_by_role("grid", name="Runs").focus()
    for key in ("ArrowUp", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    width = page.get_by_role("columnheader", name="start").bounding_box()["width"]
    page.keyboard.press("Alt+ArrowRight")
    expect(page.get_by_role("columnheader", name="start")).to_have_css("width", f"{width + 16:g}px")
    page.keyboard.press("Alt+Shift+ArrowRight")
    expect(page.get_by_role("columnheader").nth(3)).to_have_text("start")


def test_a_selection_survives_filter_order_view_and_reload(store: Shown, page: Any) -> None:
    _open(page, store)
    grid = page.get_by_role("grid", name="Runs")
    grid.focus()
    page.keyboard.press("x")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowDown")
    page.get_by_text("4 runs selected").wait_for()
    page.get_by_role("columnheader", name="val/acc").click()
    page.get_by_role("combobox", name="Filter runs").fill("params.optimizer = 'adam'")
    page.wait_for_url("**q=params**")
    page.get_by_text("4 runs selected").wait_for()
    page.reload()
    page.get_by_text("4 runs selected").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "sel=" not in url)


def test_all_that_the_filter_lets_through_are_selected_at_once(store: Shown, page: Any) -> None:
    _open(page, store, query=f"?q={quote('params.optimizer != ')}'adam'")
    shown_rows = int(_count(page).split()[0])
    page.get_by_role("grid", name="Runs").focus()
    page.keyboard.press("Control+a")
    page.get_by_text(f"{shown_rows} runs selected").wait_for()
    assert "sel=*" in page.url
    page.keyboard.press("x")
    page.get_by_text(f"{shown_rows - 1} runs selected").wait_for()


def test_runs_are_tagged_trashed_and_brought_back(store: Shown, page: Any) -> None:
    _open(page, store)
    first, second = _names(page)[:2]
    grid = page.get_by_role("grid", name="Runs")
    grid.focus()
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowDown")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Key", exact=True).fill("picked")
    page.get_by_label("Value", exact=True).fill("yes")
    page.get_by_role("button", name="Set tag").click()
    page.get_by_text("tag picked set on 2 runs").wait_for()
    page.get_by_role("button", name="Move to trash").click()
    page.get_by_text("2 runs moved to the trash").wait_for()
    expect(page.locator("#filter-count")).to_have_text("22 of 22")
    assert not {first, second} & set(_names(page))
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#filter-count")).to_have_text("24 of 24")
    client = store.client()
    found = client.runs.search([store.experiment(SWEEP)], "tags.picked = 'yes'")
    client.close()
    assert {run.info.run_name for run in found} == {first, second}


def test_the_table_is_exported_as_it_is_shown(store: Shown, page: Any) -> None:
    _open(page, store, query="?sort=metrics.val/acc&dir=desc&cols=params.lr,metrics.val/acc")
    for title in ("Export CSV", "Export JSON"):
        page.get_by_role("button", name="More").click()
        with page.expect_download() as download:
            page.get_by_role("button", name=title).click()
        text = Path(download.value.path()).read_text()
        rows = list(csv.DictReader(io.StringIO(text))) if title.endswith("CSV") else json.loads(text)
        assert len(rows) == RUNS
        accuracies = [float(row["val/acc"]) for row in rows]
        assert accuracies == sorted(accuracies, reverse=True)
        client = store.client()
        run = client.runs.get(rows[0]["run_id"])
        client.close()
        assert (
            rows[0]["lr"] == {param.key: param.value for param in run.data.params}["lr"]
            if isinstance(run.data.params, list)
            else run.data.params["lr"]
        )
        assert accuracies[0] == pytest.approx(
            run.data.metrics["val/acc"] if isinstance(run.data.metrics, dict) else 0, rel=1e-5
        )


@pytest.mark.parametrize(
    "query",
    [
        "?sort=metrics.val/acc&dir=asc",
        "?q=params.optimizer+%3D+'sgd'",
        "?group=params.optimizer",
        "?cols=params.lr,metrics.val/acc",
        "?state=all",
        "?pin=metrics.val/acc",
    ],
)
def test_an_address_shows_the_same_picture_to_everyone(store: Shown, page: Any, browser: Any, query: str) -> None:
    _open(page, store, query=query)
    mine = page.locator("main").inner_text()
    if "state" not in query:  # nothing is in the trash here
        assert mine != _default_text(page, store)
    stranger = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC")
    other = stranger.new_page()
    other.goto(f"{store.server.url}/#/experiments/{store.experiment(SWEEP)}{query}")
    other.locator("[role=grid] [data-row]").first.wait_for()
    theirs = other.locator("main").inner_text()
    stranger.close()
    assert _ageless(theirs) == _ageless(mine)


def _default_text(page: Any, store: Shown) -> str:
    page.goto("about:blank")
    _open(page, store)
    return str(page.locator("main").inner_text())


def _ageless(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.endswith((" ago", "just now"))]


def test_back_brings_back_where_one_was(store: Shown, page: Any) -> None:
    page.set_viewport_size({"width": 1280, "height": 420})
    _open(page, store)
    grid = page.get_by_role("grid", name="Runs")
    grid.focus()
    page.keyboard.press("End")
    page.keyboard.press("Control+End")
    page.keyboard.press("x")
    top = grid.evaluate("(element) => element.scrollTop")
    assert top > 0
    page.wait_for_timeout(300)
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/**")
    page.go_back()
    page.get_by_text("1 run selected").wait_for()
    expect(grid).to_have_js_property("scrollTop", top)


def test_a_hostile_name_is_a_name(store: Shown, page: Any) -> None:
    from tests.e2e.filling import HOSTILE

    _open(page, store, HOSTILE)
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("main img").count() == 0


@pytest.mark.parametrize(
    "query",
    [
        "?q=%22%3E%3Cscript%3E",
        "?sort=__proto__&dir=desc",
        "?cols=constructor,+x",
        "?sel=*!%00",
        "?view=%2e%2e%2f",
        "?group=toString",
        "?vis=<img>",
    ],
)
def test_a_hostile_query_is_harmless(store: Shown, page: Any, query: str) -> None:
    page.goto(f"{store.server.url}/#/experiments/{store.experiment(SWEEP)}{query}")
    page.locator("h1", has_text=SWEEP).wait_for()
    assert page.get_by_text("cannot be drawn").count() == 0


def test_unknown_keys_of_the_address_stay(store: Shown, page: Any) -> None:
    _open(page, store, query="?future=1")
    page.get_by_role("columnheader", name="lr").click()
    page.wait_for_url("**sort=params.lr**future=1**")


@pytest.mark.parametrize("filters", [25, pytest.param(200, marks=pytest.mark.slow)])
def test_the_browser_filters_as_the_server_does(store: Shown, page: Any, filters: int) -> None:
    """Random filters, each answered by both."""
    experiment_id = store.experiment(SWEEP)
    client = store.client()
    made = random.Random(5)
    _open(page, store)
    for _ in range(filters):
        question = _random_filter(made)
        expected = len(client.runs.search([experiment_id], question))
        page.evaluate("(hash) => { location.hash = hash; }", f"#/experiments/{experiment_id}?q={quote(question)}")
        expect(page.locator("#filter-count"), question).to_have_text(re.compile(rf"^{expected} of"))
    client.close()


def _random_filter(made: random.Random, depth: int = 0) -> str:
    if depth < 2 and made.random() < 0.4:
        joined = f" {made.choice(['AND', 'OR', 'and'])} ".join(_random_filter(made, depth + 1) for _ in range(2))
        return f"{made.choice(['', 'NOT '])}({joined})"
    return made.choice(
        [
            f"metrics.`val/acc` {made.choice(['<', '<=', '>', '>=', '!='])} {made.uniform(0.5, 1):.3f}",
            f"metrics.val/loss BETWEEN {made.uniform(0, 0.3):.2f} AND {made.uniform(0.3, 1):.2f}",
            f"NOT metrics.val/loss <= {made.uniform(0, 1):.2f}",
            f"params.optimizer {made.choice(['=', '!='])} '{made.choice(['adam', 'sgd', 'x'])}'",
            f"params.optimizer {made.choice(['', 'NOT '])}IN ('adam', 'lion')",
            f"params.depth {made.choice(['LIKE', 'ILIKE'])} '{made.choice(['1%', '_', '%8'])}'",
            f"tags.team {made.choice(['= ', '!= '])}'vision'",
            f"attributes.run_name ILIKE 'SWEEP-{made.choice('012')}%'",
            "metrics.none IS NULL",
            "params.lr IS NOT NULL",
            f"params.optimizer RLIKE '^{made.choice('asl')}'",
            f"status = '{made.choice(['FINISHED', 'RUNNING'])}'",
        ]
    )


def test_a_long_address_becomes_a_view_that_others_open(store: Shown, page: Any, browser: Any) -> None:
    experiment_id = store.experiment(SWEEP)
    columns = ",".join(["metrics.val/acc", *(f"tags.column-number-{number:04}" for number in range(260))])
    _open(page, store, query=f"?q=params.optimizer+%3D+'sgd'&sort=metrics.val/acc&dir=desc&cols={columns}")
    names = _names(page)
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Copy the address of this view").click()
    page.get_by_role("dialog", name="Save this view").get_by_role("textbox").fill("Best of SGD")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**?v=best-of-sgd")
    stranger = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC")
    other = stranger.new_page()
    other.goto(f"{store.server.url}/#/experiments/{experiment_id}?v=best-of-sgd")
    other.locator("[role=grid] [data-row]").first.wait_for()
    assert _names(other) == names
    other.get_by_role("columnheader", name="val/acc").click()
    other.wait_for_url("**dir=asc**")
    assert "v=" not in other.url
    assert "q=params.optimizer" in other.url, "a change writes the view out"
    stranger.close()
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Remove the view Best of SGD").click()
    page.get_by_text("view Best of SGD removed").wait_for()


def test_a_column_is_pinned_to_the_left(store: Shown, page: Any) -> None:
    _open(page, store)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("searchbox", name="Find a column").fill("val/acc")
    page.get_by_role("button", name="Pin metrics.val/acc to the left").click()
    page.wait_for_url("**pin=metrics.val/acc**")
    page.keyboard.press("Escape")
    assert _heads(page)[2] == "val/acc"


def test_an_experiment_is_described(store: Shown, page: Any) -> None:
    _open(page, store, "kinds")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Describe this experiment").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("Kinds of **values**")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".note-of summary").click()
    expect(page.locator(".note-of strong")).to_have_text("values")


@pytest.mark.slow
def test_who_follows_an_idle_list_sees_what_comes(store: Shown, page: Any) -> None:
    import cloudtrack as ct

    _open(page, store, "nested")
    before = int(_count(page).split()[0])
    page.keyboard.press("l")
    page.get_by_text("Live").wait_for()
    ct.set_tracking_uri(store.root)
    ct.set_experiment("nested")
    with ct.start_run(run_name="late"):
        ct.log_metric("m", 1)
    ct.set_tracking_uri("")
    expect(page.locator("#filter-count")).to_have_text(f"{before + 1} of {before + 1}", timeout=20_000)

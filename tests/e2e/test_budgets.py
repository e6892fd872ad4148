"""What the page may cost: bytes, requests, nodes, memory, and processor time of the main thread.

Processor time is the least of several tries, held against a fixed piece of work in the same page, so that neither a
slow machine nor a busy one fails them; a gate is two to three times what was measured when it was set.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from cloudtrack.api.bundle import BUILT
from cloudtrack.client import Client
from cloudtrack.maintenance.reindexing import rebuild
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import RunDocument, Summary
from tests.e2e.many_pages import Site, query, rows, shorten, track, wait_until
from tests.e2e.many_runs import fill_many
from tests.e2e.measuring import Meter
from tests.e2e.stores import Shown, shown
from tests.e2e.watching import settle

KB = 1000
RUNS = 10_000
DRAW_MS, BRUSH_MS = 200, 40
INTERACTIVE_MS, SORT_MS, SCROLL_MS = 600, 120, 25
MOST_WIRE_BYTES, MOST_NODES = 1_200_000, 3000
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_MOVES, _TRIES = 20, 4


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with shown(tmp_path_factory.mktemp("budgets"), lambda root: fill_many(Path(root), RUNS)) as one:
        yield one


@pytest.fixture(scope="module")
def crowd(many: Shown) -> Iterator[Site]:
    found = Site(many.server.url, Path(many.root))
    found.names["experiment"] = many.made
    yield found
    found.client.close()


def _open(page: Any, many: Shown, query: str = "") -> None:
    page.goto(f"{many.server.url}/#/experiments/{many.made}{query}")
    page.locator("[role=grid] [data-row]").first.wait_for()


def _packed(pattern: str) -> dict[str, int]:
    return {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in (BUILT / "assets").glob(pattern)}


def test_the_files_are_small() -> None:
    scripts, styles = _packed("*.js"), _packed("*.css")
    index = (BUILT / "index.html").read_text()
    first = {name: size for name, size in scripts.items() if name in index}
    assert first
    assert sum(first.values()) <= 60 * KB, first
    assert sum(scripts.values()) <= 200 * KB, scripts
    assert sum(styles.values()) <= 12 * KB, styles


def test_ten_thousand_runs_are_there_at_once(many: Shown, page: Any) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    received: list[float] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    opening = Meter(page)
    with opening.measured():
        _open(page, many)
    asked = [url for url in requests if "ui-config" not in url]
    settle(page)
    nodes = page.evaluate("document.querySelectorAll('*').length")
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    heap = next(
        each["value"] for each in session.send("Performance.getMetrics")["metrics"] if each["name"] == "JSHeapUsedSize"
    )
    wire_bytes = sum(received)
    for _ in range(_TRIES - 1):
        page.goto("about:blank")
        with opening.measured():
            _open(page, many)
    print(f"10,000 runs: {opening}, {len(asked)} requests, {wire_bytes / KB:.0f} KB")
    print(f"{nodes} nodes, {heap / 1e6:.1f} MB")
    expect(page.locator("#filter-count")).to_have_text("10,000 of 10,000")
    assert opening.ms <= INTERACTIVE_MS
    assert len(asked) <= 6, asked
    assert wire_bytes <= MOST_WIRE_BYTES
    assert nodes <= MOST_NODES
    assert heap <= 60e6


def test_ten_thousand_runs_are_sorted_and_filtered_here(many: Shown, page: Any) -> None:
    _open(page, many)
    settle(page)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    head = page.get_by_role("columnheader", name="val/acc")
    box, count = page.get_by_role("combobox", name="Filter runs"), page.locator("#filter-count")
    sorting, filtering = Meter(page), Meter(page)
    for _ in range(_TRIES // 2):
        for order in ("descending", "ascending"):
            with sorting.measured():
                head.click()
                expect(head).to_have_attribute("aria-sort", order)
        head.click()
        expect(head).to_have_attribute("aria-sort", "none")
    for _ in range(_TRIES):
        with filtering.measured():
            box.fill("metrics.val/acc > 0.9 AND params.optimizer = 'adam'")
            expect(count).not_to_have_text("10,000 of 10,000")
        box.fill("")
        expect(count).to_have_text("10,000 of 10,000")
    print(f"sort {sorting}, filter {filtering}")
    assert requests == []
    assert sorting.ms <= SORT_MS
    assert filtering.ms <= SORT_MS


def test_scrolling_draws_only_what_comes_into_sight(many: Shown, page: Any) -> None:
    _open(page, many)
    settle(page)
    frames = 30
    scrolling = Meter(page)
    with scrolling.measured():
        page.evaluate(
            """async (frames) => {
              const grid = document.querySelector('.grid');
              for (let frame = 0; frame < frames; frame++) {
                grid.scrollTop += 300;
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
              }
            }""",
            frames,
        )
    print(f"scroll {frames} times by 10 rows: {scrolling}")
    assert scrolling.ms / frames <= SCROLL_MS


def test_the_last_row_is_reached_by_one_key(many: Shown, page: Any) -> None:
    _open(page, many, "?sort=attributes.run_name&dir=asc")
    page.get_by_role("grid", name="Runs").focus()
    page.keyboard.press("Control+End")
    page.get_by_text("run-09999").wait_for()
    page.keyboard.press("Control+Home")
    page.get_by_text("run-00000").wait_for()


def test_an_idle_page_asks_nothing(many: Shown, page: Any) -> None:
    page.clock.install()
    _open(page, many)
    settle(page)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.clock.run_for(60_000)
    page.wait_for_timeout(300)
    assert requests == []


def test_nothing_moves_while_the_page_comes(many: Shown, page: Any) -> None:
    page.add_init_script(
        """window.shift = 0;
        new PerformanceObserver((list) => {
          for (const each of list.getEntries()) if (!each.hadRecentInput) window.shift += each.value;
        }).observe({type: 'layout-shift', buffered: true});"""
    )
    _open(page, many)
    settle(page)
    assert page.evaluate("window.shift") < 0.02


@pytest.mark.slow
def test_ten_thousand_runs_are_drawn_and_brushed_in_their_budgets(crowd: Site, page: Any) -> None:
    page.goto(f"{crowd.url}/#/experiments/{crowd.names['experiment']}?view=parallel&pc=params.lr,params.depth")
    page.locator(".parallel canvas").first.wait_for()
    settle(page)
    params, metrics = ("lr", "depth", "width", "optimizer", "dropout"), ("latency_ms", "val/loss", "val/acc")
    axes = [*(f"params.{key}" for key in params), *(f"metrics.{key}" for key in metrics)]

    def draw(count: int) -> None:
        chosen = ",".join(axes[:count])
        page.evaluate("(pc) => { location.hash = location.hash.replace(/pc=[^&]*/, 'pc=' + pc); }", chosen)
        wait_until(page, f"() => document.querySelectorAll('.axis').length === {count}")
        page.evaluate(DRAWN)

    drawing, brushing = Meter(page), Meter(page)
    for _ in range(_TRIES):
        draw(2)
        with drawing.measured():
            draw(8)
    print(f"draw {drawing}")
    assert drawing.ms <= DRAW_MS
    box = track(page, "val/acc")
    x, y = box["x"] + 20, box["y"]
    page.mouse.move(x, y + 20)
    page.mouse.down()
    page.mouse.move(x, y + 30)
    page.evaluate(DRAWN)
    for _ in range(_TRIES):
        with brushing.measured():
            for move in range(_MOVES):
                page.mouse.move(x, y + 30 + move * 4)
                page.evaluate(DRAWN)
    page.mouse.up()
    print(f"brush by {_MOVES} moves: {brushing}")
    assert brushing.ms / _MOVES <= BRUSH_MS
    wait_until(page, "() => location.hash.includes('brush=')")
    _, low, high = query(page, "brush").split("~")
    page.get_by_text("of 10,000 runs within the brush").wait_for()
    values = crowd.metrics(crowd.names["experiment"], "val/acc").values()
    assert rows(page) == sum(float(low) <= float(f"{value:.6g}") <= float(high) for value in values)


def test_ten_thousand_runs_are_sorted_and_filtered_by_the_address(crowd: Site, page: Any) -> None:
    sizes: list[int] = []
    page.on(
        "response",
        lambda answer: "runs/table" in answer.url and sizes.append(answer.request.sizes()["responseBodySize"]),
    )
    page.goto(f"{crowd.url}/#/settings")
    page.locator("h1").wait_for()
    page.evaluate("(id) => { location.hash = `#/experiments/${id}`; }", crowd.names["experiment"])
    page.get_by_role("grid", name="Runs").wait_for()
    assert sizes
    assert max(sizes) <= MOST_WIRE_BYTES
    assert page.evaluate("document.querySelectorAll('*').length") <= MOST_NODES
    page.evaluate("() => { location.hash += '?sort=metrics.val/acc&dir=desc'; }")
    page.locator(".cell[aria-sort=descending]").wait_for()
    page.evaluate(DRAWN)
    values = crowd.metrics(crowd.names["experiment"], "val/acc")
    grid = page.get_by_role("grid", name="Runs")
    assert max(values, key=lambda name: values[name]) in grid.locator("[aria-rowindex='2']").inner_text()
    page.evaluate("() => { location.hash += '&q=' + encodeURIComponent('metrics.val/acc > 0.9'); }")
    page.wait_for_function("() => Number(document.querySelector('[role=grid]').getAttribute('aria-rowcount')) < 9000")
    grid.focus()
    page.keyboard.press("Control+End")
    count = rows(page)
    grid.locator(f"[aria-rowindex='{count + 1}']").wait_for()


@pytest.mark.parametrize("count", [8, 50])
def test_many_runs_side_by_side_as_columns_or_rows(crowd: Site, page: Any, count: int) -> None:
    found = crowd.client.runs.search([crowd.names["experiment"]], max_results=count)
    ids = [run.info.run_id for run in found]
    page.goto(f"{crowd.url}/#/compare?runs={shorten(ids)}&at={crowd.names['experiment']}")
    page.locator(".sheet").wait_for()
    assert page.locator(".sheet thead .run-head").count() == count
    page.get_by_role("button", name="runs as rows").click()
    assert query(page, "as") == "rows"
    assert page.locator(".sheet tbody .run-head").count() == count
    values = {run.info.run_name: run.data.metrics["val/acc"] for run in found}
    best = max(values, key=lambda name: values[name])
    page.get_by_text(f"{best} is the best in val/acc").wait_for()


@pytest.mark.slow
def test_twelve_thousand_columns_are_picked_from(tmp_path: Path, page: Any) -> None:
    with shown(tmp_path, _fill_wide) as wide:
        opening = Meter(page)
        for _ in range(_TRIES):
            page.goto("about:blank")
            with opening.measured():
                _open(page, wide)
        print(f"12,000 columns: {opening}")
        assert opening.ms <= INTERACTIVE_MS
        page.get_by_role("button", name="Columns").click()
        page.get_by_role("searchbox", name="Find a column").fill("key-11999")
        page.get_by_role("checkbox", name="metrics.key-11999").check()
        page.keyboard.press("Escape")
        page.get_by_role("grid", name="Runs").focus()
        page.keyboard.press("End")
        head = page.get_by_role("columnheader", name="key-11999")
        head.click()
        expect(head).to_have_attribute("aria-sort", "descending")
        assert page.evaluate("document.querySelectorAll('*').length") <= MOST_NODES
        page.goto("about:blank")


def _fill_wide(root: str) -> str:
    """120 runs with 100 metrics each, all different."""
    client = Client(root)
    experiment_id = client.experiments.create("wide")
    for run in range(120):
        found = {f"key-{100 * run + key:05}": _summary(float(key)) for key in range(100)}
        document = RunDocument(run_id=f"{run:032x}", experiment_id=experiment_id, status="FINISHED", metrics=found)
        document.advance()
        path = Path(root) / keys.run(document.run_id)
        path.parent.mkdir(parents=True)
        path.write_bytes(document.to_bytes())
    rebuild(client.store, client.run_index, [experiment_id])
    client.close()
    return str(experiment_id)


def _summary(value: float) -> Summary:
    return Summary(value=value, step=1, timestamp=1, min=value, min_step=1, max=value, max_step=1, mean=value, count=1)

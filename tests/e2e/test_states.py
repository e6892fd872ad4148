"""What the page says when something is missing, away, refused, slow or broken; each by what the API answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import Axe
from tests.e2e.filling import SWEEP, fill_sweep
from tests.e2e.stores import Shown, shown

TABLE = "**/ajax-api/2.0/cloudtrack/runs/table**"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with shown(tmp_path_factory.mktemp("states"), lambda root: fill_sweep(root, runs=3, steps=3)) as one:
        yield one


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with shown(tmp_path_factory.mktemp("empty"), lambda _root: None) as one:
        yield one


def _runs(store: Shown) -> str:
    return f"{store.server.url}/#/experiments/{store.experiment(SWEEP)}"


def _answer(status: int, code: str = "X", message: str = "the reason", headers: dict[str, str] | None = None) -> Any:
    body = json.dumps({"error_code": code, "message": message})
    return lambda route: route.fulfill(
        status=status,
        body=body,
        headers={"content-type": "application/json", "x-request-id": "abc123", **(headers or {})},
    )


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, "You may not see this"),
        (404, "There is no such"),
        (409, "It has changed in the meantime"),
        (429, "Too many requests just now"),
        (500, "cannot be shown"),
        (503, "The server is busy"),
    ],
)
def test_a_refused_request_says_why_and_what_to_do(
    store: Shown, page: Any, watch: Any, axe: Axe, status: int, said: str
) -> None:
    watch.expect(str(status))
    page.route(TABLE, _answer(status))
    page.goto(_runs(store))
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert said in alert.inner_text()
    assert "the reason" in alert.inner_text()
    assert "abc123" in alert.inner_text(), "the request id, to tell whoever runs the server"
    assert axe(page) == []


def test_the_page_asks_again_when_the_server_said_to(store: Shown, page: Any, watch: Any) -> None:
    watch.expect("429")
    page.route(TABLE, _answer(429, headers={"retry-after": "3"}))
    page.goto(_runs(store))
    page.get_by_role("button", name="Try again now (3 s)").wait_for()
    page.unroute(TABLE)
    page.locator("[role=grid] [data-row]").first.wait_for()


def test_a_server_that_is_away_is_told_apart_and_comes_back(store: Shown, page: Any, watch: Any) -> None:
    watch.expect("ERR_FAILED|net::")
    page.route(TABLE, lambda route: route.abort())
    page.goto(_runs(store))
    page.get_by_role("heading", name="The server cannot be reached").wait_for()
    page.unroute(TABLE)
    page.locator("[role=grid] [data-row]").first.wait_for()


def test_an_answer_that_is_cut_off_is_no_answer(store: Shown, page: Any) -> None:
    page.route(
        TABLE,
        lambda route: route.fulfill(status=200, body='{"rows": 3, "to', headers={"content-type": "application/json"}),
    )
    page.goto(_runs(store))
    page.get_by_text("cut off or no JSON").wait_for()


def test_a_slow_answer_has_a_skeleton_and_then_a_word(store: Shown, page: Any) -> None:
    waiting: list[Any] = []
    page.route(TABLE, lambda route: waiting.append(route))  # noqa: PLW0108 - a method of a list has no attributes
    page.goto(_runs(store))
    page.locator(".bone").first.wait_for()
    page.get_by_text("still loading: the table of runs").wait_for()
    waiting[0].continue_()
    page.locator("[role=grid] [data-row]").first.wait_for()


def test_an_empty_store_says_what_to_type(empty: Shown, page: Any, axe: Axe) -> None:
    page.goto(empty.server.url)
    page.locator("[role=grid], .empty").first.wait_for()
    page.goto(f"{empty.server.url}/#/experiments/0")
    page.get_by_text("No runs yet").wait_for()
    assert axe(page) == []
    program = page.locator(".snippet code").inner_text()
    assert empty.server.url in program
    import subprocess
    import sys

    subprocess.run([sys.executable, "-c", program], check=True, timeout=120, capture_output=True)
    page.keyboard.press("r")
    page.locator("[role=grid] [data-row]").first.wait_for()


def test_who_must_sign_in_comes_back_to_the_same_page(
    start_server: Any, tmp_path: Any, page: Any, watch: Any, axe: Axe
) -> None:
    import subprocess
    import sys

    root = str(tmp_path / "guarded")
    fill_sweep(root, runs=2, steps=2)
    made = subprocess.run(
        [sys.executable, "-m", "cloudtrack", "--store", root, "tokens", "create", "ana", "--admin"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    token = made.stdout.partition("MLFLOW_TRACKING_TOKEN=")[2].split()[0]
    watch.expect("401")
    server = start_server(root, "--auth")
    guarded = Shown(server, root, None)
    page.goto(f"{server.url}/#/experiments/{guarded.experiment(SWEEP)}?sort=params.lr")
    page.get_by_role("dialog", name="Sign in").wait_for()
    assert axe(page) == []
    page.get_by_label("API token").fill(token)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("[role=grid] [data-row]").first.wait_for()
    assert "sort=params.lr" in page.url
    assert token not in page.url


def test_a_part_that_is_gone_asks_to_reload(store: Shown, page: Any, watch: Any) -> None:
    watch.expect("404|ERR_ABORTED|Failed to load|dynamically imported")
    page.goto(f"{store.server.url}/#/experiments")
    page.locator("h1").wait_for()
    page.route("**/assets/*.js", lambda route: route.fulfill(status=404, body="gone"))
    page.goto(f"{store.server.url}/#/models")
    page.get_by_role("button", name="Reload to update").first.wait_for()


def test_one_failing_part_leaves_the_rest(store: Shown, page: Any, watch: Any) -> None:
    watch.expect("500")
    page.route("**/ajax-api/2.0/cloudtrack/ui-config**", _answer(500))
    page.goto(_runs(store))
    page.locator("[role=grid] [data-row]").first.wait_for()


def test_a_read_only_page_says_why_nothing_can_be_changed(store: Shown, page: Any) -> None:
    def read_only(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "read_only": True})

    page.route("**/ajax-api/2.0/cloudtrack/ui-config**", read_only)
    page.goto(f"{_runs(store)}?sel=*")
    page.get_by_text("This page is read-only").wait_for()
    tag = page.get_by_role("button", name="Tag", exact=True)
    assert tag.get_attribute("aria-disabled") == "true"
    assert tag.get_attribute("title") == "this page is read-only"

"""Charts of runs that go on: what comes is shown, and nobody asks when nothing can come."""

from __future__ import annotations

from typing import Any

import pytest

from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from tests.e2e.charting import BEGAN_MS
from tests.e2e.passing import pass_time, pass_time_until
from tests.e2e.plots import area, drawn, label, short
from tests.e2e.watching import wait_for_answers
from tests.servers.cloudtrack_server import RunningServer


def grow(client: Client, run_id: str, steps: range) -> None:
    client.runs.log_batch(run_id, metrics=[Metric("level", float(step), BEGAN_MS + step, step) for step in steps])


def pass_time_until_it_says(page: Any, end: str) -> None:
    pass_time_until(
        page, lambda: label(page, "level").endswith(end), lambda: f"{label(page, 'level')!r} ends with {end!r}"
    )


def test_points_appear_while_a_run_goes_on_and_asking_ends_with_it(
    server: RunningServer, client: Client, page: Any
) -> None:
    experiment = client.experiments.create("live")
    run_id = client.runs.create(experiment, run_name="going").info.run_id
    grow(client, run_id, range(10))
    answers: list[tuple[str, int]] = []
    page.on("response", lambda answer: "ajax-api" in answer.url and answers.append((answer.url, answer.status)))
    page.clock.install()
    page.goto(f"{server.url}/#/experiments/{experiment}?view=charts")
    drawn(page, "level")
    assert label(page, "level").endswith("best going 9 at step 9")

    grow(client, run_id, range(10, 21))
    answers.clear()
    page.clock.run_for(7_000)
    pass_time_until_it_says(page, "20 at step 20")
    assert sum("metrics/series" in url for url, _ in answers) == 1, "one request a tick"
    assert any("from=9" in url for url, _ in answers), "only what is new"

    box = area(drawn(page, "level"))
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 50, steps=3)
    page.clock.run_for(100)
    page.mouse.up()
    pass_time_until(page, lambda: "zoom=" in page.url, lambda: page.url)
    grow(client, run_id, range(21, 40))
    page.clock.run_for(7_000)
    pass_time_until_it_says(page, "39 at step 39")
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 20)
    pass_time_until(page, lambda: page.locator(".tooltip-x").count() > 0)
    step = int(str(page.locator(".tooltip-x").text_content()).split()[-1])
    assert step == pytest.approx(18, abs=1), "the zoom is kept"

    answers.clear()
    pass_time(page, 60)
    assert 3 <= len(answers) <= 12
    assert [status for _, status in answers[1:]] == [304] * (len(answers) - 1), "nothing new is nothing to read"

    hide = """(hidden) => {
      Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }"""
    page.evaluate(hide, True)
    answers.clear()
    pass_time(page, 60)
    assert answers == []
    page.evaluate(hide, False)
    wait_for_answers(page)
    assert len(answers) == 1, "one question at once when the page is seen again"

    grow(client, run_id, range(40, 50))
    client.runs.update(run_id, status="FINISHED")
    pass_time(page, 40)
    pass_time_until_it_says(page, "49 at step 49")
    pass_time(page, 8)
    answers.clear()
    pass_time(page, 60)
    assert answers == [], "nothing asks once all have ended"


@pytest.mark.slow
def test_one_metric_on_its_page_grows_too_and_rests_when_its_run_has_ended(
    server: RunningServer, client: Client, page: Any
) -> None:
    run_id = client.runs.create(client.experiments.create("one page"), run_name="going").info.run_id
    grow(client, run_id, range(5))
    page.clock.install()
    page.goto(f"{server.url}/#/metric/level?runs={short(run_id)}")
    drawn(page, "level")
    grow(client, run_id, range(5, 8))
    client.runs.update(run_id, status="FINISHED")
    pass_time(page, 8)
    pass_time_until_it_says(page, "7 at step 7")
    pass_time(page, 8)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    pass_time(page, 60)
    assert asked == []

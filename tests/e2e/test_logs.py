"""The console log of a run in a browser: its end, what comes, what is earlier, and one process of several."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from cloudtrack.client import Client
from tests.e2e.conftest import Axe
from tests.servers.cloudtrack_server import RunningServer

ONE, TWO = "1790000000000-0123456789ab-host%3A1", "1790000000001-0123456789ac-host%3A2"


def a_run(client: Client, *, segments: int = 1) -> str:
    """A run that goes on, with segments of 200 KB."""
    run_id = client.runs.create("0", run_name="printing").info.run_id
    for number in range(segments):
        body = b"".join(b"%06d %s\n" % (2000 * number + line, b"." * 92) for line in range(2000))
        client.console.append(run_id, ONE, number * 200_000, body)
    return run_id


def opened(page: Any, server: RunningServer, run_id: str) -> Any:
    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}/logs")
    return page.get_by_role("group", name="Console log")


def is_at_end(page: Any) -> bool:
    left = page.locator(".lines").evaluate("(lines) => lines.scrollHeight - lines.scrollTop - lines.clientHeight")
    return bool(left < 3)


def test_the_end_is_shown_followed_and_then_at_rest(server: RunningServer, client: Client, page: Any) -> None:
    run_id = a_run(client, segments=3)
    answers: list[tuple[str, int]] = []
    page.on("response", lambda answer: "runs/logs" in answer.url and answers.append((answer.url, answer.status)))
    page.clock.install()
    lines = opened(page, server, run_id)
    expect(lines.get_by_text("005999 ")).to_be_visible()
    assert is_at_end(page)
    client.console.append(run_id, ONE, 600_000, b"\x1b[31mnew\x1b[0m <b>line</b>\n")
    page.clock.run_for(7_000)
    expect(lines.get_by_text("new <b>line</b>", exact=True)).to_be_visible()
    assert is_at_end(page)

    page.get_by_role("button", name="Follow").click()
    lines.evaluate("(e) => { e.scrollTop = 0; }")
    client.console.append(run_id, ONE, 600_026, b"more\n")
    page.clock.run_for(7_000)
    expect(page.get_by_text("6,002 lines")).to_be_visible()
    assert lines.evaluate("(e) => e.scrollTop") == 0, "who does not follow stays"
    page.get_by_role("button", name="Jump to end").click()
    expect(lines.get_by_text("more", exact=True)).to_be_visible()
    lines.hover()
    page.mouse.wheel(0, -400)
    expect(page.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "false")

    answers.clear()
    for _ in range(20):
        page.clock.run_for(4_000)
        page.wait_for_timeout(40)
    assert 2 <= len(answers) <= 15
    assert {status for _, status in answers[1:]} == {304}, "nothing new is nothing to read"

    client.console.append(run_id, ONE, 600_031, b"last words\n")
    client.runs.update(run_id, status="FINISHED")
    for _ in range(10):
        page.clock.run_for(4_000)
        page.wait_for_timeout(40)
    page.get_by_role("button", name="Jump to end").click()
    expect(lines.get_by_text("last words")).to_be_visible()
    assert page.get_by_role("button", name="Follow").count() == 0
    answers.clear()
    for _ in range(10):
        page.clock.run_for(4_000)
        page.wait_for_timeout(20)
    assert answers == [], "nothing asks once the run has ended"


def test_what_is_earlier_is_loaded_when_one_asks(server: RunningServer, client: Client, page: Any) -> None:
    run_id = a_run(client, segments=7)
    client.runs.update(run_id, status="FINISHED")
    opened(page, server, run_id)
    expect(page.get_by_text("10,000 lines")).to_be_visible()
    page.get_by_role("button", name="Load earlier").click()
    expect(page.get_by_text("14,000 lines")).to_be_visible()
    expect(page.get_by_role("button", name="Load earlier")).to_have_count(0)
    page.get_by_label("Search in the text").fill("000000 ")
    expect(page.get_by_text("1 of 1 lines")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "printing.log"
    assert len(download.value.path().read_bytes()) == 7 * 200_000 - 1


def test_processes_are_told_apart_and_picked(server: RunningServer, client: Client, page: Any) -> None:
    run_id = a_run(client, segments=0)
    client.console.append(run_id, ONE, 0, b"of the first\n")
    client.console.append(run_id, TWO, 0, b"of the second\n")
    lines = opened(page, server, run_id)
    expect(lines.get_by_text("host:2 | of the second")).to_be_visible()
    page.get_by_label("Process").select_option(label="host:2")
    expect(lines.get_by_text("of the second", exact=True)).to_be_visible()
    assert lines.get_by_text("of the first").count() == 0


def test_a_run_without_a_log_says_how_to_have_one_and_shows_it_when_it_comes(
    server: RunningServer, client: Client, page: Any
) -> None:
    run_id = a_run(client, segments=0)
    page.clock.install()
    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}")
    page.get_by_label("Parts of the run").get_by_role("link", name="Logs").click()
    expect(page.get_by_text("start_run(log_console=True)")).to_be_visible()
    client.console.append(run_id, ONE, 0, b"hello\n")
    page.clock.run_for(7_000)
    expect(page.get_by_role("group", name="Console log").get_by_text("hello")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everyone_can_read_it_and_get_there_by_the_keyboard(
    server: RunningServer, client: Client, page: Any, axe: Axe, theme: str
) -> None:
    run_id = a_run(client)
    client.console.append(run_id, TWO, 0, b"of the second\n")
    page.emulate_media(color_scheme=theme)
    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}")
    page.get_by_label("Parts of the run").wait_for()
    page.keyboard.press("5")
    page.wait_for_url(re.compile("/logs"))
    lines = page.get_by_role("group", name="Console log")
    lines.get_by_text("of the second").wait_for()
    assert axe(page) == []
    lines.focus()
    page.keyboard.press("Home")
    expect(lines.get_by_text("host:1 | 000000 ")).to_be_visible()
    assert page.get_by_role("button", name="Follow").get_attribute("aria-pressed") == "false"

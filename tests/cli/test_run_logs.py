"""``cloudtrack runs logs``: what a run printed, its end, and what comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from cloudtrack import clock
from cloudtrack.cli import run_logs
from cloudtrack.client import Client, connect
from cloudtrack.entities.run import Run
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.tracking.console_stream import ConsolePiece
from tests.cli.commands import cloudtrack
from tests.conftest import BOTH_MODES, SLOW_SERVER
from tests.storage.lossy import CountingStore

ONE, TWO = "1790000000000-0123456789ab-host%3A1", "1790000000001-0123456789ac-host%3A2"


@pytest.fixture
def run_id(store_url: str) -> str:
    client = connect(store_url)
    run_id = client.runs.create("0").info.run_id
    client.console.append(run_id, ONE, 0, b"one\n\x1b[31mred\x1b[0m \x07\n10%\r20%\r")
    client.console.append(run_id, ONE, 30, b"30%\nla")
    client.console.append(run_id, ONE, 36, b"st")
    return run_id


@pytest.mark.parametrize("store_url", BOTH_MODES, indirect=True)
def test_what_was_printed_is_shown_in_lines_that_cannot_steer_a_terminal(store_url: str, run_id: str) -> None:
    done = cloudtrack("runs", "logs", run_id, store=store_url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "one\nred �\n30%\nlast\n", "")


@pytest.mark.parametrize(
    ("tail", "shown"), [("0", ""), ("1", "last\n"), ("2", "30%\nlast\n"), ("99", "one\nred �\n30%\nlast\n")]
)
def test_the_last_lines_are_shown(store_url: str, run_id: str, tail: str, shown: str) -> None:
    assert cloudtrack("runs", "logs", run_id, "--tail", tail, store=store_url).stdout == shown


def test_the_last_lines_of_a_long_log_are_read_without_the_rest() -> None:
    counted = CountingStore(MemoryStore())
    client = Client(counted)
    for number in range(30):
        client.console.append("r", ONE, number * 200_000, b"%099d\n" % number * 2000)
    counted.reset()
    pieces, end = run_logs._last_lines(client, "r", 5)
    assert counted.counts == {"list": 1, "get": 5}
    (last,) = run_logs._without_lines(pieces, 5)
    assert last.body == b"%099d\n" % 29 * 5
    assert client.console.read("r", end).pieces == []


def test_lines_of_several_processes_are_told_apart(store_url: str, run_id: str) -> None:
    connect(store_url).console.append(run_id, TWO, 0, b"of the other\n")
    done = cloudtrack("runs", "logs", run_id, store=store_url)
    assert sorted(done.stdout.splitlines()) == [
        "host:1 | 30%",
        "host:1 | last",
        "host:1 | one",
        "host:1 | red �",
        "host:2 | of the other",
    ]


def test_programs_get_pieces_in_json(store_url: str, run_id: str) -> None:
    done = cloudtrack("runs", "logs", run_id, "--json", "--tail", "1", store=store_url)
    about = f'"stream": "{ONE}", "name": "host:1"'
    assert done.stdout.splitlines() == [
        f'{{{about}, "offset": 34, "text": "la"}}',
        f'{{{about}, "offset": 36, "text": "st"}}',
    ]


def test_a_run_without_a_log_says_how_to_have_one_and_no_run_is_an_error(store_url: str) -> None:
    run_id = connect(store_url).runs.create("0").info.run_id
    done = cloudtrack("runs", "logs", run_id, store=store_url)
    assert (done.returncode, done.stdout) == (0, "")
    assert "CLOUDTRACK_CONSOLE=1" in done.stderr
    assert cloudtrack("runs", "logs", "nope", store=store_url).returncode == 1


@pytest.mark.parametrize("store_url", SLOW_SERVER, indirect=True)
def test_following_shows_what_comes_and_ends_with_the_run(store_url: str, run_id: str) -> None:
    client = connect(store_url)

    def go_on() -> None:
        client.console.append(run_id, ONE, 38, b" words\n")
        client.runs.update(run_id, status="FINISHED")

    later = threading.Timer(2.0, go_on)
    later.start()
    done = cloudtrack("runs", "logs", "-f", run_id, "--tail", "2", store=store_url)
    later.join()
    assert (done.returncode, done.stderr) == (0, "")
    assert "".join(done.stdout.split()) == "30%lastwords"


def test_following_is_ended_by_the_keyboard_without_a_word(store_url: str, run_id: str, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cloudtrack", "runs", "logs", "--follow", run_id],
        env={**os.environ, "CLOUDTRACK_URI": store_url, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "one\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def test_an_idle_tail_asks_for_a_listing_and_seldom_for_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = CountingStore(MemoryStore())
    client = Client(counted)
    run = client.runs.create("0")
    client.console.append(run.info.run_id, ONE, 0, b"x\n")
    cursor = client.console.read(run.info.run_id).cursor
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds
        if now[0] > 60:
            raise KeyboardInterrupt

    monkeypatch.setattr(clock, "sleep", sleep)
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    counted.reset()
    with pytest.raises(KeyboardInterrupt):
        run_logs._follow(client, run, cursor, run_logs._Lines([ONE]))
    assert 29 <= counted.counts.pop("list") <= 33
    assert counted.counts.pop("get") <= 15
    assert counted.counts == {}


def test_following_ends_where_the_process_is_gone() -> None:
    run = Client(MemoryStore()).runs.create("0")
    assert run_logs._goes_on(run)
    assert not run_logs._goes_on(Run(replace(run.info, is_lost=True), run.data))


def test_the_beginning_of_a_line_waits_for_its_rest(capsys: pytest.CaptureFixture[str]) -> None:
    lines = run_logs._Lines([ONE])
    lines.add([ConsolePiece(ONE, "p", 0, b"a\nb"), ConsolePiece(ONE, "p", 3, b"c\r")])
    assert capsys.readouterr().out == "a\n"
    lines.add([ConsolePiece(ONE, "p", 5, b"\nd")])
    assert capsys.readouterr().out == "bc\n"
    lines.end()
    lines.add([ConsolePiece(ONE, "p", 7, b"e\n")])
    assert capsys.readouterr().out == "d\ne\n"

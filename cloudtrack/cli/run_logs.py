"""``cloudtrack runs logs``: what the processes of a run printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from cloudtrack import clock
from cloudtrack.cli import output
from cloudtrack.cli.state import client
from cloudtrack.client import AnyClient
from cloudtrack.entities.run import Run, RunStatus
from cloudtrack.tracking.console_stream import ConsolePage, ConsolePiece

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 2.0
_ASK_AFTER_S = 4.0
"""A run of which nothing comes is asked so often whether it goes on."""
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def show_logs(
    run_id: Annotated[str, typer.Argument(help="The run's id.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more, until the run has ended.")] = False,
    tail: Annotated[int | None, typer.Option("--tail", min=0, help="Begin with so many lines of the end.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs, a line for each piece.")] = False,
) -> None:
    """Print what the processes of a run printed, where it was captured (see start_run's log_console)."""
    store = client()
    run = store.runs.get(run_id)
    show = _Pieces() if as_json else _Lines(stream.id for stream in store.console.streams(run_id))
    first, cursor = _last_lines(store, run_id, tail) if tail is not None else ([], "")
    show.add(_without_lines(first, tail) if tail is not None else first)
    try:
        page = _show_all(store, run_id, cursor, show)
        if not (first or page.cursor or follow):
            output.complain(
                f"run {run_id} has no console log: start_run(log_console=True), or CLOUDTRACK_CONSOLE=1, makes one"
            )
        if follow:
            _follow(store, run, page.cursor, show)
    except KeyboardInterrupt:  # the usual end of looking
        pass
    show.end()


class _Lines:
    """Whole lines for people, each with its stream's name where there are several streams."""

    def __init__(self, streams: Iterable[str]) -> None:
        self._streams = {*streams}
        self._begun: dict[str, tuple[str, bytes]] = {}
        """By stream its name, and the beginning of a line."""

    def add(self, pieces: Iterable[ConsolePiece]) -> None:
        """Print the lines that are whole with these."""
        for piece in pieces:
            self._streams.add(piece.stream)
            _, begun = self._begun.pop(piece.stream, ("", b""))
            *lines, rest = (begun + piece.body).split(b"\n")
            for line in lines:
                self._say(piece.name, line)
            if rest:
                self._begun[piece.stream] = (piece.name, rest)

    def end(self) -> None:
        """Print what begins lines: nothing more came."""
        for name, begun in self._begun.values():
            self._say(name, begun)
        self._begun.clear()

    def _say(self, name: str, line: bytes) -> None:
        seen = line.rstrip(b"\r").rpartition(b"\r")[2].decode(errors="replace")
        text = _SEQUENCE.sub("", seen)
        output.say(f"{name} | {text}" if len(self._streams) > 1 else text)


class _Pieces:
    """Pieces as they are, for programs."""

    def add(self, pieces: Iterable[ConsolePiece]) -> None:
        """Print each."""
        for piece in pieces:
            text = piece.body.decode(errors="replace")
            about = {"stream": piece.stream, "name": piece.name, "offset": piece.offset, "text": text}
            output.show_json_line(about)

    def end(self) -> None:
        """Nothing is kept back."""


def _show_all(store: AnyClient, run_id: str, cursor: str, show: _Lines | _Pieces) -> ConsolePage:
    page = store.console.read(run_id, cursor)
    while page.pieces:
        show.add(page.pieces)
        page = store.console.read(run_id, page.cursor)
    return page


def _follow(store: AnyClient, run: Run, cursor: str, show: _Lines | _Pieces) -> None:
    pause_s, asked_s = _FIRST_PAUSE_S, clock.monotonic()
    while _goes_on(run):
        clock.sleep(pause_s)
        page = store.console.read(run.info.run_id, cursor)
        cursor = page.cursor
        show.add(page.pieces)
        pause_s = _FIRST_PAUSE_S if page.pieces else min(1.5 * pause_s, _LONGEST_PAUSE_S)
        if not page.pieces:
            show.end()
            if clock.monotonic() - asked_s >= _ASK_AFTER_S:
                run, asked_s = store.runs.get(run.info.run_id), clock.monotonic()
    _show_all(store, run.info.run_id, cursor, show)  # what came before the run ended


def _goes_on(run: Run) -> bool:
    return not RunStatus.is_terminated(run.info.status) and not run.info.is_lost


def _last_lines(store: AnyClient, run_id: str, count: int) -> tuple[list[ConsolePiece], str]:
    """The pieces that have the last lines, and where what comes later begins."""
    page = store.console.read(run_id, backwards=True)
    pieces, end = [*page.pieces], page.end
    while page.cursor and sum(piece.body.count(b"\n") for piece in pieces) <= count:
        page = store.console.read(run_id, page.cursor, backwards=True)
        pieces[:0] = page.pieces
    return pieces, end


def _without_lines(pieces: list[ConsolePiece], kept: int) -> Iterator[ConsolePiece]:
    """Without what comes before the last lines; which lines those are is told by the pieces in their order."""
    lines = sum(piece.body.count(b"\n") for piece in pieces) + (bool(pieces) and not pieces[-1].body.endswith(b"\n"))
    skipped = max(0, lines - kept)
    for piece in pieces:
        left = piece.body.split(b"\n", skipped) if skipped else [piece.body]
        skipped -= len(left) - 1
        if not skipped and left[-1]:
            yield ConsolePiece(piece.stream, piece.name, piece.offset + len(piece.body) - len(left[-1]), left[-1])

"""Processes that work on a store and are killed, with notes on the disk of what they were told."""

from __future__ import annotations

import ast
import os
import random
import time
from collections.abc import Hashable
from multiprocessing.process import BaseProcess
from pathlib import Path

from cloudtrack.client import connect
from tests.faults.ledger import Ledger
from tests.faults.worker import Worker
from tests.forking import forked

_BEGINNING_S = 60


class NotedLedger(Ledger):
    """Writes each entry to a file at once, so that it survives the process, and keeps none."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, kind: str, key: Hashable, *, told: bool) -> None:
        os.write(self._file, f"{((kind, key), told)!r}\n".encode())


def noted_in(folder: Path) -> Ledger:
    """What all processes noted; a last line that was cut does not count."""
    ledger = Ledger()
    for path in sorted(folder.glob("*.ledger")):
        lines = path.read_text().splitlines(keepends=True)
        ledger.extend([ast.literal_eval(line) for line in lines if line.endswith("\n")])
    return ledger


def work(url: str, seed: int, folder: Path, times: int = 1 << 20) -> None:
    """Work until killed; notes and spools are in ``folder``."""
    client = connect(url, spool_dir=folder / "spool")
    Worker(client, NotedLedger(folder / f"{seed}.ledger"), seed).act(times)


def kill_often(url: str, folder: Path, *, seed: int, kills: int, together: int = 2) -> int:
    """Start some processes, kill them at a moment that the seed says, and again; how many were killed at work."""
    chance, killed = random.Random(seed), 0
    for number in range(kills):
        seeds = [seed * 10_000 + number * together + each for each in range(together)]
        processes = [forked(work, url, each, folder) for each in seeds]
        for process in processes:
            process.start()
        _wait_until_at_work([folder / f"{each}.ledger" for each in seeds], processes)
        time.sleep(chance.uniform(0.0, 1.5))
        for process in processes:
            killed += process.is_alive()
            process.kill()
        for process in processes:
            process.join()
    return killed


def _wait_until_at_work(notes: list[Path], processes: list[BaseProcess]) -> None:
    deadline = time.monotonic() + _BEGINNING_S
    while not all(path.exists() and path.stat().st_size for path in notes):
        if time.monotonic() > deadline or not all(process.is_alive() for process in processes):
            raise AssertionError("a process does not begin to work")
        time.sleep(0.01)

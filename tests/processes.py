"""Running a function in many processes at once."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Any

from tests.forking import FORKING, forked

_TIMEOUT_S = 1200
"""Ends what hangs: 64 writers on a busy machine need ten minutes."""


def run_together(function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Results in order. All begin at the same moment. Raises where one of them raised or did not answer."""
    barrier = FORKING.Barrier(len(arguments))
    answers: Any = FORKING.Queue()
    processes = [forked(_work, number, function, given, barrier, answers) for number, given in enumerate(arguments)]
    for process in processes:
        process.start()
    try:
        found = dict(answers.get(timeout=_TIMEOUT_S) for _ in processes)
    finally:
        for process in processes:
            process.join(10)
            if process.is_alive():
                process.kill()
    failures = [text for ok, text in found.values() if not ok]
    if failures:
        raise AssertionError(f"{len(failures)} of {len(processes)} processes failed; the first:\n{failures[0]}")
    return [found[number][1] for number in range(len(processes))]


def _work(number: int, function: Callable[..., Any], arguments: tuple[Any, ...], barrier: Any, answers: Any) -> None:
    try:
        barrier.wait(_TIMEOUT_S)
        answers.put((number, (True, function(*arguments))))
    except BaseException:
        answers.put((number, (False, traceback.format_exc())))

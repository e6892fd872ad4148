"""Time in a page whose clock a test has taken over: it passes where the test lets it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.watching import wait_for_answers

_STEP_MS, _LITTLE_STEPS, _LITTLE_STEP_MS = 4_000, 400, 20


def pass_time(page: Any, seconds: int) -> None:
    """Let time pass; whatever is asked meanwhile is answered before it goes on."""
    for _ in range(0, seconds * 1000, _STEP_MS):
        page.clock.run_for(_STEP_MS)
        wait_for_answers(page)


def pass_time_until(page: Any, is_so: Callable[[], bool], what: Callable[[], str] = str) -> None:
    """Let little steps of time pass, which drawing needs as well, until something is so; ``what`` says how it is."""
    for _ in range(_LITTLE_STEPS):
        if is_so():
            return
        page.clock.run_for(_LITTLE_STEP_MS)
        page.wait_for_timeout(30)
    pytest.fail(f"never so: {what()}")

"""An issuer, and clocks that a test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cloudtrack import clock
from tests.access.issuer import Issuer, running_issuer


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """A running issuer."""
    with running_issuer() as server:
        yield server


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets seconds pass, on both clocks, without taking any."""
    passed = [0.0]
    now_ms, monotonic = clock.now_ms, clock.monotonic
    monkeypatch.setattr(clock, "now_ms", lambda: now_ms() + round(passed[0] * 1000))
    monkeypatch.setattr(clock, "monotonic", lambda: monotonic() + passed[0])

    def wait(seconds: float) -> None:
        passed[0] += seconds

    return wait

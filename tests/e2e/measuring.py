"""Processor time of a page's main thread, which does not depend on what else the machine does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Spent:
    """Milliseconds of processor time, once the block has ended."""

    ms: float = 0.0


def cpu_s(session: Any) -> float:
    """Seconds that the tasks of the main thread have run. Source: CDP's Performance domain, in ``threadTicks``."""
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


@contextmanager
def cdp_cpu(page: Any) -> Iterator[Spent]:
    """Measure what happens to a page in this block: ``with cdp_cpu(page) as spent: ...``, then ``spent.ms``."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    spent = Spent()
    began = cpu_s(session)
    yield spent
    spent.ms = (cpu_s(session) - began) * 1000
    session.detach()

"""Many requests at once, answers in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

WORKERS = 16


def map_in_order(function: Callable[[T], R], items: Iterable[T], *, workers: int = WORKERS) -> list[R]:
    """``[function(item) for item in items]`` with up to ``workers`` calls under way; the first error is raised."""
    work = list(items)
    if len(work) < 2:
        return [function(item) for item in work]
    with ThreadPoolExecutor(max_workers=min(workers, len(work)), thread_name_prefix="cloudtrack-io") as pool:
        return list(pool.map(function, work))

"""A question to a search, and what is found by one that MLflow answers otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Question:
    """A filter and an order."""

    filter: str
    order_by: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Understood:
    """A question that MLflow answers otherwise, mostly not at all: why, and of which things it is true."""

    question: Question
    reason: str
    holds: Callable[[Any], bool] | None
    """None where we refuse it."""
    rank: Callable[[Any], Any] = lambda thing: 0
    """What they are ordered by."""


def where(text: str, *order_by: Any) -> Question:
    return Question(text, order_by)


def by(*order_by: Any) -> Question:
    return Question("", order_by)

"""What a filter says: comparisons, joined by AND, OR and NOT. Pure.

The logic has three values. A comparison of what a thing lacks is unknown, and so is its NOT: neither holds.
``IS NULL`` asks whether it is lacking. NaN is there, and equal to nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cloudtrack.search.likeness import like, like_in_any_case
from cloudtrack.search.patterns import Pattern
from cloudtrack.search.summaries import look_up

Lookup = Callable[[str, str], Any]
"""From an entity kind ("params") and a key to the value compared, or None where it is missing; a tuple has many values,
of which one must do, and an empty one is missing."""


class Expression(ABC):
    """A condition on one thing."""

    @abstractmethod
    def truth(self, lookup: Lookup) -> bool | None:
        """Whether it is true of the thing behind ``lookup``; None where that is unknown."""

    def holds(self, lookup: Lookup) -> bool:
        """Whether the thing behind ``lookup`` meets the condition."""
        return self.truth(lookup) is True


@dataclass(frozen=True)
class Comparison(Expression):
    """``kind.key operator value``. A list is a tuple, and so are the two ends of BETWEEN."""

    kind: str
    key: str
    operator: str
    value: Any = None

    def truth(self, lookup: Lookup) -> bool | None:
        found = look_up(lookup, self.kind, self.key)
        values = found if isinstance(found, tuple) else () if found is None else (found,)
        if self.operator in NULL_OPERATORS:
            return (not values) == (self.operator == "IS NULL")
        if not values:
            return None
        return any(self._meets(value) != self.operator.startswith("NOT ") for value in values)

    @cached_property
    def _meets(self) -> Callable[[Any], bool]:
        return _TESTS[self.operator.removeprefix("NOT ")](self.value)


@dataclass(frozen=True)
class And(Expression):
    """All of them; true where there are none."""

    parts: tuple[Expression, ...]

    def truth(self, lookup: Lookup) -> bool | None:
        return _decided_by(self.parts, lookup, deciding=False)


@dataclass(frozen=True)
class Or(Expression):
    """Any of them; false where there are none."""

    parts: tuple[Expression, ...]

    def truth(self, lookup: Lookup) -> bool | None:
        return _decided_by(self.parts, lookup, deciding=True)


@dataclass(frozen=True)
class Not(Expression):
    """The contrary; what is unknown stays so."""

    part: Expression

    def truth(self, lookup: Lookup) -> bool | None:
        truth = self.part.truth(lookup)
        return None if truth is None else not truth


EVERYTHING = And(())
NULL_OPERATORS = ("IS NULL", "IS NOT NULL")


def _decided_by(parts: tuple[Expression, ...], lookup: Lookup, *, deciding: bool) -> bool | None:
    """The truth that decides where a part has it; else unknown where one is; else the other truth."""
    unknown = False
    for part in parts:
        truth = part.truth(lookup)
        if truth is deciding:
            return deciding
        unknown = unknown or truth is None
    return None if unknown else not deciding


_TESTS: dict[str, Callable[[Any], Callable[[Any], bool]]] = {
    "=": lambda value: lambda found: found == value,
    "!=": lambda value: lambda found: found != value,
    "<": lambda value: lambda found: found < value,
    "<=": lambda value: lambda found: found <= value,
    ">": lambda value: lambda found: found > value,
    ">=": lambda value: lambda found: found >= value,
    "BETWEEN": lambda ends: lambda found: ends[0] <= found <= ends[1],
    "IN": lambda values: lambda found: found in values,
    "LIKE": like,
    "ILIKE": like_in_any_case,
    "RLIKE": lambda pattern: Pattern(pattern).is_in,
}

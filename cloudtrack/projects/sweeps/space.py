"""What a sweep searches: for each parameter a list of values, or a range of numbers."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cloudtrack.errors import InvalidInput

Value = str | int | float
_MOST_POINTS = 1_000_000


class Choices(BaseModel):
    """One of these values."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["choices"] = "choices"
    values: tuple[Value, ...]

    def at(self, fraction: float) -> Value:
        """The value at a place from 0 up to 1 of the whole."""
        return self.values[int(fraction * len(self.values))]

    def points(self) -> tuple[Value, ...]:
        """All values."""
        return self.values


class Range(BaseModel):
    """A number from ``low`` to ``high``, both included: any, or in steps; evenly, or evenly in its logarithm."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["range"] = "range"
    low: float
    high: float
    is_int: bool = False
    is_log: bool = False
    step: float | None = None

    def at(self, fraction: float) -> Value:
        """The value at a place from 0 up to 1 of the whole."""
        if self.is_log:
            margin = 0.5 if self.is_int else 0.0
            low, high = math.log(self.low - margin), math.log(self.high + margin)
            value = min(max(math.exp(low + fraction * (high - low)), self.low), self.high)
            return round(value) if self.is_int else value
        if count := self._count():
            return self._point(int(fraction * count))
        return self.low + fraction * (self.high - self.low)

    def points(self) -> tuple[Value, ...] | None:
        """All values, lowest first; None where there are too many to be listed."""
        count = self._count()
        return tuple(map(self._point, range(count))) if 0 < count <= _MOST_POINTS else None

    def _count(self) -> int:
        """How many values there are; 0 for a range without steps."""
        step = self.step or (1 if self.is_int else None)
        return 0 if step is None else int((Decimal(str(self.high)) - Decimal(str(self.low))) / Decimal(str(step))) + 1

    def _point(self, number: int) -> Value:
        value = Decimal(str(self.low)) + number * Decimal(
            str(self.step or 1)
        )  # as written: 0.3, not 0.30000000000000004
        return int(value) if self.is_int else float(value)


class Space(BaseModel):
    """The parameters that a sweep varies, by name."""

    parameters: dict[str, Choices | Range] = Field(default_factory=dict)


def checked_choices(name: str, values: list[Value]) -> Choices:
    """A list of values. Raises InvalidInput where there are none, or one twice."""
    if not values:
        raise InvalidInput(f"parameter {name!r} has no values to choose from: list some, as {name}=0.1,0.2")
    twice = next((value for number, value in enumerate(values) if str(value) in map(str, values[:number])), None)
    if twice is not None:
        raise InvalidInput(f"parameter {name!r} lists the value {twice} twice: leave one out")
    return Choices(values=tuple(values))


def checked_range(
    name: str, low: float, high: float, *, is_int: bool = False, is_log: bool = False, step: float | None = None
) -> Range:
    """A range. Raises InvalidInput naming the parameter and what to write."""
    numbers = [low, high, *([] if step is None else [step])]
    if not all(map(math.isfinite, numbers)):
        raise InvalidInput(f"parameter {name!r} has a range that is not finite: give finite numbers")
    if low >= high:
        raise InvalidInput(f"parameter {name!r} has a range from {low:g} to {high:g}: the first must be the lower")
    if is_int and any(number != int(number) for number in numbers):
        raise InvalidInput(f"parameter {name!r} is of whole numbers, and its range or step is not: leave int out")
    if is_log and low <= 0:
        raise InvalidInput(f"parameter {name!r} has a logarithmic range from {low:g}: it must begin above 0")
    if step is not None and is_log:
        raise InvalidInput(f"parameter {name!r} has a step and is logarithmic: leave one out, or list the values")
    if step is not None and not 0 < step <= high - low:
        raise InvalidInput(f"parameter {name!r} has a step of {step:g}: it must be above 0 and fit into the range")
    return Range(low=low, high=high, is_int=is_int, is_log=is_log, step=step)

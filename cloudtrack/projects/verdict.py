"""Whether a run that was done again is the same: what both have, compared point by point and byte by byte."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import zip_longest

from pydantic import BaseModel, ConfigDict

FORMAT = "cloudtrack.verdict/1"
_SYSTEM = "system/*"
"""Metrics of the machine, as MLflow names them."""

Points = Sequence[tuple[int, float]]
"""Steps and values in order."""


class Outcome(StrEnum):
    """What a comparison found."""

    BIT_IDENTICAL = "bit-identical"
    """Every point of every metric, and every byte of every file."""
    WITHIN_TOLERANCE = "identical within tolerance"
    """Every point is as near as was asked for. Files may differ; they are named."""
    DIVERGED = "diverged"


class Verdict(BaseModel):
    """What is kept of a reproduction."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    format: str = FORMAT
    run_id: str = ""
    """The run that was done again."""
    repeated_by: str = ""
    """The run that it was done again as."""
    outcome: Outcome
    metric: str = ""
    """That diverged first, by step and then by name."""
    step: int | None = None
    expected: float | None = None
    """None where there was no such point."""
    found: float | None = None
    differing_files: list[str] = []
    """Artifacts and files of models, with other bytes or in one of the runs alone."""
    relative_tolerance: float
    absolute_tolerance: float
    metrics: int
    """How many were compared."""
    points: int
    files: int

    def __str__(self) -> str:
        """One line for people."""
        if self.outcome == Outcome.DIVERGED:
            values = f"{_shown(self.expected)} is now {_shown(self.found)}"
            return f"diverged at step {self.step} of metric {self.metric}: {values}"
        compared = f"{self.points} points of {self.metrics} metrics, {self.files} files"
        if self.differing_files:
            return f"{self.outcome} ({compared}); files with other bytes: {', '.join(self.differing_files)}"
        return f"{self.outcome} ({compared})"


@dataclass(frozen=True)
class Evidence:
    """What a run left."""

    metrics: Mapping[str, Points]
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 by path."""


def compare(
    before: Evidence, after: Evidence, *, rtol: float = 1e-9, atol: float = 0.0, ignored: Iterable[str] = ()
) -> Verdict:
    """The verdict on a run (``before``) that was done again (``after``).

    Values agree where ``|found - expected| <= atol + rtol * |expected|``; NaN agrees with NaN. ``ignored`` are
    patterns of metrics that are not compared, beside those of the machine (``system/*``).
    """
    patterns = [_SYSTEM, *ignored]
    keys = sorted(
        key for key in {*before.metrics, *after.metrics} if not any(fnmatchcase(key, pattern) for pattern in patterns)
    )
    first: tuple[int, str, float | None, float | None] | None = None
    points, are_equal = 0, True
    for key in keys:
        for expected, found in _aligned(before.metrics.get(key, ()), after.metrics.get(key, ())):
            points += 1
            are_equal = are_equal and _is_same(expected, found)
            step = (expected or found or (0, 0.0))[0]
            if not _is_near(expected, found, rtol, atol) and (first is None or (step, key) < first[:2]):
                first = (step, key, expected and expected[1], found and found[1])
    differing = sorted(
        path for path in {*before.files, *after.files} if before.files.get(path) != after.files.get(path)
    )
    outcome = Outcome.BIT_IDENTICAL if are_equal and not differing else Outcome.WITHIN_TOLERANCE
    return Verdict(
        outcome=Outcome.DIVERGED if first else outcome,
        step=first[0] if first else None,
        metric=first[1] if first else "",
        expected=first[2] if first else None,
        found=first[3] if first else None,
        differing_files=differing,
        relative_tolerance=rtol,
        absolute_tolerance=atol,
        metrics=len(keys),
        points=points,
        files=len({*before.files, *after.files}),
    )


def _aligned(before: Points, after: Points) -> Iterable[tuple[tuple[int, float] | None, tuple[int, float] | None]]:
    """Points of equal steps beside each other, in order; None where one of both has no more at a step."""
    steps: dict[int, tuple[list[tuple[int, float]], list[tuple[int, float]]]] = {}
    for side, points in enumerate((before, after)):
        for point in points:
            steps.setdefault(point[0], ([], []))[side].append(point)
    return (pair for step in sorted(steps) for pair in zip_longest(*steps[step]))


def _is_same(expected: tuple[int, float] | None, found: tuple[int, float] | None) -> bool:
    if expected is None or found is None:
        return False
    if math.isnan(expected[1]) or math.isnan(found[1]):
        return math.isnan(expected[1]) and math.isnan(found[1])
    return expected[1] == found[1] and math.copysign(1, expected[1]) == math.copysign(1, found[1])


def _is_near(expected: tuple[int, float] | None, found: tuple[int, float] | None, rtol: float, atol: float) -> bool:
    if expected is None or found is None:
        return False
    return _is_same(expected, found) or abs(found[1] - expected[1]) <= atol + rtol * abs(expected[1]) < math.inf


def _shown(value: float | None) -> str:
    return "nothing" if value is None else repr(value)

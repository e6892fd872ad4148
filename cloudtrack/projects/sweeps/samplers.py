"""What chooses the values of a sweep's trials."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Protocol

from cloudtrack.errors import InvalidInput
from cloudtrack.projects.sweeps.goal import Goal
from cloudtrack.projects.sweeps.space import Space, Value

GRID, RANDOM, OPTUNA = "grid", "random", "optuna"


class Sampler(Protocol):
    """Chooses values, and may learn from what came of them. Its callers take turns."""

    def values(self, trial: int) -> dict[str, Value]:
        """The values of a trial that nobody began yet."""

    def learn(self, trial: int, values: Mapping[str, Value], result: float | None) -> None:
        """A trial is over; None where it has no result."""


class GridSampler:
    """Every combination; the parameter named last varies first."""

    def __init__(self, space: Space) -> None:
        self._points: dict[str, tuple[Value, ...]] = {}
        for name, parameter in space.parameters.items():
            points = parameter.points()
            if points is None:
                raise InvalidInput(
                    f"parameter {name!r} has too many values for a grid: list them, as {name}=0.1,0.2, or give a step, "
                    f"as {name}=0:1:0.25"
                )
            self._points[name] = points

    @property
    def size(self) -> int:
        """How many combinations there are."""
        return math.prod(len(points) for points in self._points.values())

    def values(self, trial: int) -> dict[str, Value]:
        """The combination of this number."""
        found: dict[str, Value] = {}
        for name, points in reversed(self._points.items()):
            trial, place = divmod(trial, len(points))
            found[name] = points[place]
        return {name: found[name] for name in self._points}

    def learn(self, trial: int, values: Mapping[str, Value], result: float | None) -> None:
        """Nothing: the grid is what it is."""


class RandomSampler:
    """At random; a value depends on the seed, the number of the trial and the name of the parameter alone."""

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._seed = seed

    def values(self, trial: int) -> dict[str, Value]:
        """The values of the trial of this number, the same whenever they are asked for."""
        return {
            name: parameter.at(random.Random(f"{self._seed}/{trial}/{name}").random())  # noqa: S311 - no secret
            for name, parameter in self._space.parameters.items()
        }

    def learn(self, trial: int, values: Mapping[str, Value], result: float | None) -> None:
        """Nothing: trials know nothing of each other."""


def open_sampler(name: str, space: Space, seed: int, goal: Goal, *, known: int = 0) -> Sampler:
    """The sampler of a name; ``known`` trials were begun before. Raises InvalidInput, MissingDependency.

    ``optuna`` may be followed by the name of one of its samplers: ``optuna:gp``.
    """
    kind, _, inner = name.partition(":")
    if kind == GRID and not inner:
        return GridSampler(space)
    if kind == RANDOM and not inner:
        return RandomSampler(space, seed)
    if kind == OPTUNA:
        from cloudtrack.projects.sweeps.optuna_sampler import OptunaSampler

        return OptunaSampler(space, inner, seed + known, goal)
    raise InvalidInput(f"there is no sampler {name!r}; there are: {GRID}, {RANDOM}, {OPTUNA}")

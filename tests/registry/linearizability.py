"""Whether what several clients did and saw at once could have happened one after the other.

A call takes effect at one moment between its beginning and its end; one whose answer was lost at any moment after it
began, or never. The search is that of Wing and Gong with the memory of Lowe: "Testing for linearizability" (2017).
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

UNKNOWN = "unknown"
"""Of a call whose answer was lost, or whose caller was killed."""


@dataclass(frozen=True)
class Call:
    """What a client asked, what it was told, and when; any clock that all clients share."""

    verb: str
    arguments: tuple[Any, ...]
    answer: Hashable
    began: float
    ended: float


@dataclass(frozen=True)
class Model:
    """A registered model as it should be. Version ``n`` is in ``stages[n - 1]``."""

    stages: tuple[str, ...] = ()
    alias: int = 0
    held: tuple[int, ...] = ()
    """Who had Production, the last one last."""

    def after(self, verb: str, arguments: tuple[Any, ...]) -> tuple[Model, Hashable]:
        """The model after a call, and its answer."""
        match verb, *arguments:
            case "register", *_:
                return Model((*self.stages, "None"), self.alias, self.held), len(self.stages) + 1
            case "move", version, stage:
                return self._moved(version, stage, archives=stage == "Production")
            case "promote", version, expected:
                if not 1 <= version <= len(self.stages):
                    return self, "NotFound"
                if self.holders != ((expected,) if expected else ()):
                    return self, "Conflict"
                return self._moved(version, "Production", archives=True)
            case "rollback", *_:
                earlier = [version for version in self.held if version not in self.holders]
                if not earlier:
                    return self, "StateError"
                left = tuple(version for version in self.held if version not in (*self.holders, earlier[-1]))
                stages = self._with(dict.fromkeys(self.holders, "Archived") | {earlier[-1]: "Production"})
                return Model(stages, self.alias, (*left, earlier[-1])), earlier[-1]
            case "point", version:
                if not 1 <= version <= len(self.stages):
                    return self, "NotFound"
                return Model(self.stages, version, self.held), version
            case "look", *_:
                return self, (self.stages, self.alias)
            case "holders", *_:
                return self, self.holders
        raise ValueError(verb)

    @property
    def holders(self) -> tuple[int, ...]:
        """Who has Production."""
        return tuple(number for number, stage in enumerate(self.stages, 1) if stage == "Production")

    def _moved(self, version: int, stage: str, *, archives: bool) -> tuple[Model, Hashable]:
        if not 1 <= version <= len(self.stages):
            return self, "NotFound"
        others = {number: "Archived" for number in self.holders if archives and number != version}
        held = self.held
        if stage == "Production":
            held = (*(number for number in held if number != version), version)
        return Model(self._with(others | {version: stage}), self.alias, held), version

    def _with(self, changes: dict[int, str]) -> tuple[str, ...]:
        return tuple(changes.get(number, stage) for number, stage in enumerate(self.stages, 1))


def is_linearizable(calls: list[Call], model: Model | None = None) -> bool:
    """Whether the calls have an order that agrees with their times and with all answers."""
    ends = [math.inf if call.answer == UNKNOWN else call.ended for call in calls]
    certain = sum(1 << number for number, end in enumerate(ends) if end != math.inf)
    seen: set[tuple[int, Model]] = set()
    waiting = [(0, model or Model())]
    while waiting:
        done, state = waiting.pop()
        if done & certain == certain:
            return True
        if (done, state) in seen:
            continue
        seen.add((done, state))
        left = [number for number in range(len(calls)) if not done >> number & 1]
        first_end = min(ends[number] for number in left)
        for number in left:
            call = calls[number]
            if call.began > first_end:
                continue
            after, answer = state.after(call.verb, call.arguments)
            if call.answer in (UNKNOWN, answer):
                waiting.append((done | 1 << number, after))
    return False

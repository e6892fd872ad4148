"""A registered model as a board shows it: its newest versions, its stages with their rules, and its open requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.entities.transition_request import TransitionRequest
from cloudtrack.errors import InvalidInput
from cloudtrack.registry.gate import read_policy
from cloudtrack.registry.policy_file import Policy, Rule, parse_policy
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.state import ModelState
from cloudtrack.registry.version_state import Placing, VersionState

MOST_VERSIONS = 256
PRIMARY_METRIC_TAG = "cloudtrack.primary_metric"
"""Of a registered model, or an experiment: ``{"key": "accuracy", "direction": "max"}``, or the key alone."""
_DIRECTIONS = {"max": "max", "maximize": "max", "higher": "max", "min": "min", "minimize": "min", "lower": "min"}


@dataclass(frozen=True, slots=True)
class PrimaryMetric:
    """The metric that models are compared by, and whether ``max`` or ``min`` is best."""

    key: str
    direction: str = "max"

    @classmethod
    def of(cls, tags: dict[str, str]) -> PrimaryMetric | None:
        """What the tag says; None where there is none."""
        text = tags.get(PRIMARY_METRIC_TAG, "").strip()
        try:
            said: Any = json.loads(text)
        except ValueError:
            said = None
        if isinstance(said, dict) and isinstance(said.get("key"), str):
            return cls(said["key"], _DIRECTIONS.get(str(said.get("direction")).lower(), "max"))
        return cls(text) if text else None


@dataclass(frozen=True, slots=True)
class Card:
    """A version, and how it came to its stage; None where it was registered."""

    version: ModelVersion
    staged: Placing | None = None


@dataclass(frozen=True, slots=True)
class StageRules:
    """A stage, and what the policy requires of versions that come to it. Any version may come from any other stage."""

    name: str
    is_exclusive: bool
    """Whether a version that comes archives those that are there."""
    rules: list[Rule] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Board:
    """One page of a model's versions, newest first, and what stands beside them."""

    model: RegisteredModel
    stages: list[StageRules]
    cards: list[Card]
    requests: list[TransitionRequest]
    next: int | None = None
    """Where the next page begins: below this version."""
    pinned: list[Card] = field(default_factory=list)
    """Older versions than the first page has, that are the newest of a stage, or that an alias points to."""
    policy_problem: str = ""
    """Why nothing may come to any stage: the policy cannot be understood."""
    checks_rollback: bool = False


class Boards:
    """The boards of one store's registered models."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def get(self, name: str, *, below: int | None = None, limit: int = MOST_VERSIONS) -> Board:
        """Versions below a number, at most ``limit``. Raises NotFound, InvalidInput.

        Three requests: the state, whether it is the last one, and the policy. A model with more than 256 versions has
        some in pages of 512, one request each.
        """
        if not 1 <= limit <= MOST_VERSIONS:
            raise InvalidInput(f"limit is {limit}; it must be from 1 to {MOST_VERSIONS}")
        state = self._registry.read(name)
        newest_first = _newest_first(state, state.last_version if below is None else below - 1)
        found = list(islice(newest_first, limit + 1))
        shown = found[:limit]
        policy, problem = self._policy()
        return Board(
            model=state.entity(),
            stages=[
                StageRules(stage, stage in state.exclusive_stages, [rule for _, rule in policy.rules_for(name, stage)])
                for stage in state.stages
            ],
            cards=[_card(state, version) for version in shown],
            requests=[request.shown(name) for request in state.requests.open.values()],
            next=shown[-1].version if len(found) > limit else None,
            pinned=_pinned(state, shown) if below is None else [],
            policy_problem=problem,
            checks_rollback=policy.checks_rollback,
        )

    def _policy(self) -> tuple[Policy, str]:
        body = read_policy(self._registry.store)
        try:
            return (parse_policy(body), "") if body is not None else (Policy(), "")
        except InvalidInput as error:
            return Policy(), error.message


def _newest_first(state: ModelState, number: int) -> Iterator[VersionState]:
    candidates = (state.versions.get(each) for each in range(number, 0, -1))
    return (version for version in candidates if version is not None)


def _pinned(state: ModelState, shown: list[VersionState]) -> list[Card]:
    there = {version.version for version in shown}
    wanted = {number for stage in state.own_stages if (number := state.versions.newest_in(stage)) is not None}
    wanted |= set(state.aliases.values())
    versions = (state.versions.get(number) for number in sorted(wanted - there, reverse=True))
    return [_card(state, version) for version in versions if version is not None]


def _card(state: ModelState, version: VersionState) -> Card:
    return Card(state.shown(version), version.staged)

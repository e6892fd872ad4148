"""What a policy said of a transition, with all that it went by, as events keep it. Stored, and read for ever.

A decision can be judged again from itself alone (see ``judging.py``): it has the whole text of the policy.
"""

from __future__ import annotations

import hashlib
import math
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer

Number = Annotated[
    float, PlainSerializer(lambda value: value if math.isfinite(value) else _word(value), when_used="json")
]
"""NaN and infinities are words in JSON, as in all documents of a store."""


def _word(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


class _Stored(BaseModel):
    model_config = ConfigDict(extra="allow")


class Vote(_Stored):
    """An approval, and the groups of who gave it."""

    actor: str
    groups: list[str] = []


class Value(_Stored):
    """A metric's value, and of what it is."""

    value: Number
    origin: str


class ModelFile(_Stored):
    """What ``MLmodel`` said; ``problem`` where nothing is known."""

    signature: bool = False
    input_example: bool = False
    pickles: list[str] = []
    problem: str = ""


class Holder(_Stored):
    """Another version that held the stage, with the metrics that were compared."""

    version: int
    run_id: str | None = None
    model_id: str | None = None
    metrics: dict[str, Value] = {}


class Inputs(_Stored):
    """All that a judgement goes by beside the policy; only what its rules ask for is looked up."""

    run_id: str | None = None
    model_id: str | None = None
    tags: dict[str, str] = {}
    metrics: dict[str, Value] = {}
    model_file: ModelFile | None = None
    holders: list[Holder] = []
    request: int | None = None
    """The request that is open for this version and stage."""
    requested_by: str = ""
    votes: list[Vote] = []


class Check(_Stored):
    """One requirement of one rule."""

    rule: int
    """From 1; 0 is the policy as a whole."""
    requirement: str
    passed: bool
    detail: str = ""
    """For people."""


class Decision(_Stored):
    """Whether a version may come to a stage."""

    model: str
    version: int
    stage: str
    policy_sha256: str
    policy: str
    """The text of ``policy.yaml``; empty where it was no UTF-8."""
    rollback: bool = False
    inputs: Inputs = Inputs()
    checks: list[Check] = []
    allowed: bool = True
    """Whether all checks passed."""
    forced: bool = False
    """Whether it was done although some did not."""

    @property
    def failed(self) -> list[Check]:
        """The checks that did not pass."""
        return [check for check in self.checks if not check.passed]

    def why_not(self) -> str:
        """One line for people."""
        return "; ".join(f"{check.detail} (rule {check.rule})" if check.rule else check.detail for check in self.failed)


def sha256_of(policy: bytes) -> str:
    """How a decision names the policy."""
    return hashlib.sha256(policy).hexdigest()

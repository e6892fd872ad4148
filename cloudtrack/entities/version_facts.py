"""What is known of a version outside the registry: its metrics, and what its ``MLmodel`` says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric's last value, and of what it is: ``run <id>`` or ``logged model <id>``."""

    value: float
    origin: str


@dataclass(frozen=True, slots=True)
class ModelFileFacts:
    """What ``MLmodel`` says of a model, without a look at its other files."""

    signature: bool = False
    input_example: bool = False
    pickles: tuple[str, ...] = ()
    """Why loading it would unpickle something or run code that it brings; empty where neither can be."""
    problem: str = ""
    """Why nothing is known of it: then all else here is empty."""


class Evidence(Protocol):
    """Where facts about versions come from; each question is answered anew."""

    def metrics(self, run_id: str | None, model_id: str | None, keys: Collection[str]) -> dict[str, Measured]:
        """The metrics with these keys that the version's logged model has, or else its run. Raises Unavailable."""

    def model_file(self, source: str, digest: str | None) -> ModelFileFacts:
        """What ``MLmodel`` at a version's source says; a problem where it is not the one with the digest."""

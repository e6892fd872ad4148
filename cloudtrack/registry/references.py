"""What a model URI may say of a version: a number, a stage, ``latest``, or ``@alias``."""

from __future__ import annotations

from abc import ABC, abstractmethod

from cloudtrack.entities.model_version import ModelVersion, Stage
from cloudtrack.errors import NotFound


class VersionReferences(ABC):
    """Finds versions by what a URI says, with four ways to look one up."""

    @abstractmethod
    def get(self, name: str, version: int | str) -> ModelVersion:
        """Raises NotFound."""

    @abstractmethod
    def latest(self, name: str) -> ModelVersion:
        """The version with the greatest number, whatever its stage. Raises NotFound."""

    @abstractmethod
    def get_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version an alias points to. Raises NotFound."""

    @abstractmethod
    def get_latest_versions(self, name: str, stages: list[str] | None = None) -> list[ModelVersion]:
        """The newest version of each stage that has one, or of the stages named."""

    def resolve(self, name: str, reference: str) -> ModelVersion:
        """The version that a model URI means. A stage means its newest version. Raises NotFound."""
        if reference.startswith("@"):
            return self.get_by_alias(name, reference[1:])
        if reference.isdecimal():
            return self.get(name, reference)
        if reference.lower() == "latest":
            return self.latest(name)
        stage = Stage.canonical(reference)
        found = self.get_latest_versions(name, [stage])
        if not found:
            raise NotFound(f"registered model {name!r} has no version in {stage}")
        return found[0]

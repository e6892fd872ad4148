"""Stages: which version is in Staging, in Production, archived."""

from __future__ import annotations

from cloudtrack.entities.model_version import ModelVersion, Stage
from cloudtrack.entities.registered_model import check_version
from cloudtrack.errors import InvalidInput
from cloudtrack.registry.events import AnyChange, StageTransitioned
from cloudtrack.registry.model_versions import version_in
from cloudtrack.registry.registry import Registry, writable
from cloudtrack.registry.state import ModelState


class Stages:
    """Moving versions between stages."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def transition(
        self,
        name: str,
        version: int | str,
        stage: str,
        *,
        archive_existing_versions: bool = False,
        comment: str | None = None,
    ) -> ModelVersion:
        """Move a version to a stage (any case), and archive those that are there in the same commit.

        Raises NotFound; InvalidInput for an unknown stage, or archiving for another than Staging and Production.
        """
        number, target = check_version(version), Stage.canonical(stage)
        if archive_existing_versions and target not in Stage.ARCHIVING:
            raise InvalidInput(
                f"archive_existing_versions is for {' and '.join(Stage.ARCHIVING)}, not for the stage {target}"
            )

        def decide(state: ModelState) -> AnyChange:
            current = version_in(writable(name, state), number)
            others = [holder for holder in state.versions.holders(target) if holder != number]
            return StageTransitioned(
                version=number,
                from_stage=current.current_stage,
                to_stage=target,
                archived=others if archive_existing_versions else [],
            )

        return version_in(self._registry.commit(name, decide, comment=comment), number)

    def holders(self, name: str, stage: str) -> list[ModelVersion]:
        """The versions in a stage, smallest first."""
        state = self._registry.read(name)
        return [version_in(state, number) for number in state.versions.holders(Stage.canonical(stage))]

"""Stages: which version is in Staging, in Production, archived."""

from __future__ import annotations

from cloudtrack import clock
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.registered_model import check_version
from cloudtrack.entities.version_facts import Evidence
from cloudtrack.errors import Conflict, InvalidInput, StateError
from cloudtrack.registry.events import AnyChange, StageTransitioned
from cloudtrack.registry.gate import Gate, NoEvidence, passed, raise_denied
from cloudtrack.registry.registry import Registry, writable
from cloudtrack.registry.resolving import version_in
from cloudtrack.registry.state import ModelState
from cloudtrack.registry.version_state import Placing

NOBODY = 0
"""As ``expect``: that no version holds the stage."""


class Stages:
    """Moving versions between stages, where the policy of the store lets them."""

    def __init__(self, registry: Registry, evidence: Evidence | None = None) -> None:
        self._registry = registry
        self._evidence = evidence or NoEvidence()

    def transition(
        self,
        name: str,
        version: int | str,
        stage: str,
        *,
        archive_existing_versions: bool = False,
        expect: int | None = None,
        expect_stage: str | None = None,
        comment: str | None = None,
        force: bool = False,
    ) -> ModelVersion:
        """Move a version to a stage (any case), and archive those that are there in the same commit.

        A stage that is exclusive is always left by those that are there. ``expect`` is the only version that may hold
        the stage now, 0 for none; ``expect_stage`` the only stage that the version may be in. ``force`` moves it
        whatever the policy says, and the history says so. Raises Conflict, saying who was faster, where what is
        expected is not so; NotFound; InvalidInput for an unknown stage, or archiving for None or Archived;
        PermissionDenied where the policy of the store does not let it.
        """
        number = check_version(version)
        gate = Gate(self._registry.store, self._evidence)

        def decide(state: ModelState) -> AnyChange:
            current = version_in(writable(name, state), number)
            target = state.stage_named(stage)
            if expect_stage is not None:
                _check_stage(name, state, current, state.stage_named(expect_stage))
            change = moving(state, current, target, archive_existing_versions=archive_existing_versions)
            if expect is not None:
                _check_expected(name, state, target, state.versions.holders(target), expect)
            return passed(change, gate.judge(state, number, target), force=force)

        state, made = self._registry.commit_change(name, decide, comment=comment, still_holds=gate.still_holds)
        raise_denied(name, made)
        return version_in(state, number)

    def rollback(
        self, name: str, stage: str, *, expect: int | None = None, comment: str | None = None, force: bool = False
    ) -> ModelVersion:
        """Give a stage back to the version that had it before, and archive those that are there, in one commit.

        Again, it goes back one further. The policy is asked where it says ``rollback: checked``. Raises StateError
        where there was none that is still there; otherwise as ``transition``.
        """
        gate = Gate(self._registry.store, self._evidence)

        def decide(state: ModelState) -> AnyChange:
            target = writable(name, state).stage_named(stage)
            holders = state.versions.holders(target)
            _check_expected(name, state, target, holders, expect)
            earlier = [number for number in state.held.get(target, []) if number not in holders]
            there = [version for number in reversed(earlier) if (version := state.versions.get(number))]
            if not there:
                raise StateError(f"no version of {name!r} that is still there was in {target} before")
            change = StageTransitioned(
                version=there[0].version,
                from_stage=there[0].stage,
                to_stage=target,
                previous=holders,
                archived=holders,
                rolled_back=True,
            )
            return passed(change, gate.judge(state, change.version, target, rollback=True), force=force)

        state, made = self._registry.commit_change(name, decide, comment=comment, still_holds=gate.still_holds)
        raise_denied(name, made)
        if not isinstance(made, StageTransitioned):
            raise StateError(f"the operation was another change of {name!r} before")
        return version_in(state, made.version)

    def holders(self, name: str, stage: str) -> list[ModelVersion]:
        """The versions in a stage, smallest first."""
        state = self._registry.read(name)
        return [version_in(state, number) for number in state.versions.holders(state.stage_named(stage))]


def moving(
    state: ModelState, version: ModelVersion, target: str, *, archive_existing_versions: bool
) -> StageTransitioned:
    """The event that moves a version. Raises InvalidInput for archiving what is in None or Archived."""
    check_archiving(state, target, archive_existing_versions)
    holders = state.versions.holders(target) if target in state.own_stages else []
    others = [holder for holder in holders if holder != version.version]
    return StageTransitioned(
        version=version.version,
        from_stage=version.current_stage,
        to_stage=target,
        previous=holders,
        archived=others if archive_existing_versions or target in state.exclusive_stages else [],
    )


def check_archiving(state: ModelState, target: str, archive_existing_versions: bool) -> None:
    """Raises InvalidInput where those in None or Archived should be archived."""
    if archive_existing_versions and target not in state.own_stages:
        raise InvalidInput(
            f"archive_existing_versions is for {' and '.join(state.own_stages)}, not for the stage {target}"
        )


def _check_stage(name: str, state: ModelState, version: ModelVersion, stage: str) -> None:
    """Raises Conflict where the version is in another stage than the caller believes, and says who moved it there."""
    if version.current_stage == stage:
        return
    found = state.versions.get(version.version)
    who = _who(found.staged if found else None)
    raise Conflict(f"version {version.version} of {name!r} is in {version.current_stage}, not in {stage}{who}")


def _check_expected(name: str, state: ModelState, stage: str, holders: list[int], expect: int | None) -> None:
    """Raises Conflict where others hold the stage than the caller believes, and says who moved them there."""
    if expect is None or holders == ([] if expect == NOBODY else [expect]):
        return
    wanted = f"version {expect}" if expect else "no version"
    found = f"version{'s' * (len(holders) > 1)} {', '.join(map(str, holders))}" if holders else "no version"
    placings = [version.staged for number in holders or [expect] if (version := state.versions.get(number))]
    last = max((placing for placing in placings if placing), key=lambda placing: placing.number, default=None)
    raise Conflict(f"{stage} of {name!r} is held by {found}, not by {wanted}{_who(last)}")


def _who(placing: Placing | None) -> str:
    if placing is None:
        return ""
    return (
        f": {placing.actor or 'somebody'} changed that at {clock.format_ms(placing.time_ms)} (event {placing.number})"
    )

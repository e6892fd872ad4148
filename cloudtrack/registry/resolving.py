"""What a reference means in a state: a number, a stage, ``latest``, or ``@`` and an alias."""

from __future__ import annotations

from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.registered_model import check_version
from cloudtrack.errors import NotFound
from cloudtrack.registry.state import ModelState

LATEST = "latest"


def resolve_in(state: ModelState, reference: str) -> ModelVersion:
    """The version that a model URI means. A stage means its newest version. Raises NotFound, InvalidInput."""
    if reference.startswith("@"):
        return alias_in(state, reference[1:])
    if reference.isdecimal():
        return version_in(state, reference)
    if reference.lower() == LATEST:
        newest = state.versions.newest()
        if newest is None:
            raise NotFound(f"registered model {state.name!r} has no versions")
        return version_in(state, newest)
    stage = state.stage_named(reference)
    holder = state.versions.newest_in(stage)
    if holder is None:
        raise NotFound(f"registered model {state.name!r} has no version in {stage}")
    return version_in(state, holder)


def version_in(state: ModelState, version: int | str) -> ModelVersion:
    """Raises NotFound."""
    number = check_version(version)
    found = state.version_entity(number)
    if found is None:
        gone = " (it was deleted)" if number <= state.last_version else ""
        raise NotFound(f"registered model {state.name!r} has no version {number}{gone}")
    return found


def alias_in(state: ModelState, alias: str) -> ModelVersion:
    """The version an alias points to. Raises NotFound."""
    if alias not in state.aliases:
        raise NotFound(f"registered model {state.name!r} has no alias {alias!r}")
    return version_in(state, state.aliases[alias])

"""Writes registered models of another tracker into a store, event by event.

The history says what happened: who imported when. What was before, its times and its users, the events carry along.
Numbers of versions are kept: one that was deleted there is registered and deleted here. The last event of an import
says that it is complete; until then whoever imports again goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cloudtrack.entities.model_version import Stage
from cloudtrack.entities.registered_model import check_model_name
from cloudtrack.errors import AlreadyExists, Purged, StateError
from cloudtrack.importing.foreign import ForeignRegisteredModel, ForeignVersion
from cloudtrack.importing.omissions import Omissions
from cloudtrack.importing.outcome import Outcome
from cloudtrack.registry.change import Imported
from cloudtrack.registry.events import (
    AliasSet,
    AnyChange,
    ModelChanged,
    ModelCreated,
    StageTransitioned,
    VersionCreated,
    VersionDeleted,
)
from cloudtrack.registry.origins import origins_of
from cloudtrack.registry.registry import Registry, writable
from cloudtrack.registry.state import ModelState
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking.graves import check_origins

GONE = "deleted-before-the-import:/"
"""The source of versions that are only there so that the others keep their numbers."""
_STAND_IN = "stands for a version that was deleted before the import"
_RUN_FILES = re.compile(r"[/:]([0-9a-f]{32})/artifacts/(.+)")
_MODEL_FILES = re.compile(r"/(m-[0-9a-f]{32})/artifacts(?:/(.+))?")


class RegistryWriter:
    """The registered models of a store, to which others are added as they were."""

    def __init__(self, store: ObjectStore, actor: str, omissions: Omissions) -> None:
        self._store = store
        self._registry = Registry(store, actor)
        self._omissions = omissions

    def clash(self, wanted: ForeignRegisteredModel, name: str) -> str:
        """Why a model cannot be imported under this name; "" where it can."""
        state = self._registry.read_any(check_model_name(name))
        if not state.exists and not state.number:
            return ""
        if state.exists and state.created == wanted.creation_time:
            return ""
        what = "is another's here" if state.exists else "was another's here, whose versions would be taken for these"
        return f"the name {name!r} {what}"

    def put(self, wanted: ForeignRegisteredModel, name: str, *, is_dry: bool = False) -> tuple[Outcome, int, int]:
        """What became of the model; how many of its versions were imported, and how many were there already.

        Raises AlreadyExists where somebody else's model has come to the name.
        """
        state = self._registry.read_any(name)
        if is_dry:
            numbers = [each.version for each in wanted.versions() if not each.is_deleted]
            there = sum(1 for number in numbers if number <= state.last_version)
            return (Outcome.THERE if state.exists else Outcome.IMPORTED), len(numbers) - there, there
        was_complete = state.is_imported
        was_there = state.exists
        if not was_there:
            state = self._commit(name, lambda now: self._created(now, wanted, name))
        imported = there = 0
        for version in wanted.versions():
            if version.version <= state.last_version and was_complete:
                there += not version.is_deleted
                continue
            is_new = version.version > state.last_version
            state = self._put_version(name, state, version)
            imported += is_new and not version.is_deleted
            there += not is_new and not version.is_deleted
        if was_complete and not imported:
            return Outcome.THERE, 0, there
        if not was_complete:
            for alias, number in sorted(wanted.aliases.items()):
                state = self._point(name, state, alias, number, wanted.last_update_time)
        times = Imported(creation_time=wanted.creation_time, last_update_time=wanted.last_update_time)
        self._commit(name, lambda now: ModelChanged(imported=times) if now.exists else None, "import complete")
        return Outcome.THERE if was_complete else Outcome.IMPORTED, imported, there

    def _created(self, state: ModelState, wanted: ForeignRegisteredModel, name: str) -> AnyChange:
        if state.exists:
            raise AlreadyExists(f"a registered model {name!r} exists already")
        times = Imported(creation_time=wanted.creation_time, last_update_time=wanted.last_update_time)
        return ModelCreated(name=name, description=wanted.description, tags=wanted.tags, imported=times)

    def _put_version(self, name: str, state: ModelState, version: ForeignVersion) -> ModelState:
        """The version, and before it those numbers that are missing; then its stage."""
        while state.last_version < version.version - 1:
            state = self._stand_in(name, state, state.last_version + 1, Imported())
        times = Imported(
            creation_time=version.creation_time, last_update_time=version.last_update_time, user_id=version.user_id
        )
        if version.is_deleted:
            return self._stand_in(name, state, version.version, times)
        state = self._close_gap(name, state, version.version - 1)
        if version.version > state.last_version:
            state = self._create(name, version, times)
        there = state.versions.get(version.version)
        if there is None or version.stage in ("", Stage.NONE) or there.staged is not None or there.stage != Stage.NONE:
            return state
        if version.stage.lower() not in (stage.lower() for stage in state.stages):
            self._omissions.add("stages", f"{name}/{version.version}", f"there is no stage {version.stage!r}")
            return state

        def move(now: ModelState) -> AnyChange:
            target = now.stage_named(version.stage)
            previous = now.versions.holders(target) if target in now.own_stages else []
            return StageTransitioned(version=version.version, to_stage=target, previous=previous, imported=times)

        return self._commit(name, move)

    def _create(self, name: str, version: ForeignVersion, times: Imported) -> ModelState:
        source, run_id, model_id = version.source or "unknown", version.run_id, version.model_id
        if found := _MODEL_FILES.search(source):
            source = f"models:/{found[1]}" + (f"/{found[2]}" if found[2] else "")
            model_id = model_id or found[1]
        elif found := _RUN_FILES.search(source):
            source = f"runs:/{found[1]}/{found[2]}"
        origins = origins_of(source, run_id, model_id)

        def create(state: ModelState) -> AnyChange | None:
            writable(name, state)
            if state.last_version + 1 != version.version:
                return None
            return VersionCreated(
                version=version.version,
                source=source,
                run_id=run_id,
                run_link=version.run_link,
                model_id=model_id,
                description=version.description,
                tags=version.tags,
                imported=times,
            )

        def is_there() -> bool:
            check_origins(self._store, origins)
            return True

        try:
            state, _ = self._registry.commit_change(name, create, still_holds=is_there)
        except (Purged, StateError) as error:
            self._omissions.add("versions", f"{name}/{version.version}", error.message, is_failure=True)
            return self._stand_in(name, self._registry.read_any(name), version.version, times)
        try:  # a purge that began in between has seen this version, or is seen here
            is_there()
        except (Purged, StateError) as error:
            self._omissions.add("versions", f"{name}/{version.version}", error.message, is_failure=True)
            return self._commit(name, lambda _: VersionDeleted(version=version.version, imported=times), error.message)
        return state

    def _stand_in(self, name: str, state: ModelState, number: int, times: Imported) -> ModelState:
        if state.last_version < number:
            state = self._commit(
                name,
                lambda now: (
                    VersionCreated(version=number, source=GONE, imported=times) if now.last_version < number else None
                ),
                _STAND_IN,
            )
        return self._close_gap(name, state, number)

    def _close_gap(self, name: str, state: ModelState, number: int) -> ModelState:
        """Delete a stand-in that is still there, because whoever made it was stopped."""
        there = state.versions.get(number)
        if there is None or there.source != GONE:
            return state
        times = Imported(last_update_time=there.updated)
        return self._commit(name, lambda _: VersionDeleted(version=number, imported=times), _STAND_IN)

    def _point(self, name: str, state: ModelState, alias: str, number: int, time_ms: int) -> ModelState:
        if alias in state.aliases or state.versions.get(number) is None:
            return state
        times = Imported(last_update_time=time_ms)
        return self._commit(name, lambda _: AliasSet(alias=alias, version=number, imported=times))

    def _commit(
        self, name: str, decide: Callable[[ModelState], AnyChange | None], comment: str | None = None
    ) -> ModelState:
        return self._registry.commit(name, decide, comment=comment)

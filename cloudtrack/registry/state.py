"""A model's state, folded from its events. Pure: the same events give the same state."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from cloudtrack.entities.model_version import ModelVersion, Stage
from cloudtrack.entities.registered_model import PROMPT_TAG, RegisteredModel
from cloudtrack.registry.chain import note
from cloudtrack.registry.change import Imported
from cloudtrack.registry.events import (
    AliasDeleted,
    AliasSet,
    Event,
    ModelChanged,
    ModelCreated,
    ModelDeleted,
    MovedIn,
    Renamed,
    RenameGivenUp,
    RenameStarted,
    StageTransitioned,
    VersionChanged,
    VersionCreated,
    VersionDeleted,
    VersionPinned,
)
from cloudtrack.registry.review_state import Comments, Requests
from cloudtrack.registry.reviewing import fold_review
from cloudtrack.registry.version_state import Placing, VersionState
from cloudtrack.registry.versions import Versions

MOST_COMMENT = 200
"""So many characters of a comment are in the state."""
MOST_HELD = 50
"""So many holders of a stage a state remembers, to roll back to."""


class ModelState(BaseModel):
    """A name after its first ``number`` events. ``exists`` is False before the first and after a deletion."""

    model_config = ConfigDict(extra="allow")

    name: str = ""
    number: int = 0
    last_hash: str = ""
    exists: bool = False
    renaming_to: str = ""
    renamed_to: str = ""
    created: int = 0
    updated: int = 0
    imported_at: int = 0
    """The last event of an import, and what it says of the time before (ms): that of the last change."""
    imported_time: int | None = None
    is_imported: bool = False
    """Whether an import came to its end."""
    user: str = ""
    description: str = ""
    tags: dict[str, str] = {}
    aliases: dict[str, int] = {}
    aliased: dict[str, Placing] = {}
    """By alias: who pointed it where it points."""
    stages: list[str] = list(Stage.NAMES)
    exclusive_stages: list[str] = []
    held: dict[str, list[int]] = {}
    """By stage: the versions that it was given to, the last one last; those that a rollback took away are not there."""
    last_version: int = 0
    versions: Versions = Versions()
    cleared: int = 0
    """The event by which all versions went that there were, when the name was deleted or renamed."""
    last_cleared: int = 0
    """The greatest of those versions."""
    moved_from: str = ""
    """The name that this state had before, and its last event under that name."""
    moved_number: int = 0
    all_changed: int = 0
    """The event that changed what is shown of all versions that there were."""
    requests: Requests = Requests()
    comments: Comments = Comments()
    recent: dict[str, int] = {}
    """The last operations by id, with the number of the event: one whose answer was lost is not done again."""

    @property
    def own_stages(self) -> list[str]:
        """The stages between None and Archived."""
        return [stage for stage in self.stages if stage not in (Stage.NONE, Stage.ARCHIVED)]

    @property
    def changed_ms(self) -> int:
        """When it was changed last; of an import, when that was where it came from."""
        if self.imported_at == self.number and self.imported_time is not None:
            return self.imported_time
        return self.updated

    def stage_named(self, stage: str) -> str:
        """A stage of this model as written in answers, from any case. Raises InvalidInput."""
        return Stage.canonical(stage, self.stages)

    def version_entity(self, number: int) -> ModelVersion | None:
        """A version as callers see it; None for one that is not there."""
        version = self.versions.get(number)
        return self.shown(version) if version is not None else None

    def shown(self, version: VersionState) -> ModelVersion:
        """A version of this state as callers see it."""
        number = version.version
        return ModelVersion(
            name=self.name,
            version=number,
            creation_timestamp=version.created,
            last_updated_timestamp=version.updated,
            description=version.description,
            user_id=version.user,
            current_stage=version.stage,
            source=version.source,
            run_id=version.run_id,
            run_link=version.run_link,
            model_id=version.model_id,
            digest=version.digest,
            manifest=version.manifest,
            kept=version.kept,
            tags=dict(version.tags),
            aliases=sorted(alias for alias, target in self.aliases.items() if target == number),
        )

    def latest_versions(self, stages: list[str] | None = None) -> list[ModelVersion]:
        """The newest version of each stage, or of those named, in the order of the stages."""
        wanted = [self.stage_named(stage) for stage in stages] if stages else self.stages
        newest = [self.versions.newest_in(stage) for stage in dict.fromkeys(wanted)]
        found = [self.versions.get(number) for number in newest if number is not None]
        return [self.shown(version) for version in found if version is not None]

    def entity(self) -> RegisteredModel:
        """The model as callers see it."""
        return RegisteredModel(
            name=self.name,
            creation_timestamp=self.created,
            last_updated_timestamp=self.changed_ms,
            description=self.description,
            user_id=self.user,
            latest_versions=self.latest_versions(),
            tags=dict(self.tags),
            aliases=dict(sorted(self.aliases.items())),
            stages=list(self.stages),
            exclusive_stages=list(self.exclusive_stages),
            open_requests=len(self.requests.open),
        )


def fold(state: ModelState, event: Event, event_hash: str) -> None:
    """Bring the state past its next event."""
    note(state, event.number, event.id, event.time_ms, event_hash)
    change = event.change
    imported = getattr(change, "imported", None)
    if imported is not None:
        state.imported_at, state.imported_time = event.number, imported.last_update_time
    match change:
        case ModelCreated():
            _start(state, event, change)
        case ModelChanged():
            state.description = change.description if change.description is not None else state.description
            _change_tags(state.tags, change.tags)
            state.stages = change.stages if change.stages is not None else state.stages
            if change.exclusive_stages is not None:
                state.exclusive_stages = change.exclusive_stages
            state.is_imported = state.is_imported or imported is not None
            if PROMPT_TAG in change.tags:  # searches show versions of prompts to those who ask for them
                state.all_changed = event.number
        case ModelDeleted():
            _clear(state)
        case VersionCreated():
            _add_version(state, event, change)
        case VersionChanged():
            _change_version(state, event, change)
        case VersionPinned():
            _pin(state, event, change)
        case VersionDeleted():
            _delete_version(state, change)
        case StageTransitioned():
            _move(state, change, event)
        case AliasSet():
            _touch(state, change.version, state.aliases.get(change.alias))
            state.aliases[change.alias] = change.version
            state.aliased[change.alias] = _placing(event)
        case AliasDeleted():
            _touch(state, state.aliases.pop(change.alias, None))
            state.aliased.pop(change.alias, None)
        case RenameStarted():
            state.renaming_to = change.new_name
        case RenameGivenUp():
            state.renaming_to = ""
        case Renamed():
            _clear(state)
            state.renamed_to = change.new_name
        case MovedIn():
            _move_in(state, event, change)
        case _:
            fold_review(state.requests, state.comments, event)


def _start(state: ModelState, event: Event, change: ModelCreated) -> None:
    state.name = change.name
    state.exists = True
    state.renamed_to = ""
    state.created, _, state.user = _times(event, change.imported)
    state.is_imported = False
    state.description = change.description
    state.tags = dict(change.tags)


def _clear(state: ModelState) -> None:
    state.exists = False
    state.cleared = state.number
    state.last_cleared = state.last_version
    state.renaming_to = ""
    state.description = ""
    state.tags = {}
    state.aliases = {}
    state.aliased = {}
    state.stages = list(Stage.NAMES)
    state.exclusive_stages = []
    state.held = {}
    state.requests.open = {}
    state.comments.kept = {}
    state.versions = Versions().bound_as(state.versions)


def _add_version(state: ModelState, event: Event, change: VersionCreated) -> None:
    state.last_version = change.version
    created, updated, user = _times(event, change.imported)
    state.versions.add(
        VersionState(
            version=change.version,
            number=event.number,
            created=created,
            updated=updated,
            source=change.source,
            user=user,
            run_id=change.run_id,
            run_link=change.run_link,
            model_id=change.model_id,
            digest=change.digest,
            manifest=change.manifest,
            kept=change.kept,
            description=change.description,
            tags=dict(change.tags),
        )
    )


def _delete_version(state: ModelState, change: VersionDeleted) -> None:
    state.versions.change(change.version, state.number).deleted = True
    for alias in [alias for alias, number in state.aliases.items() if number == change.version]:
        del state.aliases[alias]
        state.aliased.pop(alias, None)
    state.requests.close(change.version)
    state.comments.drop(change.version)


def _change_version(state: ModelState, event: Event, change: VersionChanged) -> None:
    version = state.versions.change(change.version, event.number)
    version.description = change.description if change.description is not None else version.description
    version.updated = event.time_ms
    _change_tags(version.tags, change.tags)


def _pin(state: ModelState, event: Event, change: VersionPinned) -> None:
    version = state.versions.change(change.version, event.number)
    version.manifest, version.kept = change.manifest, change.kept
    version.updated = event.time_ms


def _move(state: ModelState, change: StageTransitioned, event: Event) -> None:
    state.requests.close(change.version, change.to_stage)
    for number, stage in [*((number, Stage.ARCHIVED) for number in change.archived), (change.version, change.to_stage)]:
        version = state.versions.change(number, state.number)
        version.stage = stage
        version.staged = _placing(event)
        version.updated = _times(event, change.imported)[1]
    if change.to_stage in state.own_stages:
        gone = {change.version, *(change.archived if change.rolled_back else [])}
        held = [number for number in state.held.get(change.to_stage, []) if number not in gone]
        state.held[change.to_stage] = [*held, change.version][-MOST_HELD:]


def _move_in(state: ModelState, event: Event, change: MovedIn) -> None:
    """The old name's state; its own last number counts too, so that no version is numbered twice."""
    old = ModelState.model_validate(change.state)
    state.name = change.name
    state.exists = True
    state.renamed_to = ""
    state.created, state.user, state.is_imported = old.created, old.user, old.is_imported
    state.description, state.tags, state.aliases = old.description, old.tags, old.aliases
    state.aliased = old.aliased
    state.stages, state.exclusive_stages, state.held = old.stages, old.exclusive_stages, old.held
    state.requests = Requests(last=max(state.requests.last, old.requests.last), open=old.requests.open)
    state.comments = Comments(last=max(state.comments.last, old.comments.last), kept=old.comments.kept)
    state.moved_from, state.moved_number = change.old_name, change.old_number
    state.versions = old.versions.bound_as(state.versions)
    state.all_changed = event.number
    state.last_version = max(state.last_version, old.last_version)
    state.last_cleared = 0
    state.updated = event.time_ms


def _times(event: Event, imported: Imported | None) -> tuple[int, int, str]:
    """Created, last changed, and by whom: by this event, or as an import says that it was."""
    if imported is None:
        return event.time_ms, event.time_ms, event.actor
    created = event.time_ms if imported.creation_time is None else imported.creation_time
    return created, created if imported.last_update_time is None else imported.last_update_time, imported.user_id


def _placing(event: Event) -> Placing:
    comment = (event.comment or "")[:MOST_COMMENT]
    return Placing(number=event.number, time_ms=event.time_ms, actor=event.actor, comment=comment)


def _touch(state: ModelState, *versions: int | None) -> None:
    """Note that this event changes what is shown of the versions."""
    for number in versions:
        if number is not None and state.versions.get(number) is not None:
            state.versions.change(number, state.number)


def _change_tags(tags: dict[str, str], changes: Mapping[str, str | None]) -> None:
    for key, value in changes.items():
        if value is None:
            tags.pop(key, None)
        else:
            tags[key] = value

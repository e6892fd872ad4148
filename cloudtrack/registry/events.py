"""The events of a model's history, as they are stored. This is the truth, and is read for ever.

An event is written once, as ``models/<name>/events/<number>.json``, and names the hash of the one
before it. Fields that a newer writer adds are kept; a type that this version does not know is an error,
because the state after it would be a guess.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from cloudtrack.entities.model_version import Stage
from cloudtrack.registry.change import Change, Imported
from cloudtrack.registry.decision import Decision
from cloudtrack.registry.review_events import (
    CommentChanged,
    CommentDeleted,
    RequestApproved,
    RequestCommented,
    RequestRejected,
    RequestWithdrawn,
    TransitionDenied,
    TransitionRequested,
    VersionCommented,
)
from cloudtrack.registry.stored_event import StoredEvent, parse_stored

FORMAT = "cloudtrack.registry-event/1"


class ModelCreated(Change):
    """The name exists, for the first time or again; version numbers go on."""

    type: Literal["model_created"] = "model_created"
    name: str
    description: str = ""
    tags: dict[str, str] = {}
    imported: Imported | None = None
    """Where it was made by an import: how it was before."""

    def summary(self) -> str:
        return "created"


class ModelChanged(Change):
    """Description or tags of the model, a tag of None is deleted; or its stages."""

    type: Literal["model_changed"] = "model_changed"
    description: str | None = None
    tags: dict[str, str | None] = {}
    stages: list[str] | None = None
    """All of them, from None to Archived."""
    exclusive_stages: list[str] | None = None
    imported: Imported | None = None
    """The end of an import."""

    def summary(self) -> str:
        what = [*(["description"] if self.description is not None else []), *_tags(self.tags)]
        if self.stages is not None:
            what.append(f"stages {', '.join(self.stages)}")
        if self.exclusive_stages is not None:
            what.append(f"exclusive {', '.join(self.exclusive_stages) or 'none'}")
        return ", ".join(what) or "nothing"


class ModelDeleted(Change):
    """The name is gone, with its versions and aliases. The history stays."""

    type: Literal["model_deleted"] = "model_deleted"

    def summary(self) -> str:
        return "deleted"


class VersionCreated(Change):
    """A model was registered as the next version."""

    type: Literal["version_created"] = "version_created"
    version: int
    source: str
    run_id: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    digest: str | None = None
    """Of the model that was registered (see ``models.digests``), where it was known."""
    manifest: str | None = None
    """The name of the list of its files (see ``entities.manifest``), where it was made."""
    kept: bool = False
    """Whether the registry keeps the files itself."""
    description: str = ""
    tags: dict[str, str] = {}
    imported: Imported | None = None

    def summary(self) -> str:
        return f"version {self.version} from {self.source}"


class VersionPinned(Change):
    """The files of a version were listed, after it was registered; or copied into the registry."""

    type: Literal["version_pinned"] = "version_pinned"
    version: int
    manifest: str
    kept: bool = False

    def summary(self) -> str:
        return f"version {self.version} pinned to {self.manifest[:12]}" + (", files copied" if self.kept else "")


class VersionChanged(Change):
    """Description or tags of a version; a tag of None is deleted."""

    type: Literal["version_changed"] = "version_changed"
    version: int
    description: str | None = None
    tags: dict[str, str | None] = {}

    def summary(self) -> str:
        what = [*(["description"] if self.description is not None else []), *_tags(self.tags)]
        return f"version {self.version}: {', '.join(what) or 'nothing'}"


class VersionDeleted(Change):
    """A version is gone, with its aliases. Its number is not used again."""

    type: Literal["version_deleted"] = "version_deleted"
    version: int
    imported: Imported | None = None

    def summary(self) -> str:
        return f"version {self.version} deleted"


class StageTransitioned(Change):
    """A version moved to a stage, and others were archived by the same event."""

    type: Literal["stage_transitioned"] = "stage_transitioned"
    version: int
    from_stage: str = Stage.NONE
    to_stage: str
    previous: list[int] = []
    """The versions that were in that stage before, smallest first."""
    archived: list[int] = []
    rolled_back: bool = False
    imported: Imported | None = None
    """Whether the version was there before those that were archived."""
    request: int | None = None
    """The request that this approves."""
    approved_by: list[str] = []
    """Everyone who approved it, the author of the event last or before."""
    decision: Decision | None = None
    """What the policy said; None where there was none."""

    def summary(self) -> str:
        what = "rolled back to version" if self.rolled_back else "version"
        archived = f"; archived {', '.join(map(str, self.archived))}" if self.archived else ""
        approved = f"; request {self.request} approved by {', '.join(self.approved_by)}" if self.request else ""
        forced = f"; FORCED, though {self.decision.why_not()}" if self.decision and self.decision.forced else ""
        return f"{what} {self.version}: {self.from_stage} -> {self.to_stage}{archived}{approved}{forced}"


class AliasSet(Change):
    """An alias points to a version; ``previous`` is the one it pointed to before."""

    type: Literal["alias_set"] = "alias_set"
    alias: str
    version: int
    previous: int | None = None
    imported: Imported | None = None

    def summary(self) -> str:
        return f"@{self.alias} -> {self.version}" + (f" (was {self.previous})" if self.previous else "")


class AliasDeleted(Change):
    """An alias is gone."""

    type: Literal["alias_deleted"] = "alias_deleted"
    alias: str
    previous: int | None = None

    def summary(self) -> str:
        return f"@{self.alias} deleted" + (f" (was {self.previous})" if self.previous else "")


class RenameStarted(Change):
    """The name is frozen until its state has moved to the new name, or the rename is given up."""

    type: Literal["rename_started"] = "rename_started"
    new_name: str

    def summary(self) -> str:
        return f"renaming to {self.new_name}"


class RenameGivenUp(Change):
    """The new name was taken; the name is as it was."""

    type: Literal["rename_given_up"] = "rename_given_up"
    new_name: str

    def summary(self) -> str:
        return f"not renamed: {self.new_name} is taken"


class Renamed(Change):
    """The name is gone: its state went to another."""

    type: Literal["renamed"] = "renamed"
    new_name: str

    def summary(self) -> str:
        return f"renamed to {self.new_name}"


class MovedIn(Change):
    """The first event of a name that a rename made: the state of the old name at one of its events."""

    type: Literal["moved_in"] = "moved_in"
    name: str
    old_name: str
    old_number: int
    state: dict[str, Any]

    def summary(self) -> str:
        return f"renamed from {self.old_name}"


AnyChange = Annotated[
    ModelCreated
    | ModelChanged
    | ModelDeleted
    | VersionCreated
    | VersionPinned
    | VersionChanged
    | VersionDeleted
    | StageTransitioned
    | AliasSet
    | AliasDeleted
    | RenameStarted
    | RenameGivenUp
    | Renamed
    | MovedIn
    | TransitionRequested
    | RequestApproved
    | RequestRejected
    | RequestWithdrawn
    | TransitionDenied
    | VersionCommented
    | RequestCommented
    | CommentChanged
    | CommentDeleted,
    Field(discriminator="type"),
]


class Event(StoredEvent):
    """One commit to a registered model."""

    format: str = FORMAT
    change: AnyChange


def parse_event(key: str, body: bytes) -> Event:
    """Raises CorruptData, naming the key."""
    return parse_stored(Event, "registry", key, body)


def _tags(tags: dict[str, str | None]) -> list[str]:
    return [f"tag {key} deleted" if value is None else f"tag {key}={value}" for key, value in tags.items()]

"""What webhooks are told of an event of the registry.

Entities, actions and fields are MLflow's, but for stages and releases, of which MLflow tells nobody.
Source: https://mlflow.org/docs/latest/ml/webhooks/events/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cloudtrack.registry.events import (
    AliasDeleted,
    AliasSet,
    Event,
    ModelChanged,
    ModelCreated,
    StageTransitioned,
    VersionChanged,
    VersionCreated,
)
from cloudtrack.registry.release_events import ReleaseChange, ReleaseDeleted, ReleaseEvent, RolledBack, Switched
from cloudtrack.registry.stored_event import StoredEvent
from cloudtrack.registry.webhooks import RELEASE, STAGE_TRANSITIONED, WebhookEvent

_PROMPT_TEXT = "mlflow.prompt.text"


@dataclass(frozen=True)
class EventMessage:
    """One thing to tell: what it is about, and what it says."""

    about: WebhookEvent
    data: dict[str, Any]


def messages_of(name: str, event: Event | ReleaseEvent, *, is_prompt: bool) -> list[EventMessage]:
    """What there is to tell of an event; nothing of some. ``is_prompt``: the model is one of MLflow's prompts."""
    return list(_messages(name, event, is_prompt))


def _messages(name: str, event: Event | ReleaseEvent, is_prompt: bool) -> Iterator[EventMessage]:
    change = event.change
    model, version = ("PROMPT", "PROMPT_VERSION") if is_prompt else ("REGISTERED_MODEL", "MODEL_VERSION")
    alias = "PROMPT_ALIAS" if is_prompt else "MODEL_VERSION_ALIAS"
    match change:
        case ModelCreated():
            yield _message(model, "CREATED", name=name, tags=change.tags, description=change.description)
        case ModelChanged() if is_prompt:
            yield from _of_tags("PROMPT_TAG", change.tags, name=name)
        case VersionCreated():
            origin = {"source": change.source, "run_id": change.run_id}
            text = {"template": change.tags.get(_PROMPT_TEXT)}
            yield _message(
                version,
                "CREATED",
                name=name,
                version=str(change.version),
                **(text if is_prompt else origin),
                tags=change.tags,
                description=change.description,
            )
        case VersionChanged():
            yield from _of_tags(f"{version}_TAG", change.tags, name=name, version=str(change.version))
        case AliasSet():
            yield _message(alias, "CREATED", name=name, alias=change.alias, version=str(change.version))
        case AliasDeleted():
            yield _message(alias, "DELETED", name=name, alias=change.alias)
        case StageTransitioned():
            yield _message(
                *STAGE_TRANSITIONED,
                name=name,
                version=str(change.version),
                from_stage=change.from_stage,
                to_stage=change.to_stage,
                archived_versions=[str(number) for number in change.archived],
                user=event.actor,
                comment=event.comment,
                event_number=event.number,
            )
        case Switched():
            yield _of_release("SWITCHED", name, event, change)
        case RolledBack():
            yield _of_release("ROLLED_BACK", name, event, change, to_number=change.to)
        case ReleaseDeleted():
            yield _of_release("DELETED", name, event, change)


def _of_release(action: str, name: str, event: StoredEvent, change: ReleaseChange, **more: Any) -> EventMessage:
    members = {member: f"{version.name}/{version.version}" for member, version in sorted(change.members.items())}
    said = {"user": event.actor, "comment": event.comment, "event_number": event.number}
    return _message(RELEASE, action, name=name, members=members, **more, **said)


def _of_tags(entity: str, tags: Mapping[str, str | None], **of: str) -> Iterator[EventMessage]:
    for key, value in tags.items():
        if value is None:
            yield _message(entity, "DELETED", **of, key=key)
        else:
            yield _message(entity, "SET", **of, key=key, value=value)


def _message(entity: str, action: str, **data: Any) -> EventMessage:
    return EventMessage(WebhookEvent(entity=entity, action=action), data)

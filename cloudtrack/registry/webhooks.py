"""Webhooks: addresses that want to hear of changes to the registry, one document each.

A secret is written and used for signing; nothing here gives it out again.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self
from urllib.parse import urlsplit

from pydantic import BaseModel

from cloudtrack import clock, ids
from cloudtrack.errors import CorruptData, InvalidInput, NotFound, ObjectNotFound
from cloudtrack.registry import keys
from cloudtrack.storage.document import Document, DocumentStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order

STAGE_TRANSITIONED = ("MODEL_VERSION_STAGE", "TRANSITIONED")
RELEASE = "RELEASE"
OWN = {STAGE_TRANSITIONED, (RELEASE, "SWITCHED"), (RELEASE, "ROLLED_BACK"), (RELEASE, "DELETED")}
"""cloudtrack's own events: MLflow tells nobody of stages, and has no releases."""
_VERSION = ("name", "version")
_WHO = ("user", "comment", "event_number")
EVENTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("MODEL_VERSION", "CREATED"): (*_VERSION, "source", "run_id", "tags", "description"),
    ("MODEL_VERSION_ALIAS", "CREATED"): ("name", "alias", "version"),
    ("MODEL_VERSION_ALIAS", "DELETED"): ("name", "alias"),
    STAGE_TRANSITIONED: (*_VERSION, "from_stage", "to_stage", "archived_versions", *_WHO),
    ("MODEL_VERSION_TAG", "DELETED"): (*_VERSION, "key"),
    ("MODEL_VERSION_TAG", "SET"): (*_VERSION, "key", "value"),
    ("PROMPT", "CREATED"): ("name", "tags", "description"),
    ("PROMPT_ALIAS", "CREATED"): ("name", "alias", "version"),
    ("PROMPT_ALIAS", "DELETED"): ("name", "alias"),
    ("PROMPT_TAG", "DELETED"): ("name", "key"),
    ("PROMPT_TAG", "SET"): ("name", "key", "value"),
    ("PROMPT_VERSION", "CREATED"): (*_VERSION, "template", "tags", "description"),
    ("PROMPT_VERSION_TAG", "DELETED"): (*_VERSION, "key"),
    ("PROMPT_VERSION_TAG", "SET"): (*_VERSION, "key", "value"),
    (RELEASE, "DELETED"): ("name", "members", *_WHO),
    (RELEASE, "ROLLED_BACK"): ("name", "members", "to_number", *_WHO),
    (RELEASE, "SWITCHED"): ("name", "members", *_WHO),
    ("REGISTERED_MODEL", "CREATED"): ("name", "tags", "description"),
}
"""Entity and action of each event, and what a message about it says.
Source: https://mlflow.org/docs/latest/ml/webhooks/events/
"""
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._\-]{0,61}[A-Za-z0-9])?")
_ID = re.compile(r"[0-9a-f]{32}")
_MAX_LENGTH = 2048

_log = logging.getLogger(__name__)


class WebhookEvent(BaseModel):
    """Something that happens in the registry."""

    entity: str
    action: str

    @property
    def pair(self) -> tuple[str, str]:
        """Entity and action."""
        return self.entity, self.action

    @classmethod
    def of(cls, entity: str, action: str) -> Self:
        """Raises InvalidInput for what never happens."""
        if (entity, action) not in EVENTS:
            known = ", ".join(f"{known_entity} {known_action}" for known_entity, known_action in EVENTS)
            raise InvalidInput(f"{entity[:60]!r} {action[:60]!r} is no event; there are {known}")
        return cls(entity=entity, action=action)


class WebhookStatus:
    """Whether a webhook wants to hear anything just now."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"
    NAMES = (ACTIVE, DISABLED)


class WebhookDocument(Document):
    """A webhook as it is stored."""

    format_name: ClassVar[str] = "cloudtrack.webhook/1"

    webhook_id: str
    name: str
    description: str = ""
    url: str
    events: list[WebhookEvent]
    status: str = WebhookStatus.ACTIVE
    secret: str = ""
    creation_time: int
    last_update_time: int


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as callers see it: all but its secret. Times are milliseconds since the epoch."""

    webhook_id: str
    name: str
    description: str
    url: str
    events: list[WebhookEvent]
    status: str
    creation_timestamp: int
    last_updated_timestamp: int


class Webhooks:
    """The webhooks of one store."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._documents = DocumentStore(store, WebhookDocument)

    def create(
        self,
        name: str,
        url: str,
        events: Sequence[WebhookEvent],
        *,
        description: str = "",
        secret: str = "",
        status: str = WebhookStatus.ACTIVE,
    ) -> Webhook:
        """A new webhook; names need not be unique. Raises InvalidInput."""
        now = clock.now_ms()
        document = WebhookDocument(
            webhook_id=ids.new_webhook_id(),
            name=_checked_name(name),
            description=_checked_text("description", description),
            url=_checked_url(url),
            events=_checked_events(events),
            status=_checked_status(status),
            secret=_checked_text("secret", secret),
            creation_time=now,
            last_update_time=now,
        )
        return _entity(self._documents.create(keys.webhook(document.webhook_id), document).document)

    def get(self, webhook_id: str) -> Webhook:
        """Raises NotFound."""
        return _entity(self._read(webhook_id))

    def list(self) -> list[Webhook]:
        """All webhooks, newest first."""
        found = [info.key for info in self._store.list(keys.WEBHOOKS)]
        webhooks = [webhook for webhook in map_in_order(self._read_or_none, found) if webhook is not None]
        return sorted(webhooks, key=lambda webhook: (-webhook.creation_timestamp, webhook.webhook_id))

    def update(
        self,
        webhook_id: str,
        *,
        name: str | None = None,
        url: str | None = None,
        events: Sequence[WebhookEvent] | None = None,
        description: str | None = None,
        secret: str | None = None,
        status: str | None = None,
    ) -> Webhook:
        """Change what is given. Raises NotFound, InvalidInput."""
        changes = {
            "name": None if name is None else _checked_name(name),
            "url": None if url is None else _checked_url(url),
            "events": None if events is None else _checked_events(events),
            "description": None if description is None else _checked_text("description", description),
            "secret": None if secret is None else _checked_text("secret", secret),
            "status": None if status is None else _checked_status(status),
        }

        def change(document: WebhookDocument) -> None:
            for field, value in changes.items():
                if value is not None:
                    setattr(document, field, value)
            document.last_update_time = clock.now_ms()

        try:
            return _entity(self._documents.update(keys.webhook(_checked_id(webhook_id)), change).document)
        except ObjectNotFound as error:
            raise _missing(webhook_id) from error

    def delete(self, webhook_id: str) -> None:
        """Delete a webhook, and its secret with it. Raises NotFound."""
        self._read(webhook_id)
        self._store.delete(keys.webhook(webhook_id))
        self._store.delete(keys.webhook_place(webhook_id))

    def secret(self, webhook_id: str) -> str:
        """What messages are signed with; empty where they are not signed. For the sender alone. Raises NotFound."""
        return self._read(webhook_id).secret

    def _read(self, webhook_id: str) -> WebhookDocument:
        try:
            return self._documents.get(keys.webhook(_checked_id(webhook_id))).document
        except ObjectNotFound as error:
            raise _missing(webhook_id) from error

    def _read_or_none(self, key: str) -> Webhook | None:
        try:
            return _entity(self._documents.get(key).document)
        except ObjectNotFound:  # deleted while we were listing
            return None
        except CorruptData as error:  # one bad object must not hide all others
            _log.warning("left out of the listing: %s", error)
            return None


def _entity(document: WebhookDocument) -> Webhook:
    return Webhook(
        webhook_id=document.webhook_id,
        name=document.name,
        description=document.description,
        url=document.url,
        events=list(document.events),
        status=document.status,
        creation_timestamp=document.creation_time,
        last_updated_timestamp=document.last_update_time,
    )


def _missing(webhook_id: str) -> NotFound:
    return NotFound(f"there is no webhook with id {webhook_id[:60]!r}")


def _checked_id(webhook_id: str) -> str:
    if not _ID.fullmatch(webhook_id):
        raise _missing(webhook_id)
    return webhook_id


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name[:80]!r} is no name of a webhook: letters, digits, '.', '_' and '-', at most 63, "
            "with a letter or a digit at both ends"
        )
    return name


def _checked_url(url: str) -> str:
    """The address itself, where it is one of the web without a login in it."""
    _checked_text("url", url)
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not url.isascii() or any(char <= " " or char in '\\"<>^`{|}\x7f' for char in url):
        raise InvalidInput(f"{url[:80]!r} is no address of a webhook: https://host/path, or http://host/path")
    if "@" in parts.netloc:
        raise InvalidInput("the address of a webhook must not have a login in it: messages are signed with a secret")
    return url


def _checked_events(events: Sequence[WebhookEvent]) -> list[WebhookEvent]:
    """In one order, each once."""
    if not events:
        raise InvalidInput("a webhook needs an event to hear of")
    pairs = sorted({(event.entity, event.action) for event in events})
    return [WebhookEvent.of(entity, action) for entity, action in pairs]


def _checked_status(status: str) -> str:
    if status not in WebhookStatus.NAMES:
        raise InvalidInput(f"{status[:60]!r} is no status of a webhook: {' or '.join(WebhookStatus.NAMES)}")
    return status


def _checked_text(what: str, text: str) -> str:
    if len(text) > _MAX_LENGTH:
        raise InvalidInput(f"the {what} of a webhook has {len(text)} characters; at most {_MAX_LENGTH} are allowed")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"the {what} of a webhook is not valid Unicode") from error
    return text

"""The store's marker, access, webhooks, the feed, the policy, plans of gc: one object each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from pydantic_core import from_json

from cloudtrack.access import keys as access_keys
from cloudtrack.access.api_token import ApiToken
from cloudtrack.access.policy import AccessPolicy
from cloudtrack.errors import CorruptData, InvalidInput, ObjectNotFound
from cloudtrack.maintenance.fsck_finding import Finding
from cloudtrack.maintenance.fsck_tracking import parsed, unknown
from cloudtrack.maintenance.gc_plan import PLANS, parse_plan
from cloudtrack.registry import keys
from cloudtrack.registry.cursors import FORMAT
from cloudtrack.registry.delivery_document import DeliveryDocument
from cloudtrack.registry.journals import JournalDocument
from cloudtrack.registry.policy_file import parse_policy
from cloudtrack.registry.webhooks import WebhookDocument
from cloudtrack.storage.marker import MARKER_KEY, read_marker
from cloudtrack.storage.object_store import ObjectStore

_CURSOR = re.compile(r"feed/cursors/([0-9a-f]{64})\.json")
_LEAST_KEY_BYTES = 32


def check_object(store: ObjectStore, key: str) -> Iterator[Finding]:
    """An object that belongs to nothing else. One request, where its key is known."""
    try:
        yield from _check(store, key)
    except ObjectNotFound:
        return


def _check(store: ObjectStore, key: str) -> Iterator[Finding]:
    if key == MARKER_KEY:
        yield from check_marker(store)
    elif key == keys.REGISTRY_POLICY:
        try:
            parse_policy(store.get(key).body)
        except InvalidInput as error:
            yield Finding("policy-damaged", key, error.message)
    elif key == access_keys.POLICY:
        yield from parsed(store, AccessPolicy, key)
    elif key.startswith(access_keys.TOKENS):
        token = yield from parsed(store, ApiToken, key)
        if token is not None and not key.removeprefix(access_keys.TOKENS).startswith(token.token_id):
            yield Finding("document-misplaced", key, f"it says that it is token {token.token_id}")
    elif key == access_keys.TICKET_KEY:
        if len(store.get(key).body) < _LEAST_KEY_BYTES:
            yield Finding("token-key", key, "it is no key for tickets")
    elif key.startswith(keys.WEBHOOKS):
        webhook = yield from parsed(store, WebhookDocument, key)
        if webhook is not None and keys.webhook(webhook.webhook_id) != key:
            yield Finding("document-misplaced", key, f"it says that it is webhook {webhook.webhook_id}")
    elif key.startswith(keys.JOURNALS):
        journal = yield from parsed(store, JournalDocument, key)
        if journal is not None and keys.journal(journal.writer) != key:
            yield Finding("document-misplaced", key, f"it says that it is of the journal {journal.writer}")
    elif key.startswith("feed/webhooks/"):
        yield from parsed(store, DeliveryDocument, key)
    elif match := _CURSOR.fullmatch(key):
        yield from _check_cursor(key, match[1], store.get(key).body)
    elif key.startswith(PLANS):
        try:
            parse_plan(key, store.get(key).body)
        except CorruptData as error:
            yield Finding("unknown", key, error.message)
    elif key.startswith((".probe/", "doctor/")):
        yield Finding("probe", key, "a check of the store was cut off")
    else:
        yield from unknown([key])


def check_marker(store: ObjectStore) -> Iterator[Finding]:
    """The object that says that this is a store."""
    try:
        if read_marker(store) is None:
            yield Finding("store-marker", MARKER_KEY, "it is missing: nothing says that this is a store")
    except (CorruptData, InvalidInput) as error:
        yield Finding("store-marker", MARKER_KEY, error.message)


def _check_cursor(key: str, name: str, body: bytes) -> Iterator[Finding]:
    try:
        content = from_json(body)
    except ValueError:
        content = None
    if hashlib.sha256(body).hexdigest() != name or not isinstance(content, dict) or content.get("format") != FORMAT:
        yield Finding("cursor-damaged", key, "it is not the cursor that it is named by")

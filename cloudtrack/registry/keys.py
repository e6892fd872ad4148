"""Where the registry keeps what, relative to the store."""

from __future__ import annotations

from collections.abc import Iterator

from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.quoting import quote_name, unquote_name

MODELS = "models/"
INDEX = "index/models/"
"""Prefix of the index of models and versions."""
REGISTRY_POLICY = "policy.yaml"
"""What versions must have and be before they come to a stage; written by people."""
WEBHOOKS = "webhooks/"
RELEASES = "releases/"
_RELEASE_ID = "~release~"
MANIFESTS = "models/~manifests/"
"""Prefix of all manifests; no model has this segment, and a model that is renamed takes its versions' along."""
JOURNALS = "models/~journals/"
"""Prefix of what came of the calls in journals; no model has this segment."""
_NOT_OF_MODELS = (MANIFESTS, JOURNALS)
KEPT_FILES = "model_files/"
"""Prefix of the files that the registry keeps itself."""


def events(name: str) -> str:
    """Prefix of a model's events."""
    return f"{MODELS}{segment(name)}/events/"


def checkpoint(name: str) -> str:
    """A model's state, folded up to some event."""
    return f"{MODELS}{segment(name)}/model.json"


def snapshot(name: str, number: int) -> str:
    """A model's state after so many events, kept for ever."""
    return f"{MODELS}{segment(name)}/snapshots/{number:012d}.json"


def anchors(name: str) -> str:
    """Prefix of the anchors of a model's history."""
    return f"{MODELS}{segment(name)}/anchors/"


def pages(name: str) -> str:
    """Prefix of the pages of a model's versions."""
    return f"{MODELS}{segment(name)}/pages/"


def segments(store: ObjectStore) -> Iterator[str]:
    """The segments of keys of all names that exist or existed."""
    return (folder[len(MODELS) : -1] for folder in store.list_folder(MODELS).folders if folder not in _NOT_OF_MODELS)


def segment(name: str) -> str:
    """The segment of keys that a model has."""
    return quote_name(name)


def name_of(segment: str) -> str | None:
    """The name behind a segment of keys; None where only the events have it whole."""
    return unquote_name(segment)


def events_in(segment: str) -> str:
    """Prefix of the events of the model with this segment."""
    return f"{MODELS}{segment}/events/"


def release_events(name: str) -> str:
    """Prefix of a release's events."""
    return f"{RELEASES}{quote_name(name)}/events/"


def release_events_in(segment: str) -> str:
    """Prefix of the events of the release with this segment of keys."""
    return f"{RELEASES}{segment}/events/"


def release_id(segment: str) -> str:
    """What the index calls the release with this segment of keys; no model has such a segment."""
    return f"{_RELEASE_ID}{segment}"


def release_in(document_id: str) -> str | None:
    """The segment of a release, from what the index calls it; None for a model's."""
    return document_id.removeprefix(_RELEASE_ID) if document_id.startswith(_RELEASE_ID) else None


def release(name: str) -> str:
    """A release's state, folded up to some event."""
    return f"{RELEASES}{quote_name(name)}/release.json"


def release_segments(store: ObjectStore) -> list[str]:
    """The segments of keys of all releases that exist or existed."""
    return [folder[len(RELEASES) : -1] for folder in store.list_folder(RELEASES).folders]


def manifest(digest: str) -> str:
    """A manifest, by the SHA-256 of its bytes."""
    return f"{MANIFESTS}{digest}.json"


def journal(writer: str) -> str:
    """What came of the calls in a journal."""
    return f"{JOURNALS}{writer}.json"


def kept_file(digest: str) -> str:
    """A file that the registry keeps, by the SHA-256 of its bytes."""
    return f"{KEPT_FILES}{digest}"


def webhook(webhook_id: str) -> str:
    """A webhook's document."""
    return f"{WEBHOOKS}{webhook_id}.json"


def feed_cursor(sha256: str) -> str:
    """A place in the feed, under the SHA-256 of its bytes."""
    return f"feed/cursors/{sha256}.json"


def webhook_place(webhook_id: str) -> str:
    """How far the delivery to a webhook is."""
    return f"feed/webhooks/{webhook_id}.json"

"""The objects of a store by what they belong to, from one listing: a run, an experiment, a model, a kept file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import TypeVar

from cloudtrack.registry import keys
from cloudtrack.registry.contents import content_of
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.tracking.keys import NAME_CLAIMS

T = TypeVar("T")

Owned = tuple[str, list[ObjectInfo]]
"""A prefix that only its objects have, and these in key order."""

_BY_ID = ("experiments", "runs", "logged_models", "models", "releases", "index", "grants", "shares")
"""Folders of folders: each of these belongs together."""
AT_ONCE = 64


def owner_of(key: str) -> str:
    """The prefix of all that belongs to what an object belongs to."""
    if key.startswith((keys.KEPT_FILES, keys.MANIFESTS)):
        return key[: key.rindex("/") + 1] + content_of(key)
    if key.startswith(keys.JOURNALS):
        return key
    first, _, rest = key.partition("/")
    if first in _BY_ID and "/" in rest and not key.startswith(NAME_CLAIMS):
        return f"{first}/{rest[: rest.index('/')]}/"
    return key


def owned(store: ObjectStore) -> Iterator[Owned]:
    """Everything, in key order; a request for every thousand objects. Only one owner's objects are in memory."""
    for owner, infos in groupby(store.list(), key=lambda info: owner_of(info.key)):
        yield owner, list(infos)


def chunks(items: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """The items, so many at a time."""
    remaining = iter(items)
    while some := list(islice(remaining, size)):
        yield some

"""Immutable pages of versions, named by the hash of their bytes.

A page is derived from events. It is never changed, nor deleted while a state that is stored names it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from cloudtrack.errors import CorruptData, ObjectNotFound
from cloudtrack.registry.contents import Contents, content_of
from cloudtrack.registry.version_state import VersionState
from cloudtrack.storage.object_store import ObjectStore

PAGE_VERSIONS = 512
_CACHED_PAGES = 16
_VERSIONS = TypeAdapter(list[VersionState])

Page = Mapping[int, VersionState]
LoadPage = Callable[[str], Page]


class PageRef(BaseModel):
    """What a state says of a page. Versions that the state has itself do not count any more in the page."""

    model_config = ConfigDict(extra="allow")

    key: str
    first: int
    last: int
    number: int
    """The last event that changed one of its versions."""
    newest: dict[str, int] = {}
    """By stage: the greatest version in the page as it was written."""
    counts: dict[str, int] = {}
    """By stage: how many of its versions count and are not deleted."""


def page_loader(store: ObjectStore) -> LoadPage:
    """What reads the pages of a store, and keeps the last few. It raises CorruptData, naming the key."""

    @lru_cache(_CACHED_PAGES)
    def load(key: str) -> Page:
        try:
            body = store.get(key).body
        except ObjectNotFound as error:
            raise CorruptData(_broken(key, "is missing")) from error
        if hashlib.sha256(body).hexdigest() != content_of(key):
            raise CorruptData(_broken(key, "was altered"))
        try:
            return {version.version: version for version in _VERSIONS.validate_json(body)}
        except ValidationError as error:
            raise CorruptData(_broken(key, "is no page of versions")) from error

    return load


def write_page(store: ObjectStore, prefix: str, versions: Iterable[VersionState]) -> PageRef:
    """Keep versions as a page. Raises Unavailable."""
    rows = sorted(versions, key=lambda version: version.version)
    body = _VERSIONS.dump_json(rows)
    key = Contents(store).usable(f"{prefix}{hashlib.sha256(body).hexdigest()}.json")
    store.create(key, body)
    ref = PageRef(key=key, first=rows[0].version, last=rows[-1].version, number=max(version.number for version in rows))
    for version in rows:
        if not version.deleted:
            ref.newest[version.stage] = version.version
            ref.counts[version.stage] = ref.counts.get(version.stage, 0) + 1
    return ref


def _broken(key: str, what: str) -> str:
    return f"{key!r} {what}; delete the model's model.json to have everything that is derived made anew"

"""Bringing the histories of registered models and of releases: what the target's lacks is appended, byte for byte.

A history is a chain of hashes, so equal events with one number have equal ones before them. Where each side went on by
itself, neither is changed: a version number means one thing for ever.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cloudtrack import clock
from cloudtrack.entities.manifest import Manifest
from cloudtrack.errors import CorruptData, NotFound, ObjectExists, ObjectNotFound
from cloudtrack.merging.files import bring_once, local_file
from cloudtrack.merging.way import Way
from cloudtrack.registry import keys
from cloudtrack.registry.chain import Chain
from cloudtrack.registry.contents import Contents, condemnation, content_of
from cloudtrack.registry.events import MovedIn, Renamed, VersionCreated, VersionPinned
from cloudtrack.registry.origins import origins_of
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.release_chain import ReleaseChain
from cloudtrack.storage.mentioning import is_late
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.storage.sequence import Sequence
from cloudtrack.tracking.graves import LOGGED_MODEL, RUN, Grave
from cloudtrack.tracking.purges import is_purged

_READ_AT_ONCE = 64
_ALL = 10**12
_PAGE = re.compile(r"models/[^/]+/pages/[0-9a-f]{64}(\.\d+)?\.json")
AnyChain = Chain[Any, Any, Any]


class _Waits(Exception):
    """An event is not brought; why not."""


class Histories:
    """The registry of two stores, one way."""

    def __init__(self, way: Way, progress: Callable[[int], None]) -> None:
        self._way = way
        self._progress = progress
        self._models = Registry(way.target.store, actor="")
        self._ends: dict[str, int] = {}
        """How far the models' histories of the target are, by segment, once they were brought."""
        self._waiting: dict[str, str] = {}
        """Models that are not the same afterwards, by segment, and why."""
        self._begun: set[str] = set()

    def bring(self) -> None:
        """Models, then releases. Raises Unavailable."""
        segments = [owner.split("/")[1] for owner, _ in self._way.source.owners(keys.MODELS) if owner.endswith("/")]
        for number, segment in enumerate(segments, 1):
            self._bring_model(segment)
            self._progress(number)
        releases = ReleaseChain(self._way.target.store, actor="")
        for owner, _ in self._way.source.owners(keys.RELEASES):
            self._bring(releases, owner, self._check_members)

    def _bring_model(self, segment: str) -> None:
        """One model, once, and before it what it was renamed from, or to."""
        if segment in self._begun:
            return
        self._begun.add(segment)
        owner = f"{keys.MODELS}{segment}/"
        self._bring(self._models, owner, self._prepare)
        if segment not in self._waiting:
            self._bring_anchors(owner)

    def _bring(self, chain: AnyChain, owner: str, prepare: Callable[[Any], None], until: int = _ALL) -> None:
        segment = owner.split("/")[1]
        mine, theirs = self._way.source.infos(owner), self._way.target.infos(owner)
        events = f"{owner}events/"
        source = Sequence(self._way.source.store, events)
        try:
            end = min(_end(mine, events), until)
            there = max(_end(theirs, events), self._ends.get(segment, 0))
            if self._has_diverged(source, min(end, there), mine, theirs):
                return
            self._ends[segment] = max(end, there)
            has_checkpoint = any(key in theirs for key in (f"{owner}model.json", f"{owner}release.json"))
            if end > there or (end == there > 0 and not has_checkpoint):  # one that was cut off before it wrote that
                self._append(chain, source, segment, there, end, prepare)
        except _Waits as waits:
            self._waiting[segment] = str(waits)
            self._way.done.conflict("history-waits", events, str(waits))
        except (CorruptData, NotFound) as error:
            self._waiting[segment] = error.message
            self._way.done.conflict("damaged", events, error.message)

    def _has_diverged(
        self, source: Sequence, last: int, mine: Mapping[str, ObjectInfo], theirs: Mapping[str, ObjectInfo]
    ) -> bool:
        """Whether the two have other events; none, one, or two reads for each halving of the history."""
        target = Sequence(self._way.target.store, source.prefix)
        if not last:
            return False
        key = source.key(last)
        if key in mine and key in theirs and self._way.is_known(mine[key], theirs[key]):
            return False
        one, other = self._way.source.store.get(key), self._way.target.store.get(key)
        if one.body == other.body:
            if key in mine and key in theirs:
                self._way.note_read(mine[key], one, theirs[key], other)
            return False
        same, differs = 0, last
        while differs - same > 1:
            middle = (same + differs) // 2
            if source.get(middle) == target.get(middle):
                same = middle
            else:
                differs = middle
        what = f"event {differs} is another on each side: {_shown(source, differs)} in {self._way.source.store.url}, "
        what += f"{_shown(target, differs)} in {self._way.target.store.url}"
        self._waiting[source.prefix.split("/")[1]] = what
        self._way.done.conflict("history-diverged", source.key(differs), what)
        return True

    def _append(
        self,
        chain: AnyChain,
        source: Sequence,
        segment: str,
        there: int,
        end: int,
        prepare: Callable[[Any], None],
    ) -> None:
        if self._way.is_dry:
            for _ in range(end - there):
                self._way.done.count("events")
            return
        name = _name_of(chain, source, segment)
        self._ends[segment] = there

        def check(event: Any) -> None:
            if isinstance(event.change, VersionCreated) and not event.change.kept:
                self._check_origins(event.change)

        try:
            chain.adopt(name, self._bodies(source, segment, there, end), prepare, check)
        except ObjectExists:
            self._waiting[segment] = "somebody committed to it meanwhile"
            self._way.done.conflict("busy", source.prefix, self._waiting[segment])

    def _bodies(self, source: Sequence, segment: str, there: int, end: int) -> Iterator[tuple[int, bytes]]:
        """The events after a number; whoever asks for the next one has brought the one before."""
        for first in range(there + 1, end + 1, _READ_AT_ONCE):
            for number, body in source.read_between(first, min(first + _READ_AT_ONCE - 1, end)):
                yield number, body
                self._ends[segment] = number
                self._way.done.count("events")

    def _prepare(self, event: Any) -> None:
        """Bring what an event of a model mentions. Raises _Waits."""
        match event.change:
            case VersionCreated() | VersionPinned() as change:
                if isinstance(change, VersionCreated) and not change.kept:
                    self._check_origins(change)
                self._bring_files(change)
            case MovedIn() as change:
                old = keys.segment(change.old_name)
                if self._ends.get(old, 0) < change.old_number:
                    self._bring(self._models, f"{keys.MODELS}{old}/", self._prepare, change.old_number)
                if self._ends.get(old, 0) < change.old_number:
                    raise _Waits(f"it was renamed from {change.old_name!r}, which waits: {self._waiting.get(old, '')}")
                self._bring_pages(change.state)
            case Renamed() as change:
                new = keys.segment(change.new_name)
                self._bring_model(new)
                if new in self._waiting:
                    raise _Waits(f"it was renamed to {change.new_name!r}, which waits: {self._waiting[new]}")

    def _check_origins(self, change: VersionCreated) -> None:
        """A version whose files are those of a run that was purged here, and was not there, has none."""
        for its_id in sorted(origins_of(change.source, change.run_id, change.model_id)):
            kind: Any = LOGGED_MODEL if its_id.startswith("m-") else RUN
            if _gone(self._way.target.store, kind, its_id) and not _gone(self._way.source.store, kind, its_id):
                raise _Waits(
                    f"version {change.version} came from {kind.noun} {its_id}, which is purged in "
                    f"{self._way.target.store.url}, or not there"
                )
            if self._way.done.lacks_files(its_id):
                raise _Waits(f"version {change.version} came from {kind.noun} {its_id}, which has other files there")

    def _bring_files(self, change: VersionCreated | VersionPinned) -> None:
        """The manifest of a version, and the files that the registry keeps, within an hour of being mentioned."""
        if change.manifest is None:
            return
        while True:
            began = clock.now_ms()
            body = self._bring_content(keys.manifest(change.manifest))
            if change.kept and body is not None:
                for file in Manifest.from_bytes(change.manifest, body).files.values():
                    self._bring_content(keys.kept_file(file.sha256), file.size)
            if not is_late(began):
                return

    def _bring_content(self, key: str, size_bytes: int | None = None) -> bytes | None:
        """An object that is named by its content, under a name that is not condemned; its bytes where no size is given.

        None where the source has not got it: the version was deleted, and its files are gone.
        """
        source, target = self._way.source.store, self._way.target.store
        there = _newest(source, key)
        if there is None:
            return None
        usable = Contents(target).usable(key)
        if size_bytes is None:
            body = source.get(there).body
            if hashlib.sha256(body).hexdigest() != content_of(key):
                raise CorruptData(f"{there!r} in {source.url} is not what it is named by")
            target.create(usable, body)
            return body
        try:
            if target.stat(usable).size_bytes == size_bytes:
                return None
        except ObjectNotFound:
            pass
        with local_file(source, there) as path, path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != content_of(key):
                raise CorruptData(f"{there!r} in {source.url} is not what it is named by")
            target.upload(usable, path)
        self._way.done.count("files", size_bytes)
        return None

    def _bring_pages(self, state: Mapping[str, Any]) -> None:
        """The pages that a state names, which are part of the truth in a name's first event after a rename."""
        versions = state.get("versions")
        for page in versions.get("pages", ()) if isinstance(versions, dict) else ():
            key = str(page["key"])
            if not _PAGE.fullmatch(key):
                raise CorruptData(f"{key!r} is no key of a page of versions")
            target = self._way.target
            if target.stat(condemnation(key)) is not None and target.stat(key) is None:
                raise _Waits(f"the page {key!r} was removed from {target.store.url}, and its name is not used again")
            info = self._way.source.stat(key)
            if info is not None and not bring_once(self._way, info, target.stat(key)):
                raise _Waits(f"the page {key!r} is another one in {target.store.url}")

    def _bring_anchors(self, owner: str) -> None:
        mine, theirs = self._way.source.infos(owner), self._way.target.infos(owner)
        prefix = f"{owner}anchors/"
        for key, info in mine.items():
            number = key.removeprefix(prefix).removesuffix(".json")
            if key.startswith(prefix) and key not in theirs and int(number) <= self._ends.get(owner.split("/")[1], 0):
                try:
                    bring_once(self._way, info, None)
                except ObjectNotFound:
                    continue

    def _check_members(self, event: Any) -> None:
        """Raises _Waits where a version of a release may not be in the target."""
        for member in getattr(event.change, "members", {}).values():
            model = keys.segment(member.name)
            if model in self._waiting:
                raise _Waits(f"it has {member.name}/{member.version}, which waits: {self._waiting[model]}")


def _end(infos: Mapping[str, ObjectInfo], prefix: str) -> int:
    """The number of events before the first gap: a listing may have one, while others commit."""
    end = 0
    while f"{prefix}{end + 1:012d}.json" in infos:
        end += 1
    return end


def _name_of(chain: AnyChain, source: Sequence, segment: str) -> str:
    """The name behind a segment; a long one is known to the first event alone, which the target may not have yet."""
    name = keys.name_of(segment)
    return name if name is not None else str(chain.parse(source.key(1), source.get(1)).change.name)


def _shown(events: Sequence, number: int) -> str:
    event = json.loads(events.get(number))
    return f"{event['change']['type']} by {event['actor'] or 'nobody'} at {clock.format_ms(event['time_ms'])}"


def _newest(store: ObjectStore, key: str) -> str | None:
    """The name under which a content is there; None where it is not."""
    try:
        store.stat(key)
    except ObjectNotFound:
        names = Contents(store).names(key)
        return names[-1] if names else None
    return key


def _gone(store: ObjectStore, kind: Any, its_id: str) -> bool:
    """Whether there is nothing, or a tombstone, or somebody is about to purge it."""
    try:
        document = Grave(store, kind, its_id).read()
    except NotFound:
        return True
    return is_purged(document) or document.purge is not None

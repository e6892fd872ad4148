"""Bringing one run, logged model or experiment: its document, forward along its commits, or united with the target's.

    same, behind    the target has all of it
    ahead           the target's document is one of those before: the newer one takes its place, byte for byte
    diverged        both changed: one that has both in it, where nothing of either is lost; else both stay
    purged          a tombstone goes where the other side has not changed since, and no version needs it

It is written as by any writer: a marker for the index, then a conditional write, and when a rival was faster another
look.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Generic

from cloudtrack import clock
from cloudtrack.errors import CorruptData, ObjectChanged, ObjectExists, ObjectNotFound
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.merging.fields import adopt_lineage, has_seen, says_the_same, unite
from cloudtrack.merging.graves import NeededBy, Refused, bury, is_only_marked
from cloudtrack.merging.points import TooManyPoints, lacking
from cloudtrack.merging.way import Way
from cloudtrack.storage.document import DocumentStore, Stored
from cloudtrack.storage.mentioning import is_late
from cloudtrack.storage.object_store import Object, ObjectInfo, ObjectStore
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.graves import Kind
from cloudtrack.tracking.points import fold
from cloudtrack.tracking.purges import M, is_purged, name_of
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.segments import Segments

_LOOKS = 20


class Relation(enum.Enum):
    """What the target lacks of a document."""

    NEW = "created"
    SAME = "same"
    AHEAD = "updated"
    BEHIND = "behind"
    DIVERGED = "merged"


class Found(Generic[M]):
    """A document on both sides, as it was read."""

    def __init__(self, kind: Kind[M], key: str, mine: Object, theirs: Object | None) -> None:
        self.key = key
        self.mine = Stored.parse(kind.document, key, mine.body, mine.etag)
        self.theirs = Stored.parse(kind.document, key, theirs.body, theirs.etag) if theirs else None
        self.mine_read, self.theirs_read = mine, theirs


class Documents(Generic[M]):
    """The documents of one kind, on one way of a merge. Any thread may use it."""

    def __init__(self, way: Way, kind: Kind[M], needed_by: NeededBy) -> None:
        self._way = way
        self._kind = kind
        self._needed_by = needed_by
        self._store = DocumentStore(way.target.store, kind.document)

    def is_known(self, its_id: str) -> bool:
        """Whether the two are known to be the same, without a request."""
        key = self._kind.key(its_id)
        mine, theirs = self._infos(key)
        return mine is not None and theirs is not None and self._way.is_known(mine, theirs)

    def read(self, its_id: str) -> Found[M] | None:
        """Both documents; None where the source has none. Raises CorruptData."""
        key = self._kind.key(its_id)
        theirs = _read(self._way.target.store, key) if self._infos(key)[1] is not None else None
        mine = _read(self._way.source.store, key)
        return Found(self._kind, key, mine, theirs) if mine is not None else None

    def relation(self, found: Found[M]) -> Relation:
        """What the target lacks."""
        if found.theirs is None:
            return Relation.NEW
        mine, theirs = found.mine.document, found.theirs.document
        if found.mine_read.body == (found.theirs_read or found.mine_read).body:
            return Relation.SAME
        if is_purged(mine) and is_purged(theirs):  # each side purged it: either will do
            ahead = (mine.version, mine.commit) > (theirs.version, theirs.commit)
            return Relation.AHEAD if ahead else Relation.BEHIND
        if mine.commit == theirs.commit:
            raise CorruptData(f"{found.key!r} has other bytes for one commit in the two stores")
        if _has_seen(mine, theirs) or self._stayed(found.key, found.theirs_read):
            return Relation.AHEAD if mine.version > theirs.version else Relation.DIVERGED
        if _has_seen(theirs, mine) or self._stayed(found.key, found.mine_read):
            return Relation.BEHIND
        return Relation.DIVERGED

    def bring(self, its_id: str, found: Found[M], prepare: Callable[[M], bool]) -> bool:
        """Bring a document; whether the target has all of it now. What is not is named in the report.

        ``prepare`` brings what the document mentions, just before it is written; False where it must not be. Raises
        Unavailable, CorruptData.
        """
        key = self._kind.key(its_id)
        for _ in range(_LOOKS):
            try:
                return self._try(its_id, key, found, prepare)
            except (ObjectChanged, ObjectExists, ObjectNotFound):
                pass  # written meanwhile on one of the sides
            mine = _read(self._way.source.store, key)
            if mine is None:
                return False
            found = Found(self._kind, key, mine, _read(self._way.target.store, key))
        self._way.done.conflict("busy", key, "it is written again and again")
        return False

    def _try(self, its_id: str, key: str, found: Found[M], prepare: Callable[[M], bool]) -> bool:
        relation = self.relation(found)
        mine = found.mine.document
        theirs = found.theirs.document if found.theirs is not None else None
        if relation in (Relation.SAME, Relation.BEHIND):
            self._note(key, found, relation)
            return True
        if theirs is not None and is_purged(mine) != is_purged(theirs):
            return self._end(its_id, key, found, relation)
        if relation == Relation.DIVERGED and theirs is not None:
            return self._unite(its_id, key, found, prepare)
        return self._write(its_id, key, found, relation, prepare)

    def _write(self, its_id: str, key: str, found: Found[M], relation: Relation, prepare: Callable[[M], bool]) -> bool:
        """The source's document in the target, byte for byte."""
        mine, theirs = found.mine.document, found.theirs.document if found.theirs is not None else None
        began = clock.now_ms()
        if not prepare(mine):
            return False
        if not self._way.is_dry:
            self._announce(its_id, mine, mine.version)
            if is_late(began):
                raise ObjectChanged(key)  # what it mentions may have been cleaned up: look again
            store, body = self._way.target.store, found.mine_read.body
            etag = store.create(key, body) if found.theirs is None else store.replace(key, body, found.theirs.etag)
            self._note_written(key, found, etag)
            self._retire(mine, theirs)
        self._way.done.count(f"{self._noun}s {relation.value}")
        return True

    def _retire(self, mine: Any, theirs: Any) -> None:
        """Delete the files of points that the document had, and that were merged into others."""
        if isinstance(theirs, RunDocument):
            kept = {segment.name for segment in mine.segments}
            old = [segment for segment in theirs.segments if segment.name not in kept]
            Segments(self._way.target.store).delete(theirs.run_id, old)

    def _end(self, its_id: str, key: str, found: Found[M], relation: Relation) -> bool:
        """One of the two is a tombstone."""
        mine = found.mine.document
        if relation == Relation.DIVERGED:
            where, other = self._way.source.store.url, self._way.target.store.url
            if not is_purged(mine):
                where, other = other, where
            problem = f"{name_of(mine)} was purged in {where}, and changed since they were equal in {other}"
            self._way.done.conflict("purge-refused", key, problem)
            return False
        assert found.theirs is not None  # noqa: S101 - one of the two is a tombstone
        try:
            bury(self._way, self._kind, its_id, found.mine_read.body, found.theirs, self._needed_by)
        except Refused as refused:
            self._way.done.conflict("purge-refused", key, str(refused))
            return False
        self._way.done.count(f"{self._noun}s purged")
        return True

    def _unite(self, its_id: str, key: str, found: Found[M], prepare: Callable[[M], bool]) -> bool:
        """One document of both, where nothing of either is lost."""
        assert found.theirs is not None  # noqa: S101 - they diverged
        mine, theirs = found.mine.document, found.theirs.document
        source, target = self._way.source.store, self._way.target.store
        try:
            problems, lacks = _united(theirs, target, mine, source)
            if not problems and not (lacks and mine.version <= theirs.version):
                has_all = not _united(mine, source, theirs, target)[1]
                if has_all and (mine.version, mine.commit) > (theirs.version, theirs.commit):
                    return self._write(its_id, key, found, Relation.AHEAD, prepare)
                if not lacks:
                    return True  # the target's has all of it
        except TooManyPoints:
            problems = ["metrics: too many points to compare them one by one"]
        if problems:
            what = f"{name_of(mine)} was changed on both sides, and cannot be both: {'; '.join(problems)}"
            self._way.done.conflict("document-diverged", key, what)
            return False
        if not self._way.is_dry:
            self._commit(its_id, key, mine)
        self._way.done.count(f"{self._noun}s {Relation.DIVERGED.value}")
        return True

    def _commit(self, its_id: str, key: str, mine: M) -> None:
        """Add the source's document to the newest of the target."""

        def change(draft: Any) -> None:
            if is_purged(draft) or unite(draft, mine):
                raise ObjectChanged(key)  # a rival changed it: look again
            if isinstance(draft, RunDocument) and isinstance(mine, RunDocument):
                fold(draft, lacking(draft, self._way.target.store, mine, self._way.source.store))
            adopt_lineage(draft, mine)

        if isinstance(mine, RunDocument):
            RunDocuments(self._way.target.store).update(its_id, change)
        else:
            self._store.update(key, change, before_commit=lambda draft: self._announce(its_id, draft, draft.version))

    def _announce(self, its_id: str, document: M, version: int) -> None:
        announce(self._way.target.store, IndexKeys(self._kind.index(document)), its_id, version)

    @property
    def _noun(self) -> str:
        return self._kind.noun

    def _infos(self, key: str) -> tuple[ObjectInfo | None, ObjectInfo | None]:
        owner = key[: key.rindex("/") + 1]
        return self._way.source.infos(owner).get(key), self._way.target.infos(owner).get(key)

    def _stayed(self, key: str, read: Object | None) -> bool:
        """Whether a side's document is what both had after the last merge."""
        return read is not None and self._way.was_common(key, read)

    def _note(self, key: str, found: Found[M], relation: Relation) -> None:
        mine, theirs = self._infos(key)
        if relation == Relation.SAME and mine is not None and theirs is not None and found.theirs_read is not None:
            self._way.note_read(mine, found.mine_read, theirs, found.theirs_read)

    def _note_written(self, key: str, found: Found[M], etag: str) -> None:
        mine, _ = self._infos(key)
        if mine is not None:
            self._way.note_written(mine, found.mine_read, etag)


def _has_seen(document: Any, other: Any) -> bool:
    """Whether a document was made from the other one; the mark of a merge that was cut off is no change of it."""
    if has_seen(document, other):
        return True
    return is_only_marked(other) and {*other.recent[-1:]} <= {*document.recent, document.commit}


def _united(draft: M, store: ObjectStore, other: M, other_store: ObjectStore) -> tuple[list[str], bool]:
    """The problems of adding one document to another, and whether the other has anything that this lacks."""
    copy = draft.model_copy(deep=True)
    problems = unite(copy, other)
    if problems or not says_the_same(copy, draft):
        return problems, True
    if isinstance(draft, RunDocument) and isinstance(other, RunDocument):
        return [], bool(lacking(draft, store, other, other_store))
    return [], False


def _read(store: ObjectStore, key: str) -> Object | None:
    try:
        return store.get(key)
    except ObjectNotFound:
        return None

"""One way of a merge: from a source to a target, what is known of both, and what was done."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cloudtrack.merging.known import Known
from cloudtrack.merging.report import Merged
from cloudtrack.merging.side import Side, are_equal
from cloudtrack.storage.object_store import Object, ObjectInfo


@dataclass(frozen=True)
class Way:
    """The two sides as they were listed, and how to go on."""

    source: Side
    target: Side
    known: Known
    done: Merged
    is_dry: bool = False
    """Whether nothing is written."""
    newest: bool = False
    """Whether of two files that nobody can tell the order of the one that was written last wins."""

    def is_known(self, mine: ObjectInfo, theirs: ObjectInfo) -> bool:
        """Whether both sides are known to have the same bytes under a key, without a request."""
        if are_equal(mine, theirs):
            return True
        common = self.known.get(mine.key)
        return common is not None and all(
            mark and mark == self.known.mark(side.store, common)
            for side, mark in ((self.source, self.source.mark(mine)), (self.target, self.target.mark(theirs)))
        )

    def note(self, mine: ObjectInfo, theirs: ObjectInfo, sha256: str = "") -> None:
        """Both sides have the same bytes, as they were listed."""
        self._note(mine.key, sha256, mine.size_bytes, self.source.mark(mine), self.target.mark(theirs))

    def note_read(self, mine: ObjectInfo, mine_read: Object, theirs: ObjectInfo, theirs_read: Object) -> None:
        """Both sides were read, and have the same bytes."""
        self._note(
            mine.key,
            hashlib.sha256(mine_read.body).hexdigest(),
            len(mine_read.body),
            self.source.mark(mine) if mine.etag in ("", mine_read.etag) else "",
            self.target.mark(theirs) if theirs.etag in ("", theirs_read.etag) else "",
        )

    def was_common(self, key: str, read: Object) -> bool:
        """Whether these bytes are what both had after the last merge."""
        common = self.known.get(key)
        return common is not None and hashlib.sha256(read.body).hexdigest() == common.sha256

    def note_written(self, mine: ObjectInfo, found: Object, etag: str) -> None:
        """What was read as it was listed is in the target now, under an etag of its own."""
        sha256 = hashlib.sha256(found.body).hexdigest()
        mark = self.source.mark(mine) if mine.etag in ("", found.etag) else ""
        self._note(mine.key, sha256, len(found.body), mark, self.target.mark_written(etag))

    def note_sent(self, mine: ObjectInfo, sha256: str, size_bytes: int) -> None:
        """The same of a file whose upload gave no etag."""
        self._note(mine.key, sha256, size_bytes, self.source.mark(mine), "")

    def _note(self, key: str, sha256: str, size_bytes: int, mine: str, theirs: str) -> None:
        if not self.is_dry:
            self.known.note(
                key, sha256, size_bytes, {self.source.store.address: mine, self.target.store.address: theirs}
            )

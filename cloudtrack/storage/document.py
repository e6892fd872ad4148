"""One small JSON object that many writers change, none of them blindly, each change applied once.

A document carries ``version`` (1, 2, 3 ...), the id of the commit that wrote it, and the ids of the
last commits before it. ``DocumentStore.update`` reads, applies a function to a draft and replaces
under the etag. When an answer is lost and a rival has committed since, the list of recent commits says
whether our own write is among them, so nothing is applied twice; where so many commits came between
that the list cannot tell, Unavailable says that the outcome is not known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from cloudtrack import clock, ids
from cloudtrack.errors import Conflict, CorruptData, ObjectChanged, Unavailable
from cloudtrack.storage.object_store import ObjectStore

MAX_DOCUMENT_BYTES = 64 << 20
"""A reader refuses a larger object before it parses a byte."""
RECENT_COMMITS = 256
_MAX_ATTEMPTS = 400
_FIRST_PAUSE_S = 0.002
_LONGEST_PAUSE_S = 0.5


class Document(BaseModel):
    """Base of every stored document; fields that a newer writer added are kept and written back."""

    model_config = ConfigDict(extra="allow", ser_json_inf_nan="strings")
    format_name: ClassVar[str] = ""

    format: str = ""
    version: int = 0
    commit: str = ""
    recent: list[str] = []

    def to_bytes(self) -> bytes:
        """The stored form."""
        return self.model_dump_json().encode()

    @classmethod
    def from_bytes(cls, key: str, body: bytes) -> Self:
        """Parse a stored document. Raises CorruptData naming the key."""
        if len(body) > MAX_DOCUMENT_BYTES:
            raise CorruptData(f"{key!r} is {len(body)} bytes long; a document has at most {MAX_DOCUMENT_BYTES}")
        try:
            document = cls.model_validate_json(body)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "document"
            raise CorruptData(f"{key!r} is not a valid {cls.format_name} document: {where}: {first['msg']}") from error
        if document.format != cls.format_name:
            raise CorruptData(
                f"{key!r} says it is {document.format[:60]!r}; this version of cloudtrack reads {cls.format_name!r}"
            )
        return document

    def advance(self) -> None:
        """Become the draft of the next version."""
        self.format = self.format_name
        self.recent = [*self.recent, self.commit][-RECENT_COMMITS:] if self.commit else []
        self.version += 1
        self.commit = ids.new_commit_id()

    def contains_any(self, commits: list[tuple[str, int]]) -> bool:
        """Whether one of these commits, each tried on top of a version, became part of this document.

        Raises Unavailable where too many commits came between to tell.
        """
        if any(commit == self.commit or commit in self.recent for commit, _ in commits):
            return True
        if any(self.version - since > RECENT_COMMITS for _, since in commits):
            raise Unavailable("a write's answer was lost and too many rivals wrote since to tell whether it counted")
        return False


D = TypeVar("D", bound=Document)


class Stored(Generic[D]):
    """A document as it was read or written, with its bytes and its etag."""

    def __init__(self, key: str, document: D, body: bytes, etag: str) -> None:
        self.document = document
        self.etag = etag
        self._key = key
        self._body = body

    @classmethod
    def parse(cls, kind: type[D], key: str, body: bytes, etag: str) -> Stored[D]:
        """Raises CorruptData."""
        return cls(key, kind.from_bytes(key, body), body, etag)

    def draft(self) -> D:
        """A copy that shares nothing, ready to become the next version."""
        copy = self.document.from_bytes(self._key, self._body)
        copy.advance()
        return copy


class DocumentStore(Generic[D]):
    """Documents of one kind in a store."""

    def __init__(self, store: ObjectStore, kind: type[D]) -> None:
        self._store = store
        self._kind = kind

    def get(self, key: str) -> Stored[D]:
        """Raises ObjectNotFound, CorruptData."""
        found = self._store.get(key)
        return Stored.parse(self._kind, key, found.body, found.etag)

    def create(self, key: str, document: D) -> Stored[D]:
        """Write the first version. Raises ObjectExists."""
        first = document.model_copy(deep=True)
        first.advance()
        body = first.to_bytes()
        return Stored(key, first, body, self._store.create(key, body))

    def replace(self, key: str, stored: Stored[D], change: Callable[[D], object]) -> Stored[D]:
        """One attempt to commit a change on top of the version that was read. Raises ObjectChanged, Unavailable."""
        draft = stored.draft()
        change(draft)
        body = draft.to_bytes()
        return Stored(key, draft, body, self._store.replace(key, body, stored.etag))

    def update(
        self,
        key: str,
        change: Callable[[D], bool | None],
        *,
        known: Stored[D] | None = None,
        before_commit: Callable[[D], None] | None = None,
    ) -> Stored[D]:
        """Apply ``change`` to the newest version and commit it, exactly once.

        ``change`` alters the draft it is given; it may run several times, each time on a fresh draft,
        and returns False to leave things as they are. ``known`` is a version read earlier, tried first
        without a read. ``before_commit`` runs before each attempt with the draft about to be written.
        Raises ObjectNotFound, Unavailable, Conflict, and what ``change`` raises.
        """
        current = known or self.get(key)
        unknown: list[tuple[str, int]] = []  # commits whose fate is not known, and the version each stood on
        for attempt in range(_MAX_ATTEMPTS):
            draft = current.draft()
            if change(draft) is False:
                return current
            if before_commit:
                before_commit(draft)
            body = draft.to_bytes()
            try:
                return Stored(key, draft, body, self._store.replace(key, body, current.etag))
            except ObjectChanged as error:
                if not error.certain:
                    unknown.append((draft.commit, current.document.version))
            except Unavailable:
                unknown.append((draft.commit, current.document.version))
            if unknown:  # look at once: the recent commits reach back only so far
                current = self.get(key)
                if current.document.contains_any(unknown):
                    return current
                unknown = _still_open(unknown, current.document)
            clock.sleep(ids.jitter(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(attempt, 20))))
            current = self.get(key)
            if current.document.contains_any(unknown):
                return current
            unknown = _still_open(unknown, current.document)
        raise Conflict(f"{key!r} was changed by others {_MAX_ATTEMPTS} times in a row; try again")


def _still_open(commits: list[tuple[str, int]], document: Document) -> list[tuple[str, int]]:
    """Those that may yet land: one that stood on an older version than the document's never can."""
    return [(commit, since) for commit, since in commits if since == document.version]

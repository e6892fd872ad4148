"""One small JSON object that many writers change, none of them blindly, each change applied once.

A document carries ``version`` (1, 2, 3 ...), the id of the commit that wrote it, and the ids of the
last commits before it. ``DocumentStore.update`` reads, applies a pure function and replaces under the
etag. When an answer is lost and a rival has committed since, the list of recent commits says whether
our own write is among them, so nothing is applied twice; where so many commits came between that the
list cannot tell, Unavailable says that the outcome is not known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from cloudtrack import clock, ids
from cloudtrack.errors import Conflict, CorruptData, ObjectChanged, ObjectNotFound, Unavailable
from cloudtrack.storage.object_store import ObjectStore

MAX_DOCUMENT_BYTES = 64 << 20
"""A reader refuses a larger object before it parses a byte."""
RECENT_COMMITS = 100
_MAX_ATTEMPTS = 400
_FIRST_PAUSE_S = 0.002
_LONGEST_PAUSE_S = 0.5


class Document(BaseModel):
    """Base of every stored document; fields that a newer writer added are kept and written back."""

    model_config = ConfigDict(extra="allow", ser_json_inf_nan="strings", validate_assignment=False)
    format_name: ClassVar[str] = ""

    format: str = ""
    version: int = 0
    commit: str = ""
    recent: list[str] = []

    def to_bytes(self) -> bytes:
        """The stored form."""
        return self.model_dump_json(exclude_defaults=False).encode()

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

    def successor(self) -> Self:
        """A deep copy with the next version number and a new commit id, to be changed and written."""
        copy = self.model_copy(deep=True)
        copy.format = self.format_name
        copy.version = self.version + 1
        copy.recent = [*self.recent, self.commit][-RECENT_COMMITS:] if self.commit else []
        copy.commit = ids.new_commit_id()
        return copy

    def contains(self, commit: str, *, since: int) -> bool:
        """Whether ``commit``, tried on top of version ``since``, became part of this document.

        Raises Unavailable where too many commits came between to tell.
        """
        if commit == self.commit or commit in self.recent:
            return True
        if self.version - since > RECENT_COMMITS:
            raise Unavailable("a write's answer was lost and too many rivals wrote since to tell whether it counted")
        return False


D = TypeVar("D", bound=Document)


class Stored(Generic[D]):
    """A document as it was read or written, with its etag."""

    __slots__ = ("document", "etag")

    def __init__(self, document: D, etag: str) -> None:
        self.document = document
        self.etag = etag


class DocumentStore(Generic[D]):
    """Documents of one kind in a store."""

    def __init__(self, store: ObjectStore, kind: type[D]) -> None:
        self._store = store
        self._kind = kind

    def get(self, key: str) -> Stored[D]:
        """Raises ObjectNotFound, CorruptData."""
        found = self._store.get(key)
        return Stored(self._kind.from_bytes(key, found.body), found.etag)

    def create(self, key: str, document: D) -> Stored[D]:
        """Write the first version. Raises ObjectExists."""
        first = document.successor()
        return Stored(first, self._store.create(key, first.to_bytes()))

    def update(
        self,
        key: str,
        change: Callable[[D], bool | None],
        *,
        known: Stored[D] | None = None,
        before_commit: Callable[[D], None] | None = None,
    ) -> Stored[D]:
        """Apply ``change`` to the newest version and commit it, exactly once.

        ``change`` alters the document it is given; it may run several times, each time on a fresh
        copy, and returns False to leave things as they are. ``known`` is a version read earlier, tried
        first without a read. ``before_commit`` runs before each attempt with the document about to be
        written. Raises ObjectNotFound, Unavailable, and what ``change`` raises.
        """
        current = known or self.get(key)
        attempts: list[tuple[str, int]] = []  # commits whose fate is not known: (id, the version they stood on)
        for attempt in range(_MAX_ATTEMPTS):
            new = current.document.successor()
            if change(new) is False:
                return current
            if before_commit:
                before_commit(new)
            try:
                return Stored(new, self._store.replace(key, new.to_bytes(), current.etag))
            except (ObjectChanged, Unavailable) as error:
                if not (isinstance(error, ObjectChanged) and error.certain):
                    attempts.append((new.commit, current.document.version))
                current = self._get_again(key, error)
            if any(current.document.contains(commit, since=since) for commit, since in attempts):
                return current
            clock.sleep(ids.jitter(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(attempt, 20))))
        raise Conflict(f"{key!r} was changed by others {_MAX_ATTEMPTS} times in a row; try again")

    def _get_again(self, key: str, error: Exception) -> Stored[D]:
        try:
            return self.get(key)
        except ObjectNotFound:
            raise
        except Unavailable:
            raise error from None

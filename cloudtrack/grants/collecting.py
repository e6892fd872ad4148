"""Bringing what the holder of a grant sent to its run, each frame once.

    for each slot in order    read the head, check it, place the files, commit the frames, delete the object
    when the grant is over    delete what is left, and close the grant

Whoever is stopped anywhere is continued by the next call, and any number may be at it: the run knows the last frame
that it has of each writer, and a file of a frame that it has is not placed again.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cloudtrack import clock
from cloudtrack.errors import CorruptData, InvalidInput, NotFound, ObjectChanged, ObjectExists, ObjectNotFound, Purged
from cloudtrack.grants.delivery import HEAD_BYTES, GrantedDelivery, SentFile, parse_delivery, texts_bytes
from cloudtrack.storage.document import DocumentStore
from cloudtrack.storage.object_store import Object, ObjectInfo, ObjectStore, check_key
from cloudtrack.storage.streaming import copy_stream
from cloudtrack.tracking import keys
from cloudtrack.tracking.artifacts import Artifacts
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.grants import GrantDocument, slot_in
from cloudtrack.tracking.run_delivery import RunCommits
from cloudtrack.tracking.run_documents import StoredRun
from cloudtrack.tracking.runs import Runs

MOST_DOCUMENT_BYTES = 8 << 20
"""A run's document is read by whoever looks at the run: a grant does not make it larger."""
_IN_MEMORY = 64 << 20
"""Files up to this size are placed under a condition."""
_REASON = 300


@dataclass
class Collected:
    """What was done for one grant."""

    grant_id: str
    run_id: str
    status: str = ""
    """Of the run now."""
    deliveries: int = 0
    """That came to the run, or were there already."""
    files: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    """By slot, with the reason; also from earlier calls."""
    dropped: int = 0
    """Deliveries of a revoked grant, or for a run that was purged."""
    is_closed: bool = False
    problem: str = ""
    """Why nothing was done: the grant itself cannot be read."""


class Services(Protocol):
    """What is needed of a client."""

    store: ObjectStore
    runs: Runs


class Collector:
    """Collects the grants of one store."""

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._commits: RunCommits = services.runs.commits
        self._artifacts = Artifacts(services.store)
        self._documents = DocumentStore(services.store, GrantDocument)

    def collect_all(self) -> list[Collected]:
        """Every grant that is not closed. Two requests for a grant that has nothing new, one for a closed one."""
        found = []
        for grant_id in keys.ids_in(self._store, keys.GRANTS):
            try:
                grant = self._documents.get(keys.grant(grant_id)).document
            except ObjectNotFound:
                continue
            except CorruptData as error:  # the others are collected all the same
                found.append(Collected(grant_id, "", problem=error.message))
                continue
            if grant.closed is None:
                found.append(self._collect(grant))
        return found

    def collect(self, grant_id: str) -> Collected:
        """One grant. Raises NotFound."""
        try:
            return self._collect(self._documents.get(keys.grant(grant_id)).document)
        except ObjectNotFound as error:
            raise NotFound(f"there is no grant {grant_id!r} in {self._store.url}") from error

    def _collect(self, grant: GrantDocument) -> Collected:
        done = Collected(grant.grant_id, grant.run_id, refused={int(k): v for k, v in grant.refused.items()})
        is_over = grant.is_over(clock.now_ms())  # before the listing: nothing comes after it then
        room = _Room(self._store, self._artifacts, grant)
        for info in list(self._store.list(keys.grant_inbox(grant.grant_id))):
            slot = slot_in(info.key)
            if slot is not None and slot not in done.refused:
                self._take(grant, slot, info, room, done)
        if is_over and grant.closed is None:
            self._close(grant)
            done.is_closed = True
        try:
            run = self._commits.find(grant.run_id)
            done.status = run.document.status if run else ""
        except Purged:
            done.status = "PURGED"
        return done

    def _take(self, grant: GrantDocument, slot: int, info: ObjectInfo, room: _Room, done: Collected) -> None:
        try:
            run = None if grant.revoked is not None else self._commits.find(grant.run_id)
            if run is None:
                done.dropped += 1
            else:
                done.files += self._fold(grant, run, info, room)
                done.deliveries += 1
        except Purged:
            done.dropped += 1
        except ObjectNotFound:
            return  # somebody else collects too, and has it
        except InvalidInput as error:
            done.refused[slot] = error.message[:_REASON]
            self._note_refusal(grant, slot, done.refused[slot])
            return
        self._store.delete(info.key)

    def _fold(self, grant: GrantDocument, run: StoredRun, info: ObjectInfo, room: _Room) -> int:
        """Bring one delivery to the run; the number of files placed. Raises InvalidInput where it is refused."""
        delivery = parse_delivery(self._store.get_range(info.key, 0, HEAD_BYTES), info.size_bytes, grant)
        applied = run.document.writers.get(delivery.writer, 0)
        files = [(file, start) for file, start in delivery.files if file.seq > applied]
        sizes = {check_key(self._artifacts.key(grant.run_id, file.path)): file.size_bytes for file, _ in files}
        if any(frame.seq > applied for frame in delivery.frames):
            _check_document(run.document, delivery)
        room.take(sizes)
        for file, start in files:
            self._place(grant.run_id, delivery.writer, file, info.key, start)
        self._commits.commit(grant.run_id, delivery.writer, delivery.frames, known=run, heartbeat=False)
        return len(files)

    def _place(self, run_id: str, writer: str, file: SentFile, source: str, start: int) -> None:
        """Make a file an artifact of the run, unless the run has its frame by now.

        Two may collect at once, and one be late. A file is replaced only as it was before the run was read: had the
        other placed a later one since, it is another, and the run has this one's frame.
        """

        def is_wanted() -> bool:
            run = self._commits.find(run_id)
            return run is not None and run.document.writers.get(writer, 0) < file.seq

        key = self._artifacts.key(run_id, file.path)
        if file.size_bytes > _IN_MEMORY:
            self._place_large(run_id, file, source, start, is_wanted)
            return
        body = self._store.get_range(source, start, file.size_bytes) if file.size_bytes else b""
        _check_digest(file, hashlib.sha256(body).hexdigest())
        while True:
            there = self._there(key)
            if not is_wanted() or (there is not None and there.body == body):
                return
            try:
                if there is None:
                    self._store.create(key, body)
                else:
                    self._store.replace(key, body, there.etag)
                return
            except (ObjectExists, ObjectChanged):
                continue
            except ObjectNotFound as error:  # of a store that is a folder
                raise InvalidInput(f"the file {file.path[:80]!r} has the name of a folder") from error

    def _place_large(self, run_id: str, file: SentFile, source: str, start: int, is_wanted: Callable[[], bool]) -> None:
        with tempfile.TemporaryDirectory(prefix="cloudtrack-") as folder:
            path = Path(folder) / "file"
            with path.open("xb") as stream:
                reading = self._store.read(source, start=start, length=file.size_bytes)
                moved = copy_stream(reading.chunks, stream, None)
            _check_digest(file, moved.sha256)
            if is_wanted():
                self._artifacts.upload(run_id, path, file.path)

    def _there(self, key: str) -> Object | None:
        try:
            return self._store.get(key)
        except ObjectNotFound:
            return None

    def _note_refusal(self, grant: GrantDocument, slot: int, reason: str) -> None:
        def change(document: GrantDocument) -> bool | None:
            if str(slot) in document.refused:
                return False
            document.refused[str(slot)] = reason
            return None

        self._documents.update(keys.grant(grant.grant_id), change)

    def _close(self, grant: GrantDocument) -> None:
        def change(document: GrantDocument) -> bool | None:
            if document.closed is not None:
                return False
            document.closed = clock.now_ms()
            return None

        for info in list(self._store.list(keys.grant_inbox(grant.grant_id))):
            self._store.delete(info.key)
        self._documents.update(keys.grant(grant.grant_id), change)


class _Room:
    """What the artifacts of a grant's run may have in all; looked up when it is first asked for."""

    def __init__(self, store: ObjectStore, artifacts: Artifacts, grant: GrantDocument) -> None:
        self._store = store
        self._folder = artifacts.key(grant.run_id)
        self._most = grant.max_bytes
        self._sizes: dict[str, int] | None = None

    def take(self, sizes: Mapping[str, int]) -> None:
        """Count these, by key; one that is there already is replaced. Raises InvalidInput where it is too much."""
        if not sizes:
            return
        if self._sizes is None:
            self._sizes = {info.key: info.size_bytes for info in self._store.list(self._folder)}
        after = {**self._sizes, **sizes}
        if sum(after.values()) > self._most:
            raise InvalidInput(f"with its files the run would have more than the {self._most} bytes that were granted")
        self._sizes = after


def _check_digest(file: SentFile, sha256: str) -> None:
    if sha256 != file.sha256:
        raise InvalidInput(f"the file {file.path[:80]!r} is not the one that its SHA-256 says")


def _check_document(document: RunDocument, delivery: GrantedDelivery) -> None:
    texts = len(document.model_dump_json(exclude={"points"})) + texts_bytes(delivery.frames)
    if texts > MOST_DOCUMENT_BYTES:
        raise InvalidInput(
            f"params, tags and metrics of the run would be larger than {MOST_DOCUMENT_BYTES >> 20} MiB in all"
        )

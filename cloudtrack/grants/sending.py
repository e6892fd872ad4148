"""Carrying a spool's frames and files to the slots of a grant.

A delivery takes a slot, so deliveries are spread over the time that the grant has. One whose answer was lost is sent
again, to the same slot; where that is taken it goes to the next, for nobody can tell whether it is the same. The run
takes each frame once.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from cloudtrack import clock
from cloudtrack.errors import CloudtrackError, CorruptData, ObjectExists, PermissionDenied, StateError
from cloudtrack.grants.delivery import MOST_FILES, MOST_FILES_BYTES, Header, SentFile, pack_head
from cloudtrack.grants.grant_file import GrantFile
from cloudtrack.grants.slots import Slots
from cloudtrack.remote.connection import Readable
from cloudtrack.remote.refusals import signed_refusal
from cloudtrack.storage.retrying import Transient
from cloudtrack.storage.streaming import CHUNK_BYTES, read_chunks
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.frames import parse_without_points
from cloudtrack.tracking.records import pack_record, read_records
from cloudtrack.tracking.spool import Spool, SpoolHeader
from cloudtrack.tracking.waiting_files import WaitingFile

_SENT_AT_ONCE = 4 << 20
_PATHS_BYTES = 256 << 10
_KEPT_FOR_THE_END = 8
"""Slots that only deliveries take which end the run."""
_CODE = re.compile(rb"<Code>(\w{1,64})</Code>")

_log = logging.getLogger(__name__)

Waiting = tuple[SentFile, Path]


class Sender(Protocol):
    """Sends bytes to a URL that is its own permission: ``remote.connection.Connection``."""

    def send_signed(
        self,
        url: str,
        headers: Mapping[str, str],
        body: Callable[[], bytes | Readable],
        *,
        size_bytes: int,
        refused: Callable[[int, Mapping[str, str], bytes], CloudtrackError | Transient],
    ) -> object: ...


class GrantDelivery:
    """Delivers one spool into the slots of a grant."""

    def __init__(self, grant: GrantFile, slots: Slots, sender: Sender) -> None:
        self._grant = grant
        self._slots = slots
        self._sender = sender
        self._slot: int | None = None  # claimed, and perhaps filled: the answer was lost
        self._rests_until = 0.0

    def create(self, header: SpoolHeader) -> RunDocument:
        """The run was made with the grant."""
        return header.run

    def deliver(self, spool: Spool, *, heartbeat: bool) -> None:
        """Send everything the spool has. With ``heartbeat``, only where a slot is due: they must last to the end.

        Raises PermissionDenied where storage refuses the grant, StateError where its slots are used up, Unavailable.
        """
        if heartbeat and clock.monotonic() < self._rests_until:
            return
        while spool.has_unsent:
            records, mark = spool.read_unsent_records(limit_bytes=_SENT_AT_ONCE)
            self._send_records(spool, records)
            spool.acknowledge(mark)
            self._rests_until = clock.monotonic() + self._pause_s()

    def _pause_s(self) -> float:
        """Until the next delivery, so that all of the time has slots."""
        seconds = max(0, self._grant.expires - clock.now_ms()) / 1000
        return seconds / max(1, self._slots.left - _KEPT_FOR_THE_END)

    def _send_records(self, spool: Spool, records: bytes) -> None:
        writer = spool.header.writer
        sent = self._slots.sent(writer)
        frames = b""
        files: list[Waiting] = []
        last, ends = 0, False
        room = self._grant.max_bytes - self._slots.sent_bytes
        taken = 0
        for head, columns in read_records(io.BytesIO(records)):
            frame = parse_without_points(head)
            if frame.seq <= sent:
                continue
            last, ends = frame.seq, ends or frame.changes.status is not None
            frames += pack_record(head, columns)
            for file in frame.changes.artifacts:
                if spool.files is None:
                    raise CorruptData(f"the artifact {file.path!r} waits beside a spool that has no folder")
                if (about := _about(frame.seq, file, room - taken)) is not None:
                    files.append((about, spool.files.find(file)))
                    taken += file.size_bytes
        if not last:
            return
        *before, rest = _grouped(files)
        for group in before:
            self._send(writer, b"", group, ends=ends)
        self._send(writer, frames, rest, ends=ends)
        self._slots.note_sent(writer, last, taken)

    def _send(self, writer: str, frames: bytes, files: Sequence[Waiting], *, ends: bool) -> None:
        grant = self._grant
        header = Header(
            grant_id=grant.grant_id,
            run_id=grant.run_id,
            writer=writer,
            frames_bytes=0,
            files=[about for about, _ in files],
        )
        head = pack_head(header, frames)
        size = len(head) + sum(about.size_bytes for about, _ in files)
        while True:
            slot = self._claimed(ends=ends)
            try:
                self._sender.send_signed(
                    grant.slots[slot],
                    grant.headers,
                    lambda: Joined(head, [path for _, path in files]),
                    size_bytes=size,
                    refused=self._refused,
                )
            except ObjectExists:
                self._slot = None
                continue
            self._slot = None
            return

    def _claimed(self, *, ends: bool) -> int:
        if self._slot is None:
            if not ends and self._slots.left <= _KEPT_FOR_THE_END:
                raise StateError(
                    f"the grant of run {self._grant.run_id} has no slots left but {_KEPT_FOR_THE_END} for its end: log "
                    "less often by synchronous calls"
                )
            self._slot = self._slots.claim()
        if self._slot is None:
            raise StateError(
                f"all {len(self._grant.slots)} slots of the grant of run {self._grant.run_id} are used: what is logged "
                "stays here"
            )
        return self._slot

    def _refused(self, status: int, _headers: Mapping[str, str], body: bytes) -> CloudtrackError | Transient:
        if status == 412:
            return ObjectExists("the slot is taken")
        if status == 409:
            return Transient("another request to the slot is under way")
        if status in (400, 403):
            found = _CODE.search(body[:4096])
            said = f"{status} {found[1].decode()}" if found else f"{status}"
            return PermissionDenied(
                f"the bucket refuses the grant of run {self._grant.run_id} ({said}): it ends at "
                f"{clock.format_ms(self._grant.expires)}, or before, with the credentials that signed it"
            )
        return signed_refusal(status)


def _about(seq: int, file: WaitingFile, room_bytes: int) -> SentFile | None:
    """What is said of a file; None, with a warning, of one that would be refused: the run goes on without it."""
    try:
        about = SentFile(seq=seq, path=file.path, size_bytes=file.size_bytes, sha256=file.sha256)
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"]
    else:
        if file.size_bytes <= room_bytes:
            return about
        reason = "with it the run's files are more than were granted"
    _log.warning("the artifact %.200s (%d bytes) is not sent by a grant: %s", file.path, file.size_bytes, reason)
    return None


def _grouped(files: Sequence[Waiting]) -> list[list[Waiting]]:
    """In order, so many together as a delivery takes; at least one group, which may be empty."""
    groups: list[list[Waiting]] = [[]]
    size = text = 0
    for about, path in files:
        its_text = len(about.model_dump_json())
        full = size + about.size_bytes > MOST_FILES_BYTES or text + its_text > _PATHS_BYTES
        if groups[-1] and (full or len(groups[-1]) == MOST_FILES):
            groups.append([])
            size = text = 0
        groups[-1].append((about, path))
        size, text = size + about.size_bytes, text + its_text
    return groups


class Joined:
    """Some bytes and then files, read as one, once."""

    def __init__(self, head: bytes, files: Sequence[Path]) -> None:
        self._pieces = self._read(head, files)
        self._piece = memoryview(b"")

    def read(self, count: int = CHUNK_BYTES) -> bytes:
        """Up to ``count`` bytes; none at the end."""
        if not self._piece:
            self._piece = memoryview(next(self._pieces, b""))
        found, self._piece = self._piece[:count], self._piece[count:]
        return bytes(found)

    @staticmethod
    def _read(head: bytes, files: Sequence[Path]) -> Iterator[bytes]:
        yield head
        for path in files:
            with path.open("rb") as stream:
                yield from read_chunks(stream)

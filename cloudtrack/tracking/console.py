"""The console logs of runs: a stream for each process, in segments that never change.

Writing is one request a segment and touches nothing else. A reader that has seen a place in each stream asks once
what there is, and once for each new segment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from cloudtrack.entities.names import check_run_id
from cloudtrack.errors import InvalidInput
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking import keys
from cloudtrack.tracking.console_cursor import Place, Places, read_cursor, write_cursor
from cloudtrack.tracking.console_stream import (
    MOST_SEGMENT_BYTES,
    STREAM_BYTES,
    ConsolePage,
    ConsolePiece,
    ConsoleStream,
    StreamId,
    check_stream,
    parse_stream,
)

READ_BYTES = 1_000_000
"""Read at once, where nobody says."""
_LISTED_AT_ONCE = 1000
"""Keys in one answer of S3."""
_FILE = re.compile(r"(\d{12})\.log")


@dataclass(frozen=True, slots=True)
class _Segment:
    key: str
    stream: StreamId
    offset: int
    size: int
    time: int
    """When it was stored, and not before those that come before it in its stream: a copy has other times."""

    @property
    def order(self) -> tuple[int, str, int]:
        return (self.time, self.stream.text, self.offset)


class ConsoleLogs:
    """What the processes of one store's runs printed."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def append(self, run_id: str, stream: str, offset: int, body: bytes) -> None:
        """Add a segment at byte ``offset`` of a stream; the same once more is no error.

        Raises AlreadyExists where the stream has another segment there, InvalidInput.
        """
        if not 0 <= offset < STREAM_BYTES or not 0 < len(body) <= MOST_SEGMENT_BYTES:
            raise InvalidInput(
                f"a segment of {len(body)} bytes at {offset} cannot be: it has 1 to {MOST_SEGMENT_BYTES} bytes, and "
                f"a stream ends at {STREAM_BYTES}"
            )
        self._store.create(keys.console_segment(check_run_id(run_id), check_stream(stream), offset), body)

    def streams(self, run_id: str) -> list[ConsoleStream]:
        """The streams of a run in order of their start; none where nothing was captured."""
        return _streams(self._segments(run_id, {}))

    def read(
        self, run_id: str, cursor: str = "", limit_bytes: int = READ_BYTES, *, backwards: bool = False
    ) -> ConsolePage:
        """What comes after a cursor, from the beginning without one; or what comes before, from the end without one.

        Whole segments, at most ``limit_bytes`` in all but always one. Reading the end reads nothing of the rest. No
        pieces where there is nothing more. Raises InvalidInput for what is no cursor.
        """
        places = read_cursor(cursor)
        return self._before(run_id, places, limit_bytes) if backwards else self._after(run_id, places, limit_bytes)

    def _after(self, run_id: str, places: dict[str, Place], limit_bytes: int) -> ConsolePage:
        start = Place(0, 0)
        found = [each for each in self._segments(run_id, places) if each.offset >= _of(places, each, start).offset]
        found.sort(key=lambda each: each.order)
        taken = _fitting(found, limit_bytes)
        for each in taken:
            segments = _of(places, each, start).segments + 1
            places[each.stream.unique] = Place(each.offset + each.size, segments)
        return ConsolePage(self._pieces(taken), write_cursor(places))

    def _before(self, run_id: str, places: dict[str, Place], limit_bytes: int) -> ConsolePage:
        everything = self._segments(run_id, {})
        ends: dict[str, Place] = {}
        for each in everything:
            ends[each.stream.unique] = Place(each.offset + each.size, _of(ends, each, Place(0, 0)).segments + 1)
        nowhere = Place(0, 0) if places else Place(STREAM_BYTES, 0)
        found = [each for each in everything if each.offset < _of(places, each, nowhere).offset]
        found.sort(key=lambda each: each.order, reverse=True)
        taken = _fitting(found, limit_bytes)[::-1]
        begins = {**(places or ends)}
        for each in reversed(taken):
            begins[each.stream.unique] = Place(each.offset, 0)
        cursor = write_cursor(begins) if len(taken) < len(found) else ""
        if places:
            return ConsolePage(self._pieces(taken), cursor)
        return ConsolePage(self._pieces(taken), cursor, write_cursor(ends), _streams(everything))

    def _segments(self, run_id: str, seen: Places) -> list[_Segment]:
        """At least those that a reader who has seen so much has not seen, by stream and offset."""
        prefix = keys.console_logs(check_run_id(run_id))
        answers = 1 + sum(place.segments for place in seen.values()) // _LISTED_AT_ONCE
        if answers <= 1 + len(seen):
            return list(_parsed(prefix, self._store.list(prefix)))
        folders = self._store.list_folder(prefix).folders

        def rest(folder: str) -> list[ObjectInfo]:
            stream = parse_stream(folder[len(prefix) : -1])
            offset = seen.get(stream.unique, Place(0, 0)).offset if stream else 0
            return list(self._store.list(folder, start_after=f"{folder}{offset:012d}"))

        return [segment for infos in map_in_order(rest, folders) for segment in _parsed(prefix, infos)]

    def _pieces(self, segments: Sequence[_Segment]) -> list[ConsolePiece]:
        bodies = map_in_order(lambda each: self._store.get(each.key).body, segments)
        return [
            ConsolePiece(each.stream.text, each.stream.name, each.offset, body)
            for each, body in zip(segments, bodies, strict=True)
        ]


def _parsed(prefix: str, infos: Iterable[ObjectInfo]) -> Iterator[_Segment]:
    times: dict[str, int] = {}
    for info in infos:
        folder, _, name = info.key[len(prefix) :].partition("/")
        stream, match = parse_stream(folder), _FILE.fullmatch(name)
        if stream and match:
            times[folder] = max(times.get(folder, 0), info.modified_ms)
            yield _Segment(info.key, stream, int(match[1]), info.size_bytes, times[folder])


def _streams(segments: Iterable[_Segment]) -> list[ConsoleStream]:
    sizes = {segment.stream: segment.offset + segment.size for segment in segments}
    return [ConsoleStream(each.text, each.name, each.started_ms, size) for each, size in sizes.items()]


def _of(places: Places, segment: _Segment, default: Place) -> Place:
    return places.get(segment.stream.unique, default)


def _fitting(segments: Sequence[_Segment], limit_bytes: int) -> list[_Segment]:
    """The first of them, as many as fit; one where none does."""
    total = 0

    def fits(segment: _Segment) -> bool:
        nonlocal total
        total += segment.size
        return total <= limit_bytes or total == segment.size

    return list(takewhile(fits, segments))

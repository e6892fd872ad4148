"""Pages of tables whose rows are lines: CSV, TSV and JSON lines. A page is read by range, from the end of the last."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking.table_page import JSON, Rows, TablePage, as_read, kind_of, plain

CHUNK_BYTES = 128 << 10
"""What a page is made of; a row must fit in."""
_DELIMITERS = ",;\t|"


class _Lines:
    """The whole lines of a part of a file, and where the last one that was given ends."""

    def __init__(self, store: ObjectStore, key: str, start: int) -> None:
        reading = store.read(key, start=start, length=CHUNK_BYTES)
        self._body = b"".join(reading.chunks)
        if b"\0" in self._body:
            raise InvalidInput("the file is no text: it has NUL bytes")
        self.size = reading.size_bytes
        self.start = start
        self.position = start
        self.is_cut = start + len(self._body) < self.size
        self.ran_out = False

    def __iter__(self) -> Iterator[str]:
        begin = 0
        while begin < len(self._body):
            end = self._body.find(b"\n", begin) + 1
            if not end and self.is_cut:
                break
            line = self._body[begin : end or len(self._body)]
            begin += len(line)
            self.position = self.start + begin
            yield line.decode("utf-8" if self.position > len(line) else "utf-8-sig", "replace")
        self.ran_out = True


def csv_page(store: ObjectStore, key: str, offset: int, limit: int, *, delimiter: str = "") -> TablePage:
    """A page of rows under the names of the first row; ``offset`` is in bytes.

    Without a delimiter it is the one that the first line has most of. Raises InvalidInput, ObjectNotFound.
    """
    head = _Lines(store, key, 0)
    sign = delimiter or _delimiter_of(head)
    rows = _csv_rows(head, sign)
    names, end = next(rows, ([], 0))
    if not end and head.is_cut:
        raise _too_long(0)
    lines = head
    if offset > end:
        lines = _Lines(store, key, offset)
        rows = _csv_rows(lines, sign)
    found = Rows(limit)
    is_full = any(not found.add(row, ends) for row, ends in rows if row)
    width = max(len(names), found.width)
    read = [as_read(column) for column in found.columns(width)]
    return TablePage(
        [*names, *(f"column {place + 1}" for place in range(len(names), width))],
        [kind for kind, _ in read],
        [values for _, values in read],
        None,
        _next(found, lines, max(offset, end), is_full=is_full),
        lines.size,
        found.cut,
    )


def json_lines_page(store: ObjectStore, key: str, offset: int, limit: int) -> TablePage:
    """A page of records, under the names that these have; ``offset`` is in bytes. Raises as ``csv_page`` does."""
    lines = _Lines(store, key, offset)
    names: dict[str, None] = {}
    nested: set[str] = set()
    found = Rows(limit)
    is_full = False
    for line in lines:
        if not line.strip():
            continue
        record = _record(line, lines.position - len(line.encode()))
        names.update(dict.fromkeys(record))
        if not found.add([plain(record.get(name)) for name in names], lines.position):
            is_full = True
            break
        nested.update(name for name, value in record.items() if isinstance(value, dict | list))
    shown = list(names)[: found.width]
    columns = found.columns(len(shown))
    kinds = [JSON if name in nested else kind_of(column) for name, column in zip(shown, columns, strict=True)]
    return TablePage(shown, kinds, columns, None, _next(found, lines, offset, is_full=is_full), lines.size, found.cut)


def _delimiter_of(head: _Lines) -> str:
    first = next(iter(head), "")
    return max(_DELIMITERS, key=first.count)


def _csv_rows(lines: _Lines, delimiter: str) -> Iterator[tuple[list[str], int]]:
    """Rows that are whole, each with the place after it."""
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InvalidInput(f"the file is no CSV after byte {lines.position}: {error}") from error
        if lines.ran_out and lines.is_cut:
            return  # its end is not here
        yield row, lines.position


def _record(line: str, place: int) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"the line at byte {place} is not JSON") from error
    if isinstance(content, dict):
        return content
    cells = content if isinstance(content, list) else [content]
    return {f"column {number}": cell for number, cell in enumerate(cells, 1)}


def _next(found: Rows, lines: _Lines, begin: int, *, is_full: bool) -> int | None:
    """Where the page after begins. Raises InvalidInput where it would be this very page."""
    if not is_full and not lines.is_cut:
        return None
    end = found.ends[-1] if found.ends else begin
    if end <= lines.start:
        raise _too_long(lines.start)
    return end


def _too_long(place: int) -> InvalidInput:
    return InvalidInput(f"the row at byte {place} has more than {CHUNK_BYTES} bytes: download the file")

"""Folding changed documents into parts. Anyone may do it, any number at a time, and stop at any point.

    list markers, read documents     whatever is not settled keeps its marker
    write a new part                 under a name that nobody else chooses
    replace the manifest             under its etag: a rival was faster, then begin again with what is left
    delete the markers               of exactly the versions that the parts now have

A stop before the manifest leaves files that nothing mentions; one after it leaves markers, whose documents
every search reads until the next compaction deletes them. Parts are merged geometrically, so that an index of
any size has few.
"""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cloudtrack.errors import Conflict, ObjectChanged, ObjectExists, ObjectNotFound
from cloudtrack.index.cache import PartCache
from cloudtrack.index.manifest import Manifest, Part
from cloudtrack.index.part_files import merge_parts, write_part
from cloudtrack.index.parts import Parts
from cloudtrack.index.pending import Marked, list_markers
from cloudtrack.index.row import Row
from cloudtrack.index.source import Found, Source
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order

_MOST_ROWS = 10_000
"""Folded at a time, or a little more; bounds the memory."""
_READ_AT_ONCE = 1_000
_MERGE_PARTS = 8
"""So many parts of about one size become one of the next size."""
_SMALLEST_PART = 1_000
_MOST_DEAD = 5_000
_DEAD_SHARE = 0.1
"""A part with more dead rows than that is written anew without them."""
_MOST_ATTEMPTS = 10

_log = logging.getLogger(__name__)


@dataclass
class Compaction:
    """What one compaction did."""

    folded: int = 0
    """Documents whose present state the parts have since now."""
    waiting: int = 0
    """Documents that may still change without a marker: they stay marked."""
    merged: int = 0
    """Parts that became one."""
    markers_deleted: int = 0
    lost_races: int = field(default=0, compare=False)


class Compactor:
    """Compacts the index of one collection."""

    def __init__(self, store: ObjectStore, source: Source, cache: PartCache) -> None:
        self._store = store
        self._source = source
        self._parts = Parts(store, source, cache)

    def compact(self) -> Compaction:
        """Fold all that is marked and settled, then merge where parts are many. Safe to run beside any other."""
        done = Compaction()
        marked = list(list_markers(self._store, self._source).values())
        ready: list[tuple[Marked, Found]] = []
        for start in range(0, len(marked), _READ_AT_ONCE):
            some = marked[start : start + _READ_AT_ONCE]
            documents = map_in_order(lambda item: self._source.read(item.document_id, item.oldest), some)
            for item, found in zip(some, documents, strict=True):
                if found is not None and found.settled:
                    ready.append((item, found))
                else:  # one that is not there may be about to be created: its marker must outlive it
                    done.waiting += 1
            if sum(len(found.rows) for _, found in ready) >= _MOST_ROWS:
                self._fold(ready, done)
                ready = []
        self._fold(ready, done)
        while self._merge(done):
            pass
        return done

    def _fold(self, ready: list[tuple[Marked, Found]], done: Compaction) -> None:
        if not ready:
            return
        rows = {row.id: row for _, found in ready for row in found.rows}
        self._commit(lambda manifest, folder: self._folded(manifest, folder, rows), done)
        done.folded += len(ready)
        for item, found in ready:
            done.markers_deleted += self._delete_markers(item, found.version)

    def _folded(self, manifest: Manifest, folder: Path, rows: dict[str, Row]) -> list[Part] | None:
        """The parts with these rows; None where they have all of them already."""
        parts: list[Part] = []
        new = dict(rows)
        for part in manifest.parts:
            dead = set(part.dead)
            for row_id, (number, version) in self._parts.files(part).find(rows).items():
                if number in dead:
                    continue
                if version >= rows[row_id].version:
                    del new[row_id]
                else:
                    dead.add(number)
            if len(dead) < part.rows:
                parts.append(part.model_copy(update={"dead": sorted(dead)}))
        if not new:
            return None
        files = write_part(
            [new[name] for name in sorted(new)], folder / "rows", folder / "entities", self._source.schema
        )
        return [*parts, self._parts.upload(files, len(new))]

    def _merge(self, done: Compaction) -> bool:
        """Merge one group of parts of about one size, or write one anew that has too many dead rows."""
        merged = 0

        def change(manifest: Manifest, folder: Path) -> list[Part] | None:
            nonlocal merged
            group = _mergeable(manifest.parts)
            merged = len(group)
            if not group:
                return None
            sources = [(self._parts.files(part), part.dead) for part in group]
            files = merge_parts(sources, folder / "rows", folder / "entities", self._source.schema)
            part = self._parts.upload(files, sum(part.live_rows for part in group))
            names = {part.name for part in group}
            return [part for part in manifest.parts if part.name not in names] + [part]

        self._commit(change, done)
        done.merged += merged
        return merged > 0

    def _commit(self, change: Callable[[Manifest, Path], list[Part] | None], done: Compaction) -> None:
        """Replace the manifest's parts; delete those that went, and the files of an attempt that a rival overtook."""
        for _ in range(_MOST_ATTEMPTS):
            stored = self._parts.read()
            before = {part.name for part in stored.document.parts} if stored else set()
            with tempfile.TemporaryDirectory(prefix="cloudtrack-index-") as folder:
                try:
                    parts = change(stored.document if stored else Manifest(), Path(folder))
                except ObjectNotFound:
                    done.lost_races += 1
                    continue  # a part was merged away meanwhile
            if parts is None:
                return
            after = {part.name for part in parts}
            try:
                self._parts.write(stored, parts)
            except (ObjectChanged, ObjectExists, Conflict):
                done.lost_races += 1
                if not self._parts.mentions(after - before):
                    self._parts.delete(after - before)
                continue
            self._parts.delete(before - after)
            return
        raise Conflict(
            f"the index {self._source.keys.prefix!r} is compacted by many at once; it goes on without this one"
        )

    def _delete_markers(self, marked: Marked, version: int) -> int:
        """Those whose change the parts have; how many. A newer one belongs to a change that came since."""
        settled = [number for number in marked.versions if number <= version]
        for number in settled:
            self._store.delete(self._source.keys.marker(marked.document_id, number))
        return len(settled)


def _mergeable(parts: list[Part]) -> list[Part]:
    for part in parts:
        if part.rows > _SMALLEST_PART and len(part.dead) > min(_MOST_DEAD, part.rows * _DEAD_SHARE):
            return [part]
    sizes: dict[int, list[Part]] = {}
    for part in parts:
        level = int(math.log(max(part.live_rows, _SMALLEST_PART) / _SMALLEST_PART, _MERGE_PARTS))
        sizes.setdefault(level, []).append(part)
    return next((group for group in sizes.values() if len(group) >= _MERGE_PARTS), [])

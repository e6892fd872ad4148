"""Indexes: whether the parts that count are there; and, in depth, whether searches answer as the documents do."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from cloudtrack.errors import CloudtrackError, CorruptData, ObjectNotFound
from cloudtrack.index.cache import PartCache
from cloudtrack.index.indexes import ONE, Indexes
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.manifest import Manifest
from cloudtrack.maintenance.fsck_finding import Finding
from cloudtrack.maintenance.fsck_points import is_parquet
from cloudtrack.maintenance.fsck_tracking import exists, unknown
from cloudtrack.maintenance.reindexing import check
from cloudtrack.registry import keys as registry_keys
from cloudtrack.registry.model_source import document_of, model_name
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.tracking import keys

_IN_INDEX = re.compile(r"(?P<prefix>.*/)(?P<place>manifest\.json|(?:parts|entities|pending)/.*)")
_LOOKS = 5
_MARKER = re.compile(r"pending/(?P<id>[^/]+)\.(?P<version>\d+)")


class IndexCheck:
    """Checks the indexes of one store."""

    def __init__(self, store: ObjectStore, kinds: Sequence[Indexes]) -> None:
        self._store = store
        self._kinds = kinds

    def parts(self, infos: Sequence[ObjectInfo]) -> Iterator[Finding]:
        """The indexes among some objects. A request for each manifest, part and marker."""
        places: dict[str, dict[str, ObjectInfo]] = {}
        for info in infos:
            match = _IN_INDEX.fullmatch(info.key)
            if match is None or self.kind_of(match["prefix"]) is None:
                yield from unknown([info.key])
            else:
                places.setdefault(match["prefix"], {})[info.key] = info
        for prefix, objects in places.items():
            yield from self._index(IndexKeys(prefix), objects)

    def kind_of(self, prefix: str) -> tuple[Indexes, str] | None:
        """The kind of an index and the name of its collection, by its prefix."""
        found = ((kind, kind.name_in(prefix)) for kind in self._kinds)
        return next(((kind, name) for kind, name in found if name is not None), None)

    def _index(self, index: IndexKeys, objects: dict[str, ObjectInfo]) -> Iterator[Finding]:
        listed: set[str] = set()
        try:
            manifest = Manifest.from_bytes(index.manifest, self._store.get(index.manifest).body)
        except ObjectNotFound:
            if any(not key.startswith(index.pending) for key in objects):
                yield Finding("index-damaged", index.manifest, "it is missing, and there are parts")
            listed = set(objects)
        except CorruptData as error:
            yield Finding("index-damaged", index.manifest, error.message)
            listed = set(objects)
        else:
            for part in manifest.parts:
                files = (index.rows(part.name), index.entities(part.name))
                listed.update(files)
                yield from self._part(files, objects, part.size_bytes)
        for key in objects:
            if key.startswith(index.pending):
                yield from self._marker(key, key.removeprefix(index.prefix), index.prefix)
            elif key != index.manifest and key not in listed:
                yield Finding("part-unlisted", key, "the index does not list it")

    def _part(self, files: tuple[str, str], objects: dict[str, ObjectInfo], size: int) -> Iterator[Finding]:
        missing = [key for key in files if key not in objects]
        for key in missing:
            yield Finding("index-damaged", key, "the index lists it, and it is missing")
        if not missing:
            there = sum(objects[key].size_bytes for key in files)
            if there != size:
                yield Finding(
                    "index-damaged", files[0], f"with its texts it has {there} bytes, and the index says {size}"
                )
            elif not is_parquet(self._store, files[0], objects[files[0]].size_bytes):
                yield Finding("index-damaged", files[0], "it is no Parquet file")

    def _marker(self, key: str, place: str, prefix: str) -> Iterator[Finding]:
        match = _MARKER.fullmatch(place)
        if match is None:
            yield from unknown([key])
        elif not self._is_needed(match["id"], int(match["version"]), prefix):
            yield Finding("marker-unneeded", key, "what it announces was never written")

    def _is_needed(self, document_id: str, number: int, prefix: str) -> bool:
        """Whether the document is there: it may still be about to be written."""
        if prefix == registry_keys.INDEX:
            segment = registry_keys.release_in(document_id)
            first = registry_keys.release_events_in(segment) if segment else registry_keys.events_in(document_id)
            return exists(self._store, f"{first}{number:012d}.json") or exists(self._store, f"{first}{1:012d}.json")
        if prefix == keys.EXPERIMENT_INDEX:
            return exists(self._store, keys.experiment(document_id))
        document = keys.logged_model if prefix.endswith("/logged_models/index/") else keys.run
        return exists(self._store, document(document_id))

    def answers(self, experiment_ids: Sequence[str]) -> Iterator[Finding]:
        """Whether searches answer as the documents do. Every document is read; those in doubt again."""
        for kind in self._kinds:
            with tempfile.TemporaryDirectory(prefix="cloudtrack-fsck-") as folder:
                fresh = type(kind)(self._store, PartCache(self._store, Path(folder)))  # not what this machine has
                fresh.compacts = False
                names = list(experiment_ids) if kind.is_many else [ONE]
                try:
                    found = check(fresh, names)
                    for row_id in [*found.missing, *found.different]:
                        if _differs(fresh, names, row_id):
                            problem = f"searches of {kind.title} do not show it as it is"
                            yield Finding("index-differs", row_id, problem)
                except (CloudtrackError, RuntimeError, ValueError, OSError) as error:
                    yield Finding("index-damaged", kind.place, f"the index of {kind.title} cannot be read: {error}")


def _differs(kind: Indexes, names: Sequence[str], row_id: str) -> bool:
    """Whether a search shows a row otherwise than its document has it, which did not change meanwhile."""
    document_id = row_id if kind.is_many or kind.place == keys.EXPERIMENT_INDEX else document_of(model_name(row_id))
    for _ in range(_LOOKS):
        before = kind.read(document_id)
        places = [before[0]] if before is not None else names
        shown = {hit.key[-1]: hit.text for name in places for hit in kind.all(name)}.get(row_id, "")
        after = kind.read(document_id)
        if before is None and after is None:
            return bool(shown)
        if before is not None and after is not None and before[1].version == after[1].version:
            return shown != next((row.text for row in before[1].rows if row.id == row_id), "")
    return False  # it changes all the time: there is no saying

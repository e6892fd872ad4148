"""Files of metric points and of indexes that nothing lists, and removing them so that nobody can list them any more.

Their names are chosen once. Whoever wrote one lists it by replacing the document that it read before: so that document
is committed anew before the file is deleted. A writer that slept loses its race, and one that finds that it is late
writes another file (see ``storage.mentioning``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cloudtrack.errors import CorruptData, NotFound, ObjectNotFound
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.manifest import Manifest
from cloudtrack.maintenance.gc_plan import Candidate, Kind
from cloudtrack.storage.document import DocumentStore
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.graves import RUN, Grave

SEGMENT = re.compile(r"runs/(?P<run>[^/]+)/metrics/(?P<name>[^/]+)\.parquet")
PART = re.compile(r"(?P<prefix>.*/)(?:parts/(?P<rows>[^/]+)\.parquet|entities/(?P<entities>[^/]+)\.blocks)")


def unlisted_segments(store: ObjectStore, infos: Iterable[ObjectInfo]) -> Iterator[Candidate]:
    """Of some files of one run's points those that its document does not list; one request.

    None of a run without a document, and of one whose document cannot be read.
    """
    found = {match["name"]: (match["run"], info) for info in infos if (match := SEGMENT.fullmatch(info.key))}
    if not found:
        return
    run_id = next(iter(found.values()))[0]
    try:
        document = DocumentStore(store, RunDocument).get(keys.run(run_id)).document
    except (ObjectNotFound, CorruptData):
        return
    for name in found.keys() - {segment.name for segment in document.segments}:
        yield Candidate.of(Kind.SEGMENT, found[name][1])


def unlisted_parts(store: ObjectStore, infos: Iterable[ObjectInfo]) -> Iterator[Candidate]:
    """Of some files of indexes those that no manifest lists; a request for each index.

    None of an index without a manifest: it was thrown away, and whoever writes the first one claims its key.
    """
    prefixes: dict[str, list[tuple[str, ObjectInfo]]] = {}
    for info in infos:
        if match := PART.fullmatch(info.key):
            prefixes.setdefault(match["prefix"], []).append((match["rows"] or match["entities"], info))
    for prefix, files in prefixes.items():
        try:
            manifest = DocumentStore(store, Manifest).get(IndexKeys(prefix).manifest).document
        except (ObjectNotFound, CorruptData):
            continue
        listed = {part.name for part in manifest.parts}
        for name, info in files:
            if name not in listed:
                yield Candidate.of(Kind.PART, info)


def fence_segments(store: ObjectStore, run_id: str, some: list[Candidate]) -> list[Candidate]:
    """Commit to the run, so that whoever wrote these files cannot list them; those that it does not list now."""
    listed: set[str] = set()

    def look(document: RunDocument) -> None:
        listed.clear()
        listed.update(keys.segment(run_id, segment.name) for segment in document.segments)

    try:
        Grave(store, RUN, run_id).change(look)
    except NotFound:
        return []
    return [each for each in some if each.key not in listed]


def fence_parts(store: ObjectStore, prefix: str, some: list[Candidate]) -> list[Candidate]:
    """The same of an index."""
    index = IndexKeys(prefix)
    listed: set[str] = set()

    def look(manifest: Manifest) -> None:
        listed.clear()
        for part in manifest.parts:
            listed.update((index.rows(part.name), index.entities(part.name)))

    try:
        DocumentStore(store, Manifest).update(index.manifest, look)
    except ObjectNotFound:
        return []
    return [each for each in some if each.key not in listed]

"""The parts of one index in the store: the manifest, and the files it mentions."""

from __future__ import annotations

from collections.abc import Iterable

from cloudtrack import ids
from cloudtrack.errors import ObjectNotFound
from cloudtrack.index.cache import PartCache
from cloudtrack.index.manifest import Manifest, Part
from cloudtrack.index.part_files import PartFiles
from cloudtrack.index.source import Source
from cloudtrack.storage.document import DocumentStore, Stored
from cloudtrack.storage.object_store import ObjectStore

StoredManifest = Stored[Manifest]


class Parts:
    """Reads and writes them; decides nothing."""

    def __init__(self, store: ObjectStore, source: Source, cache: PartCache) -> None:
        self.store = store
        self.source = source
        self._cache = cache
        self._manifests = DocumentStore(store, Manifest)

    def read(self) -> StoredManifest | None:
        """The manifest; None where there is none yet."""
        try:
            return self._manifests.get(self.source.keys.manifest)
        except ObjectNotFound:
            return None

    def write(self, before: StoredManifest | None, parts: list[Part]) -> None:
        """Let these parts count. Raises ObjectChanged, ObjectExists where the manifest is not ``before`` any more."""
        if before is None:
            self._manifests.create(self.source.keys.manifest, Manifest(parts=parts))
            return

        def set_parts(manifest: Manifest) -> None:
            manifest.parts = parts

        self._manifests.replace(self.source.keys.manifest, before, set_parts)

    def mentions(self, names: set[str]) -> bool:
        """Whether the manifest has these parts: the answer to our own write was lost."""
        stored = self.read()
        return stored is not None and bool(names & {part.name for part in stored.document.parts})

    def upload(self, files: PartFiles, rows: int) -> Part:
        """Store the files of a part under a new name."""
        name, keys = ids.new_commit_id(), self.source.keys
        self.store.upload(keys.rows(name), files.rows_path)
        self.store.upload(keys.entities(name), files.entities_path)
        return Part(name=name, rows=rows, size_bytes=files.size_bytes, columns=len(files.columns.own))

    def files(self, part: Part) -> PartFiles:
        """The files of a part, here. Raises ObjectNotFound where it was merged away."""
        return self._cache.files(self.source.keys, part.name, self.source.schema)

    def delete(self, names: Iterable[str]) -> None:
        """Delete the files of parts that no manifest mentions."""
        for name in names:
            self.store.delete(self.source.keys.rows(name))
            self.store.delete(self.source.keys.entities(name))

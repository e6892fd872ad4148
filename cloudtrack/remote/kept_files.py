"""The files of versions that a server's registry keeps itself."""

from __future__ import annotations

from collections.abc import Callable

from cloudtrack.entities.manifest import Manifest, PinnedFile
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.errors import InvalidInput
from cloudtrack.remote.addresses import target
from cloudtrack.remote.connection import Connection
from cloudtrack.storage.object_store import Reading


class RemoteKeptFiles:
    """The files of versions behind a server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, version: ModelVersion, path: str, file: PinnedFile) -> Reading:
        """A file of a version, opened for streaming. Raises NotFound, CorruptData."""
        question = {"name": version.name, "version": str(version.version), "path": path}
        chunks, _ = self._connection.open(target("", "/model-versions/get-artifact", question))
        return Reading(file.size, chunks)

    def keep(self, manifest: Manifest, read: Callable[[str], Reading]) -> None:  # noqa: ARG002 - as over a store
        """Raises InvalidInput: the registry's own files are written by whoever has the store."""
        raise InvalidInput(
            f"a server does not copy the files of a model into its registry, and {self._connection.url} is one: "
            "register it without a copy, or name the store itself, a folder or s3://bucket/prefix"
        )

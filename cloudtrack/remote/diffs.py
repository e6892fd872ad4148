"""Comparisons of versions behind a server."""

from __future__ import annotations

from cloudtrack.lineage.version_diff import VersionDiff
from cloudtrack.remote.addresses import OWN
from cloudtrack.remote.connection import Connection


class RemoteModelDiffs:
    """Comparisons of a server's versions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def diff(self, before_uri: str, after_uri: str) -> VersionDiff:
        """How the second version differs from the first; each is named by a ``models:/`` or ``release:/`` URI.

        What is of runs that the caller may not read is left out. Raises NotFound, InvalidInput.
        """
        answer = self._connection.get(f"{OWN}/model-versions/diff", before=before_uri, after=after_uri)
        return VersionDiff.model_validate(answer["diff"])

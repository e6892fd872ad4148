"""A project's code that one run keeps in the store, for the launches of other runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cloudtrack.client import AnyClient
from cloudtrack.projects.record import CodeOrigin, fetch_archive
from cloudtrack.projects.sources import Fetched, unpack


class Origin(CodeOrigin):
    """Where code came from, for the run of another launch."""

    tags: dict[str, str] = {}
    """What the tags of a run say of it."""


@dataclass(frozen=True)
class KeptCode:
    """Kept code, and where it is unpacked here, to be read."""

    origin: Origin
    folder: Path

    @property
    def fetched(self) -> Fetched:
        """The code, as ``sources.fetch`` gives it."""
        origin = self.origin
        return Fetched(self.folder, origin.uri, origin.subdirectory, origin.commit, repository=origin.repository)


def fetch_kept(client: AnyClient, origin: Origin, folder: Path) -> KeptCode:
    """The kept code, unpacked below ``folder``. Raises NotFound, CorruptData."""
    assert origin.archive is not None  # noqa: S101 - whoever keeps code has it
    target = folder / "code"
    unpack(fetch_archive(client, origin.archive, folder / "archive"), target)
    return KeptCode(origin, target)

"""A store that nothing is asked of, for work without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

from cloudtrack.errors import Unavailable
from cloudtrack.storage.object_store import Folder, Object, ObjectInfo, ObjectStore, Reading
from cloudtrack.storage.streaming import Progress, Transfer

REASON = "CLOUDTRACK_OFFLINE is set, so nothing is asked of it: unset it, and `cloudtrack sync` delivers what waits"


class OfflineStore(ObjectStore):
    """Stands for another store, which is never asked: every use raises Unavailable, at once."""

    def __init__(self, behind: ObjectStore) -> None:
        self._behind = behind

    @property
    def url(self) -> str:
        return self._behind.url

    @property
    def address(self) -> str:
        return self._behind.address

    def get(self, key: str, *, unless_etag: str = "") -> Object:  # noqa: ARG002
        self._refuse()

    def get_range(self, key: str, start: int, length: int) -> bytes:  # noqa: ARG002
        self._refuse()

    def stat(self, key: str) -> ObjectInfo:  # noqa: ARG002
        self._refuse()

    def create(self, key: str, body: bytes) -> str:  # noqa: ARG002
        self._refuse()

    def replace(self, key: str, body: bytes, etag: str) -> str:  # noqa: ARG002
        self._refuse()

    def delete(self, key: str) -> None:  # noqa: ARG002
        self._refuse()

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectInfo]:  # noqa: ARG002
        self._refuse()

    def list_folder(self, prefix: str = "") -> Folder:  # noqa: ARG002
        self._refuse()

    def upload(self, key: str, source: Path | BinaryIO, *, progress: Progress | None = None) -> Transfer:  # noqa: ARG002
        self._refuse()

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Reading:  # noqa: ARG002
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise Unavailable(f"the store {self.url}: {REASON}")

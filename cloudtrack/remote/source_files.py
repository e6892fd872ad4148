"""The files that say where a run comes from, behind a server."""

from __future__ import annotations

from cloudtrack.entities.names import check_run_id
from cloudtrack.errors import NotFound
from cloudtrack.remote.addresses import OWN, quoted
from cloudtrack.remote.connection import Connection


class RemoteSourceFiles:
    """The source files of a server's runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, run_id: str, name: str, body: bytes) -> None:
        """Write ``code.patch`` or ``packages.txt``. Raises AlreadyExists where the run has another one."""
        path = f"{OWN}/runs/{check_run_id(run_id)}/source/{quoted(name)}"
        self._connection.send("PUT", path, lambda: body, size_bytes=len(body))

    def read(self, run_id: str, name: str) -> bytes | None:
        """What was written; None where nothing was."""
        path = f"{OWN}/runs/{check_run_id(run_id)}/source/{quoted(name)}"
        try:
            return self._connection.read(path, lambda chunks, _: b"".join(chunks))
        except NotFound:
            return None

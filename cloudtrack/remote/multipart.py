"""Large files in parts, straight to the bucket, by URLs that the server signs."""

from __future__ import annotations

import contextlib
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from cloudtrack.errors import CloudtrackError, InvalidInput
from cloudtrack.remote.addresses import PROXY, quoted
from cloudtrack.remote.connection import Connection, Json
from cloudtrack.remote.windows import Moved, Together, Window
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.storage.streaming import opened

_PART_BYTES = 16 << 20
_MOST_PARTS = 1000
"""So that their URLs fit into one answer."""
_WORKERS = 4


class MultipartUploads:
    """Uploads in parts through a server that signs URLs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def is_enabled(self) -> bool:
        """Whether the server signs URLs; asked once."""
        info = self._connection.get("/api/3.0/mlflow/server-info")
        return bool(info.get("multipart_uploads_enabled"))

    def upload(self, path: str, source: Path | BinaryIO, stream: BinaryIO, start: int, size: int, moved: Moved) -> None:
        """Send ``size`` bytes from ``start`` to ``path``. Parts of a file go up at once, those of a stream in turn."""
        part_bytes = max(_PART_BYTES, -(-size // _MOST_PARTS))
        count = -(-size // part_bytes)
        folder, _, name = path.rpartition("/")
        made = self._connection.call("POST", _url("create", folder), {"path": name, "num_parts": count})
        upload_id = made["upload_id"]
        urls = {int(part["part_number"]): part for part in made["credentials"]}
        together = Together(moved)

        def send(number: int) -> Json:
            offset = (number - 1) * part_bytes
            length = min(part_bytes, size - offset)
            part_moved = Moved(together)
            with opened(source) if isinstance(source, Path) else contextlib.nullcontext(stream) as its_stream:
                headers = self._connection.send_signed(
                    urls[number]["url"],
                    urls[number].get("headers") or {},
                    lambda: Window(its_stream, start + offset, length, part_moved),
                    size_bytes=length,
                )
            if not headers.get("etag"):
                raise InvalidInput("the bucket's answer to a part has no ETag: is there a proxy that drops it?")
            return {"part_number": number, "etag": headers["etag"], "url": urls[number]["url"]}

        try:
            parts = map_in_order(send, range(1, count + 1), workers=_WORKERS if isinstance(source, Path) else 1)
            content = {"path": name, "upload_id": upload_id, "parts": parts}
            self._connection.call("POST", _url("complete", folder), content)
        except BaseException:
            with contextlib.suppress(CloudtrackError):  # what is left of an upload, a rule of the bucket removes
                self._connection.call("POST", _url("abort", folder), {"path": name, "upload_id": upload_id})
            raise


def _url(verb: str, folder: str) -> str:
    return f"{PROXY}/mpu/{verb}/{quoted(folder)}"

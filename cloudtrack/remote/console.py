"""Console logs behind a server."""

from __future__ import annotations

import base64
from typing import Any

from cloudtrack.entities.names import check_run_id
from cloudtrack.remote.addresses import OWN
from cloudtrack.remote.connection import Connection
from cloudtrack.tracking.console import READ_BYTES
from cloudtrack.tracking.console_stream import ConsolePage, ConsolePiece, ConsoleStream


class RemoteConsole:
    """What the processes of a server's runs printed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, run_id: str, stream: str, offset: int, body: bytes) -> None:
        """Add a segment at byte ``offset`` of a stream; the same once more is no error.

        Raises AlreadyExists where the stream has another segment there, InvalidInput.
        """
        about = {"run_id": check_run_id(run_id), "stream": stream, "offset": offset}
        self._connection.call("POST", f"{OWN}/runs/logs/append", about | _content(body))

    def streams(self, run_id: str) -> list[ConsoleStream]:
        """The streams of a run in order of their start; none where nothing was captured."""
        return [*self.read(run_id, limit_bytes=1, backwards=True).streams]

    def read(
        self, run_id: str, cursor: str = "", limit_bytes: int = READ_BYTES, *, backwards: bool = False
    ) -> ConsolePage:
        """What comes after a cursor, from the beginning without one; or what comes before, from the end without one.

        Whole segments, at most ``limit_bytes`` and a megabyte in all but always one. No pieces where there is nothing
        more. Raises InvalidInput for what is no cursor.
        """
        answer = self._connection.get(
            f"{OWN}/runs/logs",
            run_id=check_run_id(run_id),
            cursor=cursor or None,
            max_bytes=limit_bytes,
            backwards=backwards or None,
        )
        pieces = [_piece(message) for message in answer["pieces"]]
        streams = [
            ConsoleStream(each["id"], each["name"], each["started"], each["size"]) for each in answer.get("streams", ())
        ]
        return ConsolePage(pieces, answer["cursor"], answer["end"], streams)


def _content(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _piece(message: dict[str, Any]) -> ConsolePiece:
    coded = message.get("base64")
    body = base64.b64decode(coded) if coded else message["text"].encode()
    return ConsolePiece(message["stream"], message["name"], message["offset"], body)

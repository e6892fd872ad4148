"""What the processes of a run printed: added by those who write it, and read in pages."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cloudtrack.access.permission import Permission
from cloudtrack.api.conditional import unless_known
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError
from cloudtrack.api.fields import Bool, Int64, Required
from cloudtrack.api.message import Response, json_response
from cloudtrack.api.mlflow.runs import RunRequest
from cloudtrack.tracking.console import READ_BYTES
from cloudtrack.tracking.console_stream import ConsolePiece

ENDPOINTS = Declarations(Domain.RUNS)


class AppendLog(RunRequest):
    stream: Required
    offset: Int64 = 0
    text: str = ""
    base64: str = ""

    @property
    def body(self) -> bytes:
        """The bytes. Raises ApiError where they are given as base64 and are not."""
        try:
            return base64.b64decode(self.base64, validate=True) if self.base64 else self.text.encode()
        except (binascii.Error, ValueError) as error:
            raise ApiError("INVALID_PARAMETER_VALUE", f"this is neither base64 nor text: {error}") from error


class ReadLog(RunRequest):
    cursor: str = ""
    max_bytes: Int64 = READ_BYTES
    backwards: Bool = False


@ENDPOINTS.add("POST", "/cloudtrack/runs/logs/append", Needs(Permission.EDIT, On.RUN))
def append_run_log(context: Context, request: AppendLog) -> None:
    """Add a segment to a stream of a run's console log, as ``text`` or ``base64``; the same again is no error."""
    context.client.console.append(request.run, request.stream, request.offset, request.body)


@ENDPOINTS.add("GET", "/cloudtrack/runs/logs", Needs(Permission.READ, On.RUN))
def read_run_log(context: Context, request: ReadLog) -> Response:
    """What the processes of a run printed after a cursor, or before one; up to 1 MB."""
    page = context.client.console.read(
        request.run, request.cursor, min(request.max_bytes, READ_BYTES), backwards=request.backwards
    )
    streams = [
        {"id": each.id, "name": each.name, "started": each.started_ms, "size": each.size_bytes} for each in page.streams
    ]
    content = {"pieces": [_message(piece) for piece in page.pieces], "cursor": page.cursor, "end": page.end}
    content |= {"streams": streams} if streams else {}
    return unless_known(json_response(content), context.request)


def _message(piece: ConsolePiece) -> dict[str, Any]:
    """As text; bytes that are no UTF-8 are there as they were, too."""
    message = {"stream": piece.stream, "name": piece.name, "offset": piece.offset}
    try:
        return message | {"text": piece.body.decode()}
    except UnicodeDecodeError:
        coded = base64.b64encode(piece.body).decode()
        return message | {"text": piece.body.decode(errors="replace"), "base64": coded}

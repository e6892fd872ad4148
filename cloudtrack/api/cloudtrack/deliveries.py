"""What a client's writer delivers, read as if an enemy had written it.

A delivery is one record that says which run it is for, and records of frames, as in a spool. Everything in it
is bounded: the whole, each name and text, and the nesting of its JSON, of which only known fields are kept.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from pydantic import ValidationError

from cloudtrack.api.errors import ApiError
from cloudtrack.api.fields import Int64, Message, Required
from cloudtrack.entities.names import check_experiment_id, check_experiment_name, check_run_id, check_value
from cloudtrack.errors import InvalidInput
from cloudtrack.remote.wire import DELIVERY_BYTES, HEADER_BYTES
from cloudtrack.tracking.checked_frames import checked_frame
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.frames import Frame
from cloudtrack.tracking.records import read_records
from cloudtrack.tracking.run_delivery import HEARTBEAT_MS
from cloudtrack.tracking.runs import new_run

_WRITER = re.compile(r"[0-9a-f]{16}")
_MOST_FRAMES = 10_000


class _Run(Message):
    run_id: Required
    experiment_id: str = ""
    run_name: str = ""
    user_id: str = ""
    start_time: Int64 | None = None
    tags: dict[str, str] = {}


class _Header(Message):
    writer: Required
    run: _Run
    experiment_name: str = ""


@dataclass(frozen=True)
class Delivery:
    """Frames of one writer, and the run they are for as it is to be made where there is none."""

    writer: str
    run: RunDocument
    experiment_name: str
    """Where the run has no experiment yet: the client was offline when it started."""
    frames: list[Frame]


def parse_delivery(body: bytes) -> Delivery:
    """Raises ApiError, InvalidInput."""
    if len(body) > DELIVERY_BYTES:
        raise ApiError("INVALID_PARAMETER_VALUE", f"a delivery has at most {DELIVERY_BYTES} bytes", status=413)
    stream = io.BytesIO(body)
    records = list(read_records(stream))
    if not records or stream.tell() != len(body):
        raise InvalidInput("the body is not a delivery: it is no sequence of whole records")
    if len(records) > _MOST_FRAMES or len(records[0][0]) > HEADER_BYTES:
        raise InvalidInput("the delivery has too many frames, or says too much about its run")
    header = _parse_header(records[0][0])
    frames: list[Frame] = []
    for head, columns in records[1:]:
        frames.append(checked_frame(head, columns, after=frames[-1].seq if frames else 0))
    return Delivery(header.writer, _new_run(header.run), _experiment_name(header), frames)


def _parse_header(text: bytes) -> _Header:
    try:
        header = _Header.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "header"
        raise InvalidInput(f"the delivery's first record is not a header: {where}: {first['msg']}") from error
    if not _WRITER.fullmatch(header.writer):
        raise InvalidInput("the delivery's writer must be 16 hexadecimal digits")
    return header


def _new_run(said: _Run) -> RunDocument:
    run = new_run(
        check_experiment_id(said.experiment_id) if said.experiment_id else "",
        run_name=said.run_name or None,
        start_time=said.start_time,
        tags=said.tags,
        user_id=check_value("tag", "user_id", said.user_id),
    )
    run.run_id = check_run_id(said.run_id)
    run.heartbeat_time = run.start_time or 0
    run.heartbeat_interval_ms = HEARTBEAT_MS
    return run


def _experiment_name(header: _Header) -> str:
    return "" if header.run.experiment_id else check_experiment_name(header.experiment_name)

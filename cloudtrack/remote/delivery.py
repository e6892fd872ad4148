"""Carrying a spool's frames to a server, each exactly once, from its writer or from any copy."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

from cloudtrack.errors import InvalidInput
from cloudtrack.remote.addresses import OWN
from cloudtrack.remote.connection import Connection, Json
from cloudtrack.remote.wire import DELIVERY_BYTES, HEADER_BYTES, RUN_TYPE
from cloudtrack.tracking.artifacts import Artifacts
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.frames import Frame, parse_without_points
from cloudtrack.tracking.model_points import ModelDelivery, ModelPoint
from cloudtrack.tracking.records import pack_record, read_records
from cloudtrack.tracking.run_delivery import deliver_files, forget_files
from cloudtrack.tracking.spool import Spool, SpoolHeader

_SENT = {"run_id", "experiment_id", "run_name", "user_id", "start_time", "tags"}
"""What the server makes a run of, where it has not heard of it."""

_log = logging.getLogger(__name__)


class RemoteDelivery:
    """Delivers one spool to a server, which knows the frames it has."""

    def __init__(
        self, connection: Connection, artifacts: Artifacts, models: ModelDelivery, *, is_made: bool = False
    ) -> None:
        """``artifacts`` takes files that wait beside the spool, ``models`` what it has for logged models; ``is_made``
        says that the server has the run."""
        self._connection = connection
        self._artifacts = artifacts
        self._models = models
        self._is_made = is_made

    def create(self, header: SpoolHeader) -> RunDocument:
        """Make the run; one request."""
        made = self._send(header, b"", heartbeat=False)
        return header.run.model_copy(update={name: made[name] for name in ("experiment_id", "user_id")})

    def deliver(self, spool: Spool, *, heartbeat: bool) -> None:
        """Bring everything the spool has, and a heartbeat where asked; a request for each 4 MiB."""
        while spool.has_unsent:
            records, mark = spool.read_unsent_records(limit_bytes=DELIVERY_BYTES - HEADER_BYTES)
            self._deliver_files(spool, records)
            self._send(spool.header, records, heartbeat=heartbeat)
            # Before the frames count as delivered: the run takes each frame once, a model any number of times.
            self._models.deliver(spool.header.run.run_id, _model_points(records))
            spool.acknowledge(mark)
            forget_files(spool, _frames(records))
            heartbeat = False
        if heartbeat or not self._is_made:
            self._send(spool.header, b"", heartbeat=heartbeat)

    def _deliver_files(self, spool: Spool, records: bytes) -> None:
        """Bring the files that frames name, and which the server does not say it has had."""
        frames = [frame for frame in _frames(records) if frame.changes.artifacts]
        if frames:
            applied = self._send(spool.header, b"", heartbeat=False).get("applied", 0)
            deliver_files(spool, frames, self._artifacts, applied=applied)

    def _send(self, header: SpoolHeader, records: bytes, *, heartbeat: bool) -> Json:
        body = wire_header(header.writer, header.run, header.experiment_name) + records
        answer = self._connection.send(
            "POST",
            f"{OWN}/runs/deliver",
            lambda: body,
            size_bytes=len(body),
            media_type=RUN_TYPE,
            operation=header.writer,
            heartbeat=heartbeat,
        )
        self._is_made = True
        for message in answer.get("refused", []):
            _log.warning("%s", message)
        return answer


def _model_points(records: bytes) -> list[ModelPoint]:
    """What the frames have for logged models, which the server takes at an address of their own."""
    return [point for frame in _frames(records) for point in frame.changes.model_points]


def _frames(records: bytes) -> Iterator[Frame]:
    return (parse_without_points(head) for head, _ in read_records(io.BytesIO(records)))


def wire_header(writer: str, run: RunDocument, experiment_name: str) -> bytes:
    """The first record of a delivery. Raises InvalidInput where it is larger than a server takes."""
    header = SpoolHeader(store_url="", writer=writer, run=run, experiment_name=experiment_name)
    text = header.model_dump_json(include={"writer": True, "experiment_name": True, "run": _SENT})
    if len(text) > HEADER_BYTES:
        raise InvalidInput(
            f"the tags that run {run.run_id} starts with are larger than {HEADER_BYTES >> 10} KiB in all: "
            "set them after the start"
        )
    return pack_record(text.encode())

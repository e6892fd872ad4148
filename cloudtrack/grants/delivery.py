"""What a slot of a grant holds: frames of one writer, and the files that they name.

    header (a record)    which grant, run and writer; how long the frames are; the files, by path, size and SHA-256
    frames (records)     as in a spool
    bytes of the files   one after the other

It is written by strangers, so it is read as if an enemy had: everything is bounded before it is parsed, the size must
be what the header says, and nothing is unpacked.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from cloudtrack.errors import InvalidInput
from cloudtrack.tracking.changes import RunChanges
from cloudtrack.tracking.checked_frames import checked_frame
from cloudtrack.tracking.frames import Frame
from cloudtrack.tracking.grants import GRANT_TAG, GrantDocument
from cloudtrack.tracking.records import pack_record, read_records

HEADER_BYTES = 1 << 20
FRAMES_BYTES = 6 << 20
HEAD_BYTES = HEADER_BYTES + FRAMES_BYTES
MOST_FILE_BYTES = 4 << 30
"""S3 takes 5 GiB in one PUT."""
MOST_FILES_BYTES = 256 << 20
"""Files of one delivery, but for a larger one, which is alone in its own."""
MOST_FILES = 500
_MOST_FRAMES = 10_000

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class SentFile(BaseModel):
    """A file in a delivery; ``seq`` is the number of the frame that it was logged with."""

    seq: Annotated[int, Field(gt=0, lt=2**53)]
    path: Annotated[str, Field(max_length=1024)]
    size_bytes: Annotated[int, Field(ge=0, le=MOST_FILE_BYTES)]
    sha256: Sha256


class Header(BaseModel):
    """The first record."""

    format: Literal["cloudtrack.grant-delivery/1"] = "cloudtrack.grant-delivery/1"
    grant_id: str
    run_id: str
    writer: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    frames_bytes: Annotated[int, Field(ge=0, le=FRAMES_BYTES)]
    files: Annotated[list[SentFile], Field(max_length=MOST_FILES)] = []


@dataclass(frozen=True)
class GrantedDelivery:
    """A delivery that is what it must be."""

    writer: str
    frames: list[Frame]
    files: list[tuple[SentFile, int]]
    """Each with the byte at which it begins."""


def pack_head(header: Header, frames: bytes) -> bytes:
    """All but the bytes of the files."""
    return pack_record(header.model_copy(update={"frames_bytes": len(frames)}).model_dump_json().encode()) + frames


def parse_delivery(head: bytes, size_bytes: int, grant: GrantDocument) -> GrantedDelivery:
    """From the first ``HEAD_BYTES`` of an object that is so large. Raises InvalidInput, which says why it is none."""
    stream = io.BytesIO(head)
    first = next(read_records(stream), None)
    if first is None or stream.tell() > HEADER_BYTES or first[1]:
        raise InvalidInput("it is no delivery: it does not begin with a header")
    try:
        header = Header.model_validate_json(first[0])
    except ValidationError as error:
        said = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise InvalidInput(f"its header is none: {'.'.join(map(str, said['loc'])) or 'JSON'}: {said['msg']}") from error
    if (header.grant_id, header.run_id) != (grant.grant_id, grant.run_id):
        raise InvalidInput("it says that it is for another grant or another run")
    begins = stream.tell()
    end = begins + header.frames_bytes
    if size_bytes != end + sum(file.size_bytes for file in header.files):
        raise InvalidInput("its size is not what its header says")
    frames = _frames(head[begins:end], header.frames_bytes)
    files: list[tuple[SentFile, int]] = []
    for file in header.files:
        files.append((file, end))
        end += file.size_bytes
    return GrantedDelivery(header.writer, frames, files)


def _frames(body: bytes, size_bytes: int) -> list[Frame]:
    stream = io.BytesIO(body)
    frames: list[Frame] = []
    for head, columns in read_records(stream):
        if len(frames) == _MOST_FRAMES:
            raise InvalidInput(f"it has more than {_MOST_FRAMES} frames")
        frame = checked_frame(head, columns, after=frames[-1].seq if frames else 0)
        _cut_to_reach(frame.changes)
        frames.append(frame)
    if stream.tell() != size_bytes:
        raise InvalidInput("its frames are no sequence of whole records")
    return frames


def _cut_to_reach(changes: RunChanges) -> None:
    """A grant is for one run: what it says of logged models, which have owners, is left out.

    Raises InvalidInput where it changes what is said of the grant.
    """
    changes.outputs, changes.model_inputs = [], []
    if any(key.startswith(GRANT_TAG) for key in changes.tags):
        raise InvalidInput(f"it sets the tag {GRANT_TAG!r}, which is the grant's own")


def texts_bytes(frames: Sequence[Frame]) -> int:
    """About what frames add to the document of a run beside points, at most."""
    texts = sum(len(frame.changes.model_dump_json()) for frame in frames)
    metrics = {point[0] for frame in frames for point in frame.changes.points}
    return texts + sum(512 + 12 * len(key) for key in metrics)

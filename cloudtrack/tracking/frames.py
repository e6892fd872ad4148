"""Frames: numbered batches of what was logged to a run, points as packed columns."""

from __future__ import annotations

import array
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cloudtrack.errors import CorruptData
from cloudtrack.tracking.changes import RunChanges
from cloudtrack.tracking.model_points import ModelPoint
from cloudtrack.tracking.points import Point
from cloudtrack.tracking.records import pack_record

FRAME_BYTES = 1 << 20
"""About the largest frame, so that each can be sent in one request."""
_POINT_BYTES = 28
_MODEL_POINT_BYTES = 128
"""At most, in JSON text, without its names."""
_UTF8 = 4
_ESCAPED = 6
"""So many bytes a character has at most, in a key and in JSON text."""

T = TypeVar("T")


class Frame(BaseModel):
    """One numbered batch of what was logged."""

    seq: int
    changes: RunChanges


class _FrameHead(Frame):
    """A frame as JSON, with what is needed to read the columns behind it."""

    keys: list[str] = []
    points: int = 0


def pack_frame(frame: Frame) -> bytes:
    """A frame as a record."""
    points = frame.changes.points
    if not points:
        return pack_record(frame.model_dump_json().encode())
    names, values, steps, timestamps = zip(*points, strict=True)
    codes = {name: code for code, name in enumerate(dict.fromkeys(names))}
    columns = b"".join(
        (
            _little_endian(array.array("d", values)).tobytes(),
            _little_endian(array.array("q", steps)).tobytes(),
            _little_endian(array.array("q", timestamps)).tobytes(),
            _little_endian(array.array("I", map(codes.__getitem__, names))).tobytes(),
        )
    )
    head = _FrameHead(seq=frame.seq, changes=frame.changes, keys=list(codes), points=len(points))
    return pack_record(head.model_dump_json().encode(), columns)


def parse_frame(head_json: bytes, columns: bytes) -> Frame:
    """The frame in a record. Raises CorruptData where it is none."""
    try:
        head = _FrameHead.model_validate_json(head_json)
    except ValidationError as error:
        raise CorruptData(f"a record is no frame of a run: {error.errors()[0]['msg']}") from error
    if head.points < 0 or len(columns) != _POINT_BYTES * head.points:
        raise CorruptData(f"a frame says that it has {head.points} points, and has {len(columns)} bytes of them")
    if head.points:
        head.changes.points = _points(head, columns)
    return Frame.model_construct(seq=head.seq, changes=head.changes)


def parse_without_points(head_json: bytes) -> Frame:
    """The frame in a record, but the run's points, which are not looked at. Raises CorruptData where it is none."""
    try:
        return Frame.model_validate_json(head_json)
    except ValidationError as error:
        raise CorruptData(f"a record is no frame of a run: {error.errors()[0]['msg']}") from error


def in_pieces(changes: RunChanges) -> Iterator[RunChanges]:
    """The same changes in pieces of about ``FRAME_BYTES`` at most, in order; how the run ended comes last."""
    if _size(changes) <= FRAME_BYTES:
        yield changes
        return
    for points in _groups(changes.points, _point_size):
        yield RunChanges.model_construct(points=points)
    for params in _groups(list(changes.params.items()), _text_size):
        yield RunChanges(params=dict(params))
    for tags in _groups(list(changes.tags.items()), _text_size):
        yield RunChanges(tags=dict(tags))
    for inputs in _groups(changes.inputs, _model_size):
        yield RunChanges(inputs=inputs)
    for model_points in _groups(changes.model_points, _model_point_size):
        yield RunChanges(model_points=model_points)
    for artifacts in _groups(changes.artifacts, _model_size):
        yield RunChanges(artifacts=artifacts)
    rest = RunChanges(model_inputs=changes.model_inputs, outputs=changes.outputs, run_name=changes.run_name)
    rest.status, rest.end_time = changes.status, changes.end_time
    if not rest.is_empty():
        yield rest


def _size(changes: RunChanges) -> int:
    texts = [*changes.params.items(), *changes.tags.items()]
    models = sum(map(_model_size, [*changes.inputs, *changes.artifacts]))
    model_points = sum(map(_model_point_size, changes.model_points))
    return sum(map(_point_size, changes.points)) + sum(map(_text_size, texts)) + models + model_points


def _point_size(point: Point) -> int:
    """Its columns, and its key as if no other point had it."""
    return _POINT_BYTES + _UTF8 * len(point[0])


def _model_point_size(point: ModelPoint) -> int:
    return _MODEL_POINT_BYTES + _ESCAPED * (
        len(point.key) + len(point.dataset_name or "") + len(point.dataset_digest or "")
    )


def _text_size(pair: tuple[str, str]) -> int:
    return _ESCAPED * (len(pair[0]) + len(pair[1]))


def _model_size(model: BaseModel) -> int:
    return len(model.model_dump_json())


def _groups(items: list[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
    group: list[T] = []
    size = 0
    for item in items:
        item_size = size_of(item)
        if group and size + item_size > FRAME_BYTES:
            yield group
            group, size = [], 0
        group.append(item)
        size += item_size
    if group:
        yield group


def _points(head: _FrameHead, columns: bytes) -> list[Point]:
    n = head.points
    values: array.array[Any] = array.array("d")
    steps, timestamps, codes = array.array("q"), array.array("q"), array.array("I")
    values.frombytes(columns[: 8 * n])
    steps.frombytes(columns[8 * n : 16 * n])
    timestamps.frombytes(columns[16 * n : 24 * n])
    codes.frombytes(columns[24 * n : 28 * n])
    for column in (values, steps, timestamps, codes):
        _little_endian(column)
    if max(codes) >= len(head.keys):
        raise CorruptData(f"a frame has a point of the metric number {max(codes)}, and names {len(head.keys)}")
    return list(zip(map(head.keys.__getitem__, codes), values, steps, timestamps, strict=True))


def _little_endian(column: array.array[Any]) -> array.array[Any]:
    if sys.byteorder == "big":
        column.byteswap()
    return column

"""TensorBoard's event files: records of TFRecord, and in them the few fields of protobuf that scalars need.

A record is a length (uint64), the masked CRC-32C of that, the body, and its CRC, little-endian. Sums are not checked:
a record that was cut off, as in a file that is being written, ends the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from cloudtrack.errors import CorruptData

MOST_RECORD_BYTES = 256 << 20
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
Field = tuple[int, int, "int | bytes"]
"""Number, wire type and value; fixed ones as their bytes."""


def records(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The bodies of all whole records. Raises CorruptData for a length that cannot be."""
    while len(head := file.read(12)) == 12:
        (length,) = struct.unpack("<Q", head[:8])
        if length > MOST_RECORD_BYTES:
            raise CorruptData(f"{name} is no event file: it has a record of {length} bytes")
        body = file.read(length)
        if len(body) < length or len(file.read(4)) < 4:
            return
        yield body


def fields(message: bytes, name: str) -> Iterator[Field]:
    """The fields of a protobuf message. Raises CorruptData."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place, name)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, place = _varint(message, place, name)
            yield number, kind, value
            continue
        if kind == _BYTES:
            size, place = _varint(message, place, name)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise CorruptData(f"{name} has a record that is no protobuf message")
        if place + size > len(message):
            raise CorruptData(f"{name} has a record that ends too soon")
        yield number, kind, message[place : place + size]
        place += size


def _varint(message: bytes, place: int, name: str) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            break
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise CorruptData(f"{name} has a record that is no protobuf message")

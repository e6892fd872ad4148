"""How frames are written one after another, in a spool file and on the wire.

    record = magic, length and CRC-32 of what follows, lengths of JSON and columns, JSON, columns

All numbers are little-endian. A record that was cut off, or damaged, ends what can be read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

_RECORD = struct.Struct("<4sII")
_LENGTHS = struct.Struct("<II")
_MAGIC = b"ctsp"


def pack_record(head: bytes, columns: bytes = b"") -> bytes:
    """A record of some JSON and packed columns."""
    body = b"".join((_LENGTHS.pack(len(head), len(columns)), head, columns))
    return _RECORD.pack(_MAGIC, len(body), zlib.crc32(body)) + body


def read_records(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """JSON and columns of each whole record from here on; the stream then stands behind the last one."""
    while True:
        start = stream.tell()
        prefix = stream.read(_RECORD.size)
        magic, length, checksum = _RECORD.unpack(prefix) if len(prefix) == _RECORD.size else (b"", 0, 0)
        body = stream.read(length) if magic == _MAGIC else b""
        if magic != _MAGIC or len(body) != length or zlib.crc32(body) != checksum or length < _LENGTHS.size:
            stream.seek(start)
            return
        head_bytes, _ = _LENGTHS.unpack_from(body)
        head_end = _LENGTHS.size + head_bytes
        yield body[_LENGTHS.size : head_end], body[head_end:]

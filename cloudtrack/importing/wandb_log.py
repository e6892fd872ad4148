"""The log in which Weights & Biases keeps a run on disk: records in blocks, as LevelDB writes its logs.

After seven bytes of a header come blocks of 32 KiB, counted from the beginning of the file. A piece has a CRC-32, a
length and a type (whole, first, middle, last), little-endian. A log that was cut off ends with its last whole record.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from cloudtrack.errors import CorruptData

_MAGIC = b":W&B"
_HEADER_BYTES = 7
_BLOCK_BYTES = 32 << 10
_PIECE = struct.Struct("<IHB")
_WHOLE, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_MOST_RECORD_BYTES = 256 << 20


def records(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The bodies of all whole records. Raises CorruptData where it is no such log."""
    if not file.read(_HEADER_BYTES).startswith(_MAGIC):
        raise CorruptData(f"{name} is no log of a run of Weights & Biases")
    place, body = _HEADER_BYTES, bytearray()
    while True:
        left = _BLOCK_BYTES - place % _BLOCK_BYTES
        if left < _PIECE.size:
            file.read(left)
            place += left
            continue
        head = file.read(_PIECE.size)
        if len(head) < _PIECE.size:
            return
        _, size, kind = _PIECE.unpack(head)
        piece = file.read(size)
        place += _PIECE.size + size
        if len(piece) < size:
            return
        if kind in (_WHOLE, _FIRST):
            body = bytearray()
        elif kind not in (_MIDDLE, _LAST):
            raise CorruptData(f"{name} has a record of no known kind: it was damaged")
        body += piece
        if len(body) > _MOST_RECORD_BYTES:
            raise CorruptData(f"{name} has a record of more than {_MOST_RECORD_BYTES} bytes")
        if kind in (_WHOLE, _LAST):
            yield bytes(body)

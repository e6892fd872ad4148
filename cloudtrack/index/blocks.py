"""A file of many small texts, of which a few are read by number: compressed blocks, and where each begins.

    block ... | offsets of the blocks and of their end, uint64 | number of texts, uint64     (all little-endian)

A block is, compressed by zlib, the lengths (uint32) of its texts in UTF-8, then the texts. It has 4, the last one
has what is left: a text is read at the price of one block.
"""

from __future__ import annotations

import os
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice, pairwise
from pathlib import Path
from typing import BinaryIO

from cloudtrack.errors import CorruptData

_TEXTS_IN_BLOCK = 4
_LEVEL = 4
_WORD, _LENGTH = 8, 4


def write_blocks(texts: Iterable[str], target: BinaryIO) -> int:
    """Write the texts, one after another; how many they are."""
    offsets = array("Q")
    position = count = 0
    remaining = iter(texts)
    while block := list(islice(remaining, _TEXTS_IN_BLOCK)):
        offsets.append(position)
        packed = zlib.compress(_joined(block), _LEVEL)
        target.write(packed)
        position += len(packed)
        count += len(block)
    offsets.append(position)
    target.write(_little_endian(offsets))
    target.write(_little_endian(array("Q", [count])))
    return count


class Blocks:
    """A file of texts, read by number. Any thread may use it."""

    def __init__(self, path: Path) -> None:
        """Raises CorruptData where the file does not end as it must."""
        self._path = path
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            if size < 2 * _WORD:
                raise CorruptData(f"{path.name!r} is cut short")
            self.count = _words(stream, size - _WORD, 1)[0]
            blocks = -(-self.count // _TEXTS_IN_BLOCK)
            start = size - _WORD * (blocks + 2)
            if start < 0:
                raise CorruptData(f"{path.name!r} does not hold the {self.count} texts that it says")
            self._offsets = _words(stream, start, blocks + 1)
            if self._offsets[-1] != start:
                raise CorruptData(f"{path.name!r} does not end where it says")

    def read(self, numbers: Sequence[int]) -> list[str]:
        """The texts with these numbers, from 0, in the order asked for."""
        found: dict[int, str] = {}
        with self._path.open("rb") as stream:
            for block in sorted({number // _TEXTS_IN_BLOCK for number in numbers}):
                found.update(enumerate(self._block(stream, block), block * _TEXTS_IN_BLOCK))
        return [found[number] for number in numbers]

    def __iter__(self) -> Iterator[str]:
        with self._path.open("rb") as stream:
            for block in range(len(self._offsets) - 1):
                yield from self._block(stream, block)

    def _block(self, stream: BinaryIO, number: int) -> list[str]:
        start, end = self._offsets[number], self._offsets[number + 1]
        stream.seek(start)
        raw = zlib.decompress(stream.read(end - start))
        count = min(_TEXTS_IN_BLOCK, self.count - number * _TEXTS_IN_BLOCK)
        lengths = _swapped(array("I", raw[: count * _LENGTH]))
        ends = list(accumulate(lengths, initial=count * _LENGTH))
        return [raw[start:end].decode() for start, end in pairwise(ends)]


def _joined(texts: Sequence[str]) -> bytes:
    encoded = [text.encode() for text in texts]
    return b"".join([_swapped(array("I", map(len, encoded))).tobytes(), *encoded])


def _words(stream: BinaryIO, start: int, count: int) -> array[int]:
    stream.seek(start)
    words = array("Q")
    words.frombytes(stream.read(count * _WORD))
    return _swapped(words)


def _little_endian(words: array[int]) -> bytes:
    return _swapped(array("Q", words)).tobytes()


def _swapped(words: array[int]) -> array[int]:
    """From the machine's order of bytes to little-endian, or back."""
    if sys.byteorder == "big":
        words.byteswap()
    return words

"""A file of many small texts, of which a few are read by number: compressed blocks, and where each begins.

    block ... | offset of each block and of their end | number of its first text, and of all texts | number of blocks

The numbers at the end are uint64, little-endian. A block is, compressed by zlib, the lengths (uint32) of its texts in
UTF-8, then the texts. It has few: a text is read at the price of one block.
"""

from __future__ import annotations

import os
import sys
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import accumulate, islice, pairwise
from pathlib import Path
from typing import BinaryIO

from cloudtrack.errors import CorruptData, ObjectNotFound

_TEXTS_IN_BLOCK = 4
_LEVEL = 4
_WORD, _LENGTH = 8, 4


def write_blocks(texts: Iterable[str], target: BinaryIO) -> int:
    """Write the texts, one after another; how many they are."""
    writer = _Writer(target)
    remaining = iter(texts)
    while block := list(islice(remaining, _TEXTS_IN_BLOCK)):
        writer.add(_packed(block), len(block))
    return writer.close()


def merge_blocks(files: Iterable[tuple[Blocks, Collection[int]]], target: BinaryIO) -> int:
    """Write the texts of files, one after another, but those with the numbers that come with each; how many they are.

    Blocks that keep all their texts are copied as they are.
    """
    writer = _Writer(target)
    for blocks, dead in files:
        gone = set(dead)
        for numbers, packed in blocks.packed():
            live = [number for number in numbers if number not in gone]
            if len(live) == len(numbers):
                writer.add(packed, len(live))
            elif live:
                texts = _unpacked(packed, len(numbers))
                writer.add(_packed([texts[number - numbers[0]] for number in live]), len(live))
    return writer.close()


class _Writer:
    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._offsets = array("Q", [0])
        self._firsts = array("Q", [0])

    def add(self, packed: bytes, texts: int) -> None:
        self._target.write(packed)
        self._offsets.append(self._offsets[-1] + len(packed))
        self._firsts.append(self._firsts[-1] + texts)

    def close(self) -> int:
        count = self._firsts[-1]
        for words in (self._offsets, self._firsts, array("Q", [len(self._offsets) - 1])):
            self._target.write(_swapped(words).tobytes())
        return count


class Blocks:
    """A file of texts, read by number. Any thread may use it."""

    def __init__(self, path: Path) -> None:
        """Raises CorruptData where the file does not end as it must, and ObjectNotFound."""
        self._path = path
        with self._open() as stream:
            size = stream.seek(0, os.SEEK_END)
            if size < _WORD:
                raise CorruptData(f"{path.name!r} is cut short")
            blocks = _words(stream, size - _WORD, 1)[0]
            start = size - _WORD * (2 * blocks + 3)
            if start < 0:
                raise CorruptData(f"{path.name!r} does not hold the {blocks} blocks that it says")
            self._offsets = _words(stream, start, blocks + 1)
            self._firsts = _words(stream, start + _WORD * (blocks + 1), blocks + 1)
            if self._offsets[-1] != start:
                raise CorruptData(f"{path.name!r} does not end where it says")

    def read(self, numbers: Sequence[int]) -> list[str]:
        """The texts with these numbers, from 0, in the order asked for. Raises ObjectNotFound."""
        found: dict[int, str] = {}
        with self._open() as stream:
            for block in sorted({bisect_right(self._firsts, number) - 1 for number in numbers}):
                found.update(zip(self._numbers(block), self._texts(stream, block), strict=True))
        return [found[number] for number in numbers]

    def __iter__(self) -> Iterator[str]:
        with self._open() as stream:
            for block in range(len(self._offsets) - 1):
                yield from self._texts(stream, block)

    def packed(self) -> Iterator[tuple[range, bytes]]:
        """All blocks: the numbers of its texts, and itself, compressed."""
        with self._open() as stream:
            for block in range(len(self._offsets) - 1):
                yield self._numbers(block), self._packed(stream, block)

    def _open(self) -> BinaryIO:
        try:
            return self._path.open("rb")
        except FileNotFoundError as error:
            raise ObjectNotFound(f"a part of the index is gone: {self._path.name!r}") from error

    def _numbers(self, block: int) -> range:
        return range(self._firsts[block], self._firsts[block + 1])

    def _packed(self, stream: BinaryIO, block: int) -> bytes:
        stream.seek(self._offsets[block])
        return stream.read(self._offsets[block + 1] - self._offsets[block])

    def _texts(self, stream: BinaryIO, block: int) -> list[str]:
        return _unpacked(self._packed(stream, block), len(self._numbers(block)))


def _packed(texts: Sequence[str]) -> bytes:
    encoded = [text.encode() for text in texts]
    return zlib.compress(b"".join([_swapped(array("I", map(len, encoded))).tobytes(), *encoded]), _LEVEL)


def _unpacked(packed: bytes, count: int) -> list[str]:
    raw = zlib.decompress(packed)
    lengths = _swapped(array("I", raw[: count * _LENGTH]))
    return [raw[start:end].decode() for start, end in pairwise(accumulate(lengths, initial=count * _LENGTH))]


def _words(stream: BinaryIO, start: int, count: int) -> array[int]:
    stream.seek(start)
    words = array("Q")
    words.frombytes(stream.read(count * _WORD))
    return _swapped(words)


def _swapped(words: array[int]) -> array[int]:
    """From the machine's order of bytes to little-endian, or back."""
    if sys.byteorder == "big":
        words.byteswap()
    return words

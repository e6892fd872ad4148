"""The forms in which files hold pickles: bare, compressed by joblib, in torch's and numpy's archives and arrays.

Which forms count depends on what will read the file, so that both read the same: ``pickle`` reads bare pickles alone,
``joblib`` also arrays between the opcodes and compressed files, ``torch`` zip archives, ``numpy`` its own files. For
another reader every form but joblib's is looked for.
"""

from __future__ import annotations

import ast
import bz2
import importlib
import io
import lzma
import mmap
import pickle
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO, cast

from cloudtrack.models.pickle_scan import Scan
from cloudtrack.models.pickle_values import Data, Import, Refused

IN_MEMORY_BYTES = 64 << 20
MAX_UNPACKED_BYTES = 16 << 30
_CHUNK = 1 << 20
_TORCH_FILES = ("data.pkl", "version", "byteorder", ".format_version", ".storage_alignment", ".data/serialization_id")


def reader_of(load: Callable[..., Any]) -> str:
    """Where a load function is from: ``pickle``, ``joblib``, ``torch``, ``torch.export``, ``numpy``, or ``any``."""
    while isinstance(load, partial):
        load = load.func
    if load is pickle.load:
        return "pickle"
    module = str(getattr(load, "__module__", ""))
    if module == "torch.export":
        return module
    package = module.partition(".")[0]
    return package if package in ("joblib", "torch", "numpy") else "any"


@contextmanager
def private_copy(chunks: Iterator[bytes]) -> Iterator[tuple[Data, BinaryIO]]:
    """The bytes where nobody else can change them, and a stream of them: in memory, or a nameless file if large."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as spool:
        for chunk in chunks:
            spool.write(chunk)
        size = spool.tell()
        spool.seek(0)
        if size <= IN_MEMORY_BYTES:
            content = spool.read()
            yield content, io.BytesIO(content)
            return
        spool.rollover()
        with mmap.mmap(spool.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield cast(Data, mapped), cast(BinaryIO, spool)


def chunks_of(stream: BinaryIO) -> Iterator[bytes]:
    """What is left of a stream, in pieces."""
    return iter(lambda: stream.read(_CHUNK), b"")


def scan_file(data: Data, reader: str, *, judged: bool = True) -> list[Import]:
    """What the pickles of a file import. Raises Refused where it is ``judged`` and not known to be harmless."""
    imports: list[Import] = []
    head = data[0:6]
    if reader == "joblib" and (unpack := _unpacker(head)) is not None:
        with private_copy(_unpacked(data, unpack)) as (content, _):
            _scan_bare(content, imports, judged=judged, arrays=True)
    elif reader in ("torch", "numpy", "any") and head[:2] == b"PK":
        _scan_archive(data, reader, imports, judged=judged)
    elif reader in ("numpy", "any") and head == b"\x93NUMPY":
        _scan_array(data, imports, judged=judged)
    elif reader == "any" and _unpacker(head) is not None:
        raise Refused("is compressed, which only joblib.load itself is known to read")
    elif reader == "torch" or (reader == "any" and _is_tar(data)):
        raise Refused("is of a form from before torch's zip archives, which cannot be followed")
    else:
        _scan_bare(data, imports, judged=judged, arrays=reader == "joblib")
    return imports


def _is_tar(data: Data) -> bool:
    """Whether the bytes are also a tar archive, torch's first form, whatever pickle they begin with."""
    return tarfile.is_tarfile(_stream_of(data))


def _stream_of(data: Data) -> BinaryIO:
    return io.BytesIO(data) if isinstance(data, bytes) else cast(BinaryIO, data)


def _scan_bare(data: Data, imports: list[Import], *, judged: bool, arrays: bool) -> None:
    """One pickle or several, to the end of the file."""
    at = Scan(data, 0, imports, judged=judged, arrays=arrays).run()
    while at < len(data):
        at = Scan(data, at, imports, judged=judged, arrays=arrays).run()


def _unpacker(head: bytes) -> Callable[[], Any] | None:
    """What unpacks a file that begins so, by the beginnings that joblib goes by."""
    makers: dict[bytes, Callable[[], Any]] = {
        b"\x1f\x8b": partial(zlib.decompressobj, 31),
        b"x": zlib.decompressobj,
        b"BZ": bz2.BZ2Decompressor,
        b"\xfd7zXZ": partial(lzma.LZMADecompressor, lzma.FORMAT_XZ),
        b"\x5d\x00": partial(lzma.LZMADecompressor, lzma.FORMAT_ALONE),
        b'\x04"M\x18': _lz4,
    }
    return next((maker for prefix, maker in makers.items() if head.startswith(prefix)), None)


def _lz4() -> Any:
    try:
        return importlib.import_module("lz4.frame").LZ4FrameDecompressor()
    except ImportError:
        raise Refused("is compressed with lz4, which is not installed") from None


def _unpacked(data: Data, make: Callable[[], Any]) -> Iterator[bytes]:
    unpack, total = make(), 0
    try:
        for begin in range(0, len(data), _CHUNK):
            pending = data[begin : begin + _CHUNK]
            while pending or not getattr(unpack, "needs_input", True):
                if unpack.eof:
                    raise Refused("has more behind its compressed data")
                piece = unpack.decompress(pending, _CHUNK)
                pending = getattr(unpack, "unconsumed_tail", b"")
                total += len(piece)
                if total > MAX_UNPACKED_BYTES:
                    raise Refused(f"unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB")
                yield piece
                if unpack.eof:
                    break
            if unpack.unused_data:
                raise Refused("has more behind its compressed data")
    except (zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError, ValueError) as error:
        raise Refused(f"cannot be unpacked: {error}") from error
    if not unpack.eof:
        raise Refused("ends in the middle of its compressed data")


@contextmanager
def opened_archive(data: Data) -> Iterator[zipfile.ZipFile]:
    """A zip archive whose members are exactly those that its directory names, one behind the other.

    Raises Refused where it is none, and where a member cannot be read.
    """
    try:
        with zipfile.ZipFile(_stream_of(data)) as archive:
            _check_layout(data, archive, archive.infolist())
            yield archive
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        zlib.error,
        struct.error,
        OSError,
        EOFError,
        ValueError,
    ) as error:
        raise Refused(f"is an archive that cannot be followed: {error}") from error


@contextmanager
def member_of(archive: zipfile.ZipFile, name: str) -> Iterator[Data]:
    """The content of a member, unpacked."""
    with archive.open(name) as content, private_copy(_limited(content)) as (inner, _):
        yield inner


def _scan_archive(data: Data, reader: str, imports: list[Import], *, judged: bool) -> None:
    with opened_archive(data) as archive:
        names = archive.namelist()
        top = names[0].partition("/")[0] + "/" if names else ""
        torch = reader == "torch" or any(name.endswith("/data.pkl") for name in names)
        for full_name in names:
            name = full_name.removeprefix(top)
            with member_of(archive, full_name) as inner:
                if not torch or inner[0:6] == b"\x93NUMPY":  # numpy reads one wherever it is
                    _scan_member(inner, imports, judged=judged)
                elif name == "data.pkl":
                    if Scan(inner, 0, imports, judged=judged, storages=True).run() < len(inner):
                        raise Refused("has more behind its pickle")
                elif name not in _TORCH_FILES and not (name.startswith("data/") and name[5:].isdigit()):
                    raise Refused("is no archive of torch's: it has other files")


def _limited(content: Any) -> Iterator[bytes]:
    total = 0
    for chunk in chunks_of(content):
        total += len(chunk)
        if total > MAX_UNPACKED_BYTES:
            raise Refused(f"unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB")
        yield chunk


def _check_layout(data: Data, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    """Readers that go by the members' own headers, or are lenient, must find what the directory says."""
    if len({member.filename.lower() for member in members}) < len(members) or archive.comment:
        raise Refused("is an archive of ambiguous content")
    end = len(data) - 22
    if data[max(end, 0) : end + 4] != b"PK\x05\x06":
        raise Refused("is an archive with bytes behind its end")
    count, start = struct.unpack("<H4xI", data[end + 10 : end + 20])
    if count not in (len(members), 0xFFFF) or start not in (archive.start_dir, 0xFFFFFFFF):
        raise Refused("is an archive of ambiguous content")
    at = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        header = data[at : at + 30]
        if member.header_offset != at or len(header) < 30 or header[:4] != b"PK\x03\x04":
            raise Refused("is an archive with bytes between its files")
        flags, method = struct.unpack_from("<HH", header, 6)
        name_size, extra_size = struct.unpack_from("<HH", header, 26)
        name = data[at + 30 : at + 30 + name_size]
        if (
            name != member.filename.encode()
            or b"\\" in name
            or b".." in name
            or (flags, method) != (member.flag_bits, member.compress_type)
        ):
            raise Refused("is an archive of ambiguous content")
        if flags & ~0x080E or method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused("is an archive that is encrypted, or packed in an unknown way")
        at += 30 + name_size + extra_size + member.compress_size
        at += _descriptor(data, at, member) if flags & 8 else 0
    if at != archive.start_dir:
        raise Refused("is an archive with bytes between its files")


def _descriptor(data: Data, at: int, member: zipfile.ZipInfo) -> int:
    """The size of the descriptor behind a member that was written as a stream."""
    for sizes in ("<II", "<QQ"):
        expected = (
            b"PK\x07\x08" + struct.pack("<I", member.CRC) + struct.pack(sizes, member.compress_size, member.file_size)
        )
        if data[at : at + len(expected)] == expected:
            return len(expected)
    raise Refused("is an archive of ambiguous content")


def _scan_member(data: Data, imports: list[Import], *, judged: bool) -> None:
    if data[0:6] != b"\x93NUMPY":
        raise Refused("is an archive of other files than arrays")
    _scan_array(data, imports, judged=judged)


def _scan_array(data: Data, imports: list[Import], *, judged: bool) -> None:
    """A file of ``numpy.save``: an array of objects is a pickle behind the header."""
    from numpy.lib.format import descr_to_dtype

    wide = data[6:7] in (b"\x02", b"\x03")
    begin = 12 if wide else 10
    begin += int.from_bytes(data[8:begin], "little")
    try:
        header = ast.literal_eval(data[12 if wide else 10 : min(begin, 1 << 16)].decode("utf-8"))
        objects = descr_to_dtype(header["descr"]).hasobject
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError) as error:
        raise Refused("is an array with a header that cannot be read") from error
    if objects and Scan(data, begin, imports, judged=judged).run() < len(data):
        raise Refused("has more behind its pickle")

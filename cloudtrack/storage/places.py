"""Files to read and write: on this machine, or wherever fsspec reaches, such as ``s3://bucket/key``."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from cloudtrack import ids
from cloudtrack.errors import InvalidInput, NotFound, Unavailable
from cloudtrack.storage.public_url import strip_credentials


@contextmanager
def reading(place: str, moved: Callable[[int], None] | None = None) -> Iterator[Any]:
    """A file opened for reading; ``moved`` is told how many bytes are read. Raises NotFound, Unavailable."""
    with _open_to_read(place) as stream:
        yield _Counted(stream, moved) if moved else stream


def size_of(place: str) -> int | None:
    """The size of a file in bytes, where it can be known. Raises NotFound."""
    with _translated(place):
        if _is_local(place):
            return _local(place).stat().st_size
        system, path = _away(place)
        size = system.info(path).get("size")
        return int(size) if size is not None else None


@contextmanager
def writing(place: str) -> Iterator[BinaryIO]:
    """A file that is there, whole, when the block ends, and is as it was when the block raises."""
    if _is_local(place):
        target = _local(place)
        aside = target.with_name(f".{target.name}.{ids.new_commit_id()}.part")
        try:
            with _open_to_write(str(aside)) as stream:
                yield stream
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
        return
    stream = _open_to_write(place)
    try:
        yield stream
    except BaseException:
        if hasattr(stream, "discard"):
            stream.discard()
            stream.closed = True  # whoever holds it still would write it after all, when it is collected
        raise
    with _translated(place):
        stream.close()


def fetch_all(place: str, folder: Path) -> None:
    """The file at a URI, or all files below it, into a folder. Raises NotFound, InvalidInput, Unavailable."""
    with _translated(place):
        system, path = _away(place)
        names = system.find(path)
        if not names:
            raise NotFound(f"there is nothing at {strip_credentials(place)!r}")
        for name in names:
            below = name[len(path) :].strip("/") or name.rpartition("/")[2]
            if ".." in below.split("/"):
                raise InvalidInput(
                    f"{strip_credentials(place)!r} has a name that leads out of a folder: {below[:80]!r}"
                )
            (folder / below).parent.mkdir(parents=True, exist_ok=True)
            system.get_file(name, str(folder / below))


def _open_to_read(place: str) -> Any:
    with _translated(place):
        if _is_local(place):
            return _local(place).open("rb")
        system, path = _away(place)
        return system.open(path, "rb")


def _open_to_write(place: str) -> Any:
    with _translated(place):
        if _is_local(place):
            return _local(place).open("wb")
        system, path = _away(place)
        return system.open(path, "wb")


def _away(place: str) -> tuple[Any, str]:
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(place)
    except ValueError as error:
        raise InvalidInput(f"{strip_credentials(place)!r} cannot be opened: {error}") from error
    return system, path


@contextmanager
def _translated(place: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {strip_credentials(place)!r}") from error
    except PermissionError as error:
        raise InvalidInput(f"{strip_credentials(place)!r} may not be read or written by this user") from error
    except (ConnectionError, TimeoutError) as error:
        raise Unavailable(f"{strip_credentials(place)!r} cannot be reached: {type(error).__name__}") from error
    except ImportError as error:
        raise InvalidInput(f"{strip_credentials(place)!r} needs a package for its protocol: {error}") from error


class _Counted(io.RawIOBase):
    """A stream that says how much of it was read."""

    def __init__(self, stream: Any, moved: Callable[[int], None]) -> None:
        self._stream = stream
        self._moved = moved

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return cast(bool, self._stream.seekable())

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return cast(int, self._stream.seek(offset, whence))

    def tell(self) -> int:
        return cast(int, self._stream.tell())

    def read(self, size: int = -1) -> bytes:
        chunk = cast(bytes, self._stream.read(size))
        self._moved(len(chunk))
        return chunk

    def readinto(self, buffer: Any) -> int:
        count = cast(int, self._stream.readinto(buffer))
        self._moved(count or 0)
        return count


def _is_local(place: str) -> bool:
    return "://" not in place or place.startswith("file://")


def _local(place: str) -> Path:
    return Path(place.removeprefix("file://")).expanduser()

"""What both forms of S3 store share: conditional writes that survive lost answers, retries, transfers.

A form (``s3_fsspec.py``, ``s3_obstore.py``) makes single requests, without retries of its own, and says
how each ended: an answer, ``ObjectNotFound``, ``NotModified``, ``PreconditionFailed``, ``Transient``, or a
CloudtrackError that no repetition mends.
"""

from __future__ import annotations

import hashlib
import math
import sys
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from cloudtrack import clock, config
from cloudtrack.errors import ObjectChanged, ObjectExists, ObjectNotFound, Unavailable
from cloudtrack.storage.object_store import Folder, Object, ObjectInfo, ObjectStore, Reading, check_key, check_prefix
from cloudtrack.storage.retrying import RetryPolicy, Transient
from cloudtrack.storage.s3_errors import unavailable
from cloudtrack.storage.s3_options import S3Options
from cloudtrack.storage.signing import Signer
from cloudtrack.storage.streaming import Progress, Transfer, opened, read_chunks

T = TypeVar("T")

SINGLE_PUT_BYTES = 8 << 20
"""Larger files go up in parts."""
_RANGE_BYTES = 8 << 20
"""A download asks for this much at a time."""
_BRIEF_S = 60.0
"""For so long after a request was given up, others are given up sooner: a job must not wait for each anew."""
_MOST_PARTS = 9_000
"""S3 takes 10,000 parts; a file may grow while it is read."""


class PreconditionFailed(Exception):
    """The answer 412: the object is not, or no longer, as the request demands."""


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of an object, with the etag and the size of the whole."""

    body: bytes
    etag: str
    total_bytes: int


class S3Store(ObjectStore):
    """Objects under a prefix of a bucket."""

    _transport_resends = False
    """Whether the HTTP library may send a PUT again by itself: then a 412 can be the answer to our own write."""

    def __init__(self, options: S3Options, retries: RetryPolicy | None = None) -> None:
        self.options = options
        self._signer = Signer(options, config.environment())
        self._retries = retries or RetryPolicy()
        self._given_up_at = -math.inf
        self._prefix = f"{options.prefix}/" if options.prefix else ""
        self._prefix_bytes = len(self._prefix.encode())

    @property
    def url(self) -> str:
        return self.options.url

    @property
    def address(self) -> str:
        return self.options.address

    @property
    def signer(self) -> Signer:
        return self._signer

    # One request each; ``path`` is the key with the prefix.

    @abstractmethod
    def _put(self, path: str, body: bytes, *, if_none_match: bool = False, if_match: str = "") -> str: ...

    @abstractmethod
    def _get(self, path: str, *, unless_etag: str = "") -> Object: ...

    @abstractmethod
    def _get_page(self, path: str, start: int, length: int, *, if_match: str = "") -> Page:
        """A range; an empty body where ``start`` is not inside the object. Raises ObjectChanged by ``if_match``."""

    @abstractmethod
    def _head(self, path: str) -> ObjectInfo: ...

    @abstractmethod
    def _delete(self, path: str) -> None: ...

    @abstractmethod
    def _list_pages(self, prefix: str, start_after: str) -> Iterator[list[ObjectInfo]]:
        """Pages of infos whose keys are paths; each page is one request, retried here by ``_again``."""

    @abstractmethod
    def _list_level(self, prefix: str) -> Folder: ...

    @abstractmethod
    def _put_parts(self, path: str, chunks: Iterator[bytes], part_bytes: int) -> None:
        """A multipart upload of a stream in bounded memory; parts are repeated, and a failed upload aborted."""

    def get(self, key: str, *, unless_etag: str = "") -> Object:
        return self._again(key, lambda: self._get(self._path(key), unless_etag=unless_etag))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        return self._again(key, lambda: self._get_page(self._path(key), start, length)).body if length > 0 else b""

    def stat(self, key: str) -> ObjectInfo:
        return self._relative(self._again(key, lambda: self._head(self._path(key))))

    def create(self, key: str, body: bytes) -> str:
        path = self._path(key)
        failure: Exception | None = None
        for _ in self._tries():
            try:
                return self._answered(self._put(path, body, if_none_match=True))
            except Transient as error:
                failure = error
                continue
            except PreconditionFailed:
                pass
            try:
                there = self.get(key)
            except ObjectNotFound:
                continue  # deleted since: claim it again
            if there.body != body:
                raise ObjectExists(f"{key!r} exists already", body=there.body, etag=there.etag)
            return there.etag
        raise self._unavailable(key, failure)

    def replace(self, key: str, body: bytes, etag: str) -> str:
        path = self._path(key)
        failure: Exception | None = None
        may_have_landed = self._transport_resends
        for _ in self._tries():
            try:
                return self._answered(self._put(path, body, if_match=etag))
            except (PreconditionFailed, ObjectNotFound) as refused:
                failure = refused
            except Transient as error:
                failure = error
                may_have_landed |= error.may_have_landed
                if not error.may_have_landed:
                    continue
            # Look at once: the longer one waits, the more rivals may have written over what landed.
            there = self._look(path) if may_have_landed else None
            if there is not None and there.body == body:
                return there.etag
            if not isinstance(failure, Transient) or (there is not None and there.etag != etag):
                raise ObjectChanged(
                    f"{key!r} is no longer the version that was read", certain=not may_have_landed
                ) from failure
        raise self._unavailable(key, failure)

    def delete(self, key: str) -> None:
        self._again(key, lambda: self._delete(self._path(key)))

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectInfo]:
        check_prefix(prefix)
        after = self._prefix + start_after if start_after else ""
        for page in self._list_pages(self._prefix + prefix, after):
            for info in page:
                yield self._relative(info)

    def list_folder(self, prefix: str = "") -> Folder:
        check_prefix(prefix)
        level = self._again(prefix, lambda: self._list_level(self._prefix + prefix))
        return Folder(
            [path[len(self._prefix) :] for path in level.folders],
            [self._relative(info) for info in level.objects if info.key != self._prefix + prefix],
        )

    def upload(self, key: str, source: Path | BinaryIO, *, progress: Progress | None = None) -> Transfer:
        path = self._path(key)
        digest = hashlib.sha256()
        moved = 0

        def counted(chunks: Iterator[bytes]) -> Iterator[bytes]:
            nonlocal moved
            for chunk in chunks:
                digest.update(chunk)
                moved += len(chunk)
                yield chunk
                if progress:
                    progress(len(chunk))

        with opened(source) as stream:
            size = _remaining_bytes(stream)
            if size <= SINGLE_PUT_BYTES:
                body = b"".join(counted(read_chunks(stream)))
                self._again(key, lambda: self._put(path, body))
            else:
                part_bytes = max(SINGLE_PUT_BYTES, size // _MOST_PARTS + 1)
                try:
                    self._put_parts(path, counted(read_chunks(stream, part_bytes)), part_bytes)
                except Transient as error:
                    raise self._unavailable(key, error) from error
        return Transfer(moved, digest.hexdigest())

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Reading:
        """In ranges, each under the etag of the first: a file that is replaced meanwhile is never mixed in."""
        path = self._path(key)
        asked = sys.maxsize if length is None else length
        if asked > 0:
            first = self._again(key, lambda: self._get_page(path, start, min(asked, _RANGE_BYTES)))
            if first.body or start == 0:
                return Reading(first.total_bytes, self._pages(key, first, start, asked), first.etag)
        whole = self.stat(key)  # an answer without bytes does not tell the size
        if asked > 0 and start < whole.size_bytes:
            raise ObjectChanged(f"{key!r} was replaced while it was read; start again")
        return Reading(whole.size_bytes, iter(()), whole.etag)

    def _pages(self, key: str, page: Page, start: int, asked: int) -> Iterator[bytes]:
        etag, end = page.etag, min(start + asked, page.total_bytes)
        while page.body:
            yield page.body
            start += len(page.body)
            if start >= end:
                return
            page = self._next_page(key, start, min(end - start, _RANGE_BYTES), etag)

    def _next_page(self, key: str, start: int, length: int, etag: str) -> Page:
        return self._again(key, lambda: self._get_page(self._path(key), start, length, if_match=etag))

    def _path(self, key: str) -> str:
        return self._prefix + check_key(key, prefix_bytes=self._prefix_bytes)

    def _relative(self, info: ObjectInfo) -> ObjectInfo:
        return ObjectInfo(info.key[len(self._prefix) :], info.size_bytes, info.etag, info.modified_ms)

    def _look(self, path: str) -> Object | None:
        """What is there now; an empty object where there is nothing, None where there is no answer."""
        try:
            return self._get(path)
        except ObjectNotFound:
            return Object(b"", "")
        except Transient:
            return None

    def _again(self, key: str, request: Callable[[], T]) -> T:
        """The answer of a request that may be repeated without harm."""
        failure: Exception | None = None
        for _ in self._tries():
            try:
                return self._answered(request())
            except Transient as error:
                failure = error
        raise self._unavailable(key, failure) from failure

    def _answered(self, answer: T) -> T:
        self._given_up_at = -math.inf
        return answer

    def _tries(self) -> Iterator[int]:
        return self._retries.tries(briefly=clock.monotonic() - self._given_up_at < _BRIEF_S)

    def _unavailable(self, key: str, failure: Exception | None) -> Unavailable:
        self._given_up_at = clock.monotonic()
        return unavailable(self.options, key, failure)


def _remaining_bytes(stream: BinaryIO) -> int:
    position = stream.tell()
    end = stream.seek(0, 2)
    stream.seek(position)
    return end - position

"""One server over HTTP: a pool of connections, a login, repetitions, and its errors in our words.

Any request may be repeated. Reads and most writes are the same done once or twice; all others carry the name
of an operation, under which the server does a thing once (see ``wire.py``).
"""

from __future__ import annotations

import copy
import functools
import importlib.metadata
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import urllib3
from pydantic_core import PydanticSerializationError, from_json, to_json
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NewConnectionError,
    SSLError,
)

from cloudtrack import clock, config, ids
from cloudtrack.errors import CloudtrackError, InvalidInput, Unavailable
from cloudtrack.remote.addresses import checked_address, target
from cloudtrack.remote.login import login_headers
from cloudtrack.remote.refusals import Busy, refusal, signed_refusal
from cloudtrack.remote.wire import CLIENT_HEADER, OPERATION_HEADER, SINCE_HEADER
from cloudtrack.storage.offline import REASON
from cloudtrack.storage.retrying import RetryPolicy, Transient
from cloudtrack.storage.streaming import CHUNK_BYTES

T = TypeVar("T")
Json = dict[str, Any]


class Readable(Protocol):
    """Bytes that are sent piece by piece."""

    def read(self, count: int = ..., /) -> bytes:
        """The next piece."""


Body = Callable[[], "bytes | Readable"]
"""What a request sends, from its beginning, for each attempt anew."""

Refused = Callable[[int, Mapping[str, str], bytes], "CloudtrackError | Transient"]
"""From status, headers and body of an answer that is no success to the error."""

_CONNECT_S = 10
_READ_S = 120
_SLOWEST_BYTES_PER_S = 4 << 20
"""A server that has taken a file may need so long to put it where it belongs."""
_CONNECTIONS = 16
_BLOCK_BYTES = 64 << 10
"""Sent at once; must be gone within the time to connect."""
_BRIEF_S = 60.0
"""For so long after a request was given up, others are given up sooner: a job must not wait for each anew."""
_LONGEST_WAIT_S = 30.0
"""A server that wants to be left alone for longer counts as away."""
_LARGE_BYTES = 8 << 20
_TRANSFER_ATTEMPTS = 4


class Connection:
    """The server at ``url``, which may have a path. Used by many threads, and by forked children too."""

    def __init__(self, url: str, *, retries: RetryPolicy | None = None) -> None:
        """Nothing is sent yet. Raises InvalidInput."""
        self.url = checked_address(url)
        self._retries = retries or RetryPolicy()
        self._transfers = replace(
            self._retries, attempts=min(self._retries.attempts, _TRANSFER_ATTEMPTS), deadline_s=math.inf
        )
        self._given_up_at = -math.inf
        self._process = 0
        self._is_offline = config.is_offline()
        self._operation = ""
        self._since_ms = 0

    def under(self, operation: str, since_ms: int = 0) -> Connection:
        """The same server, for requests that are one operation; ``since_ms`` is when it was named, if long ago."""
        other = copy.copy(self)
        other._operation, other._since_ms = operation, since_ms
        return other

    def get(self, path: str, /, **query: object) -> Json:
        """The JSON answer to a GET."""
        return self._again(lambda: self._json("GET", target(self.url, path, query), {}, None), self._retries)

    def call(
        self,
        method: str,
        path: str,
        content: Json,
        *,
        operation: str = "",
        done_by: type[CloudtrackError] | None = None,
    ) -> Json:
        """The JSON answer to a request with a JSON body.

        ``operation`` names what it does where the caller may ask again. ``done_by`` is the error that says, once an
        answer was lost, that the request had been done.
        """
        body = _encoded(content)
        headers = {"content-type": "application/json", **self._named(operation)}
        place = target(self.url, path)
        try:
            return self._again(lambda: self._json(method, place, headers, lambda: body), self._retries, done_by)
        except _Done:
            return {}

    def send(
        self,
        method: str,
        path: str,
        body: Body,
        *,
        size_bytes: int,
        media_type: str = "application/octet-stream",
        operation: str = "",
        **query: object,
    ) -> Json:
        """The JSON answer to a request whose body is bytes; a large one is repeated whatever time it takes."""
        headers = {
            "content-type": media_type,
            "content-length": str(size_bytes),
            **self._named(operation),
        }
        place = target(self.url, path, query)
        policy = self._transfers if size_bytes > _LARGE_BYTES else self._retries
        return self._again(lambda: self._json(method, place, headers, body), policy)

    def read(self, path: str, use: Callable[[Iterator[bytes], int], T]) -> T:
        """What ``use`` makes of the pieces of a file and its size; it starts again where the connection breaks."""
        return self._again(lambda: use(*self._opened(path)), self._transfers)

    def open(self, path: str) -> tuple[Iterator[bytes], int]:
        """The pieces of a file and its size. The pieces raise Unavailable where the connection breaks."""
        chunks, size = self._again(lambda: self._opened(path), self._transfers)
        return self._available(chunks), size

    def send_signed(
        self, url: str, headers: Mapping[str, str], body: Body, *, size_bytes: int, refused: Refused | None = None
    ) -> Mapping[str, str]:
        """Send bytes to a URL that carries its own permission; the headers of the answer."""
        sent, says = {**headers, "content-length": str(size_bytes)}, refused or _signed
        return self._again(lambda: self._exchange("PUT", url, sent, body, refused=says).headers, self._transfers)

    def close(self) -> None:
        """Give back connections; they are made again where they are needed."""
        self._pool().clear()

    def _json(self, method: str, url: str, headers: Mapping[str, str], body: Body | None) -> Json:
        answer = self._exchange(method, url, {**self._headers(), **headers}, body)
        try:
            found = from_json(answer.data or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise InvalidInput(f"{self.url} does not answer as a cloudtrack server: check the address and its path")
        return found

    def _opened(self, path: str) -> tuple[Iterator[bytes], int]:
        """A file from the server, or from the bucket where the server says so, by a URL that is its own permission."""
        try:
            headers = {**self._headers(), "accept-encoding": "identity"}
            answer = self._exchange("GET", f"{self.url}{path}", headers, None, is_streamed=True)
        except _Elsewhere as signed:
            answer = self._exchange("GET", signed.url, {}, None, refused=_signed, is_streamed=True)
        return _pieces(answer), int(answer.headers.get("content-length", "0"))

    def _available(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from chunks
        except Transient as error:
            raise Unavailable(f"{self.url}: the connection broke ({error}); start again") from error

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Body | None,
        *,
        refused: Refused | None = None,
        is_streamed: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        """One request. Raises Transient, and CloudtrackError for what no repetition mends."""
        size = int(headers.get("content-length", "0"))
        try:
            answer = self._pool().request(
                method,
                url,
                body=body() if body else None,  # type: ignore[arg-type]  # whatever can be read
                headers=dict(headers),
                retries=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=_CONNECT_S, read=_READ_S + size / _SLOWEST_BYTES_PER_S),
                preload_content=not is_streamed,
            )
            if 200 <= answer.status < 300:
                return answer
            if answer.status == 307 and is_streamed and refused is None:
                answer.close()
                raise _Elsewhere(answer.headers.get("location", ""))
            content = answer.data
        except SSLError as error:
            raise Unavailable(
                f"{self.url} cannot be trusted ({_reason(error)}): check the address, or set SSL_CERT_FILE to the "
                "certificate that signs for it"
            ) from error
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise Transient(_reason(error), may_have_landed=False) from error
        except LocationParseError as error:
            raise InvalidInput(f"{url[:80]!r} is no address") from error
        except HTTPError as error:
            raise Transient(_reason(error)) from error
        raise (refused or self._refused)(answer.status, {k.lower(): v for k, v in answer.headers.items()}, content)

    def _refused(self, status: int, headers: Mapping[str, str], body: bytes) -> CloudtrackError | Transient:
        return refusal(self.url, status, headers, body)

    def _again(self, request: Callable[[], T], policy: RetryPolicy, done_by: type[CloudtrackError] | None = None) -> T:
        if self._is_offline:
            raise Unavailable(f"the server {self.url}: {REASON}")
        failure: Transient | None = None
        may_have_landed = False
        for _ in policy.tries(briefly=clock.monotonic() - self._given_up_at < _BRIEF_S):
            if isinstance(failure, Busy):
                clock.sleep(failure.retry_after_s)
            try:
                answer = request()
            except Transient as error:
                failure = error
                may_have_landed |= error.may_have_landed
                if isinstance(error, Busy) and error.retry_after_s > _LONGEST_WAIT_S:
                    break
            except CloudtrackError as error:
                if may_have_landed and done_by is not None and isinstance(error, done_by):
                    raise _Done from error
                raise
            else:
                self._given_up_at = -math.inf
                return answer
        self._given_up_at = clock.monotonic()
        raise Unavailable(
            f"{self.url} did not answer ({failure}): check the address and the network, and try again later"
        ) from failure

    def _named(self, operation: str) -> dict[str, str]:
        """What a request does, by name: the caller's, this connection's, or a new one."""
        name = operation or self._operation
        since = {SINCE_HEADER: str(self._since_ms)} if self._since_ms and name == self._operation else {}
        return {OPERATION_HEADER: name or ids.new_commit_id(), **since}

    def _headers(self) -> dict[str, str]:
        headers = {CLIENT_HEADER: _version(), "user-agent": f"cloudtrack/{_version()}", "accept-encoding": "gzip"}
        return headers | login_headers()

    def _pool(self) -> urllib3.PoolManager:
        """The pool of this process: connections cannot be shared with a parent."""
        if self._process != os.getpid():
            self._made = urllib3.PoolManager(maxsize=_CONNECTIONS, blocksize=_BLOCK_BYTES)
            self._process = os.getpid()
        return self._made


class _Elsewhere(Exception):
    """The server says where a file is, by a signed URL."""

    def __init__(self, url: str) -> None:
        super().__init__("elsewhere")  # not the URL, which is a secret
        self.url = url


class _Done(Exception):
    """An earlier attempt, whose answer was lost, had done it."""


@functools.cache
def _version() -> str:
    return importlib.metadata.version("cloudtrack")


def _pieces(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(CHUNK_BYTES)
    except HTTPError as error:
        raise Transient(_reason(error)) from error
    finally:
        answer.close()


def _signed(status: int, _headers: Mapping[str, str], _body: bytes) -> CloudtrackError | Transient:
    return signed_refusal(status)


def _encoded(content: Json) -> bytes:
    try:
        return to_json(content, inf_nan_mode="strings")
    except PydanticSerializationError as error:
        raise InvalidInput(f"this cannot be sent: {error}") from error


def _reason(error: BaseException) -> str:
    """What went wrong, without urllib3's description of its own objects."""
    while (inner := error.__cause__ or (error.args[-1] if error.args else None)) and isinstance(inner, BaseException):
        error = inner
    return " ".join(f"{error}".split())[:200] or type(error).__name__

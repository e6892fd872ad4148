"""S3 through fsspec's s3fs: the form that always works.

Only ``call_s3`` is used, which passes S3's own arguments through. fsspec's file methods are not:
``pipe_file`` loses the condition on large bodies, ``open("xb")`` overwrites, ``cat_file`` gives no ETag,
and listings are cached. ``call_s3`` drops arguments it does not know, so a test watches the wire.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from cloudtrack.errors import CloudtrackError, ObjectChanged
from cloudtrack.storage.object_store import Folder, NotModified, Object, ObjectInfo
from cloudtrack.storage.retrying import RetryPolicy, Transient
from cloudtrack.storage.s3_credentials import assumed_role
from cloudtrack.storage.s3_errors import answer_of, translate_boto
from cloudtrack.storage.s3_options import S3Options
from cloudtrack.storage.s3_store import Page, PreconditionFailed, S3Store

_PART_CONCURRENCY = 4
_CLIENT_CONFIG = {"retries": {"max_attempts": 0}, "connect_timeout": 10, "read_timeout": 60, "max_pool_connections": 32}


class S3FsspecStore(S3Store):
    """Objects of a bucket through s3fs."""

    _transport_resends = True  # aiohttp does, when the server closes a connection that was in use before

    def __init__(self, options: S3Options, retries: RetryPolicy | None = None) -> None:
        super().__init__(options, retries)
        self._lock = threading.Lock()
        self._files: Any = None
        self._encryption = options.encryption()

    def _put(self, path: str, body: bytes, *, if_none_match: bool = False, if_match: str = "") -> str:
        condition = {"IfNoneMatch": "*"} if if_none_match else {"IfMatch": if_match} if if_match else {}
        answer = self._call("put_object", path, Body=body, **condition, **self._encryption)
        return str(answer["ETag"])

    def _get(self, path: str, *, unless_etag: str = "") -> Object:
        condition = {"IfNoneMatch": unless_etag} if unless_etag else {}
        answer = self._call("get_object", path, **condition)
        return Object(self._body(path, answer), str(answer["ETag"]))

    def _get_page(self, path: str, start: int, length: int, *, if_match: str = "") -> Page:
        condition = {"IfMatch": if_match} if if_match else {}
        try:
            answer = self._call("get_object", path, Range=f"bytes={start}-{start + length - 1}", **condition)
        except PreconditionFailed as error:
            raise ObjectChanged(f"{path!r} was replaced while it was read; start again") from error
        except _OutsideRange:
            return Page(b"", "", 0)
        total = str(answer.get("ContentRange", "")).rpartition("/")[2] or answer["ContentLength"]
        return Page(self._body(path, answer), str(answer["ETag"]), int(total))

    def _head(self, path: str) -> ObjectInfo:
        answer = self._call("head_object", path)
        return _info({**answer, "Key": path, "Size": answer["ContentLength"]})

    def _delete(self, path: str) -> None:
        self._call("delete_object", path)

    def _list_pages(self, prefix: str, start_after: str) -> Iterator[list[ObjectInfo]]:
        token: dict[str, str] = {"StartAfter": start_after} if start_after else {}

        def request() -> Any:
            return self._call("list_objects_v2", "", Prefix=prefix, **token)

        while True:
            answer = self._again(prefix, request)
            yield [_info(item) for item in answer.get("Contents", [])]
            if not answer.get("IsTruncated"):
                return
            token = {"ContinuationToken": answer["NextContinuationToken"]}

    def _list_level(self, prefix: str) -> Folder:
        level = Folder()
        token: dict[str, str] = {}
        while True:
            answer = self._call("list_objects_v2", "", Prefix=prefix, Delimiter="/", **token)
            level.folders.extend(item["Prefix"] for item in answer.get("CommonPrefixes", []))
            level.objects.extend(_info(item) for item in answer.get("Contents", []))
            if not answer.get("IsTruncated"):
                return level
            token = {"ContinuationToken": answer["NextContinuationToken"]}

    def _put_parts(self, path: str, chunks: Iterator[bytes], part_bytes: int) -> None:  # noqa: ARG002 - a chunk is a part
        upload = self._again(path, lambda: self._call("create_multipart_upload", path, **self._encryption))["UploadId"]
        try:
            parts = self._upload_parts(path, upload, chunks)
            done = {"UploadId": upload, "MultipartUpload": {"Parts": parts}}
            self._again(path, lambda: self._call("complete_multipart_upload", path, **done))
        except BaseException:
            self._again(path, lambda: self._call("abort_multipart_upload", path, UploadId=upload))
            raise

    def _upload_parts(self, path: str, upload: str, chunks: Iterator[bytes]) -> list[dict[str, Any]]:
        def send(number: int, chunk: bytes) -> dict[str, Any]:
            answer = self._again(
                path, lambda: self._call("upload_part", path, UploadId=upload, PartNumber=number, Body=chunk)
            )
            return {"PartNumber": number, "ETag": answer["ETag"]}

        parts: list[Future[dict[str, Any]]] = []
        with ThreadPoolExecutor(_PART_CONCURRENCY, thread_name_prefix="cloudtrack-part") as pool:
            for number, chunk in enumerate(chunks, start=1):
                if number > _PART_CONCURRENCY:
                    parts[number - 1 - _PART_CONCURRENCY].result()  # no more than these are in memory
                parts.append(pool.submit(send, number, chunk))
            return [part.result() for part in parts]

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        if path:
            arguments["Key"] = path
        with self._answers(path or self.options.prefix):
            return self._client().call_s3(method, Bucket=self.options.bucket, **arguments)

    def _body(self, path: str, answer: Any) -> bytes:
        from fsspec.asyn import sync

        async def read() -> bytes:
            async with answer["Body"] as stream:
                return bytes(await stream.read())

        with self._answers(path):
            return bytes(sync(self._client().loop, read))

    def _client(self) -> Any:
        with self._lock:
            if self._files is None:
                self._files = self._connect()
        return self._files

    def _connect(self) -> Any:
        import s3fs

        options = self.options
        files = s3fs.S3FileSystem(
            profile=options.profile or None,
            endpoint_url=options.endpoint_url or None,
            client_kwargs={"region_name": options.region} if options.region else {},
            config_kwargs=dict(_CLIENT_CONFIG),
            session=_assumed_role_session(options) if options.role_arn else None,
            use_listings_cache=False,
            skip_instance_cache=True,
        )
        files.retries = 1  # conditional writes are repeated here, where a lost answer is understood
        with self._answers(options.prefix):
            files.connect()
        return files

    @contextmanager
    def _answers(self, path: str) -> Iterator[None]:
        """Errors of s3fs, botocore and aiohttp in our words."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except CloudtrackError:
            raise
        except (OSError, ClientError, BotoCoreError, TimeoutError) as error:
            raise self._translate(path, error, (BotoCoreError, ClientError)) from error
        except Exception as error:
            if type(error).__module__.partition(".")[0] == "aiohttp":
                raise Transient(f"{type(error).__name__}: {error}"[:200]) from error
            raise

    def _translate(self, path: str, error: BaseException, botocores: tuple[type[BaseException], ...]) -> Exception:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, botocores):
            cause = cause.__cause__ or cause.__context__
        if cause is None:
            return Transient(f"{type(error).__name__}: {error}"[:200])
        status, code = answer_of(cause)
        if status == 304:
            return NotModified(path)
        if status == 412 or code == "PreconditionFailed":
            return PreconditionFailed(path)
        if status == 416 or code == "InvalidRange":
            return _OutsideRange(path)
        return translate_boto(self.options, path, cause)


class _OutsideRange(Exception):
    """The answer 416: the range begins behind the end of the object."""


def _assumed_role_session(options: S3Options) -> Any:
    """An aiobotocore session whose credentials are an assumed role's, renewed before they expire."""
    import asyncio

    from aiobotocore.credentials import AioDeferredRefreshableCredentials
    from aiobotocore.session import AioSession

    assume = assumed_role(options)

    async def refresh() -> dict[str, Any]:
        return await asyncio.to_thread(assume)

    session = AioSession(profile=options.profile or None)
    session._credentials = AioDeferredRefreshableCredentials(refresh_using=refresh, method="assume-role")
    return session


def _info(item: Any) -> ObjectInfo:
    modified: datetime = item["LastModified"]
    return ObjectInfo(item["Key"], int(item["Size"]), str(item.get("ETag", "")), int(modified.timestamp() * 1000))

"""What S3 can do and other stores cannot: signed URLs, uploads in parts that others send, and Object Lock.

By a signed URL a file's bytes never pass through this process.

Whoever has a signed request may send it until it expires, without credentials: it is a secret. It lives no
longer than the credentials that signed it; those of a role are renewed when they have 10 to 15 minutes left.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.storage.object_store import check_key
from cloudtrack.storage.retrying import Transient
from cloudtrack.storage.s3_credentials import boto_session
from cloudtrack.storage.s3_errors import answer_of, translate_boto, unavailable
from cloudtrack.storage.s3_options import S3Options

MAX_PARTS = 10_000
"""S3 takes no more in one upload."""
LONGEST_S = 7 * 24 * 3600
"""S3 refuses URLs that are valid for longer."""
_NEVER_RENDERED = "application/octet-stream"
_UNSAFE_IN_QUOTES = re.compile(r"[^A-Za-z0-9 ._()-]")
_CLIENT_CONFIG = {
    "signature_version": "s3v4",
    "retries": {"mode": "standard", "total_max_attempts": 3},
    "connect_timeout": 10,
    "read_timeout": 60,
}


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A URL, and the headers that must be sent with it: both are signed."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ending:
    """When credentials end: at an instant (ms), never, or, of temporary ones that do not tell, at one not known."""

    is_known: bool
    at_ms: int | None = None


class Signer:
    """Signs requests for the objects of a store, and keeps the multipart uploads that others fill."""

    def __init__(self, options: S3Options, environment: Mapping[str, str]) -> None:
        self._options = options
        self._environment = environment
        self._prefix = f"{options.prefix}/" if options.prefix else ""
        self._lock = threading.Lock()
        self._made: Any = None
        self._encryption = options.encryption()

    def get(
        self, key: str, *, expires_s: int, filename: str = "", content_type: str = "", inline: bool = False
    ) -> SignedRequest:
        """A GET of the object. A browser saves what it gets, as ``filename``; ``inline`` lets it be shown."""
        shown_as = {
            "ResponseContentDisposition": _disposition("inline" if inline else "attachment", filename),
            "ResponseContentType": content_type or _NEVER_RENDERED,
        }
        return SignedRequest(self._sign("get_object", key, expires_s, shown_as))

    def put(self, key: str, *, expires_s: int) -> SignedRequest:
        """A PUT of the whole object, at most 5 GiB; the last one wins."""
        return SignedRequest(self._sign("put_object", key, expires_s, self._encryption), self._put_headers())

    def put_new(self, key: str, *, expires_s: int) -> SignedRequest:
        """A PUT of the whole object. S3 refuses it where there is one (status 412), and without the header (403)."""
        parameters = {**self._encryption, "IfNoneMatch": "*"}
        headers = {**self._put_headers(), "if-none-match": "*"}
        return SignedRequest(self._sign("put_object", key, expires_s, parameters), headers)

    def end_of_credentials(self) -> Ending:
        """When the credentials end that sign, and with them whatever they signed."""
        with self._answers(""):
            found = self._client()._request_signer._credentials
            if found is None:
                return Ending(is_known=False)
            token = found.get_frozen_credentials().token
        until = getattr(found, "_expiry_time", None)
        if until is not None:
            return Ending(is_known=True, at_ms=int(until.timestamp() * 1000))
        return Ending(is_known=not token)

    def origin(self) -> str:
        """Where signed URLs lead: scheme, host and port, as the policy of a web page names them."""
        parts = urlsplit(self.get("origin", expires_s=1).url)
        return f"{parts.scheme}://{parts.netloc}"

    def create_multipart(self, key: str) -> str:
        """Begin an upload in parts; its id. The parts take room until the upload is completed or aborted."""
        return str(self._call("create_multipart_upload", self._path(key), self._encryption)["UploadId"])

    def put_part(self, key: str, upload_id: str, part_number: int, *, expires_s: int) -> SignedRequest:
        """A PUT of one part, 1 to 10,000; its answer has the ETag that ``complete_multipart`` asks for."""
        if not 1 <= part_number <= MAX_PARTS:
            raise InvalidInput(f"there is no part {part_number}: S3 takes parts 1 to {MAX_PARTS}; make them larger")
        part = {"UploadId": upload_id, "PartNumber": part_number}
        return SignedRequest(self._sign("upload_part", key, expires_s, part))

    def complete_multipart(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> None:
        """Make the object of the parts: each a number and an ETag. May be repeated when the answer was lost.

        Raises NotFound where there is no such upload, InvalidInput where the parts are not those that were sent.
        """
        path = self._path(key)
        ordered = sorted(parts)
        listed = [{"PartNumber": number, "ETag": etag} for number, etag in ordered]
        try:
            self._call("complete_multipart_upload", path, {"UploadId": upload_id, "MultipartUpload": {"Parts": listed}})
        except NotFound:
            if not self._holds(path, [etag for _, etag in ordered]):
                raise

    def abort_multipart(self, key: str, upload_id: str) -> None:
        """Throw the parts away. Raises NotFound where the server knows of no such upload."""
        self._call("abort_multipart_upload", self._path(key), {"UploadId": upload_id})

    def retain(self, key: str, until_ms: int) -> None:
        """Let nobody change or delete the object as it is now before an instant, the owner of the account included.

        Raises InvalidInput where the bucket has no Object Lock. Source: S3's PutObjectRetention, mode COMPLIANCE.
        """
        until = datetime.fromtimestamp(until_ms / 1000, UTC)
        try:
            self._call(
                "put_object_retention",
                self._path(key),
                {"Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": until}},
            )
        except InvalidInput as error:
            raise InvalidInput(
                f"{key!r} cannot be locked: the bucket of {self._options.url} needs Object Lock ({error.message})"
            ) from error

    def publish(self, key: str, content: bytes, *, content_type: str, cache_control: str) -> None:
        """Write an object for browsers, with the headers that they get. It replaces what was there: of use for what
        is no part of a store.
        """
        headers = {"ContentType": content_type, "CacheControl": cache_control}
        self._call("put_object", self._path(key), {"Body": content, **headers, **self._encryption})

    def _put_headers(self) -> dict[str, str]:
        if not self._options.kms_key:
            return {}
        return {
            "x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-aws-kms-key-id": self._options.kms_key,
        }

    def _path(self, key: str) -> str:
        return self._prefix + check_key(key, prefix_bytes=len(self._prefix.encode()))

    def _sign(self, method: str, key: str, expires_s: int, parameters: Mapping[str, Any]) -> str:
        if not 1 <= expires_s <= LONGEST_S:
            raise InvalidInput(f"a signed URL is valid for 1 to {LONGEST_S} seconds, not {expires_s}")
        path = self._path(key)
        with self._answers(path):
            return str(
                self._client().generate_presigned_url(
                    method, Params={"Bucket": self._options.bucket, "Key": path, **parameters}, ExpiresIn=expires_s
                )
            )

    def _call(self, method: str, path: str, parameters: Mapping[str, Any]) -> Any:
        with self._answers(path, str(parameters.get("UploadId", ""))):
            return getattr(self._client(), method)(Bucket=self._options.bucket, Key=path, **parameters)

    def _holds(self, path: str, etags: Sequence[str]) -> bool:
        """Whether the object is the one that these parts make."""
        try:
            there = self._call("head_object", path, {})["ETag"]
        except NotFound:
            return False
        return bool(there.strip('"') == _etag_of_parts(etags))

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._connect()
        return self._made

    def _connect(self) -> Any:
        from botocore.config import Config

        options, found = self._options, self._environment
        session = boto_session(options)
        endpoint = options.endpoint(found)
        region = options.region or found.get("AWS_REGION") or session.get_config_variable("region") or "us-east-1"
        # AWS answers at the bucket's own host in its region. At the global one, which botocore takes by
        # default, a young bucket is redirected, and a signed request with it.
        hosts = {"addressing_style": "path" if endpoint else "virtual", "us_east_1_regional_endpoint": "regional"}
        return session.create_client(
            "s3", region_name=region, endpoint_url=endpoint or None, config=Config(**_CLIENT_CONFIG, s3=hosts)
        )

    @contextmanager
    def _answers(self, path: str, upload_id: str = "") -> Iterator[None]:
        """botocore's errors in our words."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            if answer_of(error)[1] == "NoSuchUpload":
                raise NotFound(
                    f"there is no upload {upload_id!r} of {path!r} in {self._options.url}: it was aborted, or another "
                    "object was made since; begin a new one"
                ) from error
            failure = translate_boto(self._options, path, error)
            if isinstance(failure, Transient):
                failure = unavailable(self._options, path, failure)
            raise failure from error


def _disposition(kind: str, filename: str) -> str:
    """A Content-Disposition. Source: RFC 6266; the plain name is for programs that do not know the other."""
    if not filename:
        return kind
    return f"{kind}; filename=\"{_UNSAFE_IN_QUOTES.sub('_', filename)}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _etag_of_parts(etags: Sequence[str]) -> str:
    """The ETag that S3 gives an object made of parts; empty where the parts' own ETags are no digests."""
    try:
        digests = b"".join(bytes.fromhex(etag.strip('"')) for etag in etags)
    except ValueError:
        return ""
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(etags)}"

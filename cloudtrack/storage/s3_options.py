"""Which bucket, and how to reach it: from the URL and from arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from cloudtrack.errors import InvalidInput


@dataclass(frozen=True)
class S3Options:
    """A bucket and a prefix in it, with what differs from the defaults of the AWS libraries.

    Without options, credentials, region and endpoint come from where those libraries look: variables
    such as ``AWS_PROFILE``, ``AWS_ACCESS_KEY_ID``, ``AWS_REGION`` and ``AWS_ENDPOINT_URL``, the files in
    ``~/.aws``, and the role of the machine, container or function.
    """

    bucket: str
    prefix: str = ""
    endpoint_url: str = ""
    region: str = ""
    profile: str = ""
    role_arn: str = ""
    kms_key: str = ""
    form: str = ""
    """"obstore" or "s3fs"; obstore by default where it is installed."""

    @property
    def url(self) -> str:
        """``s3://bucket/prefix``."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def address(self) -> str:
        """The same with its options, as ``parse_s3_url`` reads it."""
        given = {name: value for name in _OPTION_NAMES if (value := getattr(self, name))}
        path = f"s3://{self.bucket}/{quote(self.prefix)}".rstrip("/")
        return f"{path}?{urlencode(given)}" if given else path

    def endpoint(self, environment: Mapping[str, str]) -> str:
        """The server's address; empty for AWS."""
        return (
            self.endpoint_url or environment.get("AWS_ENDPOINT_URL_S3", "") or environment.get("AWS_ENDPOINT_URL", "")
        )

    def encryption(self) -> dict[str, str]:
        """Arguments of S3's operations that make an object, for encryption by a key of one's own."""
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key} if self.kms_key else {}


_OPTION_NAMES = tuple(field.name for field in fields(S3Options) if field.name not in ("bucket", "prefix"))


def parse_s3_url(url: str, arguments: Mapping[str, str | None]) -> S3Options:
    """Read ``s3://bucket/prefix?region=...``; arguments win over the URL. Raises InvalidInput."""
    try:
        parts = urlsplit(url)
    except ValueError as error:  # brackets, as of an address that is none
        raise InvalidInput("an s3:// URL needs the name of a bucket: s3://bucket/prefix") from error
    if "@" in parts.netloc or ":" in parts.netloc:
        raise InvalidInput("an s3:// URL holds a bucket, and never credentials: use AWS_PROFILE or a role")
    if not parts.netloc:
        raise InvalidInput("an s3:// URL needs a bucket: s3://bucket/prefix")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    options.update({name: value for name, value in arguments.items() if value})
    unknown = [name for name in options if name not in _OPTION_NAMES]
    if unknown:
        raise InvalidInput(f"unknown option {unknown[0]!r} of an s3:// store; there are {', '.join(_OPTION_NAMES)}")
    if options.get("form", "") not in ("", "obstore", "s3fs"):
        raise InvalidInput(f"form is {options['form']!r}; it is 'obstore' or 's3fs'")
    endpoint = options.get("endpoint_url", "")
    if endpoint and not endpoint.startswith(("http://", "https://")):
        raise InvalidInput(f"endpoint_url {endpoint!r} must begin with http:// or https://")
    return S3Options(bucket=parts.netloc, prefix=unquote(parts.path).strip("/"), **options)

"""What S3's answers mean. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html."""

from __future__ import annotations

from cloudtrack.errors import CloudtrackError, InvalidInput, NotFound, ObjectNotFound, PermissionDenied
from cloudtrack.storage.retrying import Transient
from cloudtrack.storage.s3_options import S3Options

_REPEATED = {408, 409, 425, 429, 500, 502, 503, 504}
_REFUSED_FOR_NOW = {409, 429}
"""The server says that it did nothing."""
_REPEATED_CODES = {"RequestTimeout", "SlowDown", "InternalError", "ConditionalRequestConflict", "OperationAborted"}
_EXPIRED = {"ExpiredToken", "TokenRefreshRequired", "ExpiredTokenException"}
_WRONG_KEY = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "AuthorizationHeaderMalformed"}


def translate(options: S3Options, path: str, status: int, code: str) -> CloudtrackError | Transient:
    """The error for an answer that is neither success, 304 nor 412."""
    bucket = options.bucket
    said = code or f"status {status}"
    if status in _REPEATED or code in _REPEATED_CODES:
        return Transient(said, may_have_landed=status not in _REFUSED_FOR_NOW)
    if code == "NoSuchBucket":
        return NotFound(f"there is no bucket {bucket!r}: create it, or check the name and the endpoint")
    if code in ("PermanentRedirect", "IllegalLocationConstraintException") or status in (301, 307):
        return InvalidInput(f"the bucket {bucket!r} is in another region: set region=... in the URL, or AWS_REGION")
    if code in _EXPIRED:
        return PermissionDenied(f"the AWS credentials for {options.url} have expired: renew them (aws sso login ...)")
    if code in _WRONG_KEY:
        return PermissionDenied(
            f"{options.url} does not know the AWS credentials ({code}): check AWS_PROFILE or the keys"
        )
    if status in (401, 403):
        return PermissionDenied(
            f"no permission for {path!r} in {options.url} ({said}): "
            "the role needs s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject, s3:DeleteObject on its objects"
        )
    if status == 404:
        return ObjectNotFound(f"there is no object {path!r} in {options.url}")
    if code == "InvalidBucketName":
        return InvalidInput(f"{bucket!r} is not a bucket's name")
    return InvalidInput(f"the server refused the request for {path!r} in {options.url}: {said}")


def no_credentials(options: S3Options) -> PermissionDenied:
    """There is nothing to sign requests with."""
    return PermissionDenied(
        f"no AWS credentials for {options.url}: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
        "or run where a role gives them"
    )

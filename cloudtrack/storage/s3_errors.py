"""What S3's answers mean. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html."""

from __future__ import annotations

from cloudtrack.errors import CloudtrackError, InvalidInput, NotFound, ObjectNotFound, PermissionDenied, Unavailable
from cloudtrack.storage.retrying import Transient
from cloudtrack.storage.s3_options import S3Options

_REPEATED = {408, 409, 425, 429, 500, 502, 503, 504}
_REFUSED_FOR_NOW = {409, 429}
"""The server says that it did nothing."""
_REPEATED_CODES = {"RequestTimeout", "SlowDown", "InternalError", "ConditionalRequestConflict", "OperationAborted"}
_EXPIRED = {"ExpiredToken", "TokenRefreshRequired", "ExpiredTokenException"}
_WRONG_KEY = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "AuthorizationHeaderMalformed"}
_WRONG_PARTS = {"InvalidPart", "InvalidPartOrder", "EntityTooSmall"}


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
        return _expired(options)
    if code in _WRONG_KEY:
        return PermissionDenied(
            f"{options.url} does not know the AWS credentials ({code}): check AWS_PROFILE or the keys"
        )
    if code in _WRONG_PARTS:
        return InvalidInput(
            f"the parts of {path!r} in {options.url} make no object ({code}): send each with the ETag of its own "
            "answer; all but the last have at least 5 MiB"
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


def translate_boto(options: S3Options, path: str, error: BaseException) -> CloudtrackError | Transient:
    """The error for what botocore raises, an answer or what kept it from asking."""
    from botocore import exceptions as boto

    if isinstance(error, boto.ClientError):
        return translate(options, path, *answer_of(error))
    if isinstance(error, (boto.NoCredentialsError, boto.PartialCredentialsError)):
        return no_credentials(options)
    if isinstance(error, (boto.SSOError, boto.TokenRetrievalError)):
        return _expired(options)
    said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    if isinstance(error, (boto.ProfileNotFound, boto.ParamValidationError, boto.ValidationError)):
        return InvalidInput(f"AWS cannot be asked for {options.url}: {said}")
    return Transient(said)


def answer_of(error: BaseException) -> tuple[int, str]:
    """Status and code of botocore's ClientError; an answer to HEAD has no code, other errors have neither."""
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError):
        return 0, ""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return status, "" if code.isdigit() else code


def unavailable(options: S3Options, key: str, failure: Exception | None) -> Unavailable:
    """It was asked for often enough."""
    where = f"{options.url} at {options.endpoint_url}" if options.endpoint_url else options.url
    return Unavailable(f"{where} did not answer for {key!r} ({failure}); check the network and try again later")


def _expired(options: S3Options) -> PermissionDenied:
    return PermissionDenied(f"the AWS credentials for {options.url} have expired: renew them (aws sso login ...)")


def no_credentials(options: S3Options) -> PermissionDenied:
    """There is nothing to sign requests with."""
    return PermissionDenied(
        f"no AWS credentials for {options.url}: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
        "or run where a role gives them"
    )

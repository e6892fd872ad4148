"""API Gateway's HTTP API and Lambda's function URLs, payload format 2.0: the only file that knows how events look."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from cloudtrack import config
from cloudtrack.access.principal import Principal
from cloudtrack.api.compression import compressed
from cloudtrack.api.errors import ApiError
from cloudtrack.api.message import JSON_TYPE, Request, Response

Event = Mapping[str, Any]
Result = dict[str, Any]

_MOST_RESULT_BYTES = (6 << 20) - (64 << 10)
"""Lambda sends 6 MiB; headers and the JSON around the body need some of it."""
_MOST_TEXT_BYTES = 64 << 10
"""Longer texts go in base64: as a string in JSON a text may grow sixfold."""
_TEXT_TYPES = (JSON_TYPE, "text/")
FOR_LESS = "ask for fewer results with max_results, and for files by a signed URL, as MLflow's clients do by themselves"
"""What to do about an answer that is too large."""


def request_of(event: Event) -> Request:
    """The request in an event. API Gateway has decoded ``rawPath`` once already, and leaves the query as it came."""
    about = event["requestContext"]
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    if event.get("cookies"):
        headers["cookie"] = "; ".join(event["cookies"])
    text = event.get("body") or ""
    body = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode(errors="surrogatepass")
    stage = "" if about["stage"] == "$default" else f"/{about['stage']}"
    path = event["rawPath"]
    return Request(
        method=about["http"]["method"],
        path=path[len(stage) :] if path.startswith(f"{stage}/") else path,
        query=parse_qsl(event.get("rawQueryString", ""), keep_blank_values=True),
        headers=headers,
        body=io.BytesIO(body),
        body_bytes=len(body),
        base_url=f"https://{about['domainName']}{stage}",
        principal=_principal(about.get("authorizer") or {}),
        request_id=about["requestId"],
    )


def result_of(response: Response, request: Request, *, for_less: str = FOR_LESS) -> Result:
    """An answer as API Gateway takes it; one that is too large for Lambda becomes an error that says what to do."""
    response = compressed(replace(response, body=_read(response.body)), request)
    body = response.whole_body()
    headers = dict(response.headers)
    is_text = headers.get("content-type", "").startswith(_TEXT_TYPES) and len(body) <= _MOST_TEXT_BYTES
    is_text = is_text and "content-encoding" not in headers
    encoded = body.decode(errors="replace") if is_text else base64.b64encode(body).decode()
    if len(encoded) > _MOST_RESULT_BYTES:
        return result_of(_too_large(for_less), request)
    return {"statusCode": response.status, "headers": headers, "body": encoded, "isBase64Encoded": not is_text}


def authorization_of(event: Event) -> str | None:
    """The credential that an authorizer is asked about."""
    found: str | None = event.get("headers", {}).get("authorization")
    return found


def authorizer_result_of(principal: Principal | None) -> Result:
    """An authorizer's simple response; what it says of the principal is read by ``request_of``."""
    if principal is None:
        return {"isAuthorized": False}
    about = {"name": principal.name, "admin": json.dumps(principal.admin), "groups": json.dumps(principal.groups)}
    return {"isAuthorized": True, "context": about}


def _principal(authorizer: Mapping[str, Any]) -> Principal | None:
    """Whom our authorizer found, or whose AWS credentials signed the request, where the API asks IAM."""
    if found := authorizer.get("lambda"):
        return Principal(found["name"], json.loads(found["admin"]) is True, tuple(json.loads(found["groups"])))
    if found := authorizer.get("iam"):
        return _iam_principal(found["userArn"])
    return None


def _iam_principal(arn: str) -> Principal:
    """The session of a role is ``...:assumed-role/<role>/<session>``; the role is its group."""
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    groups = (rest.partition("/")[0],) if kind == "assumed-role" else ()
    admin_roles = config.environment().get("CLOUDTRACK_IAM_ADMIN_ROLES", "").split(",")
    return Principal(arn, any(group in admin_roles for group in groups), groups)


def _read(body: bytes | Iterator[bytes]) -> bytes:
    """The whole body; of one in pieces no more than what is too much already."""
    if isinstance(body, bytes):
        return body
    read = bytearray()
    for chunk in body:
        read += chunk
        if len(read) > _MOST_RESULT_BYTES:
            break
    return bytes(read)


def _too_large(for_less: str) -> Response:
    text = f"the answer is larger than the 6 MiB that AWS Lambda can send: {for_less}"
    return ApiError("INVALID_PARAMETER_VALUE", text, status=413).response()

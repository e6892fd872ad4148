"""Answers that a client may have already: a strong ETag, and 304 where it names that one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from cloudtrack.api.message import Request, Response

_ANY_TAG = re.compile(r'"[^"]*"|\*')


def unless_known(answer: Response, request: Request) -> Response:
    """The answer with an ETag made of it, or 304."""
    tag = hashlib.sha256(answer.whole_body()).hexdigest()[:32]
    return not_modified(tag) if is_known(tag, request) else tagged(answer, tag)


def is_known(tag: str, request: Request) -> bool:
    """Whether the client has what this tag is of. Compared weakly: a proxy that compresses weakens tags."""
    return bool({f'"{tag}"', "*"} & {*_ANY_TAG.findall(request.headers.get("if-none-match", ""))})


def tagged(answer: Response, tag: str) -> Response:
    """The answer, to be kept and asked for again by its tag."""
    return Response(answer.status, {**answer.headers, **_headers(tag)}, answer.body)


def not_modified(tag: str) -> Response:
    """304: the client has it."""
    return Response(304, _headers(tag), iter(()))  # in pieces, so that no length of nothing is sent along


def _headers(tag: str) -> Mapping[str, str]:
    return {"etag": f'"{tag}"', "cache-control": "no-cache"}

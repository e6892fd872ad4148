"""The files of the web page, for everyone: what they show is asked for with a login."""

from __future__ import annotations

import contextlib
import re

from cloudtrack.api.bundle import INDEX, BundleFile
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import OPEN, Declarations, Domain
from cloudtrack.api.errors import ApiError
from cloudtrack.api.fields import RequestModel, Required
from cloudtrack.api.message import Response, text_response
from cloudtrack.errors import CloudtrackError

ENDPOINTS = Declarations(Domain.WEB)

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
_HASHED = re.compile(r"assets/.+-[\w-]{8}\.\w+")
_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>cloudtrack</title>
<h1>The web page is not built</h1>
<p>The API works. In a checkout of cloudtrack the page is built by</p>
<pre>python -m cloudtrack.ui build</pre>
<p>and then this address shows it. <a href="api-docs">The API</a></p>
</html>
"""


class Nothing(RequestModel):
    """No parameters."""


class Asset(RequestModel):
    path: Required


def cache_control_of(name: str) -> str:
    """How long a file of the page may be kept: for ever where its name has a hash of its content, as Vite gives it."""
    return FOR_EVER if _HASHED.fullmatch(name) else ASK_AGAIN


def policy(bucket: str = "") -> str:
    """The Content-Security-Policy of the page; ``bucket`` is the origin that signed URLs lead to."""
    there = f" {bucket}" if bucket else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; frame-src 'self'; "
        f"connect-src 'self'{there}; img-src 'self' blob: data:{there}; media-src 'self' blob:{there}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


@ENDPOINTS.add("GET", "/", OPEN, rooted=True)
@ENDPOINTS.add("GET", "/index.html", OPEN, rooted=True)
def index(context: Context, request: Nothing) -> Response:  # noqa: ARG001 - every endpoint takes both
    """The web page."""
    found = context.settings.bundle.files().get(INDEX)
    if found is None:
        answer = text_response(_NOT_BUILT, content_type="text/html; charset=utf-8")
        return Response(200, {**answer.headers, "cache-control": ASK_AGAIN}, answer.body)
    return _sent(context, found, INDEX)


@ENDPOINTS.add("GET", "/assets/{path:path}", OPEN, rooted=True)
def asset(context: Context, request: Asset) -> Response:
    """A file of the web page."""
    name = f"assets/{request.path}"
    found = context.settings.bundle.files().get(name)
    if found is None:
        raise ApiError("RESOURCE_DOES_NOT_EXIST", f"the web page has no file {name[:200]!r}; reload the page")
    return _sent(context, found, name)


def _sent(context: Context, file: BundleFile, name: str) -> Response:
    """The file, packed where the client takes that; 304 where it has it already."""
    packed = bool(file.packed) and "gzip" in context.request.headers.get("accept-encoding", "")
    etag = f'"{file.digest}{"-gzip" if packed else ""}"'
    headers = {
        "content-type": file.content_type,
        "cache-control": cache_control_of(name),
        "content-security-policy": policy(_bucket(context)),
        "x-frame-options": "SAMEORIGIN",
        "etag": etag,
        "vary": "accept-encoding",
    }
    if _has(context.request.headers.get("if-none-match", ""), etag):
        return Response(304, headers, iter(()))  # in pieces, so that no length of nothing is sent along
    if packed:
        return Response(200, {**headers, "content-encoding": "gzip"}, file.packed)
    return Response(200, headers, file.content)


def _has(sent: str, etag: str) -> bool:
    """Whether If-None-Match names the ETag, weakened by a proxy or not."""
    return sent.strip() == "*" or etag in [each.strip().removeprefix("W/") for each in sent.split(",")]


def _bucket(context: Context) -> str:
    """The origin of signed URLs; empty where the server gives none, or cannot sign now."""
    signer = context.client.store.signer if context.settings.signs else None
    if signer is None:
        return ""
    with contextlib.suppress(CloudtrackError):
        return signer.origin()
    return ""

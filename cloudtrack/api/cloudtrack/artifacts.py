"""Artifacts for the web page: what is there, and addresses from which a browser loads a file by itself."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from cloudtrack.access.permission import Permission
from cloudtrack.access.tickets import LIFETIME_S
from cloudtrack.api.conditional import unless_known
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import OPEN, Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError, invalid_parameter
from cloudtrack.api.fields import Bool
from cloudtrack.api.file_places import File, FilesRequest, find_file, list_files
from cloudtrack.api.message import Response, json_response
from cloudtrack.tracking.artifact_tree import Entry

ENDPOINTS = Declarations(Domain.ARTIFACTS)

_READ = Needs(Permission.READ, On.FILES)
_FILE, _RENDER = "artifacts/file", "artifacts/render"
INLINE, ATTACHMENT, RENDER = "inline", "attachment", "render"
MOST_RENDERED_BYTES = 20 << 20
_ACTIVE = {".html": "text/html; charset=utf-8", ".htm": "text/html; charset=utf-8", ".svg": "image/svg+xml"}
"""By the end of the name: what ``artifacts/render`` lets run its scripts, where they reach nothing."""
_PDF = "application/pdf"
_PASSIVE = re.compile(r"(image|audio|video)/[\w.+-]+|text/plain|application/pdf")
"""What a browser may show by itself."""
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
_FRAMED = {"x-frame-options": "SAMEORIGIN", "cross-origin-resource-policy": "same-origin"}
_RENDERED = {
    **_FRAMED,
    # The sandbox gives the document an origin of its own: no cookies, no storage, no API of ours, no page around it.
    # Nothing is fetched but what the file itself brings.
    "content-security-policy": (
        "sandbox allow-scripts; default-src 'unsafe-inline' data: blob: 'unsafe-eval'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'"
    ),
}
_SHOWN = {
    **_FRAMED,
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
}
_SHOWN_PDF = {
    **_FRAMED,
    # Browsers show no PDF in a sandbox; the viewer has one of its own.
    "content-security-policy": (
        "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
    ),
}


class ListTree(FilesRequest):
    recursive: Bool = False


class GetUrl(FilesRequest):
    disposition: str = INLINE
    """``inline``, ``attachment`` or ``render``."""


class Load(FilesRequest):
    ticket: str = ""
    """Of ``artifacts/url``; an open server needs none."""


class LoadFile(Load):
    disposition: str = INLINE


@ENDPOINTS.add("GET", "/cloudtrack/artifacts/tree", _READ)
def get_artifact_tree(context: Context, request: ListTree) -> Response:
    """Files and folders at a path of a run, a logged model or a version; all files below it with ``recursive``."""
    tree = list_files(context, request, recursive=request.recursive)
    files = [_entry(entry) for entry in tree.entries]
    return unless_known(json_response({"files": files, "truncated": tree.truncated}), context.request)


@ENDPOINTS.add("GET", "/cloudtrack/artifacts/url", _READ)
def get_artifact_url(context: Context, request: GetUrl) -> dict[str, Any]:
    """An address from which a browser loads a file without a login for some minutes; with its size and type."""
    if request.disposition not in (INLINE, ATTACHMENT, RENDER):
        raise invalid_parameter("disposition", request.disposition, "it is inline, attachment or render")
    file = find_file(context, request)
    about = {
        "size": file.info.size_bytes,
        "content_type": _media_type(file.name),
        "etag": file.etag,
        "name": file.name,
    }
    if request.disposition == RENDER:
        _check_rendered(file)
        return {**about, **_own_address(context, request, _RENDER)}
    if context.settings.signs and (signer := context.client.store.signer) is not None:
        expires_s = context.settings.presigned_expiry_s
        shown = request.disposition == INLINE and _is_passive(file.name)
        signed = signer.get(
            file.info.key,
            expires_s=expires_s,
            filename=file.name,
            content_type=_media_type(file.name) if shown else "",
            inline=shown,
        )
        return {**about, "url": signed.url, "expires_in": expires_s}
    return {**about, **_own_address(context, request, _FILE, disposition=request.disposition)}


@ENDPOINTS.add("GET", f"/cloudtrack/{_FILE}", OPEN)
def load_file(context: Context, request: LoadFile) -> Response:
    """The bytes of a file, or a range of them, for whoever has a ticket; shown where it is a picture, sound or text."""
    context = context.with_ticket(request.ticket, _subject(request, _FILE))
    file = find_file(context, request)
    is_shown = request.disposition == INLINE and _is_passive(file.name)
    media_type = _media_type(file.name) if is_shown else "application/octet-stream"
    headers = {
        **(_SHOWN_PDF if is_shown and media_type == _PDF else _SHOWN),
        "content-type": f"{media_type}; charset=utf-8" if media_type == "text/plain" else media_type,
        "content-disposition": f"{INLINE if is_shown else ATTACHMENT}; filename*=UTF-8''{quote(file.name, safe='')}",
        "accept-ranges": "bytes",
        "etag": f'"{file.etag}"',
    }
    return _range(context, file, headers) or _whole(context, file, headers)


@ENDPOINTS.add("GET", f"/cloudtrack/{_RENDER}", OPEN)
def render_file(context: Context, request: Load) -> Response:
    """A page or a drawing that a user logged, with its scripts, where it reaches nothing; for whoever has a ticket."""
    context = context.with_ticket(request.ticket, _subject(request, _RENDER))
    file = find_file(context, request)
    return _whole(context, file, {**_RENDERED, "content-type": _check_rendered(file)})


def _entry(entry: Entry) -> dict[str, Any]:
    if entry.is_dir:
        return {"path": entry.path, "is_dir": True, **({"model_id": entry.model_id} if entry.model_id else {})}
    told = {"etag": entry.etag, "sha256": entry.sha256, "mtime": entry.modified_ms}
    known = {name: value for name, value in told.items() if value}
    return {"path": entry.path, "is_dir": False, "size": entry.size_bytes, **known}


def _own_address(context: Context, request: FilesRequest, route: str, **more: str) -> dict[str, Any]:
    """An address of this server, relative to its root, with a ticket where one is needed."""
    owner = {name: value for name in ("run_id", "model_id", "name", "version") if (value := getattr(request, name))}
    query = {**owner, "path": request.path, **more}
    expires: dict[str, Any] = {"expires_in": None}
    if context.is_guarded:
        query["ticket"] = context.tickets.issue(_subject(request, route))
        expires = {"expires_in": LIFETIME_S}
    return {"url": f"ajax-api/2.0/cloudtrack/{route}?{urlencode(query)}", **expires}


def _subject(request: FilesRequest, route: str) -> str:
    """What a ticket is for: one file, and what is done with it."""
    return f"{route}\0{request.checked.about}"


def _check_rendered(file: File) -> str:
    """The type that the file is rendered as. Raises ApiError for what is not, or is too large."""
    media_type = next((kind for end, kind in _ACTIVE.items() if file.name.lower().endswith(end)), "")
    if not media_type:
        text = f"{file.name[:120]!r} is not rendered; files that are end in {', '.join(_ACTIVE)}"
        raise ApiError("INVALID_PARAMETER_VALUE", text)
    if file.info.size_bytes > MOST_RENDERED_BYTES:
        text = f"{file.name[:120]!r} has {file.info.size_bytes} bytes; at most {MOST_RENDERED_BYTES} are rendered"
        raise ApiError("INVALID_PARAMETER_VALUE", f"{text}: download it", status=413)
    return media_type


def _whole(context: Context, file: File, headers: Mapping[str, str]) -> Response:
    reading = context.client.store.read(file.info.key)
    return Response(200, {**headers, "content-length": str(reading.size_bytes)}, reading.chunks)


def _range(context: Context, file: File, headers: Mapping[str, str]) -> Response | None:
    """The part of a file that the request asks for; None where it asks for none, or in a way not known here."""
    match = _RANGE.fullmatch(context.request.headers.get("range", ""))
    size = file.info.size_bytes
    if match is None or context.request.headers.get("if-range", headers["etag"]) != headers["etag"]:
        return None
    first, last = int(match[1]), min(int(match[2] or size), size - 1)
    if first > last:
        return Response(416, {"content-range": f"bytes */{size}"})
    reading = context.client.store.read(file.info.key, start=first, length=last - first + 1)
    told = {"content-range": f"bytes {first}-{last}/{size}", "content-length": str(last - first + 1)}
    return Response(206, {**headers, **told}, reading.chunks)


def _media_type(name: str) -> str:
    if name in ("MLmodel", "MLproject"):
        return "text/plain"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _is_passive(name: str) -> bool:
    return _PASSIVE.fullmatch(_media_type(name)) is not None

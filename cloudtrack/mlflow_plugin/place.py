"""Where a URI of the plugin leads: a store, and perhaps a folder in it.

The artifacts of a run are at ``cloudtrack+s3://bucket/prefix/runs/<run id>/artifacts?region=...``. MLflow puts paths
behind that as they are, without quoting them, and before the options.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cloudtrack.errors import InvalidInput
from cloudtrack.storage.plugin_uri import PREFIX, without_prefix
from cloudtrack.storage.s3_options import S3Options

_OWNER = re.compile(r"(.*?)/((?:runs|logged_models)/[^/]+/artifacts(?:/.*)?)", re.DOTALL)
_OPTIONS = re.compile(rf"(.*)\?((?:{'|'.join(field.name for field in fields(S3Options))})=.*)", re.DOTALL)


@dataclass(frozen=True)
class Place:
    """A store, as it is opened by every process of this machine, and a path in it."""

    address: str
    """``s3://bucket/prefix?region=...`` or ``file:///path``."""
    path: str = ""
    """``runs/<run id>/artifacts/...``, ``logged_models/<model id>/artifacts/...``; empty for the store itself."""


def parse_place(uri: str) -> Place:
    """Read a URI of the plugin. Raises InvalidInput."""
    if not uri.startswith((f"{PREFIX}s3:", f"{PREFIX}file:")):
        raise InvalidInput(f"{uri!r} is no store: write {PREFIX}s3://bucket/prefix or {PREFIX}file:///path")
    url = without_prefix(uri)
    is_s3 = url.startswith("s3:")
    found = _OPTIONS.fullmatch(url) if is_s3 else None
    base, options = found.groups() if found else (url, "")
    _check_no_secret(options)
    owner = _OWNER.fullmatch(base)
    root, path = owner.groups() if owner else (base.rstrip("/") or "/", "")
    if not is_s3 and not root.startswith("file:"):
        root = Path(os.path.abspath(os.path.expanduser(root))).as_uri()
    return Place(f"{root}?{options}" if options else root, path)


def _check_no_secret(options: str) -> None:
    """The options become part of artifact URIs, which models keep."""
    for endpoint in parse_qs(options).get("endpoint_url", []):
        if "@" in urlsplit(endpoint).netloc:
            raise InvalidInput("the endpoint_url of a store never holds credentials: use AWS_PROFILE or a role")

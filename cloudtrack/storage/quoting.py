"""Users' names as segments of keys: reversible, injective, and safe on S3 and on every file system.

A *name* (an experiment, a registered model) becomes one segment; everything but ASCII letters, digits
and ``-_.`` is percent-encoded, and a very long one is cut and closed with a digest (the object below
it holds the whole name). A *path* (an artifact) keeps its slashes and as much of its own spelling as
file systems allow, so that files written by other tools have the same key.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote, unquote

from cloudtrack.errors import InvalidInput

MAX_SEGMENT_BYTES = 255
"""The longest file name of common file systems."""
_MAX_NAME_SEGMENT = 200
_UNSAFE_IN_PATH = re.compile(r'[\x00-\x1f\x7f%\\:*?"<>|]|[. ]$')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(?=$|\.)", re.IGNORECASE)
_ESCAPE = re.compile(r"%(?:[0-9A-F]{2})")


def quote_name(name: str) -> str:
    """One key segment for any non-empty name."""
    segment = quote(name, safe="")
    segment = segment.replace("~", "%7E")
    if segment.startswith("."):
        segment = "%2E" + segment[1:]
    if segment.endswith("."):
        segment = segment[:-1] + "%2E"
    if _DEVICE.match(segment):
        segment = f"%{ord(segment[0]):02X}{segment[1:]}"
    if len(segment) > _MAX_NAME_SEGMENT:
        digest = hashlib.sha256(name.encode()).hexdigest()[:32]
        segment = f"{segment[: _MAX_NAME_SEGMENT - 33]}~{digest}"
    return segment


def unquote_name(segment: str) -> str | None:
    """The name behind a segment; None where it was cut, and only the object itself has it whole."""
    return None if "~" in segment else unquote(segment)


def quote_path(path: str) -> str:
    """The key part of a relative path with ``/``. Raises InvalidInput for what cannot be a file's path."""
    segments = path.split("/")
    for segment in segments:
        if segment in ("", ".", ".."):
            raise InvalidInput(f"{path[:80]!r} is not a relative path: it has an empty, '.' or '..' segment")
        if "\x00" in segment:
            raise InvalidInput(f"{path[:80]!r} is not a path: it has a NUL character")
    quoted = [_quote_segment(segment) for segment in segments]
    for segment in quoted:
        if len(segment.encode(errors="surrogatepass")) > MAX_SEGMENT_BYTES:
            raise InvalidInput(f"the file name {segment[:40]!r}... is longer than {MAX_SEGMENT_BYTES} bytes")
    return "/".join(quoted)


def unquote_path(key_part: str) -> str:
    """The path that ``quote_path`` was given; other tools' names come back as they are."""
    return _ESCAPE.sub(lambda escape: chr(int(escape.group()[1:], 16)), key_part)


def _quote_segment(segment: str) -> str:
    quoted = _UNSAFE_IN_PATH.sub(lambda char: f"%{ord(char.group()):02X}", segment)
    if _DEVICE.match(quoted):
        quoted = f"%{ord(quoted[0]):02X}{quoted[1:]}"
    return quoted

"""The built web page: its files in memory, as they are sent."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cloudtrack

BUILT = Path(cloudtrack.__file__).parent / "ui" / "dist"
"""Where the build puts the page, in a checkout and in an installed package."""
INDEX = "index.html"
_TWIN = ".gz"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True)
class BundleFile:
    """One file; ``packed`` is its gzip form, empty where there is none."""

    content: bytes
    packed: bytes
    content_type: str
    digest: str


def content_type_of(name: str) -> str:
    """The media type of a file of the page: the same on every machine."""
    suffix = os.path.splitext(name)[1]
    return _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


class Bundle:
    """The files of a build by their names, such as ``assets/index-1a2b3c4d.js``: a folder is read as a whole, and
    anew when it has changed. What is asked for is looked up, and never made a path.
    """

    def __init__(self, folder: Path = BUILT) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._seen: list[tuple[str, int, int]] = []
        self._files: Mapping[str, BundleFile] = {}

    def files(self) -> Mapping[str, BundleFile]:
        """All files; empty where there is no build, or one is under way."""
        with self._lock:
            try:
                seen = [_state(path) for path in _paths(self._folder)]
                if seen != self._seen:
                    self._files = _read(self._folder)
                    self._seen = seen
            except FileNotFoundError:  # a build has just begun: it empties the folder
                self._files, self._seen = {}, []
            return self._files


def _paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _state(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return str(path), found.st_mtime_ns, found.st_size


def _read(folder: Path) -> dict[str, BundleFile]:
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in _paths(folder)}
    return {
        name: BundleFile(
            content,
            contents.get(name + _TWIN, b""),
            content_type_of(name),
            hashlib.sha256(content).hexdigest()[:32],
        )
        for name, content in contents.items()
        if not name.endswith(_TWIN)
    }

"""A project's code as one zip, with the same bytes for the same files."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

from cloudtrack.errors import InvalidInput

MOST_BYTES = 512 << 20
"""The most that a project's files may have together."""
_LEFT_OUT = {".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
_STORE = "cloudtrack.json"
_TIME = (1980, 1, 1, 0, 0, 0)


def pack(folder: Path, target: Path) -> str:
    """Write the code of a folder into the zip ``target``; its SHA-256.

    In a git repository these are the files that git tracks, or would if they were added; elsewhere all but
    environments, caches and stores of cloudtrack. Raises InvalidInput where they have more than ``MOST_BYTES``.
    """
    total = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(_files(folder)):
            total += file.stat().st_size
            if total > MOST_BYTES:
                raise InvalidInput(
                    f"the project's files have more than {MOST_BYTES >> 20} MiB: keep data elsewhere, or name it in "
                    ".gitignore"
                )
            info = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o100755 if os.access(file, os.X_OK) else 0o100644) << 16
            with archive.open(info, "w") as stream, file.open("rb") as source:
                while chunk := source.read(1 << 20):
                    stream.write(chunk)
    with target.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    listed = _of_git(folder)
    if listed is not None:
        yield from (path for name in listed if (path := folder / name).is_file() and not path.is_symlink())
        return
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT and not _is_store(Path(place, name))]
        yield from (path for name in names if (path := Path(place, name)).is_file() and not path.is_symlink())


def _is_store(folder: Path) -> bool:
    return (folder / _STORE).is_file()


def _of_git(folder: Path) -> list[str] | None:
    """The files that git tracks below a folder, and those it would; None outside a working tree, or without git."""
    words = ["git", "-C", str(folder), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(words, capture_output=True, check=False)  # noqa: S603 - no shell, our own words
    except OSError:
        return None
    if done.returncode:
        return None
    return [name for name in done.stdout.decode(errors="surrogateescape").split("\0") if name]

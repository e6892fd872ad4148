"""Where foreign artifacts are: folders that may be read, buckets through fsspec, and what stands for a server's.

A source names folders by absolute paths, and buckets. One that somebody else wrote could name any: so those are read
alone that are below the source itself or were named by the user, and links are not followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from cloudtrack.errors import InvalidInput
from cloudtrack.importing.foreign import ForeignFile
from cloudtrack.importing.omissions import Omissions

PROXIED = "mlflow-artifacts"


class ArtifactRoots:
    """Turns the address of a folder of artifacts into its files."""

    def __init__(self, allowed: Sequence[Path], destination: str = "", omissions: Omissions | None = None) -> None:
        """``destination`` is the folder or bucket behind ``mlflow-artifacts:/``."""
        self._allowed = [path.resolve() for path in allowed]
        self._destination = destination
        self._omissions = omissions or Omissions()

    def files(self, uri: str, owner: str, inside: Path | None = None) -> Iterator[ForeignFile]:
        """The files at or below an address; ``inside`` is where they are if that is of another machine.

        Raises InvalidInput where they may not or cannot be read.
        """
        scheme = urlsplit(uri).scheme if ":/" in uri else ""
        if inside is not None and scheme in ("", "file"):
            if not inside.is_symlink():
                yield from self._folder(inside, owner)
            return
        if not uri:
            return
        if scheme == PROXIED:
            path = unquote(urlsplit(uri).path).strip("/")
            if not self._destination:
                raise InvalidInput(
                    "a server kept its artifacts: name their folder or bucket with --artifacts, or leave them with "
                    "--no-artifacts"
                )
            uri = f"{self._destination.rstrip('/')}/{path}"
            scheme = urlsplit(uri).scheme if ":/" in uri else ""
        if scheme in ("", "file"):
            yield from self._local(Path(unquote(urlsplit(uri).path) if scheme else uri), owner)
        else:
            yield from self._remote(uri)

    def _local(self, path: Path, owner: str) -> Iterator[ForeignFile]:
        resolved = path.resolve()
        if not any(resolved.is_relative_to(root) for root in self._allowed):
            raise InvalidInput(
                "its artifacts are not below the source: name their folder, or one around it, with --artifacts if it "
                "may be read, or leave them with --no-artifacts"
            )
        if resolved.is_dir():
            yield from self._folder(resolved, owner)

    def _folder(self, root: Path, owner: str) -> Iterator[ForeignFile]:
        for folder, names, files in os.walk(root):
            names.sort()
            for name in [*names]:
                if (Path(folder) / name).is_symlink():
                    names.remove(name)
                    self._omit_link(owner, Path(folder) / name)
            for name in sorted(files):
                path = Path(folder) / name
                if not stat.S_ISREG(path.lstat().st_mode):
                    self._omit_link(owner, path)
                    continue
                yield ForeignFile(path.relative_to(root).as_posix(), partial(open_file, path))

    def _omit_link(self, owner: str, path: Path) -> None:
        self._omissions.add("artifacts", f"{owner}: {path.name}", "links and devices are not followed")

    def _remote(self, uri: str) -> Iterator[ForeignFile]:
        """What is in a bucket; only one that the user has named: it is read with the user's rights."""
        import fsspec

        named = self._destination.rstrip("/")
        if not named or not f"{uri}/".startswith(f"{named}/") or ".." in uri.split("/"):
            raise InvalidInput(
                f"its artifacts are in {urlsplit(uri).scheme}://{urlsplit(uri).hostname or ''}: name that bucket, or a "
                "folder in it, with --artifacts if it may be read, or leave them with --no-artifacts"
            )
        try:
            files, root = fsspec.core.url_to_fs(uri)
            found = sorted(files.find(root))
        except Exception as error:
            scheme = urlsplit(uri).scheme
            raise InvalidInput(f"its artifacts at {scheme}:// cannot be read: {type(error).__name__}") from error
        for name in found:
            path = name[len(root) :].strip("/")
            if path:
                yield ForeignFile(path, partial(_open_remote, files, name))


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading that is no link."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")


def _open_remote(files: Any, name: str) -> BinaryIO:
    opened: BinaryIO = files.open(name, "rb")
    return opened

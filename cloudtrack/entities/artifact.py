"""Artifacts: files of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileInfo:
    """One line of an artifact listing.

    ``path`` is relative to the run's artifact root; ``file_size`` is in bytes, None for a folder.
    """

    path: str
    is_dir: bool
    file_size: int | None = None

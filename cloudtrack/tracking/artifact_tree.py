"""What is in a folder of artifacts, for pages that show it: with sizes, times and etags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.storage.quoting import unquote_path

MOST_ENTRIES = 10_000
_MOST_TEXT = 4_000_000
"""Of all entries together, in characters: less than 5 MB as JSON."""
_ENTRY_TEXT = 200
"""What an entry takes beside its path."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder; the path is relative to the tree's root. Of a folder nothing else is known."""

    path: str
    is_dir: bool = False
    size_bytes: int | None = None
    etag: str = ""
    """Empty where the store would have to read the file for it."""
    sha256: str = ""
    """Where it was written down when the file was."""
    modified_ms: int = 0
    model_id: str = ""
    """Of a folder that is a logged model's own."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Entries by path, and whether there are more than could be told."""

    entries: list[Entry]
    truncated: bool = False

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Tree:
        """As many of the entries as an answer may have."""
        kept: list[Entry] = []
        text = 0
        left = iter(entries)
        for entry in islice(left, MOST_ENTRIES):
            text += len(entry.path) + _ENTRY_TEXT
            if text > _MOST_TEXT:
                return cls(kept, truncated=True)
            kept.append(entry)
        return cls(kept, truncated=next(left, None) is not None)


def list_level(store: ObjectStore, root: str, prefix: str) -> Iterator[Entry]:
    """One level of files and folders below a prefix; ``root`` is what their paths are relative to. One listing."""
    level = store.list_folder(prefix)
    folders = [Entry(unquote_path(key[len(root) : -1]), is_dir=True) for key in level.folders]
    files = [file_entry(root, info) for info in level.objects]
    return iter(sorted([*folders, *files], key=lambda entry: entry.path))


def list_below(store: ObjectStore, root: str, prefix: str) -> Iterator[Entry]:
    """All files below a prefix, at any depth, in key order: a listing for each 1,000 on S3."""
    return (file_entry(root, info) for info in store.list(prefix))


def file_entry(root: str, info: ObjectInfo) -> Entry:
    """A file as the store knows it."""
    return Entry(
        unquote_path(info.key[len(root) :]),
        size_bytes=info.size_bytes,
        etag=info.etag.strip('"'),
        modified_ms=info.modified_ms,
    )

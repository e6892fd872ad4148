"""Files of runs, of the models that they made and of versions, copied beside a page that has no server.

places/index.json                    canonical query of a run or a version -> name of a file
places/<32 hex digits>.json          path -> where that file of its is: url, size, content_type, etag, name
files/<run id>/<path>                a run's own
files/<model id>/<path>              of a model that a run made
files/versions/<sha256>/<name>       of a version, where no file above has the same content
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

from cloudtrack.storage.parallel import map_in_order
from cloudtrack.ui.answers import Answers, as_json, write_answer, write_index
from cloudtrack.ui.asked import Query, canonical

_TREE, _FILE = "cloudtrack/artifacts/tree", "cloudtrack/artifacts/file"
_UNSAFE = {"", ".", ".."}


@dataclass(frozen=True)
class _Source:
    """A file as it is asked for, and where its copy is to be, below ``files``; "" for a place by its content."""

    shown_path: str
    entry: dict[str, Any]
    query: Query
    place: str

    @property
    def size(self) -> int:
        """In bytes."""
        return int(self.entry.get("size", 0))

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.shown_path.rpartition("/")[2]


@dataclass
class CopiedFiles:
    """Copies up to ``max_bytes`` of files into ``folder``, and notes where they are; no content twice for versions."""

    answers: Answers
    folder: Path
    max_bytes: int
    count: int = 0
    bytes: int = 0
    left_out: list[dict[str, Any]] = field(default_factory=list)
    """Files that did not fit: whose, path, size_bytes."""
    _places: dict[str, str] = field(default_factory=dict)
    _by_content: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def copy_runs(self, run_ids: Iterable[str]) -> None:
        """The runs' own files, and those of their models as files of the run."""
        for owner, sources in map_in_order(self._of_run, run_ids):
            self._copy(owner, sources)

    def copy_versions(self, versions: Iterable[tuple[str, str]]) -> None:
        """Files of versions, by name and number, that are not copied already."""
        for owner, sources in map_in_order(self._of_version, versions):
            self._copy(owner, sources)

    def write_places(self) -> None:
        """Say where everything is."""
        write_index(self.folder / "places", self._places)

    def _of_run(self, run_id: str) -> tuple[Query, list[_Source]]:
        owner = [("run_id", run_id)]
        models = {each["path"]: each["model_id"] for each in self._tree(owner) if each.get("model_id")}
        sources = []
        for entry in self._tree([*owner, ("recursive", "true")]):
            top, _, rest = entry["path"].partition("/")
            model_id = models.get(top)
            query = [("model_id", model_id), ("path", rest)] if model_id else [*owner, ("path", entry["path"])]
            place = f"{model_id}/{rest}" if model_id else f"{run_id}/{entry['path']}"
            sources.append(_Source(entry["path"], entry, query, place))
        return owner, sources

    def _of_version(self, version: tuple[str, str]) -> tuple[Query, list[_Source]]:
        owner = [("name", version[0]), ("version", version[1])]
        entries = self._tree([*owner, ("recursive", "true")])
        return owner, [_Source(each["path"], each, [*owner, ("path", each["path"])], "") for each in entries]

    def _tree(self, query: Query) -> list[dict[str, Any]]:
        answer = self.answers.ask(_TREE, query)
        return answer.json()["files"] if answer is not None else []

    def _copy(self, owner: Query, sources: list[_Source]) -> None:
        chosen, ahead = [], 0
        for source in sources:
            is_there = source.entry.get("sha256") in self._by_content
            is_safe = not _UNSAFE & {*source.shown_path.split("/")}
            if not is_safe or (not is_there and self.bytes + ahead + source.size > self.max_bytes):
                self.left_out.append({**dict(owner), "path": source.shown_path, "size_bytes": source.size})
                continue
            ahead += 0 if is_there else source.size
            chosen.append(source)
        found = [place for place in map_in_order(self._copy_one, chosen) if place is not None]
        if found:
            told = canonical(owner)
            self._places[told] = write_answer(self.folder / "places", told, as_json(dict(found)))

    def _copy_one(self, source: _Source) -> tuple[str, dict[str, Any]] | None:
        sha256 = source.entry.get("sha256", "")
        place = self._by_content.get(sha256) or self._write(source)
        if place is None:
            return None
        told = {
            "url": "frozen/files/" + "/".join(quote(part, safe="") for part in place.split("/")),
            "size": source.size,
            "content_type": mimetypes.guess_type(source.name)[0] or "application/octet-stream",
            "etag": sha256 or source.entry.get("etag", ""),
            "name": source.name,
        }
        return source.shown_path, told

    def _write(self, source: _Source) -> str | None:
        """Where the file is now, below ``files``; None where it has gone since it was listed."""
        answer = self.answers.ask(_FILE, source.query)
        if answer is None:
            return None
        files = self.folder / "files"
        unnamed = hashlib.sha256(canonical(source.query).encode()).hexdigest()
        path = files / (source.place or f"versions/{unnamed}")
        path.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with path.open("wb") as file:
            for chunk in [answer.body] if isinstance(answer.body, bytes) else answer.body:
                digest.update(chunk)
                size += file.write(chunk)
        sha256 = digest.hexdigest()
        with self._lock:
            if not source.place and sha256 in self._by_content:
                path.unlink()
                return self._by_content[sha256]
            place = source.place or f"versions/{sha256}/{source.name}"
            if not source.place:
                (files / place).parent.mkdir(parents=True, exist_ok=True)
                path.rename(files / place)
            self._by_content.setdefault(sha256, place)
            self.count += 1
            self.bytes += size
        return place

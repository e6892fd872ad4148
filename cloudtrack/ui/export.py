"""A copy of a store as a folder of files that any static server can serve: the page, frozen answers, artifacts.

site.json                               format 1: that it is frozen, since when, what was left out
index.html, assets/...                  the page; a ``meta`` element says that it is frozen
frozen/<route>/index.json               canonical query -> name of the file with the answer
frozen/<route>/<32 hex digits>.json     an answer, as the server gives it
frozen/files/<run id>/<path>            artifacts
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from html import escape
from importlib import metadata
from pathlib import Path
from typing import Any

from cloudtrack import clock
from cloudtrack.api.app import App
from cloudtrack.api.bundle import INDEX, BundleFile
from cloudtrack.api.endpoint import Routes
from cloudtrack.api.endpoints import ENDPOINTS
from cloudtrack.api.message import Request, Response
from cloudtrack.api.page_files import policy
from cloudtrack.client import Client
from cloudtrack.entities.run import Run
from cloudtrack.errors import InvalidInput, StateError
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.ui.asked import ASKED, Asked, Query, canonical, contents_of, queries_of

SITE = "site.json"
_MOST_NAMED = 1000
"""Files that were left out are named up to here, and counted beyond."""


@dataclass
class Exported:
    """What a copy has, and what it has not."""

    answers: int = 0
    files: int = 0
    files_bytes: int = 0
    left_out: list[dict[str, Any]] = field(default_factory=list)
    """Artifacts that did not fit: run_id, path, size_bytes."""
    routes: list[str] = field(default_factory=list)


def export_site(client: Client, files: Mapping[str, BundleFile], target: Path, *, max_bytes: int) -> Exported:
    """Write the copy into ``target``, with at most ``max_bytes`` of artifacts, those of the newest runs first.

    Everything in it is readable by everyone who gets the folder. ``index.html`` is written last. Raises InvalidInput
    where ``target`` is not a new or empty folder, or the page is not built; StateError where an answer fails.
    """
    if INDEX not in files:
        raise InvalidInput("the web page is not built: python -m cloudtrack.ui build")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidInput(f"{str(target)!r} is not an empty folder: name a new one")
    done = Exported()
    contents = contents_of(client)
    answers = _Answers(App(client), target / "frozen")
    for route in dict.fromkeys(asked.route for asked in ASKED if answers.has(asked)):
        questions = [(asked, query) for asked in ASKED if asked.route == route for query in queries_of(asked, contents)]
        done.answers += answers.freeze(route, questions)
        done.routes.append(route)
    _copy_artifacts(client, contents.runs, target / "frozen" / "files", max_bytes, done)
    for name in sorted(files, key=lambda name: (name == INDEX, name)):
        if name == INDEX:
            _write(target / SITE, _json(_site(done)))
        _write(target / name, _frozen(files[name].content) if name == INDEX else files[name].content)
    return done


class _Answers:
    """Asks the application, in this process, and keeps what it says."""

    def __init__(self, app: App, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self._routes = Routes(ENDPOINTS)

    def has(self, asked: Asked) -> bool:
        """Whether there is such a route."""
        return "GET" in self._routes.find(_path(asked.route))[0]

    def freeze(self, route: str, questions: list[tuple[Asked, Query]]) -> int:
        """Write all answers of a route, and their index; how many there are."""
        found = map_in_order(lambda question: list(self._write_pages(*question)), questions)
        index = dict(pair for pairs in found for pair in pairs)
        _write(self._folder / route / "index.json", _json({"format": 1, "answers": dict(sorted(index.items()))}))
        return len(index)

    def _write_pages(self, asked: Asked, query: Query) -> Iterator[tuple[str, str]]:
        cursor = ""
        field_name, parameter = asked.next
        while True:
            full = [*query, (parameter, cursor)] if cursor else query
            answer = self._ask(asked.route, full)
            if answer is None:
                return
            text = canonical(full)
            name = f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
            _write(self._folder / asked.route / name, answer.whole_body())
            yield text, name
            cursor = str(answer.json().get(field_name) or "") if field_name else ""
            if not cursor:
                return

    def _ask(self, route: str, query: Query) -> Response | None:
        """The answer; None for what is not there, such as the MLmodel of a version that has none."""
        answer = self._app(Request("GET", _path(route), query))
        if answer.status == 404:
            return None
        if answer.status != 200:
            said = answer.json().get("message", "")
            raise StateError(f"{route}?{canonical(query)} was answered {answer.status}: {said}")
        return answer


def _path(route: str) -> str:
    return f"/ajax-api/2.0/{route}"


def _copy_artifacts(client: Client, runs: list[Run], folder: Path, max_bytes: int, done: Exported) -> None:
    for run in runs:
        run_id = run.info.run_id
        chosen = []
        for file in client.artifacts.walk(run_id):
            size = file.file_size or 0
            if done.files_bytes + size > max_bytes:
                done.left_out.append({"run_id": run_id, "path": file.path, "size_bytes": size})
                continue
            chosen.append(file.path)
            done.files += 1
            done.files_bytes += size
        map_in_order(partial(client.artifacts.download, run_id, target_dir=folder / run_id), chosen)


def _site(done: Exported) -> dict[str, Any]:
    return {
        "format": 1,
        "read_only": True,
        "frozen_at_ms": clock.now_ms(),
        "version": metadata.version("cloudtrack"),
        "routes": done.routes,
        "files": {"count": done.files, "bytes": done.files_bytes},
        "left_out": {
            "count": len(done.left_out),
            "bytes": sum(each["size_bytes"] for each in done.left_out),
            "files": done.left_out[:_MOST_NAMED],
        },
    }


def _frozen(index: bytes) -> bytes:
    """The page, told where it is, and bound by a policy of its own: a static server sends none."""
    rules = policy().rpartition("; frame-ancestors")[0]  # a header alone can say that
    told = (
        f'<meta name="cloudtrack-frozen" content="{SITE}">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(rules)}">'
    )
    before, head, after = index.partition(b"<head>")
    if not head:
        raise InvalidInput("the built index.html has no <head>: build the page anew")
    return before + head + told.encode() + after


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)

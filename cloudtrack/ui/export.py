"""A copy of a store as a folder of files that any static server can serve: the page, frozen answers, artifacts.

site.json                               format 1: that it is frozen, since when, what was left out
index.html, assets/...                  the page; a ``meta`` element says that it is frozen
frozen/<route>/index.json               canonical query -> name of the file with the answer
frozen/<route>/<32 hex digits>.json     an answer, as the server gives it
frozen/places/..., frozen/files/...     artifacts, see ``copied_files``
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from importlib import metadata
from pathlib import Path
from typing import Any

from cloudtrack import clock
from cloudtrack.api.app import App
from cloudtrack.api.bundle import INDEX, BundleFile
from cloudtrack.api.page_files import policy
from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput
from cloudtrack.ui.answers import Answers, as_json, write
from cloudtrack.ui.asked import ASKED, contents_of, folder_of, questions_of
from cloudtrack.ui.copied_files import CopiedFiles

SITE = "site.json"
_MOST_NAMED = 1000
"""Files that were left out are named up to here, and counted beyond."""


@dataclass
class Exported:
    """What a copy has, and what it has not."""

    copied: CopiedFiles
    damaged: list[str]
    """Requests whose answers are missing, since what they are about is damaged in the store."""
    answers: int = 0
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
    contents = contents_of(client)
    answers = Answers(App(client), target / "frozen")
    copied = CopiedFiles(answers, target / "frozen", max_bytes)
    done = Exported(copied, answers.damaged)
    for folder in dict.fromkeys(map(folder_of, ASKED)):
        of_folder = [asked for asked in ASKED if folder_of(asked) == folder]
        done.answers += answers.freeze(folder, [each for asked in of_folder for each in questions_of(asked, contents)])
        done.routes.append(folder)
    copied.copy_runs(run.info.run_id for run in contents.runs)
    copied.copy_versions((each["name"], each["version"]) for each in contents.versions)
    copied.write_places()
    for name in sorted(files, key=lambda name: (name == INDEX, name)):
        if name == INDEX:
            write(target / SITE, as_json(_site(done)))
        write(target / name, _frozen(files[name].content) if name == INDEX else files[name].content)
    return done


def _site(done: Exported) -> dict[str, Any]:
    return {
        "format": 1,
        "read_only": True,
        "frozen_at_ms": clock.now_ms(),
        "version": metadata.version("cloudtrack"),
        "routes": done.routes,
        "damaged": sorted(done.damaged)[:_MOST_NAMED],
        "files": {"count": done.copied.count, "bytes": done.copied.bytes},
        "left_out": {
            "count": len(done.copied.left_out),
            "bytes": sum(each["size_bytes"] for each in done.copied.left_out),
            "files": done.copied.left_out[:_MOST_NAMED],
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

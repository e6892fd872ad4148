"""``cloudtrack push``, ``cloudtrack pull``, and ``cloudtrack sync`` with another store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import store_client
from cloudtrack.merging.report import Merged

Other = Annotated[str, typer.Argument(help="The other store: a folder, or s3://bucket/prefix.", show_default=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")]
Newest = Annotated[
    bool, typer.Option("--newest", help="Of two files of unknown order the one that was written last wins.")
]


def push(other: Other, dry_run: DryRun = False, newest: Newest = False, as_json: output.JsonOption = False) -> None:
    """Bring to another store what it lacks of this one; it is made where there is none. Exit code 1 for conflicts."""
    merging = store_client().merging
    show([merging.push(other, dry_run=dry_run, newest=newest, progress=_progress)], dry_run, as_json)


def pull(other: Other, dry_run: DryRun = False, newest: Newest = False, as_json: output.JsonOption = False) -> None:
    """Bring to this store what it lacks of another one. Exit code 1 for conflicts."""
    merging = store_client(create=not dry_run).merging
    show([merging.pull(other, dry_run=dry_run, newest=newest, progress=_progress)], dry_run, as_json)


def sync_with(other: str, dry_run: bool, newest: bool, as_json: bool) -> None:
    """Pull, then push."""
    merging = store_client(create=not dry_run).merging
    show(merging.sync(other, dry_run=dry_run, newest=newest, progress=_progress), dry_run, as_json)


def show(ways: Sequence[Merged], is_dry: bool, as_json: bool) -> None:
    """What was done, or would be. Raises Exit where there are conflicts."""
    if as_json:
        output.show_json({"dry_run": is_dry, "ways": [way.as_dict() for way in ways]})
    else:
        for way in ways:
            _show_way(way, is_dry)
    if any(way.conflicts for way in ways):
        raise typer.Exit(1)


def _show_way(way: Merged, is_dry: bool) -> None:
    done = ", ".join(f"{number} {what}" for what, number in sorted(way.counts.items())) or "nothing"
    size = f" ({output.size(way.size_bytes)})" if way.size_bytes else ""
    output.say(f"{way.source} -> {way.target}{' would get' if is_dry else ''}: {done}{size}")
    for key in sorted(way.replaced):
        output.say(f"replaced    {key}")
    for each in sorted(way.conflicts, key=lambda each: (each.kind, each.key)):
        output.complain(f"conflict    {each.kind}  {each.key}: {each.problem}: {each.advice}")


def _progress(looked: int) -> None:
    output.count("runs and models looked at", looked)

"""``cloudtrack sync``: deliver what earlier processes of this machine could not; or make two stores one."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import merging, output
from cloudtrack.cli.state import client
from cloudtrack.errors import InvalidInput

Other = Annotated[str | None, typer.Argument(help="Another store, to be merged with this one.", show_default=False)]


def sync(
    other: Other = None,
    dry_run: merging.DryRun = False,
    newest: merging.Newest = False,
    as_json: output.JsonOption = False,
) -> None:
    """Deliver logged data that waits on this machine's disk to the store. With OTHER: pull from it, then push to it.

    Safe to repeat.
    """
    if other is not None:
        merging.sync_with(other, dry_run, newest, as_json)
        return
    if dry_run or newest:
        raise InvalidInput("--dry-run and --newest are for a sync with another store: name it")
    report = client(create=True).sync()
    if as_json:
        output.show_json(report)
    else:
        for run_id in report.delivered:
            output.say(f"delivered   {run_id}")
        for name in report.in_use:
            output.say(f"in use      {name}: its process delivers it")
        for run_id in report.purged:
            output.say(f"dropped     {run_id}: the run was purged")
        for name in report.other_store:
            output.say(f"other store {name}: run sync with --store")
        for name, reason in report.failed.items():
            output.complain(f"failed      {name}: {reason}")
        if not (report.delivered or report.in_use or report.purged or report.other_store or report.failed):
            output.say("nothing waits to be delivered")
    if report.failed:
        raise typer.Exit(1)

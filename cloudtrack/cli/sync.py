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
    drop_refused: Annotated[
        bool, typer.Option("--drop-refused", help="Give up calls that were refused, or lack what they need.")
    ] = False,
    retry_refused: Annotated[bool, typer.Option("--retry-refused", help="Try calls again that were refused.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Deliver logged data, and calls to the registry, that wait on this machine's disk. With OTHER: pull, then push.

    Safe to repeat.
    """
    if other is not None:
        if drop_refused or retry_refused:
            raise InvalidInput("--drop-refused and --retry-refused are for what waits on this disk: leave OTHER out")
        merging.sync_with(other, dry_run, newest, as_json)
        return
    if dry_run or newest:
        raise InvalidInput("--dry-run and --newest are for a sync with another store: name it")
    report = client(create=True).sync(drop_refused=drop_refused, retry_refused=retry_refused)
    if as_json:
        output.show_json(report)
    else:
        for run_id in report.delivered:
            output.say(f"delivered   {run_id}")
        for call in report.calls:
            output.say(f"done        {call}")
        for name in report.in_use:
            output.say(f"in use      {name}: its process delivers it")
        for run_id in report.purged:
            output.say(f"dropped     {run_id}: the run was purged")
        for name in report.other_store:
            output.say(f"other store {name}: run sync with --store")
        for name, reason in report.failed.items():
            output.complain(f"failed      {name}: {reason}")
        for name, reason in report.dropped.items():
            output.say(f"given up    {name}: {reason}")
        for name, reason in report.refused.items():
            output.complain(f"refused     {name}: {reason}")
        if report.refused:
            output.complain("what was refused is kept; --retry-refused tries it again, --drop-refused gives it up")
        if not (
            report.delivered
            or report.in_use
            or report.purged
            or report.other_store
            or report.failed
            or report.calls
            or report.dropped
            or report.refused
        ):
            output.say("nothing waits to be delivered")
    if report.failed or report.refused:
        raise typer.Exit(1)

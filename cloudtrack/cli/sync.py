"""``cloudtrack sync``: deliver what earlier processes of this machine could not."""

from __future__ import annotations

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import client


def sync(as_json: output.JsonOption = False) -> None:
    """Deliver logged data that waits on this machine's disk to the store. Safe to repeat."""
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

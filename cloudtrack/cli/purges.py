"""``cloudtrack runs purge``, ``cloudtrack experiments purge``: what is in the trash goes for ever."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import client
from cloudtrack.entities.purge_report import PurgeReport

Force = Annotated[
    bool, typer.Option("--force", help="Also what versions came from, where the registry keeps their files itself.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def purge_runs(
    run_ids: Annotated[list[str], typer.Argument(metavar="RUN...", help="Ids of runs in the trash.")],
    force: Force = False,
    yes: Yes = False,
    as_json: output.JsonOption = False,
) -> None:
    """Remove runs that are in the trash for ever, with their files and the logged models that they made.

    A run behind a version of a registered model stays.
    """
    _ask(f"{len(run_ids)} run(s)", yes=yes)
    store = client()
    report = PurgeReport()
    for run_id in run_ids:
        report = report.plus(store.purging.run(run_id, force=force))
        if not as_json:
            output.say(f"purged {run_id}")
    _show(report, as_json=as_json)


def purge_experiment(
    experiment_id: Annotated[str, typer.Argument(metavar="ID", help="The id of an experiment in the trash.")],
    force: Force = False,
    yes: Yes = False,
    as_json: output.JsonOption = False,
) -> None:
    """Remove an experiment that is in the trash for ever, with all its runs; nothing where a version needs one."""
    _ask(f"experiment {experiment_id} with all of its runs", yes=yes)
    _show(client().purging.experiment(experiment_id, force=force), as_json=as_json)


def _ask(what: str, *, yes: bool) -> None:
    if not yes:
        typer.confirm(f"Remove {what} for ever? Nothing brings it back", abort=True, err=True)


def _show(report: PurgeReport, *, as_json: bool) -> None:
    if as_json:
        output.show_json(report)
        return
    output.say(
        f"removed {len(report.run_ids)} run(s), {len(report.model_ids)} logged model(s) and {report.objects} object(s)"
    )
    if report.held_by:
        output.say(f"versions without a run now: {', '.join(report.held_by)}")

"""``cloudtrack runs status``, ``runs cancel``, ``runs job-logs``: runs of projects, wherever they are executed."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import client
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import NotFound
from cloudtrack.projects.launching import find_submitted

RunId = Annotated[str, typer.Argument(metavar="RUN", help="The id of a project's run.")]


def status(run_id: RunId, as_json: output.JsonOption = False) -> None:
    """Ask the run and the place that executes it how far it is; a run whose job died is ended."""
    store = client()
    try:
        found = find_submitted(store, run_id).get_status()
    except NotFound:  # the place forgets jobs, the run does not
        found = store.runs.get(run_id).info.status
        if not RunStatus.is_terminated(found):
            raise
    _show(run_id, found, as_json=as_json)


def cancel(run_id: RunId, as_json: output.JsonOption = False) -> None:
    """End a run of a project, wherever it is executed, and wait until it has ended."""
    store = client()
    try:
        submitted = find_submitted(store, run_id)
    except NotFound:
        if not RunStatus.is_terminated(store.runs.get(run_id).info.status):
            raise
    else:
        submitted.cancel()
    _show(run_id, store.runs.get(run_id).info.status, as_json=as_json)


def job_logs(run_id: RunId) -> None:
    """Print what the place that executes a run of a project keeps of it, also where it never came to run."""
    for line in find_submitted(client(), run_id).logs():
        output.say(line)


def _show(run_id: str, status: str, *, as_json: bool) -> None:
    if as_json:
        output.show_json({"run_id": run_id, "status": status})
    else:
        output.say(f"{run_id}  {status}")

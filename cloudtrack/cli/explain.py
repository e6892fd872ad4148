"""``cloudtrack explain``: a run in sixty lines."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import client
from cloudtrack.lineage.explanation import explain as explained


def explain(run_id: Annotated[str, typer.Argument(help="The run's id.")], as_json: output.JsonOption = False) -> None:
    """Say in sixty lines what a run was: metrics beside the other runs, unusual params, code, data, models."""
    parts = explained(client(), run_id)
    if as_json:
        output.show_json({part.heading: part.lines for part in parts})
        return
    for part in parts:
        output.say(part.heading)
        for line in part.lines:
            output.say(f"  {line}")

"""``cloudtrack reproduce``."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import client
from cloudtrack.environments.manager import EnvironmentManager
from cloudtrack.projects.reproducing import reproduce as do_again
from cloudtrack.projects.verdict import Outcome


def reproduce(
    run_id: Annotated[str, typer.Argument(help="A run of a project that finished.")],
    rtol: Annotated[float, typer.Option(help="A value may differ by so much of itself.", min=0)] = 1e-9,
    atol: Annotated[float, typer.Option(help="A value may differ by so much.", min=0)] = 0.0,
    ignore: Annotated[
        list[str] | None, typer.Option(help="A pattern of metrics that are not compared, as 'time_*'; may be repeated.")
    ] = None,
    env_manager: Annotated[
        EnvironmentManager | None, typer.Option(help="local: the packages of this machine, whatever the run had.")
    ] = None,
    as_json: output.JsonOption = False,
) -> None:
    """Run a project's run again, and say whether it came out the same. Exit code 1 where it diverged."""
    verdict = do_again(
        client(),
        run_id,
        rtol=rtol,
        atol=atol,
        ignored=ignore or (),
        manager=env_manager,
        shows_output=not as_json,
    )
    if as_json:
        output.show_json(verdict.model_dump(mode="json"))
    else:
        output.say(f"run {verdict.repeated_by} repeats {run_id}: {verdict}")
    if verdict.outcome == Outcome.DIVERGED:
        raise typer.Exit(1)

"""``cloudtrack export``: what the store holds, as another tracker keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import store_client

app = typer.Typer(help="Write what the store holds as another tracker keeps it.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """So that ``mlflow`` is a word of its own, though it is the only one."""


@app.command("mlflow")
def mlflow(
    target: Annotated[Path, typer.Argument(help="A folder that is not there yet: an mlruns for MLflow 2 and 3.")],
    as_json: output.JsonOption = False,
) -> None:
    """Write experiments, runs, logged models and registered models as MLflow's folder."""
    from cloudtrack.importing.mlflow_export import MlflowExport

    report = MlflowExport(store_client(), target).run()
    if as_json:
        output.show_json(report)
    else:
        output.show_table(report.target, ("", "written"), [*report.counts.items()], empty="the store is empty")
        for omission in report.omitted:
            names = ", ".join(omission.examples)
            output.complain(f"not written  {omission.count} {omission.kind}: {omission.reason} ({names})")
    if report.failures:
        raise typer.Exit(1)

"""``cloudtrack export``: what the store holds, as another tracker keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import store_client
from cloudtrack.errors import InvalidInput

app = typer.Typer(help="Write what the store holds as another tracker keeps it.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """So that ``mlflow`` is a word of its own, though it is the only one."""


@app.command("mlflow")
def mlflow(
    target: Annotated[
        str, typer.Argument(help="A folder that is not there yet, for MLflow 2 and 3; or a server, http://...")
    ],
    no_artifacts: Annotated[
        bool, typer.Option("--no-artifacts", help="Leave all files where they are; to a server alone.")
    ] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Write experiments, runs, logged models and registered models as MLflow's folder, or to an MLflow server."""
    if target.startswith(("http://", "https://")):
        _to_server(target, no_artifacts=no_artifacts, as_json=as_json)
        return
    if no_artifacts:
        raise InvalidInput("a folder has the files of runs too: --no-artifacts is for servers")
    from cloudtrack.importing.mlflow_export import MlflowExport

    report = MlflowExport(store_client(), Path(target)).run()
    if as_json:
        output.show_json(report)
    else:
        output.show_table(report.target, ("", "written"), [*report.counts.items()], empty="the store is empty")
        for omission in report.omitted:
            names = ", ".join(omission.examples)
            output.complain(f"not written  {omission.count} {omission.kind}: {omission.reason} ({names})")
    if report.failures:
        raise typer.Exit(1)


def _to_server(url: str, *, no_artifacts: bool, as_json: bool) -> None:
    from cloudtrack.importing.mlflow_server_export import MlflowServerExport

    client = store_client()
    report = MlflowServerExport(client, url, without_artifacts=no_artifacts, on_progress=output.count).run()
    output.end_count()
    if as_json:
        output.show_json(report)
    else:
        rows = [(kind, count.found, count.written, count.there) for kind, count in report.counts.items()]
        title = f"{client.uri} -> {report.target}"
        output.show_table(title, ("", "found", "written", "there already"), rows, empty="the store is empty")
        for omission in report.omitted:
            word = "not written" if omission.is_failure else "left out   "
            output.complain(
                f"{word}  {omission.count} {omission.kind}: {omission.reason} ({', '.join(omission.examples)})"
            )
        if not report.written:
            output.say("nothing was written: all of it is there already")
    if report.failures:
        raise typer.Exit(1)

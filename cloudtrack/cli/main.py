"""The command ``cloudtrack``. Exit codes: 0 done, 1 it failed (one line says why), 2 not understood."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cloudtrack.cli import (
    access,
    artifacts,
    datasets,
    ddl,
    demo,
    doctor,
    events,
    experiments,
    explain,
    exporting,
    grants,
    importing,
    index,
    maintenance,
    merging,
    models,
    output,
    projects,
    registry,
    releases,
    reproduction,
    runs,
    sagemaker,
    server,
    sql,
    sweeps,
    sync,
    tokens,
    ui,
    webhooks,
)
from cloudtrack.cli.state import state
from cloudtrack.errors import CloudtrackError

app = typer.Typer(
    name="cloudtrack",
    help="Experiment tracking and a model registry with nothing but a bucket or a folder.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(experiments.app, name="experiments")
app.add_typer(runs.app, name="runs")
app.add_typer(artifacts.app, name="artifacts")
app.add_typer(datasets.app, name="datasets")
app.add_typer(models.app, name="models")
app.add_typer(registry.app, name="registry")
app.add_typer(releases.app, name="releases")
app.add_typer(sagemaker.app, name="sagemaker")
app.add_typer(tokens.app, name="tokens")
app.add_typer(access.app, name="access")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(grants.app, name="grant")
app.add_typer(importing.app, name="import")
app.add_typer(exporting.app, name="export")
app.command("compact")(index.compact)
app.command("cost")(maintenance.cost)
app.command("ddl")(ddl.ddl)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("events")(events.events)
app.command("explain")(explain.explain)
app.command("export-site")(ui.export_site)
app.command("fsck")(maintenance.fsck)
app.command("gc")(maintenance.gc)
app.command("pull")(merging.pull)
app.command("push")(merging.push)
app.command("reindex")(index.reindex)
app.command("reproduce")(reproduction.reproduce)
app.command("run")(projects.run)
app.command("server")(server.server)
app.command("share")(grants.share)
app.command("sql")(sql.sql)
app.command("sweep")(sweeps.sweep)
app.command("sync")(sync.sync)
app.command("ui")(ui.ui)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        output.say(f"cloudtrack {version('cloudtrack')}")
        raise typer.Exit


@app.callback()
def root(
    store: Annotated[
        str | None,
        typer.Option("--store", "-s", help="A folder, or s3://bucket/prefix. Default: CLOUDTRACK_URI."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options for all commands."""
    del version
    state.store = store


def main() -> None:
    """Run the command line of this process."""
    try:
        app()
    except CloudtrackError as error:
        output.complain(f"Error: {error.message}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()

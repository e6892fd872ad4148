"""``cloudtrack import``: what other trackers hold comes into the store, each thing once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import store_client

if TYPE_CHECKING:
    from cloudtrack.importing.foreign import Source
    from cloudtrack.importing.importer import ImportReport

app = typer.Typer(help="Bring what other trackers hold into the store. Safe to repeat.", no_args_is_help=True)

PrefixOption = Annotated[str, typer.Option("--prefix", help="Stands before names of experiments and models.")]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Say what would come, and write nothing.")]


@app.command("mlflow")
def mlflow(
    source: Annotated[str, typer.Argument(help="./mlruns, sqlite:///mlflow.db, postgresql://..., http://server.")],
    experiment: Annotated[
        list[str] | None, typer.Option("--experiment", help="A name or an id: these alone, without registered models.")
    ] = None,
    prefix: PrefixOption = "",
    artifacts: Annotated[
        str, typer.Option("--artifacts", help="The folder or bucket where artifacts are, if not below the source.")
    ] = "",
    no_artifacts: Annotated[bool, typer.Option("--no-artifacts", help="Leave all files where they are.")] = False,
    dry_run: DryOption = False,
    as_json: output.JsonOption = False,
) -> None:
    """Import experiments, runs, logged models and registered models of MLflow, as they are."""
    from cloudtrack.importing.opening import open_mlflow

    _import(
        open_mlflow(source, artifacts),
        experiments=experiment or [],
        prefix=prefix,
        without_artifacts=no_artifacts,
        is_dry=dry_run,
        as_json=as_json,
    )


@app.command("tensorboard")
def tensorboard(
    folder: Annotated[Path, typer.Argument(help="A folder with event files, each folder of them a run.")],
    experiment: Annotated[str, typer.Option("--experiment", help="The experiment's name.")] = "",
    dry_run: DryOption = False,
    as_json: output.JsonOption = False,
) -> None:
    """Import the scalars that TensorBoard shows."""
    from cloudtrack.importing.tensorboard import TensorBoardFolder

    _import(TensorBoardFolder(folder, experiment), is_dry=dry_run, as_json=as_json)


@app.command("wandb")
def wandb(
    folder: Annotated[Path, typer.Argument(help="A folder wandb with runs that were kept on disk, or one of them.")],
    experiment: Annotated[str, typer.Option("--experiment", help="One for all; else each project is one.")] = "",
    dry_run: DryOption = False,
    as_json: output.JsonOption = False,
) -> None:
    """Import settings, numbers and files of runs that Weights & Biases has on disk."""
    from cloudtrack.importing.wandb_folder import WandbFolder

    _import(WandbFolder(folder, experiment), is_dry=dry_run, as_json=as_json)


@app.command("neptune")
def neptune(
    folder: Annotated[Path, typer.Argument(help="A folder of Neptune's exporter, with data and files in it.")],
    files: Annotated[
        Path | None, typer.Option("--files", help="What the exporter had as --files-path; else beside the data.")
    ] = None,
    step_multiplier: Annotated[
        int, typer.Option("--step-multiplier", help="For steps with fractions: 1000 makes 0.5 step 500.")
    ] = 1,
    dry_run: DryOption = False,
    as_json: output.JsonOption = False,
) -> None:
    """Import settings, numbers and files of runs that Neptune's exporter wrote as Parquet."""
    from cloudtrack.importing.neptune_export import NeptuneExport

    _import(NeptuneExport(folder, files, step_multiplier=step_multiplier), is_dry=dry_run, as_json=as_json)


@app.command("aim")
def aim(
    folder: Annotated[Path, typer.Argument(help="A folder with .aim in it.")],
    dry_run: DryOption = False,
    as_json: output.JsonOption = False,
) -> None:
    """Import settings and numbers of Aim's runs, with Aim installed."""
    from cloudtrack.importing.aim_repository import AimRepository

    _import(AimRepository(folder), is_dry=dry_run, as_json=as_json)


def _import(
    source: Source,
    *,
    experiments: list[str] | None = None,
    prefix: str = "",
    without_artifacts: bool = False,
    is_dry: bool,
    as_json: bool,
) -> None:
    from cloudtrack.importing.importer import run_import

    report = run_import(
        store_client(create=not is_dry),
        source,
        experiments=experiments or [],
        prefix=prefix,
        without_artifacts=without_artifacts,
        is_dry=is_dry,
        on_progress=output.count,
    )
    output.end_count()
    if as_json:
        output.show_json(report.to_dictionary())
    else:
        _show(report)
    if report.failures:
        raise typer.Exit(1)


def _show(report: ImportReport) -> None:
    done = "would import" if report.is_dry else "imported"
    rows = [(kind, count.found, count.imported, count.there) for kind, count in report.counts.items() if count.found]
    output.show_table(
        f"{report.source} -> {report.store}", ("", "found", done, "there already"), rows, empty="nothing was found"
    )
    for omission in report.omitted:
        examples = f" ({', '.join(omission.examples)}{', ...' if omission.count > len(omission.examples) else ''})"
        line = f"{omission.count} {omission.kind}: {omission.reason}{examples if omission.examples else ''}"
        if omission.is_failure:
            output.complain(f"not imported  {line}")
        else:
            output.say(f"left out      {line}")
    if not report.imported and not report.is_dry:
        output.say("nothing was written: all of it is there already")

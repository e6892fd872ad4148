"""``cloudtrack runs``."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli.experiments import find
from cloudtrack.cli.state import client
from cloudtrack.client import AnyClient
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import Run
from cloudtrack.errors import NotFound

app = typer.Typer(help="List, search, show, end, delete and restore runs.", no_args_is_help=True)

RunId = Annotated[str, typer.Argument(help="The run's id.")]
_SHOWN_METRICS = 6


@app.command("list")
def list_runs(
    experiment: Annotated[str, typer.Option("--experiment", "-e", help="Name or id; all experiments by default.")] = "",
    filter_string: Annotated[
        str, typer.Option("--filter", "-f", help="Such as: metrics.loss < 0.1 AND params.model = 'tree'.")
    ] = "",
    order_by: Annotated[list[str] | None, typer.Option("--order-by", "-o", help="Such as: metrics.loss ASC.")] = None,
    max_results: Annotated[int, typer.Option("--max", "-n", min=1, help="At most so many runs.")] = 50,
    deleted: Annotated[bool, typer.Option("--deleted", help="Show those in the trash.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """List runs, newest first unless --order-by says otherwise."""
    store = client()
    view = ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY
    runs = store.runs.search(
        _experiment_ids(store, experiment), filter_string, view_type=view, max_results=max_results, order_by=order_by
    )
    if as_json:
        output.show_json(runs)
        return
    keys = list(dict.fromkeys(key for run in runs for key in run.data.metrics))[:_SHOWN_METRICS]
    rows = [
        (
            run.info.run_id,
            run.info.run_name,
            status(run),
            output.time(run.info.start_time),
            *(output.number(run.data.metrics[key]) if key in run.data.metrics else "" for key in keys),
        )
        for run in runs
    ]
    output.show_table("Runs", ("id", "name", "status", "started (UTC)", *keys), rows, empty="no runs")


@app.command("show")
def show(run_id: RunId, as_json: output.JsonOption = False) -> None:
    """Show a run with its params, metrics and tags."""
    run = client().runs.get(run_id)
    if as_json:
        output.show_json(run)
        return
    info = run.info
    output.show_fields(
        {
            "id": info.run_id,
            "name": info.run_name,
            "experiment": info.experiment_id,
            "status": status(run),
            "stage": info.lifecycle_stage,
            "user": info.user_id,
            "started": output.time(info.start_time),
            "ended": output.time(info.end_time),
            "artifacts": info.artifact_uri,
        }
    )
    output.show_table("Params", ("key", "value"), sorted(run.data.params.items()), empty="no params")
    metrics = [
        (key, output.number(m.value), m.step, output.number(m.min), output.number(m.max), m.count)
        for key, m in sorted(run.data.summaries.items())
    ]
    output.show_table("Metrics", ("key", "last", "step", "min", "max", "points"), metrics, empty="no metrics")
    output.show_table("Tags", ("key", "value"), sorted(run.data.tags.items()), empty="no tags")


@app.command("metrics")
def metrics(run_id: RunId, key: str, as_json: output.JsonOption = False) -> None:
    """Print every point of one metric."""
    store = client()
    points = store.metrics.history(run_id, key)
    if not points:
        raise NotFound(f"run {run_id} has no metric {key!r}")
    if as_json:
        output.show_json([{"step": p.step, "timestamp": p.timestamp, "value": p.value} for p in points])
        return
    rows = [(point.step, output.time(point.timestamp), point.value) for point in points]
    output.show_table(key, ("step", "time (UTC)", "value"), rows, empty="no points")


@app.command("end")
def end(
    run_id: RunId,
    as_status: Annotated[str, typer.Option("--status", help="FINISHED, FAILED or KILLED.")] = "FINISHED",
    as_json: output.JsonOption = False,
) -> None:
    """End a run whose process is gone."""
    _report(client().runs.update(run_id, status=as_status.upper()), as_json)


@app.command("delete")
def delete(run_id: RunId, as_json: output.JsonOption = False) -> None:
    """Move a run to the trash."""
    store = client()
    store.runs.delete(run_id)
    _report(store.runs.get(run_id), as_json)


@app.command("restore")
def restore(run_id: RunId, as_json: output.JsonOption = False) -> None:
    """Take a run out of the trash."""
    store = client()
    store.runs.restore(run_id)
    _report(store.runs.get(run_id), as_json)


@app.command("tag")
def tag(run_id: RunId, key: str, value: str, as_json: output.JsonOption = False) -> None:
    """Set a tag on a run."""
    store = client()
    store.runs.log_batch(run_id, tags={key: value})
    _report(store.runs.get(run_id), as_json)


def status(run: Run) -> str:
    """The status, LOST where the run says it is running and its process is silent."""
    return "LOST" if run.info.is_lost else run.info.status


def _report(run: Run, as_json: bool) -> None:
    if as_json:
        output.show_json(run)
    else:
        output.say(f"{run.info.run_id}  {run.info.run_name}  {status(run)}  {run.info.lifecycle_stage}")


def _experiment_ids(store: AnyClient, experiment: str) -> list[str]:
    if experiment:
        return [find(store, experiment).experiment_id]
    return [item.experiment_id for item in store.experiments.search()]

"""``cloudtrack runs``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from cloudtrack.cli import jobs, output
from cloudtrack.cli.experiments import find
from cloudtrack.cli.model_lineage import from_run
from cloudtrack.cli.purges import purge_runs
from cloudtrack.cli.run_logs import show_logs
from cloudtrack.cli.state import client, store_client
from cloudtrack.client import AnyClient
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import Run
from cloudtrack.errors import NotFound
from cloudtrack.lakehouse.export import Format, export_runs
from cloudtrack.tracking.sampling import FEWEST_ROWS

app = typer.Typer(help="List, search, export, show, end, delete and restore runs.", no_args_is_help=True)

app.command("versions")(from_run)
app.command("purge")(purge_runs)
app.command("status")(jobs.status)
app.command("cancel")(jobs.cancel)
app.command("job-logs")(jobs.job_logs)
app.command("logs")(show_logs)

RunId = Annotated[str, typer.Argument(help="The run's id.")]
_SHOWN_METRICS = 6
_RUNS_AT_ONCE = 1000


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
def metrics(
    run_id: RunId,
    key: str,
    sample: Annotated[
        int | None, typer.Option("--sample", min=FEWEST_ROWS, help="In so many rows: of each group the last, min, max.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print lines of values between commas.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Print every point of one metric, or a sample of a long one that keeps its spikes."""
    names, rows = _sample(run_id, key, sample) if sample else _points(run_id, key)
    if as_json:
        output.show_json([dict(zip(names, row, strict=True)) for row in rows])
    elif as_csv:
        for line in (names, *rows):
            output.say(",".join(map(str, line)))
    else:
        titles = ["time (UTC)" if name == "timestamp" else name for name in names]
        shown = [
            [output.time(int(cell)) if name == "timestamp" else cell for name, cell in zip(names, row, strict=True)]
            for row in rows
        ]
        output.show_table(key, titles, shown, empty="no numbers")


@app.command("export")
def export(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    file_format: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.CSV,
    experiment: Annotated[str, typer.Option("--experiment", "-e", help="Name or id; all experiments by default.")] = "",
    filter_string: Annotated[
        str, typer.Option("--filter", "-f", help="Such as: metrics.loss < 0.1 AND params.model = 'tree'.")
    ] = "",
    as_json: output.JsonOption = False,
) -> None:
    """Write runs to a file, a row a run, however many they are."""
    store = client()
    count = export_runs(_all_runs(store, _experiment_ids(store, experiment), filter_string), target, file_format)
    if as_json:
        output.show_json({"path": str(target), "runs": count})
    else:
        output.say(f"wrote {count} runs to {target}")


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


def _points(run_id: str, key: str) -> tuple[tuple[str, ...], list[tuple[float, ...]]]:
    points = client().metrics.history(run_id, key)
    if not points:
        raise _no_metric(run_id, key)
    return ("step", "timestamp", "value"), [(point.step, point.timestamp, point.value) for point in points]


def _sample(run_id: str, key: str, rows: int) -> tuple[tuple[str, ...], list[tuple[float, ...]]]:
    (series,) = store_client().metrics.series([run_id], [key], buckets=rows)
    found = series.sample
    if not found.raw:
        raise _no_metric(run_id, key)
    for name, places in (("NaN", found.nan), ("inf", found.infinite), ("-inf", found.negative_infinite)):
        if places.count:
            output.complain(f"{places.count} points are {name} and in no row; the first is at step {places.x[0]}")
    last, buckets = found.last.tolist(), found.buckets
    rest = (last, last, [1] * len(last))
    if buckets:
        rest = (buckets.min.tolist(), buckets.max.tolist(), buckets.count.tolist())
    return ("step", "last", "min", "max", "points"), [*zip(found.x.tolist(), last, *rest, strict=True)]


def _no_metric(run_id: str, key: str) -> NotFound:
    return NotFound(f"run {run_id} has no metric {key!r}")


def status(run: Run) -> str:
    """The status, LOST where the run says it is running and its process is silent."""
    return "LOST" if run.info.is_lost else run.info.status


def _report(run: Run, as_json: bool) -> None:
    if as_json:
        output.show_json(run)
    else:
        output.say(f"{run.info.run_id}  {run.info.run_name}  {status(run)}  {run.info.lifecycle_stage}")


def _all_runs(store: AnyClient, experiment_ids: list[str], filter_string: str) -> Iterator[Run]:
    token: str | None = None
    while token != "":
        page = store.runs.search(experiment_ids, filter_string, max_results=_RUNS_AT_ONCE, page_token=token)
        yield from page
        token = page.token or ""


def _experiment_ids(store: AnyClient, experiment: str) -> list[str]:
    if experiment:
        return [find(store, experiment).experiment_id]
    return [item.experiment_id for item in store.experiments.search()]

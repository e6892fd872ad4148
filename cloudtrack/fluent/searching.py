"""Finding runs."""

from __future__ import annotations

from typing import Any

from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import Run
from cloudtrack.errors import InvalidInput, MissingDependency
from cloudtrack.fluent import session
from cloudtrack.tracking.runs import PARENT_RUN_TAG

DEFAULT_MAX_RESULTS = 100_000


def get_run(run_id: str) -> Run:
    """A run with all that was logged so far, by this process too. Raises NotFound."""
    return session.client().runs.get(run_id)


def get_parent_run(run_id: str) -> Run | None:
    """The run that this one is nested in."""
    parent = get_run(run_id).data.tags.get(PARENT_RUN_TAG)
    return get_run(parent) if parent else None


def delete_run(run_id: str) -> None:
    """Move a run to the trash."""
    session.client().runs.delete(run_id)


def restore_run(run_id: str) -> None:
    """Take a run out of the trash."""
    session.client().runs.restore(run_id)


def search_runs(
    experiment_ids: list[str] | None = None,
    filter_string: str = "",
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int = DEFAULT_MAX_RESULTS,
    order_by: list[str] | None = None,
    output_format: str = "pandas",
    search_all_experiments: bool = False,
    experiment_names: list[str] | None = None,
) -> Any:
    """Runs of these experiments, or of the one in force: a DataFrame (``output_format="pandas"``) or a list."""
    ids = session.experiment_ids(experiment_ids, experiment_names, search_all=search_all_experiments)
    if output_format not in ("pandas", "list"):
        raise InvalidInput(f"output_format is {output_format!r}; it is 'pandas' or 'list'")
    runs = session.client().runs.search(
        ids, filter_string, view_type=run_view_type, max_results=max_results, order_by=order_by
    )
    return _frame(runs) if output_format == "pandas" else list(runs)


def _frame(runs: list[Run]) -> Any:
    """One row a run: attributes, ``metrics.*``, ``params.*`` and ``tags.*``; missing values are NaN or None."""
    try:
        import pandas
    except ImportError as error:
        raise MissingDependency(
            'search_runs gives a DataFrame: pip install "cloudtrack[pandas]", or ask for output_format="list"'
        ) from error
    info = [run.info for run in runs]
    columns: dict[str, Any] = {
        "run_id": [item.run_id for item in info],
        "experiment_id": [item.experiment_id for item in info],
        "status": [item.status for item in info],
        "artifact_uri": [item.artifact_uri for item in info],
        "start_time": pandas.to_datetime([item.start_time for item in info], unit="ms", utc=True),
        "end_time": pandas.to_datetime([item.end_time for item in info], unit="ms", utc=True),
    }
    for kind, missing in (("metrics", float("nan")), ("params", None), ("tags", None)):
        rows = [getattr(run.data, kind) for run in runs]
        for key in sorted({key for row in rows for key in row}):
            columns[f"{kind}.{key}"] = [row.get(key, missing) for row in rows]
    return pandas.DataFrame(columns)

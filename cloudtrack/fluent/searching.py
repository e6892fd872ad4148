"""Finding runs."""

from __future__ import annotations

from typing import Any

from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import Run
from cloudtrack.fluent import session
from cloudtrack.lakehouse.run_table import check_format, table_of
from cloudtrack.tracking.run_index import PARENT_RUN_TAG

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
    """Runs of these experiments, or of the one in force.

    ``output_format`` is "pandas" for a DataFrame, "polars", "arrow" for a ``pyarrow.Table``, or "list".
    """
    ids = session.experiment_ids(experiment_ids, experiment_names, search_all=search_all_experiments)
    check_format(output_format)
    runs = session.client().runs.search(
        ids, filter_string, view_type=run_view_type, max_results=max_results, order_by=order_by
    )
    return table_of(runs, output_format)

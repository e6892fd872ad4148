"""What MLflow can keep and cloudtrack does not: traces and their assessments, evaluation datasets, scorers.

Searches find none, so that MLflow's page shows empty lists. Whatever would be lost is refused; MLflow's tracing says
so in a warning, and the traced program goes on.
"""

from __future__ import annotations

from typing import Any, NoReturn

from mlflow.store.entities import PagedList

from cloudtrack.mlflow_plugin.errors import mlflow_error


def _no_traces() -> NoReturn:
    raise mlflow_error(
        "NOT_IMPLEMENTED",
        "cloudtrack keeps no traces: keep them elsewhere with mlflow.tracing.set_destination, or do without "
        "(mlflow.tracing.disable())",
    )


class NotKept:
    """Methods of MLflow's tracking store, whatever their arguments are in its versions."""

    def start_trace(self, *_: Any, **__: Any) -> NoReturn:
        """No traces."""
        _no_traces()

    def log_spans(self, *_: Any, **__: Any) -> NoReturn:
        """No traces."""
        _no_traces()

    def link_traces_to_run(self, *_: Any, **__: Any) -> NoReturn:
        """No traces."""
        _no_traces()

    def get_trace_info(self, *_: Any, **__: Any) -> NoReturn:
        """No traces."""
        _no_traces()

    def search_traces(self, *_: Any, **__: Any) -> tuple[list[Any], None]:
        """There are none."""
        return [], None

    def query_trace_metrics(self, *_: Any, **__: Any) -> PagedList:
        """Of no traces."""
        return PagedList([], None)

    def search_datasets(self, *_: Any, **__: Any) -> PagedList:
        """There are no evaluation datasets; those that runs read are inputs of the runs."""
        return PagedList([], None)

    def list_scorers(self, *_: Any, **__: Any) -> list[Any]:
        """There are none."""
        return []

"""MLflow's tracking store over a store of ours: experiments, runs and what is logged to them."""

from __future__ import annotations

from typing import Any

import mlflow
from mlflow import entities
from mlflow.entities import RunStatus, ViewType
from mlflow.entities.metric import MetricWithRunId
from mlflow.store.entities import PagedList

from cloudtrack.api.mlflow import experiments, metrics, runs
from cloudtrack.entities.run import Metric
from cloudtrack.mlflow_plugin import conversion
from cloudtrack.mlflow_plugin.conversion import dataset_message, metric_message, pairs
from cloudtrack.mlflow_plugin.errors import as_mlflow_errors, mlflow_error
from cloudtrack.mlflow_plugin.logged_model_store import LoggedModelStore
from cloudtrack.mlflow_plugin.not_kept import NotKept
from cloudtrack.mlflow_plugin.opened_store import OpenedStore, open_client
from cloudtrack.mlflow_plugin.place import parse_place
from cloudtrack.mlflow_plugin.run_logging import RunLogging, before_threads_end
from cloudtrack.mlflow_plugin.server import hands_on_files

_MOST = 1000


class TrackingStore(NotKept, LoggedModelStore):
    """Names, arguments and results are MLflow's. All methods raise MlflowException."""

    def __init__(self, store_uri: str, artifact_uri: str | None = None) -> None:
        super().__init__()
        with as_mlflow_errors():
            place = parse_place(store_uri)
            if place.path:
                raise mlflow_error("INVALID_PARAMETER_VALUE", f"{store_uri!r} is a folder in a store, and no store")
            client = open_client(place, create=True)
        self._store = OpenedStore(client, direct=not hands_on_files(place, artifact_uri))
        self._ask = self._store.ask
        self._logging = None if artifact_uri else RunLogging(client)  # with one, this is a server
        if self._logging:
            before_threads_end(_end_active_runs)

    # Experiments

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = _MOST,
        filter_string: str | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList:
        """A page of experiments."""
        page = self._ask(
            experiments.search_experiments,
            view_type=view_type,
            max_results=max_results,
            filter=filter_string,
            order_by=order_by,
            page_token=page_token,
        )
        found = [conversion.experiment(message) for message in page.get("experiments", [])]
        return PagedList(found, page.get("next_page_token"))

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: list[entities.ExperimentTag] | None = None
    ) -> str:
        """The id of a new experiment."""
        answer = self._ask(
            experiments.create_experiment, name=name, artifact_location=artifact_location, tags=pairs(tags)
        )
        return str(answer["experiment_id"])

    def get_experiment(self, experiment_id: str) -> entities.Experiment:
        """One experiment."""
        return conversion.experiment(self._ask(experiments.get_experiment, experiment_id=experiment_id)["experiment"])

    def get_experiment_by_name(self, experiment_name: str) -> entities.Experiment | None:
        """One experiment, also a deleted one; None where there is none."""
        with as_mlflow_errors():
            found = self._store.client.experiments.get_by_name(experiment_name)
        return None if found is None else self.get_experiment(found.experiment_id)

    def delete_experiment(self, experiment_id: str) -> None:
        """Move an experiment and its runs to the trash."""
        if self._logging:
            self._logging.leave_all()
        self._ask(experiments.delete_experiment, experiment_id=experiment_id)

    def restore_experiment(self, experiment_id: str) -> None:
        """Take an experiment out of the trash."""
        self._ask(experiments.restore_experiment, experiment_id=experiment_id)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Rename an experiment."""
        self._ask(experiments.update_experiment, experiment_id=experiment_id, new_name=new_name)

    def set_experiment_tag(self, experiment_id: str, tag: entities.ExperimentTag) -> None:
        """Set a tag of an experiment."""
        self._ask(experiments.set_experiment_tag, experiment_id=experiment_id, key=tag.key, value=tag.value)

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Delete a tag of an experiment."""
        self._ask(experiments.delete_experiment_tag, experiment_id=experiment_id, key=key)

    def _search_datasets(self, experiment_ids: list[str]) -> list[Any]:
        found = self._ask(experiments.search_datasets, experiment_ids=experiment_ids).get("dataset_summaries", [])
        return [entities._DatasetSummary(**{"context": None, **summary}) for summary in found]

    # Runs

    def create_run(
        self,
        experiment_id: str,
        user_id: str | None,
        start_time: int | None,
        tags: list[entities.RunTag] | None,
        run_name: str | None,
    ) -> entities.Run:
        """A new run, running."""
        answer = self._ask(
            runs.create_run,
            experiment_id=experiment_id,
            user_id=user_id,
            start_time=start_time,
            tags=pairs(tags),
            run_name=run_name,
        )
        made = conversion.run(answer["run"])
        if self._logging:
            self._logging.begin(made.info.run_id)
        return made

    def get_run(self, run_id: str) -> entities.Run:
        """One run, with the last value of each metric."""
        return conversion.run(self._ask(runs.get_run, run_id=run_id)["run"])

    def update_run_info(
        self, run_id: str, run_status: int | None, end_time: int | None, run_name: str | None
    ) -> entities.RunInfo:
        """Change status, end time or name. All that was logged is in the store when a run has ended."""
        if self._logging and run_status is not None and RunStatus.is_terminated(run_status):
            with as_mlflow_errors():
                if self._logging.end(run_id, RunStatus.to_string(run_status), end_time):
                    run_status = end_time = None
        elif self._logging and run_status == RunStatus.RUNNING:
            self._logging.begin(run_id)
        answer = self._ask(runs.update_run, run_id=run_id, status=run_status, end_time=end_time, run_name=run_name)
        return conversion.run_info(answer["run_info"])

    def delete_run(self, run_id: str) -> None:
        """Move a run to the trash."""
        if self._logging:
            self._logging.leave(run_id)
        self._ask(runs.delete_run, run_id=run_id)

    def restore_run(self, run_id: str) -> None:
        """Take a run out of the trash."""
        self._ask(runs.restore_run, run_id=run_id)

    def _search_runs(
        self,
        experiment_ids: list[str],
        filter_string: str | None,
        run_view_type: int,
        max_results: int,
        order_by: list[str] | None,
        page_token: str | None,
    ) -> tuple[list[entities.Run], str | None]:
        page = self._ask(
            metrics.search_runs,
            experiment_ids=experiment_ids,
            filter=filter_string,
            run_view_type=run_view_type,
            max_results=max_results,
            order_by=order_by,
            page_token=page_token,
        )
        return [conversion.run(message) for message in page.get("runs", [])], page.get("next_page_token")

    # What is logged to runs

    def log_batch(
        self,
        run_id: str,
        metrics: list[entities.Metric] | None = None,
        params: list[entities.Param] | None = None,
        tags: list[entities.RunTag] | None = None,
    ) -> None:
        """Log metrics, params and tags: all of them or nothing."""
        if not self._is_logged_here(run_id, metrics or [], params or [], tags or []):
            given = [metric_message(item) for item in metrics or []]
            self._ask(runs.log_batch, run_id=run_id, metrics=given, params=pairs(params), tags=pairs(tags))

    def _is_logged_here(
        self, run_id: str, metrics: list[entities.Metric], params: list[entities.Param], tags: list[entities.RunTag]
    ) -> bool:
        """Log to a run that this process began, without waiting; False where that cannot be."""
        if self._logging is None or any(getattr(metric, "model_id", None) for metric in metrics):
            return False
        with as_mlflow_errors():
            runs.check_sizes(len(metrics), len(params), len(tags))
            points = [Metric(item.key, item.value, item.timestamp, item.step) for item in metrics]
            texts = {tag.key: tag.value for tag in tags}
            return self._logging.log(run_id, points, runs.written_once(params), texts)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Delete a tag of a run."""
        self._ask(runs.delete_tag, run_id=run_id, key=key)

    def log_inputs(
        self, run_id: str, datasets: list[entities.DatasetInput] | None = None, models: list[Any] | None = None
    ) -> None:
        """Record datasets and models that a run read."""
        self._ask(
            runs.log_inputs,
            run_id=run_id,
            datasets=[dataset_message(use) for use in datasets or []],
            models=[{"model_id": model.model_id} for model in models or []],
        )

    def log_outputs(self, run_id: str, models: list[Any]) -> None:
        """Record models that a run made."""
        made = [{"model_id": model.model_id, "step": model.step} for model in models]
        self._ask(runs.log_outputs, run_id=run_id, models=made)

    def record_logged_model(self, run_id: str, mlflow_model: Any) -> None:
        """Record a model among a run's artifacts, as MLflow 2 does."""
        self._ask(runs.log_model, run_id=run_id, model_json=mlflow_model.to_json())

    # Histories of metrics

    def get_metric_history(
        self, run_id: str, metric_key: str, max_results: int | None = None, page_token: str | None = None
    ) -> PagedList:
        """Every point of one metric, or a page of them, by time."""
        page = self._ask_of_metrics(
            metrics.get_history, run_id=run_id, metric_key=metric_key, max_results=max_results, page_token=page_token
        )
        return PagedList(list(map(conversion.metric, page.get("metrics", []))), page.get("next_page_token"))

    def get_metric_history_bulk(self, run_ids: list[str], metric_key: str, max_results: int) -> list[MetricWithRunId]:
        """One metric of many runs, run by run."""
        found = self._ask_of_metrics(
            metrics.get_history_bulk, run_id=run_ids, metric_key=metric_key, max_results=max_results
        )
        return _with_runs(found)

    def get_metric_history_bulk_interval(
        self, run_ids: list[str], metric_key: str, max_results: int, start_step: int | None, end_step: int | None
    ) -> list[MetricWithRunId]:
        """One metric of many runs by step, of each run at most ``max_results`` points."""
        found = self._ask_of_metrics(
            metrics.get_history_interval,
            run_ids=run_ids,
            metric_key=metric_key,
            max_results=max_results,
            start_step=start_step,
            end_step=end_step,
        )
        return _with_runs(found)

    def _ask_of_metrics(self, endpoint: Any, **fields: Any) -> dict[str, Any]:
        with as_mlflow_errors():
            self._store.client.runs.flush()
        return self._ask(endpoint, **fields)


def _end_active_runs() -> None:
    """End what is still active, as MLflow does itself a moment later, when some stores cannot be reached any more."""
    while mlflow.active_run() is not None:
        mlflow.end_run()


def _with_runs(found: dict[str, Any]) -> list[MetricWithRunId]:
    return [MetricWithRunId(conversion.metric(point), point["run_id"]) for point in found.get("metrics", [])]

"""Runs behind a server, with the same writers as over a store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cloudtrack import clock
from cloudtrack.entities.dataset import DatasetInput
from cloudtrack.entities.experiment import Experiment, ViewType
from cloudtrack.entities.names import check_experiment_id, check_run_id, timestamp_ms
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.run import LoggedModelInput, LoggedModelOutput, Metric, Run
from cloudtrack.errors import NotFound, StateError
from cloudtrack.remote import entities
from cloudtrack.remote.addresses import MLFLOW, OWN
from cloudtrack.remote.artifact_files import ArtifactFiles
from cloudtrack.remote.connection import Connection
from cloudtrack.remote.delivery import RemoteDelivery, wire_header
from cloudtrack.remote.logged_models import RemoteLoggedModels
from cloudtrack.remote.paging import gathered
from cloudtrack.remote.wire import MOST_LOGGED
from cloudtrack.tracking.artifacts import Artifacts
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.model_points import ModelDelivery
from cloudtrack.tracking.run_writer import RunWriter
from cloudtrack.tracking.runs import batch, end_of, new_run
from cloudtrack.tracking.writers import Writers

_PAGE = 1000
_ARTIFACTS = "mlflow-artifacts:"


class RemoteRuns:
    """The runs of a server's store. Everything logged by this process's writers is seen by its own reads."""

    def __init__(self, connection: Connection, logged_models: RemoteLoggedModels, *, spool_dir: Path) -> None:
        self._connection = connection
        self._logged_models = logged_models
        self._writers = Writers(connection.url, spool_dir)

    def create(
        self,
        experiment_id: str,
        *,
        run_name: str | None = None,
        start_time: int | None = None,
        tags: Mapping[str, str] | None = None,
        user_id: str = "",
        operation: str = "",
    ) -> Run:
        """A new run, running. Raises NotFound, or StateError for a deleted experiment.

        ``operation`` is a name for this creation, 32 hexadecimal digits that nobody else can have: repeated with it,
        the creation finds the run that it made.
        """
        content = {
            "experiment_id": check_experiment_id(experiment_id),
            "run_name": run_name or "",
            "start_time": clock.now_ms() if start_time is None else timestamp_ms(start_time),
            "tags": entities.pairs(tags),
            "user_id": user_id,
        }
        answer = self._connection.call("POST", f"{MLFLOW}/runs/create", content, operation=operation)
        return entities.run(answer["run"])

    def get(self, run_id: str) -> Run:
        """Raises NotFound."""
        self._writers.flush(run_id)
        return entities.run(self._connection.get(f"{MLFLOW}/runs/get", run_id=check_run_id(run_id))["run"])

    def list(self, experiment_ids: Sequence[str], *, view_type: int = ViewType.ACTIVE_ONLY) -> list[Run]:
        """All runs of these experiments, newest first."""
        return list(self._search(experiment_ids, None, view_type, None, None, None))

    def search(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        *,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Run]:
        """One page of the runs of these experiments that meet the filter, newest first or as ``order_by`` says."""
        return self._search(experiment_ids, filter_string, view_type, max_results, order_by, page_token)

    def open_writer(self, run_id: str) -> RunWriter:
        """Log to an existing run without waiting; the same writer for all callers of this process.

        A run that has ended is running again. Raises NotFound, StateError for a deleted run.
        """

        def resume() -> tuple[RemoteDelivery, RunDocument]:
            answer = self._connection.call("POST", f"{OWN}/runs/resume", {"run_id": check_run_id(run_id)})
            run = entities.run(answer["run"])
            return self._delivery(is_made=True), _document(run)

        return self._writers.open(run_id, resume)

    def start_writer(
        self,
        experiment: Experiment,
        *,
        run_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        user_id: str = "",
    ) -> tuple[Run, RunWriter]:
        """A new run and its writer. Where the server is away the run starts all the same, and is created later."""
        document = new_run(experiment.experiment_id, run_name=run_name, tags=tags, user_id=user_id)
        wire_header("", document, experiment.name)  # said now rather than by a delivery
        writer = self._writers.start(self.delivery(), experiment, document)
        return writer.run.to_entity(_ARTIFACTS, clock.now_ms()), writer

    def update(
        self, run_id: str, *, status: str | None = None, run_name: str | None = None, end_time: int | None = None
    ) -> Run:
        """Change status, name or end time. A status that ends the run sets the end time to now by default."""
        content: dict[str, Any] = {"status": status, "end_time": end_of(status, end_time), "run_name": run_name or ""}
        self._change("update", run_id, {name: value for name, value in content.items() if value is not None})
        return self.get(run_id)

    def log_batch(
        self,
        run_id: str,
        *,
        metrics: Sequence[Metric] = (),
        params: Mapping[str, object] | None = None,
        tags: Mapping[str, object] | None = None,
    ) -> None:
        """Log at once, and return when the store has it: all of it or nothing, but for more than 10,000 metrics.

        A metric that names a logged model goes to that too. Raises NotFound where there is none.
        """
        changes = batch(metrics, params, tags)
        points = [
            {"key": key, "value": value, "step": step, "timestamp": timestamp, **entities.links(metric)}
            for metric, (key, value, step, timestamp) in zip(metrics, changes.points, strict=True)
        ]
        content = {"params": entities.pairs(changes.params), "tags": entities.pairs(changes.tags)}
        if not changes.is_empty():
            self._change("log-batch", run_id, {**content, "metrics": points[:MOST_LOGGED]})
        for start in range(MOST_LOGGED, len(points), MOST_LOGGED):
            self._change("log-batch", run_id, {"metrics": points[start : start + MOST_LOGGED]})

    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput] = (), models: Sequence[LoggedModelInput] = ()
    ) -> None:
        """Record datasets and models that the run read."""
        content = {
            "datasets": [entities.dataset_message(use) for use in datasets],
            "models": [{"model_id": model.model_id} for model in models],
        }
        self._change("log-inputs", run_id, content)

    def log_model(self, run_id: str, model: Mapping[str, Any]) -> None:
        """Record a model among the run's artifacts, as MLflow's old clients do."""
        self._change("log-model", run_id, {"model_json": json.dumps(dict(model))})

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        """Record models that the run made."""
        made = [{"model_id": model.model_id, "step": model.step} for model in models]
        self._change("outputs", run_id, {"models": made})

    def delete_tag(self, run_id: str, key: str) -> None:
        """Raises NotFound where the run has no such tag."""
        self._change("delete-tag", run_id, {"key": key}, done_by=NotFound)

    def delete(self, run_id: str) -> None:
        """Move to the trash; nothing is erased. Deleting a deleted run is no error."""
        self._change("delete", run_id, {})

    def restore(self, run_id: str) -> None:
        """Take out of the trash. Restoring an active run is no error."""
        self._change("restore", run_id, {})

    def delete_experiment(self, experiment_id: str) -> None:
        """Move an experiment and its active runs to the trash. Running it again finishes a job cut off halfway."""
        self._move(experiment_id, "delete")

    def restore_experiment(self, experiment_id: str) -> None:
        """Take an experiment out of the trash, with the runs that went there with it."""
        self._move(experiment_id, "restore")

    def close(self) -> None:
        """Deliver what this process's writers have, without ending their runs."""
        self._writers.close()

    def flush(self) -> None:
        """Deliver what this process's writers have, to runs and to logged models."""
        self._writers.flush_all()

    def delivery(self) -> RemoteDelivery:
        """How a spool reaches this server."""
        return self._delivery()

    def _delivery(self, *, is_made: bool = False) -> RemoteDelivery:
        models = ModelDelivery(self._logged_models.log_metrics)
        return RemoteDelivery(self._connection, Artifacts(ArtifactFiles(self._connection)), models, is_made=is_made)

    def _search(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None,
        view_type: int,
        max_results: int | None,
        order_by: Sequence[str] | None,
        page_token: str | None,
    ) -> PagedList[Run]:
        self._writers.flush_all()
        question = {
            "experiment_ids": [check_experiment_id(experiment_id) for experiment_id in experiment_ids],
            "filter": filter_string or "",
            "run_view_type": view_type,
            "order_by": [*(order_by or [])],
        }

        def page(size: int, token: str | None) -> PagedList[Run]:
            content = {**question, "max_results": size, "page_token": token or ""}
            return entities.page(self._connection.call("POST", f"{MLFLOW}/runs/search", content), "runs", entities.run)

        return gathered(page, _PAGE, max_results, page_token)

    def _change(
        self, verb: str, run_id: str, content: Mapping[str, Any], *, done_by: type[NotFound] | None = None
    ) -> None:
        self._writers.flush(run_id)
        body = {"run_id": check_run_id(run_id), **content}
        self._connection.call("POST", f"{MLFLOW}/runs/{verb}", body, done_by=done_by)

    def _move(self, experiment_id: str, verb: str) -> None:
        content = {"experiment_id": check_experiment_id(experiment_id)}
        self._connection.call("POST", f"{MLFLOW}/experiments/{verb}", content, done_by=StateError)


def _document(run: Run) -> RunDocument:
    """What a writer and its spool need of a run that the server has."""
    info = run.info
    return RunDocument(
        run_id=info.run_id,
        experiment_id=info.experiment_id,
        run_name=info.run_name,
        user_id=info.user_id,
        start_time=info.start_time,
        params=run.data.params,
    )

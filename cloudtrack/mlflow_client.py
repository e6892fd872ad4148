"""``MlflowClient``: MLflow's client class, as a thin facade over ``cloudtrack.client.Client``.

Method names and arguments are MLflow's; see
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.client.html. Reads see what this
process has logged. For logging in a loop, the functions of ``cloudtrack`` itself are faster: they
do not wait for the store.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cloudtrack import clock
from cloudtrack.entities.artifact import FileInfo
from cloudtrack.entities.experiment import Experiment, ViewType
from cloudtrack.entities.model_uri import version_uri
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.pending_version import PendingVersion
from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.entities.run import LoggedModelInput, LoggedModelOutput, Metric, Param, Run, RunStatus, RunTag
from cloudtrack.errors import InvalidInput
from cloudtrack.fluent import session
from cloudtrack.fluent.active_models import get_active_model_id
from cloudtrack.fluent.artifacts import load_tables
from cloudtrack.fluent.logged_model_methods import LoggedModelMethods
from cloudtrack.fluent.logging import use_of
from cloudtrack.tracking import rich_artifacts


class MlflowClient(LoggedModelMethods):
    """The store in force, or another, through MLflow's method names."""

    def __init__(self, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        if registry_uri and registry_uri != (tracking_uri or session.get_tracking_uri()):
            session.set_registry_uri(registry_uri)  # refuses, and says why
        self._client = session.client(tracking_uri)

    @property
    def tracking_uri(self) -> str:
        """Where the store is."""
        return self._client.uri

    # Experiments

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Mapping[str, str] | None = None
    ) -> str:
        """The id of a new experiment."""
        return self._client.experiments.create(name, tags=tags, artifact_location=artifact_location)

    def get_experiment(self, experiment_id: str) -> Experiment:
        """Raises NotFound."""
        return self._client.experiments.get(experiment_id)

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """None where there is none."""
        return self._client.experiments.get_by_name(name)

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = 1000,
        filter_string: str | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """One page of experiments, newest first unless ``order_by`` says otherwise."""
        return self._client.experiments.search(
            filter_string, view_type=view_type, max_results=max_results, order_by=order_by, page_token=page_token
        )

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Raises AlreadyExists where another experiment has the name."""
        self._client.experiments.rename(experiment_id, new_name)

    def delete_experiment(self, experiment_id: str) -> None:
        """Move to the trash, with its runs."""
        self._client.runs.delete_experiment(experiment_id)

    def restore_experiment(self, experiment_id: str) -> None:
        """Take out of the trash."""
        self._client.runs.restore_experiment(experiment_id)

    def set_experiment_tag(self, experiment_id: str, key: str, value: Any) -> None:
        """Set a tag."""
        self._client.experiments.set_tag(experiment_id, key, value)

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Raises NotFound where there is none."""
        self._client.experiments.delete_tag(experiment_id, key)

    # Runs

    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: Mapping[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """A new run, running."""
        return self._client.runs.create(
            experiment_id, run_name=run_name, start_time=start_time, tags=tags, user_id=self._client.user
        )

    def get_run(self, run_id: str) -> Run:
        """Raises NotFound."""
        return self._client.runs.get(run_id)

    def get_parent_run(self, run_id: str) -> Run | None:
        """The run that this one is nested in."""
        parent = self.get_run(run_id).data.tags.get("mlflow.parentRunId")
        return self.get_run(parent) if parent else None

    def search_runs(
        self,
        experiment_ids: list[str],
        filter_string: str = "",
        run_view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Run]:
        """One page of runs."""
        return self._client.runs.search(
            experiment_ids,
            filter_string,
            view_type=run_view_type,
            max_results=max_results,
            order_by=order_by,
            page_token=page_token,
        )

    def update_run(self, run_id: str, status: str | None = None, name: str | None = None) -> None:
        """Change status or name."""
        self._client.runs.update(run_id, status=status, run_name=name)

    def set_terminated(self, run_id: str, status: str | None = None, end_time: int | None = None) -> None:
        """End a run, FINISHED by default."""
        self._client.runs.update(run_id, status=status or RunStatus.FINISHED, end_time=end_time)

    def delete_run(self, run_id: str) -> None:
        """Move to the trash."""
        self._client.runs.delete(run_id)

    def restore_run(self, run_id: str) -> None:
        """Take out of the trash."""
        self._client.runs.restore(run_id)

    def log_metric(
        self,
        run_id: str,
        key: str,
        value: float,
        timestamp: int | None = None,
        step: int | None = None,
        synchronous: bool | None = None,  # noqa: ARG002 - MLflow's argument; this always waits
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
        model_id: str | None = None,
    ) -> None:
        """Log one point and wait for the store. It goes to the logged model too, by default to the active one."""
        if bool(dataset_name) != bool(dataset_digest):
            raise InvalidInput("give dataset_name and dataset_digest, or neither")
        at = clock.now_ms() if timestamp is None else timestamp
        model = model_id or get_active_model_id()
        self._client.runs.log_batch(
            run_id, metrics=[Metric(key, value, at, step or 0, model, dataset_name, dataset_digest)]
        )

    def log_param(
        self,
        run_id: str,
        key: str,
        value: Any,
        synchronous: bool | None = None,  # noqa: ARG002 - MLflow's argument; this always waits
    ) -> Any:
        """Log a param and wait for the store; the value."""
        self._client.runs.log_batch(run_id, params={key: value})
        return value

    def set_tag(
        self,
        run_id: str,
        key: str,
        value: Any,
        synchronous: bool | None = None,  # noqa: ARG002 - MLflow's argument; this always waits
    ) -> None:
        """Set a tag and wait for the store."""
        self._client.runs.log_batch(run_id, tags={key: value})

    def delete_tag(self, run_id: str, key: str) -> None:
        """Raises NotFound where there is none."""
        self._client.runs.delete_tag(run_id, key)

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
        synchronous: bool | None = None,  # noqa: ARG002 - MLflow's argument; this always waits
    ) -> None:
        """Log all of it or nothing, and wait for the store."""
        self._client.runs.log_batch(
            run_id,
            metrics=metrics,
            params={param.key: param.value for param in params},
            tags={tag.key: tag.value for tag in tags},
        )

    def log_inputs(
        self,
        run_id: str,
        datasets: Sequence[Any] | None = None,
        models: Sequence[LoggedModelInput] | None = None,
    ) -> None:
        """Record datasets and logged models that the run read: uses (``DatasetInput``), or datasets as they are."""
        self._client.runs.log_inputs(run_id, [use_of(each) for each in datasets or []], models or [])

    def log_outputs(self, run_id: str, models: list[LoggedModelOutput]) -> None:
        """Record logged models that the run made."""
        self._client.runs.log_outputs(run_id, models)

    def get_metric_history(self, run_id: str, key: str) -> list[Metric]:
        """All points of one metric, by step."""
        self._client.runs.get(run_id)  # delivers what this process has logged to it
        return self._client.metrics.history(run_id, key)

    # Artifacts

    def log_artifact(self, run_id: str, local_path: str, artifact_path: str | None = None) -> None:
        """Upload a file, or a folder."""
        path = Path(local_path)
        if path.is_dir():
            folder = f"{artifact_path}/{path.name}" if artifact_path else path.name
            self._client.artifacts.log_folder(run_id, path, folder)
        else:
            self._client.artifacts.log_file(run_id, path, artifact_path or "")

    def log_artifacts(self, run_id: str, local_dir: str, artifact_path: str | None = None) -> None:
        """Upload what is in a folder."""
        self._client.artifacts.log_folder(run_id, local_dir, artifact_path or "")

    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        """Write text to a file of the run."""
        self._client.artifacts.log_text(run_id, text, artifact_file)

    def log_dict(self, run_id: str, dictionary: Any, artifact_file: str) -> None:
        """Write a dictionary as YAML or JSON, by the ending."""
        self._client.artifacts.log_dict(run_id, dictionary, artifact_file)

    def log_figure(
        self, run_id: str, figure: Any, artifact_file: str, *, save_kwargs: dict[str, Any] | None = None
    ) -> None:
        """Write a matplotlib or plotly figure."""
        rich_artifacts.log_figure(self._client.artifacts, run_id, figure, artifact_file, save_kwargs or {})

    def log_image(
        self,
        run_id: str,
        image: Any,
        artifact_file: str | None = None,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
        synchronous: bool | None = None,  # noqa: ARG002 - MLflow's argument; there is nothing to wait for
    ) -> None:
        """Write an image to a file, or to the series ``key``."""
        rich_artifacts.log_image(
            self._client.artifacts, run_id, image, artifact_file, key=key, step=step, timestamp=timestamp
        )

    def log_table(self, run_id: str, data: Any, artifact_file: str) -> None:
        """Append rows to a table file."""
        rich_artifacts.log_table(self._client.artifacts, run_id, data, artifact_file)

    def load_table(
        self,
        experiment_id: str,
        artifact_file: str,
        run_ids: list[str] | None = None,
        extra_columns: list[str] | None = None,
    ) -> Any:
        """The table of each run in one DataFrame; of all runs of the experiment by default."""
        ids = run_ids or [run.info.run_id for run in self._client.runs.list([experiment_id])]
        return load_tables(self._client, ids, artifact_file, extra_columns)

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        """One level of the run's files."""
        return self._client.run_files.list(run_id, path or "")

    def download_artifacts(self, run_id: str, path: str, dst_path: str | os.PathLike[str] | None = None) -> str:
        """Download a file or folder into ``dst_path``, or a new temporary folder; the local path."""
        target = Path(dst_path) if dst_path else Path(tempfile.mkdtemp(prefix="cloudtrack-"))
        return str(self._client.run_files.download(run_id, path, target))

    # Registered models

    def create_registered_model(
        self, name: str, tags: Mapping[str, Any] | None = None, description: str | None = None
    ) -> RegisteredModel:
        """Raises AlreadyExists."""
        return self._client.registered_models.create(name, tags=tags, description=description)

    def get_registered_model(self, name: str) -> RegisteredModel:
        """Raises NotFound."""
        return self._client.registered_models.get(name)

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = 100,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RegisteredModel]:
        """One page of models, by name."""
        return self._client.registered_models.search(
            filter_string, max_results=max_results, order_by=order_by, page_token=page_token
        )

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Raises AlreadyExists where the new name is taken."""
        return self._client.registered_models.rename(name, new_name)

    def update_registered_model(self, name: str, description: str | None = None) -> RegisteredModel:
        """Change the description."""
        return self._client.registered_models.update(name, description=description)

    def delete_registered_model(self, name: str) -> None:
        """Delete a model; its history stays."""
        self._client.registered_models.delete(name)

    def set_registered_model_tag(self, name: str, key: str, value: Any) -> None:
        """Set a tag."""
        self._client.registered_models.set_tag(name, key, str(value))

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Delete a tag."""
        self._client.registered_models.delete_tag(name, key)

    def get_latest_versions(self, name: str, stages: list[str] | None = None) -> list[ModelVersion]:
        """The newest version in each stage."""
        return self._client.model_versions.get_latest_versions(name, stages)

    def set_registered_model_alias(self, name: str, alias: str, version: str | int) -> None:
        """Point an alias to a version."""
        self._client.aliases.set(name, alias, version)

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Delete an alias."""
        self._client.aliases.delete(name, alias)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """Raises NotFound."""
        return self._client.aliases.get(name, alias)

    # Model versions

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        await_creation_for: int | None = None,  # noqa: ARG002 - MLflow's argument; a version is ready at once
        model_id: str | None = None,
    ) -> ModelVersion:
        """The next version of a model. ``source`` is a model URI of the store."""
        return self._client.create_version(
            name, source, run_id=run_id, tags=tags, run_link=run_link, description=description, model_id=model_id
        )

    def copy_model_version(self, src_model_uri: str, dst_name: str) -> ModelVersion:
        """The version behind ``models:/...`` as the next version of another name, which is made where it is not."""
        version = self._client.find_version(src_model_uri)
        uri = version_uri(version.name, version.version)
        return self._client.register_model(uri, dst_name, tags=version.tags, description=version.description or None)

    def get_model_version(self, name: str, version: str | int) -> ModelVersion:
        """Raises NotFound."""
        return self._client.model_versions.get(name, version)

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = 10_000,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        """One page of versions, newest first."""
        return self._client.model_versions.search(
            filter_string, max_results=max_results, order_by=order_by, page_token=page_token
        )

    def update_model_version(self, name: str, version: str | int, description: str | None = None) -> ModelVersion:
        """Change the description."""
        return self._client.model_versions.update(name, version, description=description)

    def transition_model_version_stage(
        self, name: str, version: str | int, stage: str, archive_existing_versions: bool = False
    ) -> ModelVersion:
        """Move a version to a stage, and archive those that are there where asked, in one commit."""
        return self._client.stages.transition(name, version, stage, archive_existing_versions=archive_existing_versions)

    def delete_model_version(self, name: str, version: str | int) -> None:
        """Delete a version; its number is not used again."""
        self._client.model_versions.delete(name, version)

    def set_model_version_tag(
        self, name: str, version: str | int | None = None, key: str = "", value: Any = "", stage: str | None = None
    ) -> None:
        """Set a tag on a version, or on the newest in a stage."""
        self._client.model_versions.set_tag(name, self._number(name, version, stage), key, str(value))

    def delete_model_version_tag(
        self, name: str, version: str | int | None = None, key: str = "", stage: str | None = None
    ) -> None:
        """Delete a tag of a version, or of the newest in a stage."""
        self._client.model_versions.delete_tag(name, self._number(name, version, stage), key)

    def get_model_version_download_uri(self, name: str, version: str | int) -> str:
        """Where the version's model is."""
        return self._client.model_versions.get(name, version).source

    def get_model_version_stages(self, name: str, version: str | int) -> list[str]:
        """The stages there are."""
        self._client.model_versions.get(name, version)
        return self._client.registered_models.get(name).stages

    def _number(self, name: str, version: str | int | None, stage: str | None) -> int:
        if isinstance(version, int | PendingVersion):
            return version  # type: ignore[return-value]  # what stands for a number goes where numbers go
        return self._client.model_versions.resolve(name, str(stage if version is None else version)).version

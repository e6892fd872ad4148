"""The methods of ``MlflowClient`` for logged models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudtrack.client import AnyClient
from cloudtrack.entities.artifact import FileInfo
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.page import PagedList
from cloudtrack.fluent import logged_models

_DEFAULT_RESULTS = 100


class LoggedModelMethods:
    """Logged models of the client's store, through MLflow's method names."""

    _client: AnyClient

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """A new logged model, PENDING until ``finalize_logged_model``."""
        return logged_models.create(self._client, experiment_id, name, source_run_id, tags, params, model_type)

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """Raises NotFound."""
        self._client.runs.flush()
        return self._client.logged_models.get(model_id)

    def finalize_logged_model(self, model_id: str, status: str) -> LoggedModel:
        """Say that its files are there (READY), or will not be (FAILED)."""
        return self._client.logged_models.finalize(model_id, status)

    def delete_logged_model(self, model_id: str) -> None:
        """Move to the trash."""
        self._client.logged_models.delete(model_id)

    def set_logged_model_tags(self, model_id: str, tags: Mapping[str, Any]) -> None:
        """Set tags."""
        self._client.logged_models.set_tags(model_id, logged_models.texts(tags))

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Raises NotFound where there is none."""
        self._client.logged_models.delete_tag(model_id, key)

    def log_model_params(self, model_id: str, params: Mapping[str, Any]) -> None:
        """Log params, written once."""
        self._client.logged_models.log_params(model_id, logged_models.texts(params))

    def search_logged_models(
        self,
        experiment_ids: list[str],
        filter_string: str | None = None,
        datasets: list[dict[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: list[dict[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """One page, of 100 where nothing else is said; see ``cloudtrack.search_logged_models``."""
        return logged_models.search(
            self._client,
            experiment_ids,
            filter_string,
            datasets,
            _DEFAULT_RESULTS if max_results is None else max_results,
            order_by,
            page_token,
        )

    def log_model_artifact(self, model_id: str, local_path: str, artifact_path: str | None = None) -> None:
        """Upload a file into the folder ``artifact_path`` of the model."""
        self._client.logged_models.get(model_id)
        self._client.logged_model_artifacts.log_file(model_id, local_path, artifact_path or "")

    def log_model_artifacts(self, model_id: str, local_dir: str, artifact_path: str | None = None) -> None:
        """Upload what is in a folder."""
        self._client.logged_models.get(model_id)
        self._client.logged_model_artifacts.log_folder(model_id, local_dir, artifact_path or "")

    def list_logged_model_artifacts(self, model_id: str, path: str | None = None) -> list[FileInfo]:
        """One level of the model's files."""
        self._client.logged_models.get(model_id)
        return self._client.logged_model_artifacts.list(model_id, path or "")

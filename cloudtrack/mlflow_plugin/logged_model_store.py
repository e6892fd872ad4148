"""The part of MLflow's tracking store that is about logged models, which MLflow has since version 3."""

from __future__ import annotations

from typing import Any

from mlflow.store.entities import PagedList
from mlflow.store.tracking.abstract_store import AbstractStore

from cloudtrack.api.mlflow import logged_models
from cloudtrack.mlflow_plugin import conversion
from cloudtrack.mlflow_plugin.conversion import pairs
from cloudtrack.mlflow_plugin.opened_store import OpenedStore


class LoggedModelStore(AbstractStore):  # type: ignore[misc] # MLflow is not there for mypy
    """Names, arguments and results are MLflow's. All methods raise MlflowException."""

    _store: OpenedStore

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: list[Any] | None = None,
        params: list[Any] | None = None,
        model_type: str | None = None,
    ) -> Any:
        """A new logged model, whose files are yet to come."""
        answer = self._store.ask(
            logged_models.create_logged_model,
            experiment_id=experiment_id,
            name=name,
            source_run_id=source_run_id,
            tags=pairs(tags),
            params=pairs(params),
            model_type=model_type,
        )
        return conversion.logged_model(answer["model"])

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> Any:
        """One logged model."""
        answer = self._store.ask(logged_models.get_logged_model, model_id=model_id, allow_deleted=allow_deleted)
        return conversion.logged_model(answer["model"])

    def finalize_logged_model(self, model_id: str, status: Any) -> Any:
        """Say that a logged model's files are there, or will not be."""
        answer = self._store.ask(logged_models.finalize_logged_model, model_id=model_id, status=status.to_int())
        return conversion.logged_model(answer["model"])

    def delete_logged_model(self, model_id: str) -> None:
        """Move a logged model to the trash."""
        self._store.ask(logged_models.delete_logged_model, model_id=model_id)

    def set_logged_model_tags(self, model_id: str, tags: list[Any]) -> None:
        """Set tags of a logged model."""
        self._store.ask(logged_models.set_logged_model_tags, model_id=model_id, tags=pairs(tags))

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Delete a tag of a logged model."""
        self._store.ask(logged_models.delete_logged_model_tag, model_id=model_id, tag_key=key)

    def log_logged_model_params(self, model_id: str, params: list[Any]) -> None:
        """Log params of a logged model, written once."""
        self._store.ask(logged_models.log_logged_model_params, model_id=model_id, params=pairs(params))

    def search_logged_models(
        self,
        experiment_ids: list[str],
        filter_string: str | None = None,
        datasets: list[dict[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: list[dict[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList:
        """A page of the logged models of some experiments."""
        page = self._store.ask(
            logged_models.search_logged_models,
            experiment_ids=experiment_ids,
            filter=filter_string,
            datasets=datasets,
            max_results=max_results,
            order_by=order_by,
            page_token=page_token,
        )
        found = [conversion.logged_model(message) for message in page.get("models", [])]
        return PagedList(found, page.get("next_page_token"))

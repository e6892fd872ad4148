"""MLflow's model registry store over a store of ours. Prompts are registered models to it, by MLflow's base class."""

from __future__ import annotations

from typing import Any, NoReturn

from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.store.entities import PagedList
from mlflow.store.model_registry.abstract_store import AbstractStore

from cloudtrack.api.mlflow import model_versions, registered_models
from cloudtrack.mlflow_plugin import model_conversion
from cloudtrack.mlflow_plugin.conversion import pairs
from cloudtrack.mlflow_plugin.errors import as_mlflow_errors, mlflow_error
from cloudtrack.mlflow_plugin.opened_store import OpenedStore, open_client
from cloudtrack.mlflow_plugin.place import parse_place


class RegistryStore(AbstractStore):  # type: ignore[misc] # MLflow is not there for mypy
    """Names, arguments and results are MLflow's. All methods raise MlflowException."""

    def __init__(self, store_uri: str, tracking_uri: str | None = None) -> None:
        super().__init__(store_uri, tracking_uri)
        with as_mlflow_errors():
            self._store = OpenedStore(open_client(parse_place(store_uri), create=True))
        self._ask = self._store.ask

    # Registered models

    def create_registered_model(
        self,
        name: str,
        tags: list[Any] | None = None,
        description: str | None = None,
        deployment_job_id: str | None = None,  # noqa: ARG002 - of Databricks
    ) -> RegisteredModel:
        """A new registered model."""
        return self._model(
            registered_models.create_registered_model, name=name, tags=pairs(tags), description=description
        )

    def update_registered_model(
        self,
        name: str,
        description: str | None,
        deployment_job_id: str | None = None,  # noqa: ARG002 - of Databricks
    ) -> RegisteredModel:
        """Change the description."""
        return self._model(registered_models.update_registered_model, name=name, description=description)

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Give a registered model another name, with its versions."""
        return self._model(registered_models.rename_registered_model, name=name, new_name=new_name)

    def delete_registered_model(self, name: str) -> None:
        """Delete a registered model with its versions."""
        self._ask(registered_models.delete_registered_model, name=name)

    def get_registered_model(self, name: str) -> RegisteredModel:
        """One registered model."""
        return self._model(registered_models.get_registered_model, name=name)

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList:
        """A page of registered models, by name."""
        page = self._ask(
            registered_models.search_registered_models,
            filter=filter_string,
            max_results=max_results,
            order_by=order_by,
            page_token=page_token,
        )
        found = [model_conversion.registered_model(message) for message in page.get("registered_models", [])]
        return PagedList(found, page.get("next_page_token"))

    def get_latest_versions(self, name: str, stages: list[str] | None = None) -> list[ModelVersion]:
        """The newest version of each stage, or of the stages named."""
        found = self._ask(registered_models.get_latest_versions, name=name, stages=stages).get("model_versions", [])
        return [model_conversion.model_version(message) for message in found]

    def set_registered_model_tag(self, name: str, tag: Any) -> None:
        """Set a tag of a registered model."""
        self._ask(registered_models.set_registered_model_tag, name=name, key=tag.key, value=tag.value)

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Delete a tag of a registered model."""
        self._ask(registered_models.delete_registered_model_tag, name=name, key=key)

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias to a version."""
        self._ask(registered_models.set_alias, name=name, alias=alias, version=str(version))

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Delete an alias."""
        self._ask(registered_models.delete_alias, name=name, alias=alias)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version that an alias points to."""
        return self._version(registered_models.get_version_by_alias, name=name, alias=alias)

    # Versions

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: list[Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        local_model_path: str | None = None,  # noqa: ARG002 - for registries that take the files
        model_id: str | None = None,
    ) -> ModelVersion:
        """Register a model as the next version of a name."""
        return self._version(
            model_versions.create_model_version,
            name=name,
            source=source,
            run_id=run_id,
            tags=pairs(tags),
            run_link=run_link,
            description=description,
            model_id=model_id,
        )

    def update_model_version(self, name: str, version: str, description: str | None) -> ModelVersion:
        """Change the description of a version."""
        return self._version(
            model_versions.update_model_version, name=name, version=str(version), description=description
        )

    def transition_model_version_stage(
        self,
        name: str,
        version: str,
        stage: str,
        archive_existing_versions: bool,
    ) -> ModelVersion:
        """Move a version to a stage, and archive those that are there where asked."""
        return self._version(
            model_versions.transition_stage,
            name=name,
            version=str(version),
            stage=stage,
            archive_existing_versions=archive_existing_versions,
        )

    def delete_model_version(self, name: str, version: str) -> None:
        """Delete a version and its aliases."""
        self._ask(model_versions.delete_model_version, name=name, version=str(version))

    def get_model_version(self, name: str, version: str) -> ModelVersion:
        """One version."""
        return self._version(model_versions.get_model_version, name=name, version=str(version))

    def get_model_version_download_uri(self, name: str, version: str) -> str:
        """Where the files of a version are."""
        answer = self._ask(model_versions.get_download_uri, name=name, version=str(version))
        return str(answer["artifact_uri"])

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList:
        """A page of versions, newest first."""
        page = self._ask(
            model_versions.search_model_versions,
            filter=filter_string,
            max_results=max_results,
            order_by=order_by,
            page_token=page_token,
        )
        found = [model_conversion.model_version(message) for message in page.get("model_versions", [])]
        return PagedList(found, page.get("next_page_token"))

    def set_model_version_tag(self, name: str, version: str, tag: Any) -> None:
        """Set a tag of a version."""
        self._ask(model_versions.set_model_version_tag, name=name, version=str(version), key=tag.key, value=tag.value)

    def delete_model_version_tag(self, name: str, version: str, key: str) -> None:
        """Delete a tag of a version."""
        self._ask(model_versions.delete_model_version_tag, name=name, version=str(version), key=key)

    # Webhooks: those of the store are cloudtrack's, which delivers them itself

    def list_webhooks(self, *_: Any, **__: Any) -> PagedList:
        """There are none that MLflow would have to deliver."""
        return PagedList([], None)

    def list_webhooks_by_event(self, *_: Any, **__: Any) -> PagedList:
        """There are none that MLflow would have to deliver."""
        return PagedList([], None)

    def create_webhook(self, *_: Any, **__: Any) -> NoReturn:
        """Raises MlflowException: webhooks are made elsewhere."""
        text = "the webhooks of a store are cloudtrack's: make them with `cloudtrack webhooks` or cloudtrack's server"
        raise mlflow_error("NOT_IMPLEMENTED", text)

    def _model(self, endpoint: Any, **fields: Any) -> RegisteredModel:
        return model_conversion.registered_model(self._ask(endpoint, **fields)["registered_model"])

    def _version(self, endpoint: Any, **fields: Any) -> ModelVersion:
        return model_conversion.model_version(self._ask(endpoint, **fields)["model_version"])

"""Logged models, made and filled on a server of MLflow 3."""

from __future__ import annotations

from cloudtrack.client import Client
from cloudtrack.entities.logged_model import LoggedModel, LoggedModelStatus
from cloudtrack.importing.export_report import Ledger
from cloudtrack.importing.mlflow_answers import mapping
from cloudtrack.importing.mlflow_target import COMPLETE_TAG, MODEL_TAG, OWN_TAGS, MlflowTarget, tag_list
from cloudtrack.importing.new_ids import NewIds
from cloudtrack.importing.run_export import send_files

_STATUS = {LoggedModelStatus.READY: "LOGGED_MODEL_READY", LoggedModelStatus.FAILED: "LOGGED_MODEL_UPLOAD_FAILED"}


class LoggedModelExport:
    """The logged models of one store, and those of one server."""

    def __init__(self, client: Client, target: MlflowTarget, ids: NewIds, ledger: Ledger, *, files: bool) -> None:
        """``files`` says whether their files go along."""
        self._client = client
        self._target = target
        self._ids = ids
        self._ledger = ledger
        self._files = files
        self.whole: set[str] = set()
        """Ids of those that were filled without a failure."""

    def create(self, model: LoggedModel, experiment_id: str) -> None:
        """Make the model under an id of the server's, with its params and tags; it is pending."""
        tags = {**self._ids.tags(model.tags, without=OWN_TAGS), MODEL_TAG: model.model_id}
        wanted = {
            "experiment_id": experiment_id,
            "name": model.name,
            "model_type": model.model_type,
            "source_run_id": self._ids.get(model.source_run_id),
            "params": tag_list(model.params),
            "tags": tag_list(tags),
        }
        made = self._target.create("logged-models", {key: value for key, value in wanted.items() if value})
        self._ids.add(model.model_id, str(mapping(mapping(made.get("model")).get("info")).get("model_id")))

    def fill(self, model: LoggedModel) -> None:
        """Send its files, and say how it ended. Raises CloudtrackError."""
        model_id = self._ids.get(model.model_id)
        is_whole = True
        if self._files:
            there = mapping(mapping(self._target.get(f"logged-models/{model_id}").get("model")).get("info"))
            uri, name = str(there.get("artifact_uri", "")), f"logged model {model.model_id}"
            artifacts = self._client.logged_model_artifacts
            is_whole = send_files(self._target, self._ledger, artifacts, model.model_id, uri, name)
        if status := _STATUS.get(model.status):
            ended = {"model_id": model_id, "status": status}
            self._target.set(f"logged-models/{model_id}", ended, "PATCH")
        if is_whole:
            done = {"model_id": model_id, "tags": tag_list({COMPLETE_TAG: "complete"})}
            self._target.set(f"logged-models/{model_id}/tags", done, "PATCH")
            self.whole.add(model.model_id)

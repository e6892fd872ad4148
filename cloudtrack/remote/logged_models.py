"""Logged models behind a server."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from cloudtrack.entities.logged_model import LoggedModel, LoggedModelStatus
from cloudtrack.entities.names import check_experiment_id, check_logged_model_id
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.run import Metric
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.remote import entities
from cloudtrack.remote.addresses import MLFLOW, OWN, quoted
from cloudtrack.remote.connection import Connection
from cloudtrack.remote.paging import gathered
from cloudtrack.search.logged_models import OnDataset, Term

_PAGE = 1000
_STATUSES = {
    LoggedModelStatus.PENDING: "LOGGED_MODEL_PENDING",
    LoggedModelStatus.READY: "LOGGED_MODEL_READY",
    LoggedModelStatus.FAILED: "LOGGED_MODEL_UPLOAD_FAILED",
}


class RemoteLoggedModels:
    """The logged models of a server's store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self,
        experiment_id: str,
        *,
        name: str | None = None,
        model_type: str = "",
        source_run_id: str = "",
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        model_id: str = "",
    ) -> LoggedModel:
        """A new logged model, PENDING until its files are there. Raises NotFound, StateError, InvalidInput.

        ``model_id`` is the one that it was given before: repeated, the creation finds the model that it made.
        """
        content = {
            "experiment_id": check_experiment_id(experiment_id),
            "name": name or "",
            "model_type": model_type,
            "source_run_id": source_run_id,
            "params": entities.pairs(params),
            "tags": entities.pairs(tags),
            "model_id": model_id,
        }
        return entities.logged_model(self._connection.call("POST", f"{MLFLOW}/logged-models", content)["model"])

    def get(self, model_id: str, *, allow_deleted: bool = False) -> LoggedModel:
        """Raises NotFound, also for a deleted one unless ``allow_deleted``."""
        return entities.logged_model(self._connection.get(_url(model_id), allow_deleted=allow_deleted)["model"])

    def list(self, experiment_ids: Sequence[str]) -> list[LoggedModel]:
        """The logged models of these experiments, newest first."""
        checked = [check_experiment_id(experiment_id) for experiment_id in experiment_ids]
        if not checked:
            return []

        return list(self.search(checked, max_results=None))

    def search(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        *,
        datasets: Sequence[OnDataset] = (),
        max_results: int | None = 100,
        order_by: Sequence[Term] = (),
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """One page of the logged models of these experiments that meet the filter; all where ``max_results`` is None.

        They come newest first, or as ``order_by`` says. With ``datasets`` those that have a metric on one of them, and
        only such metrics are compared.
        """
        content = {
            "experiment_ids": [check_experiment_id(experiment_id) for experiment_id in experiment_ids],
            "filter": filter_string or "",
            "datasets": [_dataset(dataset) for dataset in datasets],
            "order_by": [_term(term) for term in order_by],
        }

        def page(size: int, token: str | None) -> PagedList[LoggedModel]:
            asked = {**content, "max_results": size, "page_token": token or ""}
            answer = self._connection.call("POST", f"{MLFLOW}/logged-models/search", asked)
            return entities.page(answer, "models", entities.logged_model)

        return gathered(page, _PAGE, max_results, page_token)

    def finalize(self, model_id: str, status: str) -> LoggedModel:
        """Say that the files are there (READY), or will not be (FAILED)."""
        if status not in _STATUSES:
            raise InvalidInput(f"{status!r} is no status of a logged model: {', '.join(LoggedModelStatus.NAMES)}")
        answer = self._connection.call("PATCH", _url(model_id), {"status": _STATUSES[status]})
        return entities.logged_model(answer["model"])

    def set_tags(self, model_id: str, tags: Mapping[str, str]) -> LoggedModel:
        """Set tags."""
        return self._change("PATCH", model_id, "/tags", {"tags": entities.pairs(tags)})

    def delete_tag(self, model_id: str, key: str) -> LoggedModel:
        """Raises NotFound where there is no such tag."""
        self._connection.call("DELETE", f"{_url(model_id)}/tags/{quoted(key)}", {}, done_by=NotFound)
        return self.get(model_id)

    def log_params(self, model_id: str, params: Mapping[str, str]) -> LoggedModel:
        """Log params, written once. Raises InvalidInput where one has another value already."""
        return self._change("POST", model_id, "/params", {"params": entities.pairs(params)})

    def log_metrics(self, model_id: str, metrics: Sequence[Metric]) -> LoggedModel:
        """Log points; the last of each key and dataset is kept: the greatest step, then the latest time."""
        path = f"{OWN}/logged-models/{check_logged_model_id(model_id)}/metrics"
        content = {"metrics": [entities.metric_message(metric) for metric in metrics]}
        return entities.logged_model(self._connection.call("POST", path, content)["model"])

    def delete(self, model_id: str) -> None:
        """Move to the trash. Deleting a deleted one is no error."""
        self.get(model_id, allow_deleted=True)
        with contextlib.suppress(NotFound):  # it is deleted already
            self._connection.call("DELETE", _url(model_id), {})

    def _change(self, method: str, model_id: str, path: str, content: dict[str, Any]) -> LoggedModel:
        self._connection.call(method, f"{_url(model_id)}{path}", content)
        return self.get(model_id)


def _url(model_id: str) -> str:
    return f"{MLFLOW}/logged-models/{check_logged_model_id(model_id)}"


def _dataset(dataset: OnDataset) -> dict[str, str]:
    return {"dataset_name": dataset.name, "dataset_digest": dataset.digest}


def _term(term: Term) -> dict[str, Any]:
    on = _dataset(term.dataset) if term.dataset else {}
    return {"field_name": term.field_name, "ascending": term.ascending, **on}

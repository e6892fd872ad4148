"""Experiments behind a server."""

from __future__ import annotations

from collections.abc import Mapping

from cloudtrack.entities.experiment import Experiment, ViewType
from cloudtrack.entities.names import check_experiment_id, check_experiment_name
from cloudtrack.entities.page import PagedList
from cloudtrack.errors import AlreadyExists, Conflict, NotFound
from cloudtrack.remote import entities
from cloudtrack.remote.addresses import MLFLOW
from cloudtrack.remote.connection import Connection
from cloudtrack.remote.paging import gathered

_PAGE = 1000


class RemoteExperiments:
    """The experiments of a server's store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, name: str, *, tags: Mapping[str, str] | None = None, artifact_location: str | None = None) -> str:
        """A new experiment; its id. Raises AlreadyExists, also where a deleted experiment has the name."""
        content = {
            "name": check_experiment_name(name),
            "tags": entities.pairs(tags),
            "artifact_location": artifact_location,
        }
        made: str = self._connection.call("POST", f"{MLFLOW}/experiments/create", content)["experiment_id"]
        return made

    def get(self, experiment_id: str) -> Experiment:
        """Raises NotFound."""
        found = self._connection.get(f"{MLFLOW}/experiments/get", experiment_id=check_experiment_id(experiment_id))
        return entities.experiment(found["experiment"])

    def get_by_name(self, name: str) -> Experiment | None:
        """The experiment with this name, deleted or not; None where there is none."""
        check_experiment_name(name)
        try:
            found = self._connection.get(f"{MLFLOW}/experiments/get-by-name", experiment_name=name)
        except NotFound:
            return None
        return entities.experiment(found["experiment"])

    def get_or_create(self, name: str) -> Experiment:
        """The experiment with this name, made where there is none; safe for many callers at once."""
        if (found := self.get_by_name(name)) is not None:
            return found
        try:
            return self.get(self.create(name))
        except AlreadyExists as error:  # a rival was faster, or the caller may not see it
            if (found := self.get_by_name(name)) is None:
                raise Conflict(f"{error.message}: you may not use it, or it is being renamed") from error
            return found

    def search(
        self,
        filter_string: str | None = None,
        *,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """One page of the experiments that meet the filter, newest first or as ``order_by`` says; all by default."""

        def page(size: int, token: str | None) -> PagedList[Experiment]:
            content = {
                "filter": filter_string or "",
                "view_type": view_type,
                "max_results": size,
                "order_by": order_by or [],
                "page_token": token or "",
            }
            answer = self._connection.call("POST", f"{MLFLOW}/experiments/search", content)
            return entities.page(answer, "experiments", entities.experiment)

        return gathered(page, _PAGE, max_results, page_token)

    def rename(self, experiment_id: str, new_name: str) -> None:
        """Raises AlreadyExists where another experiment has the name, StateError for a deleted one."""
        self._change("update", experiment_id, new_name=check_experiment_name(new_name))

    def set_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Set one tag. Raises StateError for a deleted experiment."""
        self._change("set-experiment-tag", experiment_id, key=key, value=str(value))

    def delete_tag(self, experiment_id: str, key: str) -> None:
        """Raises NotFound where the experiment has no such tag."""
        content = {"experiment_id": check_experiment_id(experiment_id), "key": key}
        self._connection.call("POST", f"{MLFLOW}/experiments/delete-experiment-tag", content, done_by=NotFound)

    def _change(self, verb: str, experiment_id: str, **what: str) -> None:
        content = {"experiment_id": check_experiment_id(experiment_id), **what}
        self._connection.call("POST", f"{MLFLOW}/experiments/{verb}", content)

"""Registered models behind a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudtrack import ids
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.registered_model import RegisteredModel, check_model_name
from cloudtrack.errors import AlreadyExists, NotFound
from cloudtrack.remote import entities
from cloudtrack.remote.addresses import MLFLOW, OWN
from cloudtrack.remote.connection import Connection, Json
from cloudtrack.remote.paging import gathered

_MODELS = f"{MLFLOW}/registered-models"
_PAGE = 1000


class RemoteRegisteredModels:
    """The registered models of a server's store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get_or_create(self, name: str) -> RegisteredModel:
        """The model with this name, made where there is none; a part of an operation, which goes on after it."""
        try:
            return self.get(name)
        except NotFound:
            pass
        content = {"name": check_model_name(name)}
        try:
            return _model(self._connection.call("POST", f"{_MODELS}/create", content, operation=ids.new_commit_id()))
        except AlreadyExists:
            return self.get(name)

    def create(
        self, name: str, *, tags: Mapping[str, Any] | None = None, description: str | None = None
    ) -> RegisteredModel:
        """Raises AlreadyExists. A name that was deleted may be created again: its version numbers go on."""
        content = {"tags": entities.pairs(tags), "description": description or ""}
        return _model(self._call("POST", "create", name, content))

    def get(self, name: str) -> RegisteredModel:
        """Raises NotFound."""
        return _model(self._connection.get(f"{_MODELS}/get", name=check_model_name(name)))

    def search(
        self,
        filter_string: str | None = None,
        *,
        max_results: int | None = 100,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RegisteredModel]:
        """One page of models by name, or as ``order_by`` says; all where ``max_results`` is None."""

        def page(size: int, token: str | None) -> PagedList[RegisteredModel]:
            answer = self._connection.get(
                f"{_MODELS}/search", filter=filter_string, max_results=size, order_by=order_by, page_token=token
            )
            return entities.page(answer, "registered_models", entities.registered_model)

        return gathered(page, _PAGE, max_results, page_token)

    def update(self, name: str, *, description: str | None) -> RegisteredModel:
        """Change the description."""
        return _model(self._call("PATCH", "update", name, {"description": description or ""}))

    def set_stages(
        self, name: str, stages: Sequence[str], *, exclusive: Sequence[str] = (), comment: str | None = None
    ) -> RegisteredModel:
        """Give a model stages of its own between None and Archived; ``exclusive`` are those that one version holds.

        Raises StateError where a version is in a stage that would be no more, or several in one that is for one.
        """
        content = {
            "name": check_model_name(name),
            "stages": list(stages),
            "exclusive_stages": list(exclusive),
            "comment": comment or "",
        }
        return _model(self._connection.call("POST", f"{OWN}/registered-models/set-stages", content))

    def set_tag(self, name: str, key: str, value: Any) -> RegisteredModel:
        """Set a tag."""
        self._call("POST", "set-tag", name, {"key": key, "value": str(value)})
        return self.get(name)

    def delete_tag(self, name: str, key: str) -> RegisteredModel:
        """Delete a tag; one that is not there is no error."""
        self._call("DELETE", "delete-tag", name, {"key": key})
        return self.get(name)

    def delete(self, name: str, *, comment: str | None = None) -> None:
        """Delete a model with its versions and aliases. Its history stays, and version numbers are not used again."""
        self._call("DELETE", "delete", name, {"comment": comment or ""})

    def rename(self, name: str, new_name: str) -> RegisteredModel:
        """Give a model another name, with its versions. Raises AlreadyExists where the new name is taken."""
        return _model(self._call("POST", "rename", name, {"new_name": check_model_name(new_name)}))

    def _call(self, method: str, verb: str, name: str, content: Json) -> Json:
        return self._connection.call(method, f"{_MODELS}/{verb}", {"name": check_model_name(name), **content})


def _model(answer: Json) -> RegisteredModel:
    return entities.registered_model(answer["registered_model"])

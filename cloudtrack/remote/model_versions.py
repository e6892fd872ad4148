"""Model versions behind a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudtrack.entities.manifest import Manifest, check_manifest, named_manifest
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.names import check_logged_model_id, check_run_id
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.registered_model import check_digest, check_model_name, check_version
from cloudtrack.errors import InvalidInput
from cloudtrack.remote import entities
from cloudtrack.remote.addresses import MLFLOW, OWN
from cloudtrack.remote.connection import Connection, Json
from cloudtrack.remote.paging import gathered

_VERSIONS = f"{MLFLOW}/model-versions"
_MODELS = f"{MLFLOW}/registered-models"
_PAGE = 1000
_ALL = 10**9


class RemoteModelVersions:
    """The versions of a server's registered models."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self,
        name: str,
        source: str,
        *,
        run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        model_id: str | None = None,
        digest: str | None = None,
        manifest: Manifest | None = None,
        kept: bool = False,  # noqa: ARG002 - the server sees that of the source
        comment: str | None = None,
    ) -> ModelVersion:
        """The next version: 1, 2, 3 ... without a gap, whoever else registers. Raises NotFound for an unknown name."""
        if not source:
            raise InvalidInput("a model version needs a source: where the model is, such as runs:/<run id>/model")
        content = {
            "name": check_model_name(name),
            "source": source,
            "run_id": run_id or "",
            "tags": entities.pairs(tags),
            "run_link": run_link or "",
            "description": description or "",
            "model_id": model_id or "",
            "digest": check_digest(digest) or "",
            "manifest": check_manifest(manifest).to_bytes().decode() if manifest is not None else "",
            "comment": comment or "",
        }
        return version_of(self._connection.call("POST", f"{_VERSIONS}/create", content))

    def pin(
        self,
        name: str,
        version: int | str,
        manifest: Manifest,
        *,
        kept: bool = False,
        comment: str | None = None,
    ) -> ModelVersion:
        """Bind a version to the list of its files, for ever. Raises StateError where it is bound to another list."""
        if kept:
            raise InvalidInput("over a server the registry does not keep a copy of files: name the store itself")
        pinned = {"manifest": check_manifest(manifest).to_bytes().decode(), "comment": comment or ""}
        content = {**_named(name, version), **pinned}
        return version_of(self._connection.call("POST", f"{OWN}/model-versions/pin", content))

    def manifest(self, version: ModelVersion) -> Manifest:
        """The files of a version as they were registered. Raises NotFound where they were not listed, CorruptData."""
        named_manifest(version)
        answer = self._connection.get(f"{OWN}/model-versions/manifest", **_named(version.name, version.version))
        return Manifest.from_bytes("the server's answer", answer["manifest"])

    def of_run(self, run_id: str) -> PagedList[ModelVersion]:
        """The versions that came from a run, newest first."""
        return self.search(f"run_id = '{check_run_id(run_id)}'", max_results=None)

    def of_model(self, model_id: str) -> PagedList[ModelVersion]:
        """The versions that came from a logged model, newest first."""
        return self.search(f"model_id = '{check_logged_model_id(model_id)}'", max_results=None)

    def get(self, name: str, version: int | str) -> ModelVersion:
        """Raises NotFound."""
        return version_of(self._connection.get(f"{_VERSIONS}/get", **_named(name, version)))

    def resolve(self, name: str, reference: str, at_ms: int | None = None) -> ModelVersion:
        """The version that a model URI means: a number, a stage, ``latest``, ``@`` and an alias or a digest.

        A stage means its newest version. ``at_ms`` is an instant to go back to. Raises NotFound, InvalidInput.
        """
        question = {"name": check_model_name(name), "reference": reference, "at_ms": at_ms}
        return version_of(self._connection.get(f"{OWN}/model-versions/resolve", **question))

    def get_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version an alias points to. Raises NotFound."""
        return version_of(self._connection.get(f"{_MODELS}/alias", name=check_model_name(name), alias=alias))

    def latest(self, name: str) -> ModelVersion:
        """The version with the greatest number, whatever its stage. Raises NotFound."""
        return self.get_by_alias(name, "latest")

    def get_latest_versions(self, name: str, stages: list[str] | None = None) -> list[ModelVersion]:
        """The newest version of each stage that has one, or of the stages named."""
        answer = self._connection.get(
            f"{_MODELS}/get-latest-versions", name=check_model_name(name), stages=stages or []
        )
        return entities.page(answer, "model_versions", entities.model_version)

    def search(
        self,
        filter_string: str | None = None,
        *,
        max_results: int | None = 10_000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        """One page of versions, newest first or as ``order_by`` says; all where ``max_results`` is None."""

        def page(size: int, token: str | None) -> PagedList[ModelVersion]:
            answer = self._connection.get(
                f"{_VERSIONS}/search", filter=filter_string, max_results=size, order_by=order_by, page_token=token
            )
            return entities.page(answer, "model_versions", entities.model_version)

        return gathered(page, _PAGE, max_results, page_token)

    def update(self, name: str, version: int | str, *, description: str | None) -> ModelVersion:
        """Change the description."""
        return version_of(self._call("PATCH", "update", name, version, {"description": description or ""}))

    def set_tag(self, name: str, version: int | str, key: str, value: Any) -> ModelVersion:
        """Set a tag."""
        self._call("POST", "set-tag", name, version, {"key": key, "value": str(value)})
        return self.get(name, version)

    def delete_tag(self, name: str, version: int | str, key: str) -> ModelVersion:
        """Delete a tag; one that is not there is no error."""
        self._call("DELETE", "delete-tag", name, version, {"key": key})
        return self.get(name, version)

    def delete(self, name: str, version: int | str, *, comment: str | None = None) -> None:
        """Delete a version and its aliases. Its number is not used again."""
        self._call("DELETE", "delete", name, version, {"comment": comment or ""})

    def list(self, name: str) -> list[ModelVersion]:
        """All versions of one model, newest first. Raises NotFound."""
        self._connection.get(f"{_MODELS}/get", name=check_model_name(name))
        in_quotes = name.replace('"', '""')
        found = self.search(f'name = "{in_quotes}"', max_results=_ALL)
        return sorted(found, key=lambda version: -version.version)

    def _call(self, method: str, verb: str, name: str, version: int | str, content: Json) -> Json:
        return self._connection.call(method, f"{_VERSIONS}/{verb}", {**_named(name, version), **content})


def version_of(answer: Json) -> ModelVersion:
    """The version in an answer."""
    return entities.model_version(answer["model_version"])


def _named(name: str, version: int | str) -> dict[str, Any]:
    return {"name": check_model_name(name), "version": str(check_version(version))}

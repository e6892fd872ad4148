"""Registered models, written to a server version by version, so that numbers stay.

A server gives numbers itself and does not show what was deleted. Before a stand-in for a deleted version is deleted
there, a tag of the model says that its number is taken: so an export that was cut off knows where it goes on.
"""

from __future__ import annotations

from contextlib import suppress

from cloudtrack.entities.model_version import Stage
from cloudtrack.errors import AlreadyExists, Conflict, NotFound
from cloudtrack.importing.export_report import Ledger
from cloudtrack.importing.mlflow_answers import Json, mapping, texts
from cloudtrack.importing.mlflow_target import (
    COMPLETE_TAG,
    OWN_TAGS,
    REGISTERED_TAG,
    VERSION_TAG,
    VERSIONS_TAG,
    MlflowTarget,
    tag_list,
)
from cloudtrack.importing.new_ids import NewIds
from cloudtrack.importing.values import whole
from cloudtrack.registry.state import ModelState
from cloudtrack.registry.version_state import VersionState

GONE = "s3://deleted-before-the-export.invalid/none"
"""The source of versions that are only there so that the others keep their numbers."""
_IS_PROMPT = "mlflow.prompt.is_prompt"


class RegistryExport:
    """The registered models of one server, to which others are added."""

    def __init__(self, target: MlflowTarget, ids: NewIds, ledger: Ledger) -> None:
        self._target = target
        self._ids = ids
        self._ledger = ledger

    def clash(self, state: ModelState) -> str:
        """Why a model cannot go to the server under its name; "" where it can."""
        tags = self._tags(state.name)
        if tags is None or tags.get(REGISTERED_TAG) == str(state.created):
            return ""
        return f"the name {state.name!r} is another registered model's there"

    def put(self, state: ModelState) -> None:
        """Add the model, or those of its versions that are not there. Raises CloudtrackError."""
        name, tags = state.name, self._tags(state.name)
        if is_new := tags is None:
            tags = {**self._ids.tags(state.tags, without=OWN_TAGS), REGISTERED_TAG: str(state.created)}
            wanted = {"name": name, "description": state.description, "tags": tag_list(tags)}
            self._target.create("registered-models/create", wanted)
        was_complete = COMPLETE_TAG in tags
        visible = {} if is_new else self._versions(name, is_prompt=_IS_PROMPT in tags)
        last = max([0, whole(tags.get(VERSIONS_TAG, 0), "a tag"), *visible])
        for version in state.versions.since(0):
            number = version.version
            if number > last:
                is_gone = not self._create(name, version)
            else:
                there = visible.get(number, {})
                is_gone = there.get("source") == GONE
                if there:
                    self._check(name, number, there)
            if is_gone:
                self._delete(name, number)
            if version.deleted or is_gone:
                continue
            if number > last or not was_complete:
                self._stage(name, version)
            self._ledger.add("versions", written=number > last, there=number <= last)
        if not was_complete:
            for alias, number in sorted(state.aliases.items()):
                self._target.set("registered-models/alias", {"name": name, "alias": alias, "version": str(number)})
            self._target.set("registered-models/set-tag", {"name": name, "key": COMPLETE_TAG, "value": "complete"})
        self._ledger.add("registered models", written=not was_complete, there=was_complete)

    def _tags(self, name: str) -> dict[str, str] | None:
        try:
            found = self._target.get("registered-models/get", name=name)
        except NotFound:
            return None
        return texts(mapping(found.get("registered_model")).get("tags"))

    def _versions(self, name: str, *, is_prompt: bool) -> dict[int, Json]:
        quoted = name.replace("'", "''")
        condition = f"name = '{quoted}'" + (f" AND tags.`{_IS_PROMPT}` = 'true'" if is_prompt else "")
        found = self._target.search(
            "model-versions/search", "model_versions", {"filter": condition, "max_results": 1000}, "GET"
        )
        return {whole(each.get("version"), "a version"): each for each in found}

    def _create(self, name: str, version: VersionState) -> bool:
        """Whether it is there now; else a stand-in has its number, which is to be deleted."""
        if not version.deleted:
            wanted = {
                "source": self._ids.rewritten(version.source),
                "run_id": self._ids.get(version.run_id or ""),
                "run_link": version.run_link,
                "model_id": self._ids.get(version.model_id or ""),
                "description": version.description,
            }
            tags = self._ids.tags(version.tags, without=OWN_TAGS)
            what = f"{name}/{version.version}"
            if version.model_id and not wanted["model_id"]:
                self._ledger.omissions.add("versions", what, "its logged model is not at the server")
            elif self._ledger.attempt("versions", what, lambda: self._add(name, version.version, wanted, tags)):
                return True
        self._add(name, version.version, {"source": GONE}, {})
        return False

    def _add(self, name: str, number: int, wanted: Json, tags: dict[str, str]) -> None:
        tags = {**tags, VERSION_TAG: str(number)}
        asked = {"name": name, "tags": tag_list(tags), **{key: value for key, value in wanted.items() if value}}
        made = self._target.create("model-versions/create", asked)
        given = whole(mapping(made.get("model_version")).get("version"), "a version")
        if given != number:
            raise Conflict(
                f"the server gave version {number} of {name!r} the number {given}: somebody registered or deleted "
                "versions of this name there"
            )

    def _check(self, name: str, number: int, there: Json) -> None:
        if texts(there.get("tags")).get(VERSION_TAG) != str(number):
            raise AlreadyExists(f"version {number} of {name!r} is another's there")

    def _delete(self, name: str, number: int) -> None:
        taken = {"name": name, "key": VERSIONS_TAG, "value": str(number)}
        self._target.set("registered-models/set-tag", taken)
        with suppress(NotFound):  # an earlier attempt has done it
            self._target.set("model-versions/delete", {"name": name, "version": str(number)}, "DELETE")

    def _stage(self, name: str, version: VersionState) -> None:
        if version.stage in ("", Stage.NONE):
            return
        wanted: Json = {"name": name, "version": str(version.version), "stage": version.stage}
        wanted["archive_existing_versions"] = False
        what = f"{name}/{version.version}"
        self._ledger.attempt("stages", what, lambda: self._target.set("model-versions/transition-stage", wanted))

"""Model versions: register, read, search, change, delete."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from cloudtrack import clock
from cloudtrack.entities.manifest import Manifest, check_manifest, named_manifest
from cloudtrack.entities.model_uri import BY_DIGEST
from cloudtrack.entities.model_version import ORIGIN_TAG, ModelVersion
from cloudtrack.entities.names import check_key_name, check_logged_model_id, check_run_id
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.registered_model import check_digest, check_version
from cloudtrack.errors import InvalidInput, NotFound, Purged, StateError
from cloudtrack.index.cache import PartCache
from cloudtrack.registry.events import AnyChange, VersionChanged, VersionCreated, VersionDeleted, VersionPinned
from cloudtrack.registry.manifests import Manifests
from cloudtrack.registry.model_index import ModelIndex, Shows, version_question
from cloudtrack.registry.origins import origins_of
from cloudtrack.registry.past import Past
from cloudtrack.registry.registered_models import check_description, check_tags
from cloudtrack.registry.registry import Registry, writable
from cloudtrack.registry.release_chain import check_not_released
from cloudtrack.registry.resolving import LATEST, alias_in, resolve_in, version_in
from cloudtrack.registry.state import ModelState
from cloudtrack.storage.mentioning import is_late

CheckOrigins = Callable[[Collection[str]], None]
"""Raises StateError or Purged where one of some runs and logged models, by id, is being purged, or was."""


def anything(_origins: Collection[str]) -> None:
    """A version may come from anything."""


class ModelVersions:
    """The versions of one store's registered models."""

    def __init__(
        self, registry: Registry, index: ModelIndex | None = None, check_origins: CheckOrigins = anything
    ) -> None:
        self._registry = registry
        self._past = Past(registry)
        self._manifests = Manifests(registry.store)
        self._index = index or ModelIndex(registry.store, PartCache(registry.store))
        self._check_origins = check_origins

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
        kept: bool = False,
        comment: str | None = None,
    ) -> ModelVersion:
        """The next version: 1, 2, 3 ... without a gap, whoever else registers. Raises NotFound for an unknown name.

        ``manifest`` lists its files; it is written before the version is there. ``kept`` says that the registry keeps
        the files itself. With a tag that says its origin (see ``lineage.copying``), a version of that origin is
        returned, where one of those that changed lately has it. Raises StateError or Purged where the run or the logged
        model that it came from is being purged, or was.
        """
        if not source:
            raise InvalidInput("a model version needs a source: where the model is, such as runs:/<run id>/model")
        checked_tags, checked_description = check_tags(tags), check_description(description)
        began = clock.now_ms()
        pinned = self._manifests.write(check_manifest(manifest)) if manifest is not None else None

        origin = checked_tags.get(ORIGIN_TAG)

        def decide(state: ModelState) -> AnyChange | None:
            writable(name, state)
            if origin is not None and _with_origin(state, origin) is not None:
                return None
            return VersionCreated(
                version=state.last_version + 1,
                source=source,
                run_id=run_id,
                run_link=run_link,
                model_id=model_id,
                digest=check_digest(digest),
                manifest=pinned,
                kept=kept,
                description=checked_description,
                tags=checked_tags,
            )

        origins = origins_of(source, run_id, model_id)

        def is_there() -> bool:
            self._check_origins(origins)
            return True

        state, made = self._registry.commit_change(name, decide, comment=comment, still_holds=is_there)
        if isinstance(made, VersionCreated):
            self._write_if_late(manifest, began)
            self._check_afterwards(name, made)
            return version_in(state, made.version)
        there = _with_origin(state, origin) if origin is not None else None
        return version_in(state, there if there is not None else state.last_version)

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
        began = clock.now_ms()
        number, pinned = check_version(version), self._manifests.write(check_manifest(manifest))

        def decide(state: ModelState) -> AnyChange | None:
            there = version_in(writable(name, state), number)
            if there.manifest not in (None, pinned):
                raise StateError(f"version {number} of {name!r} is pinned to other files already; register a new one")
            if there.manifest == pinned and there.kept >= kept:
                return None
            return VersionPinned(version=number, manifest=pinned, kept=kept)

        state = self._registry.commit(name, decide, comment=comment)
        self._write_if_late(manifest, began)
        return version_in(state, number)

    def manifest(self, version: ModelVersion) -> Manifest:
        """The files of a version as they were registered. Raises NotFound where they were not listed, CorruptData."""
        return self._manifests.read(named_manifest(version))

    def of_run(self, run_id: str) -> PagedList[ModelVersion]:
        """The versions that came from a run, newest first."""
        return self.search(f"run_id = '{check_run_id(run_id)}'", max_results=None)

    def of_model(self, model_id: str) -> PagedList[ModelVersion]:
        """The versions that came from a logged model, newest first."""
        return self.search(f"model_id = '{check_logged_model_id(model_id)}'", max_results=None)

    def get(self, name: str, version: int | str) -> ModelVersion:
        """Raises NotFound."""
        return version_in(self._registry.read(name), version)

    def get_latest_versions(self, name: str, stages: list[str] | None = None) -> list[ModelVersion]:
        """The newest version of each stage that has one, or of the stages named."""
        return self._registry.read(name).latest_versions(stages)

    def latest(self, name: str) -> ModelVersion:
        """The version with the greatest number, whatever its stage. Raises NotFound."""
        return self.resolve(name, LATEST)

    def resolve(self, name: str, reference: str, at_ms: int | None = None) -> ModelVersion:
        """The version that a model URI means: a number, a stage, ``latest``, ``@`` and an alias or a digest.

        A stage means its newest version. ``at_ms`` is an instant to go back to. Raises NotFound, InvalidInput.
        """
        if reference.startswith(BY_DIGEST):
            return self._with_digest(name, reference.removeprefix(BY_DIGEST))
        return resolve_in(self._registry.read(name) if at_ms is None else self._past.at(name, at_ms), reference)

    def search(
        self,
        filter_string: str | None = None,
        *,
        max_results: int | None = 10_000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
        shows: Shows | None = None,
        prompts: bool = True,
    ) -> PagedList[ModelVersion]:
        """One page of versions, newest first or as ``order_by`` says; all where ``max_results`` is None.

        ``shows`` says of which models, by name, the asker may know. Without ``prompts``, versions of MLflow's prompts
        are left out unless the filter names their tag.
        """
        question = version_question(filter_string, order_by, prompts=prompts)
        return self._index.versions(question, max_results, page_token, shows)

    def update(self, name: str, version: int | str, *, description: str | None) -> ModelVersion:
        """Change the description."""
        return self._change(
            name, VersionChanged(version=check_version(version), description=check_description(description))
        )

    def set_tag(self, name: str, version: int | str, key: str, value: Any) -> ModelVersion:
        """Set a tag."""
        return self._change(name, VersionChanged(version=check_version(version), tags=dict(check_tags({key: value}))))

    def delete_tag(self, name: str, version: int | str, key: str) -> ModelVersion:
        """Delete a tag; one that is not there is no error."""
        tags: dict[str, str | None] = {check_key_name("tag", key): None}
        return self._change(name, VersionChanged(version=check_version(version), tags=tags))

    def delete(self, name: str, version: int | str, *, comment: str | None = None) -> None:
        """Delete a version and its aliases. Its number is not used again.

        Raises StateError naming the releases that have it out now.
        """
        number = check_version(version)
        check_not_released(self._registry.store, name, number)

        def decide(state: ModelState) -> AnyChange:
            version_in(writable(name, state), number)
            return VersionDeleted(version=number)

        self._registry.commit(name, decide, comment=comment)

    def get_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version an alias points to. Raises NotFound."""
        return alias_in(self._registry.read(name), alias)

    def list(self, name: str) -> list[ModelVersion]:
        """All versions of one model, newest first. Raises NotFound."""
        state = self._registry.read(name)
        return [state.shown(version) for version in state.versions.since(0) if not version.deleted][::-1]

    def _check_afterwards(self, name: str, made: VersionCreated) -> None:
        """Take back a version whose origin was claimed by a purge between the look and the commit.

        The purge looked for versions after its claim: it has seen this one, or is seen by it.
        """
        try:
            self._check_origins(origins_of(made.source, made.run_id, made.model_id))
        except (StateError, Purged) as error:

            def decide(state: ModelState) -> AnyChange | None:
                there = state.exists and not state.renaming_to and state.version_entity(made.version) is not None
                return VersionDeleted(version=made.version) if there else None

            self._registry.commit(name, decide, comment=error.message, is_last=False)
            raise

    def _write_if_late(self, manifest: Manifest | None, began_ms: int) -> None:
        """Write a manifest again, where whoever cleans up may have removed it before it was mentioned."""
        if manifest is not None and is_late(began_ms):
            self._manifests.write(manifest)

    def _with_digest(self, name: str, digest: str) -> ModelVersion:
        """The newest version of a model with these bytes."""
        self._registry.read(name)
        in_quotes = name.replace('"', '""')
        order = ["version_number DESC"]
        found = self.search(
            f"name = \"{in_quotes}\" AND digest = '{check_digest(digest)}'", max_results=1, order_by=order
        )
        if not found:
            raise NotFound(f"registered model {name!r} has no version with the digest {digest}")
        return found[0]

    def _change(self, name: str, change: VersionChanged) -> ModelVersion:
        def decide(state: ModelState) -> AnyChange:
            version_in(writable(name, state), change.version)
            return change

        return version_in(self._registry.commit(name, decide), change.version)


def _with_origin(state: ModelState, origin: str) -> int | None:
    """The version that came from a place, among those that changed lately, the newest 64 at least."""
    recent = state.versions.recent.values()
    found = (version.version for version in recent if not version.deleted and version.tags.get(ORIGIN_TAG) == origin)
    return next(found, None)

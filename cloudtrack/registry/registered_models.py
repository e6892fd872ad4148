"""Registered models: create, read, search, change, rename, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudtrack import clock
from cloudtrack.entities.model_version import Stage, check_stages
from cloudtrack.entities.names import check_key_name, check_value
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.registered_model import RegisteredModel, check_model_name
from cloudtrack.errors import AlreadyExists, InvalidInput, StateError
from cloudtrack.index.cache import PartCache
from cloudtrack.registry.events import (
    AnyChange,
    ModelChanged,
    ModelCreated,
    ModelDeleted,
    MovedIn,
    Renamed,
    RenameGivenUp,
    RenameStarted,
)
from cloudtrack.registry.model_index import ModelIndex, Shows, model_question
from cloudtrack.registry.registry import Registry, existing, writable
from cloudtrack.registry.release_chain import check_not_released
from cloudtrack.registry.state import ModelState
from cloudtrack.storage.mentioning import is_late

MAX_DESCRIPTION_BYTES = 1 << 20


class RegisteredModels:
    """The registered models of one store."""

    def __init__(self, registry: Registry, index: ModelIndex | None = None) -> None:
        self._registry = registry
        self.index = index or ModelIndex(registry.store, PartCache(registry.store))

    def get_or_create(self, name: str) -> RegisteredModel:
        """The model with this name, made where there is none; a part of an operation, which goes on after it."""

        def decide(state: ModelState) -> AnyChange | None:
            return None if state.exists else ModelCreated(name=name)

        return self._registry.commit(check_model_name(name), decide, is_last=False).entity()

    def create(
        self, name: str, *, tags: Mapping[str, Any] | None = None, description: str | None = None
    ) -> RegisteredModel:
        """Raises AlreadyExists. A name that was deleted may be created again: its version numbers go on."""
        change = ModelCreated(
            name=check_model_name(name), description=check_description(description), tags=check_tags(tags)
        )

        def decide(state: ModelState) -> AnyChange:
            if state.exists:
                raise AlreadyExists(f"a registered model {name!r} exists already")
            return change

        return self._registry.commit(name, decide).entity()

    def get(self, name: str) -> RegisteredModel:
        """Raises NotFound."""
        return self._registry.read(name).entity()

    def search(
        self,
        filter_string: str | None = None,
        *,
        max_results: int | None = 100,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
        shows: Shows | None = None,
        prompts: bool = True,
    ) -> PagedList[RegisteredModel]:
        """One page of models by name, or as ``order_by`` says; all where ``max_results`` is None.

        ``shows`` says of which models, by name, the asker may know. Without ``prompts``, MLflow's prompts are left out
        unless the filter names their tag.
        """
        question = model_question(filter_string, order_by, prompts=prompts)
        return self.index.models(question, max_results, page_token, shows)

    def update(self, name: str, *, description: str | None) -> RegisteredModel:
        """Change the description."""
        return self._change(name, ModelChanged(description=check_description(description)))

    def set_stages(
        self, name: str, stages: Sequence[str], *, exclusive: Sequence[str] = (), comment: str | None = None
    ) -> RegisteredModel:
        """Give a model stages of its own between None and Archived; ``exclusive`` are those that one version holds.

        Raises StateError where a version is in a stage that would be no more, or several in one that is for one.
        """
        names = check_stages(stages)
        for_one = [Stage.canonical(stage, names[1:-1]) for stage in exclusive]

        def decide(state: ModelState) -> AnyChange:
            for stage in writable(name, state).own_stages:
                holders = state.versions.holders(stage)
                if holders and stage not in names:
                    raise StateError(f"version {holders[-1]} of {name!r} is in {stage}: move it first")
                if len(holders) > 1 and stage in for_one:
                    raise StateError(f"versions {', '.join(map(str, holders))} of {name!r} are in {stage}: leave one")
            return ModelChanged(stages=names, exclusive_stages=for_one)

        return self._registry.commit(name, decide, comment=comment).entity()

    def set_tag(self, name: str, key: str, value: Any) -> RegisteredModel:
        """Set a tag."""
        return self._change(name, ModelChanged(tags=dict(check_tags({key: value}))))

    def delete_tag(self, name: str, key: str) -> RegisteredModel:
        """Delete a tag; one that is not there is no error."""
        return self._change(name, ModelChanged(tags={check_key_name("tag", key): None}))

    def delete(self, name: str, *, comment: str | None = None) -> None:
        """Delete a model with its versions and aliases. Its history stays, and version numbers are not used again.

        Raises StateError naming the releases that have a version of it out now.
        """
        check_not_released(self._registry.store, name)

        def decide(state: ModelState) -> AnyChange:
            writable(name, state)
            return ModelDeleted()

        self._registry.commit(name, decide, comment=comment)

    def rename(self, name: str, new_name: str) -> RegisteredModel:
        """Give a model another name, with its versions. Raises AlreadyExists where the new name is taken.

        A name that had versions before takes none of another, but for the model that it was renamed to. Raises
        StateError for such a name.

        Three commits: the old name is frozen, the new one takes its state, the old one ends. After a crash
        between them, renaming again finishes the job.
        """
        check_model_name(new_name)
        if new_name == name:
            return self.get(name)
        if self._registry.has_done(name):
            return self.get(new_name)

        def freeze(state: ModelState) -> AnyChange | None:
            existing(name, state)
            if state.renaming_to == new_name:
                return None
            writable(name, state)
            return RenameStarted(new_name=new_name)

        began = clock.now_ms()
        frozen = self._registry.commit(name, freeze, is_last=False)
        if is_late(began):  # pages that it was read with may be gone; from now on they stay
            frozen = self._registry.read_any(name)

        def move_in(state: ModelState) -> AnyChange | None:
            if state.exists or not _is_free(state, name):
                return None
            dump = frozen.model_dump(mode="json", exclude={"recent"})
            return MovedIn(name=new_name, old_name=name, old_number=frozen.number, state=dump)

        moved = self._registry.commit(new_name, move_in, is_last=False)
        ours = moved.exists and (moved.moved_from, moved.moved_number) == (name, frozen.number)

        def end(state: ModelState) -> AnyChange | None:
            if state.renaming_to != new_name:
                return None
            return Renamed(new_name=new_name) if ours else RenameGivenUp(new_name=new_name)

        self._registry.commit(name, end)
        if not ours and not moved.exists:
            raise StateError(
                f"there was a registered model {new_name!r} with {moved.last_version} versions, and their URIs would "
                "mean others: choose another name"
            )
        if not ours:
            raise AlreadyExists(f"a registered model {new_name!r} exists already")
        return moved.entity()

    def _change(self, name: str, change: ModelChanged) -> RegisteredModel:
        def decide(state: ModelState) -> AnyChange:
            writable(name, state)
            return change

        return self._registry.commit(name, decide).entity()


def _is_free(state: ModelState, name: str) -> bool:
    """Whether versions may move in from a name: no URI meant others, or it is where they came from."""
    return state.last_version == 0 or state.renamed_to == name


def check_tags(tags: Mapping[str, Any] | None) -> dict[str, str]:
    """Tags as they are stored."""
    return {check_key_name("tag", key): check_value("tag", key, value) for key, value in (tags or {}).items()}


def check_description(description: str | None) -> str:
    """A description as it is stored; up to 1 MiB."""
    text = description or ""
    if len(text.encode(errors="replace")) > MAX_DESCRIPTION_BYTES:
        raise InvalidInput(f"the description is longer than {MAX_DESCRIPTION_BYTES} bytes")
    return text

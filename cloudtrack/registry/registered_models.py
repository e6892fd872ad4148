"""Registered models: create, read, search, change, rename, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudtrack.entities.names import check_key_name, check_value
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.registered_model import RegisteredModel, check_model_name
from cloudtrack.errors import AlreadyExists, InvalidInput
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
    parse_event,
)
from cloudtrack.registry.model_index import ModelIndex, Shows, model_question
from cloudtrack.registry.registry import Registry, existing, writable
from cloudtrack.registry.state import ModelState

MAX_DESCRIPTION_BYTES = 1 << 20


class RegisteredModels:
    """The registered models of one store."""

    def __init__(self, registry: Registry, index: ModelIndex | None = None) -> None:
        self._registry = registry
        self.index = index or ModelIndex(registry.store, PartCache(registry.store))

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

    def set_tag(self, name: str, key: str, value: Any) -> RegisteredModel:
        """Set a tag."""
        return self._change(name, ModelChanged(tags=dict(check_tags({key: value}))))

    def delete_tag(self, name: str, key: str) -> RegisteredModel:
        """Delete a tag; one that is not there is no error."""
        return self._change(name, ModelChanged(tags={check_key_name("tag", key): None}))

    def delete(self, name: str, *, comment: str | None = None) -> None:
        """Delete a model with its versions and aliases. Its history stays, and version numbers are not used again."""

        def decide(state: ModelState) -> AnyChange:
            writable(name, state)
            return ModelDeleted()

        self._registry.commit(name, decide, comment=comment)

    def rename(self, name: str, new_name: str) -> RegisteredModel:
        """Give a model another name, with its versions. Raises AlreadyExists where the new name is taken.

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

        frozen = self._registry.commit(name, freeze, is_last=False)

        def move_in(state: ModelState) -> AnyChange | None:
            if state.exists:
                return None
            dump = frozen.model_dump(mode="json", exclude={"recent"})
            return MovedIn(name=new_name, old_name=name, old_number=frozen.number, state=dump)

        moved = self._registry.commit(new_name, move_in, is_last=False)
        ours = self._came_from(new_name, name, frozen.number)

        def end(state: ModelState) -> AnyChange | None:
            if state.renaming_to != new_name:
                return None
            return Renamed(new_name=new_name) if ours else RenameGivenUp(new_name=new_name)

        self._registry.commit(name, end)
        if not ours:
            raise AlreadyExists(f"a registered model {new_name!r} exists already")
        return moved.entity()

    def _came_from(self, new_name: str, name: str, number: int) -> bool:
        """Whether the state that lives under the new name came by this rename, perhaps an earlier try of it."""
        events = self._registry.events(new_name)
        return any(
            isinstance(change, MovedIn) and (change.old_name, change.old_number) == (name, number)
            for change in (parse_event(events.key(n), body).change for n, body in events.read_after(0))
        )

    def _change(self, name: str, change: ModelChanged) -> RegisteredModel:
        def decide(state: ModelState) -> AnyChange:
            writable(name, state)
            return change

        return self._registry.commit(name, decide).entity()


def check_tags(tags: Mapping[str, Any] | None) -> dict[str, str]:
    """Tags as they are stored."""
    return {check_key_name("tag", key): check_value("tag", key, value) for key, value in (tags or {}).items()}


def check_description(description: str | None) -> str:
    """A description as it is stored; up to 1 MiB."""
    text = description or ""
    if len(text.encode(errors="replace")) > MAX_DESCRIPTION_BYTES:
        raise InvalidInput(f"the description is longer than {MAX_DESCRIPTION_BYTES} bytes")
    return text

"""Aliases: names of one's own for versions, such as ``champion``."""

from __future__ import annotations

import re
from typing import Any

from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.registered_model import check_version
from cloudtrack.errors import InvalidInput
from cloudtrack.registry.events import AliasDeleted, AliasSet, AnyChange
from cloudtrack.registry.registry import Registry, writable
from cloudtrack.registry.resolving import alias_in, version_in
from cloudtrack.registry.state import ModelState

_ALIAS = re.compile(r"[\w\-]{1,255}")
_VERSION_LIKE = re.compile(r"v\d+", re.IGNORECASE)


class Aliases:
    """The aliases of one store's registered models."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def set(self, name: str, alias: str, version: int | str, *, comment: str | None = None) -> None:
        """Point an alias to a version; it leaves the one it pointed to. Raises NotFound, InvalidInput."""
        number, checked = check_version(version), check_alias(alias)

        def decide(state: ModelState) -> AnyChange | None:
            version_in(writable(name, state), number)
            previous = state.aliases.get(checked)
            return None if previous == number else AliasSet(alias=checked, version=number, previous=previous)

        self._registry.commit(name, decide, comment=comment)

    def get(self, name: str, alias: str) -> ModelVersion:
        """The version an alias points to. Raises NotFound."""
        return alias_in(self._registry.read(name), alias)

    def delete(self, name: str, alias: str, *, comment: str | None = None) -> None:
        """Delete an alias; one that is not there is no error."""

        def decide(state: ModelState) -> AnyChange | None:
            previous = writable(name, state).aliases.get(alias)
            return None if previous is None else AliasDeleted(alias=alias, previous=previous)

        self._registry.commit(name, decide, comment=comment)


def check_alias(alias: Any) -> str:
    """An alias: letters, digits, '_' and '-', not ``latest`` and not like a version's number."""
    if not isinstance(alias, str) or not _ALIAS.fullmatch(alias):
        raise InvalidInput(f"{alias!r} is no alias: use letters, digits, '_' and '-', at most 255")
    if alias.lower() == "latest" or _VERSION_LIKE.fullmatch(alias) or alias.isdecimal():
        raise InvalidInput(f"the alias {alias!r} is reserved: it would look like a version")
    return alias

"""Objects that are named by their content, and so may be wanted again after they were removed.

A delete that comes late would take away what was written anew under the same name. So a name that is to be removed is
condemned before, for ever, by an empty object beside it: from then on the same content has the next name.

    model_files/<sha256>     model_files/<sha256>.gone     model_files/<sha256>.2     model_files/<sha256>.2.gone ...
"""

from __future__ import annotations

from collections.abc import Iterable

from cloudtrack.errors import ObjectNotFound
from cloudtrack.storage.object_store import ObjectStore

CONDEMNED = ".gone"
_JSON = ".json"


def condemnation(key: str) -> str:
    """The object that says that this key is never written again."""
    return f"{key}{CONDEMNED}"


def content_of(key: str) -> str:
    """The digest that a key, any of its names or its condemnation, is named by."""
    return key.rpartition("/")[2].partition(".")[0]


def in_order(keys: Iterable[str]) -> list[str]:
    """Of the keys of one content those that have it, the newest last."""
    return sorted((key for key in keys if not key.endswith(CONDEMNED)), key=lambda key: (len(key), key))


class Contents:
    """The objects of one store that are named by their content."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def usable(self, key: str) -> str:
        """The key under which this content may be written, or used where it is: one request, while none was condemned.

        What uses it must be committed soon (see ``storage.mentioning``).
        """
        number, name = 1, key
        while self._is_condemned(name):
            number += 1
            name = _numbered(key, number)
        return name

    def names(self, key: str) -> list[str]:
        """The keys under which the content is there, whatever was condemned; the newest last."""
        return in_order(info.key for info in self._store.list(key.removesuffix(_JSON)))

    def _is_condemned(self, name: str) -> bool:
        try:
            self._store.stat(condemnation(name))
        except ObjectNotFound:
            return False
        return True


def _numbered(key: str, number: int) -> str:
    stem = key.removesuffix(_JSON)
    return f"{stem}.{number}{key[len(stem) :]}"

"""What can be searched: kinds, keys and their types, and what was meant by a name that is none of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cloudtrack.errors import InvalidInput
from cloudtrack.search.grammar import closest, did_you_mean, shown

Types = Mapping[str, type | Mapping[str, type | str]]
"""What can be searched: from an entity kind to the type of all its values, or to the types of the keys there are. A key
may have text for a type: it is another name of that key."""

_KINDS = {
    "metric": "metrics",
    "metrics": "metrics",
    "param": "params",
    "params": "params",
    "parameter": "params",
    "parameters": "params",
    "tag": "tags",
    "tags": "tags",
    "attr": "attributes",
    "attribute": "attributes",
    "attributes": "attributes",
    "run": "attributes",
    "dataset": "datasets",
    "datasets": "datasets",
}
"""The spellings of entity kinds."""


@dataclass(frozen=True)
class Field:
    """A key that can be searched by, and the type of its values."""

    kind: str
    key: str
    type: type

    def __str__(self) -> str:
        return f"{self.kind}.{shown(self.key)[1:-1]}"


def find_field(types: Types, spelled: str, key: str) -> Field:
    """The field that a kind, in any spelling, and a key name. Without a kind, a key is an attribute.

    Raises InvalidInput for one that there is not, with the name that may be meant or those there are.
    """
    kind = _KINDS.get(spelled.lower(), "") if spelled else "attributes"
    of_kind = types.get(kind)
    if of_kind is None:
        raise InvalidInput(f"cannot search by {shown(spelled)}{_kind_hint(types, kind, spelled, key)}")
    if not key:
        raise InvalidInput(f"the key after {shown(spelled)} is empty")
    if isinstance(of_kind, type):
        return Field(kind, key, of_kind)
    found = of_kind.get(key)
    if found is None:
        raise InvalidInput(f"there is no {shown(key)} among the {kind}{_key_hint(types, of_kind, spelled, key)}")
    return find_field(types, kind, found) if isinstance(found, str) else Field(kind, key, found)


def _kind_hint(types: Types, kind: str, spelled: str, key: str) -> str:
    meant = "" if kind else _KINDS.get(closest(spelled, _KINDS), "")
    if meant in types:
        return did_you_mean(f"{meant}.{shown(key)[1:-1]}")
    return f": use one of {', '.join(types)}"


def _key_hint(types: Types, of_kind: Mapping[str, type | str], spelled: str, key: str) -> str:
    meant = closest(key, of_kind)
    if meant:
        return did_you_mean(f"{spelled}.{meant}" if spelled else meant)
    of_metrics = "; a metric is written metrics.loss" if "metrics" in types and not spelled else ""
    names = (name for name, its_type in of_kind.items() if isinstance(its_type, type))
    return f": use one of {', '.join(names)}{of_metrics}"

"""What a pickle's opcodes put on its stack, as far as it must be known without running them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, overload


class Refused(Exception):
    """The pickle does something that is not known to be harmless; the text says what, and where."""


class Data(Protocol):
    """The bytes of a file: ``bytes``, or a memory map of a private copy."""

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: int, /) -> int: ...
    @overload
    def __getitem__(self, index: slice, /) -> bytes: ...
    def find(self, sub: bytes, start: int = ..., /) -> int:
        """The index of the first ``sub`` from ``start``, or -1."""


class Unknown:
    """Data whose content does not matter, and that nothing may be named by."""

    def __repr__(self) -> str:
        return "..."


OPAQUE, SET = Unknown(), Unknown()


@dataclass(frozen=True, slots=True)
class Import:
    """A global that the pickle imports, and what it may be used for (see ``pickle_names``)."""

    module: str
    name: str
    position: int
    use: str = ""

    @property
    def path(self) -> str:
        """``module.name``."""
        return f"{self.module}.{self.name}"


@dataclass(eq=False, slots=True)
class Made:
    """What calling ``of``, or making an instance of it, gives. ``sealed``: something refers to it already."""

    of: Import
    args: tuple[Any, ...] = ()
    state: Any = None
    sealed: bool = False


@dataclass(eq=False, slots=True)
class Table:
    """A dict: its items under literal text. ``exact`` says that there are no others, ``frozen`` that a dtype has it."""

    items: dict[str, Any] = field(default_factory=dict)
    exact: bool = True
    frozen: bool = False


@dataclass(eq=False, slots=True)
class Row:
    """A list, of which only its length is known."""

    size: int = 0


class Group(tuple[Any, ...]):
    """A tuple, how deep it nests, and the first import that may be used in certain places only."""

    depth: int
    restricted: Import | None


MAX_DEPTH = 500
"""Deeper tuples overflow the interpreter's own stack when they are hashed."""


def group(items: list[Any]) -> Group:
    """The tuple of these. Raises Refused where tuples nest too deep."""
    made = Group(items)
    made.depth, made.restricted = 1, None
    for item in items:
        kind = item.__class__
        if kind is Made:
            item.sealed = True
        elif kind is Import and item.use not in FREE_USES:
            made.restricted = made.restricted or item
        elif kind is Group:
            made.depth = max(made.depth, item.depth + 1)
            made.restricted = made.restricted or item.restricted
    if made.depth > MAX_DEPTH:
        raise Refused(f"nests tuples more than {MAX_DEPTH} deep")
    return made


FREE_USES = ("", "value", "type")
"""Uses that let an import be stored anywhere; the empty one where a pickle is only described."""


def store(value: Any) -> None:
    """Something is about to refer to the value. Raises Refused for an import that must not lie around as data."""
    kind = value.__class__
    if kind is Made:
        value.sealed = True
    elif kind is Import:
        if value.use not in FREE_USES:
            raise Refused(f"keeps {value.path} as a value (byte {value.position})")
    elif kind is Group and value.restricted is not None:
        raise Refused(f"keeps {value.restricted.path} as a value (byte {value.restricted.position})")

"""One prediction: what the signature says, and what is given. Read by MLflow's interpreter too."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Form = dict[str, Any]
ABSENT = object()
"""No params are given at all."""


@dataclass(frozen=True)
class Case:
    """A signature in the form of ``MLmodel``, and how the data is made, anew for each run."""

    name: str
    inputs: list[Form] | None
    data: Callable[[], Any]
    params: list[Form] | None = None
    given: Any = ABSENT

    @property
    def signature(self) -> dict[str, str | None]:
        """The signature as ``MLmodel`` has it."""
        return {
            "inputs": None if self.inputs is None else json.dumps(self.inputs),
            "outputs": None,
            "params": None if self.params is None else json.dumps(self.params),
        }

    def ask(self, predict: Callable[..., Any]) -> Any:
        """What ``predict`` gives for it."""
        given = self.given() if callable(self.given) else self.given
        return predict(self.data()) if self.given is ABSENT else predict(self.data(), params=given)


def cases(group: str, inputs: list[Form] | None, **data: Callable[[], Any]) -> list[Case]:
    """Several data for one signature."""
    return [Case(f"{group}: {name.replace('_', ' ')}", inputs, make) for name, make in data.items()]


def column(kind: str | Form, name: str | None = None) -> Form:
    """A column; a ``?`` behind a type makes it optional."""
    form = typed(kind)
    named = {} if name is None else {"name": name}
    return {**form, **named, "required": form.get("required", True)}


def typed(kind: str | Form) -> Form:
    """The form of a type."""
    if isinstance(kind, dict):
        return kind
    return {"type": kind.rstrip("?"), **({"required": False} if kind.endswith("?") else {})}


def table(**columns: str | Form) -> list[Form]:
    """A schema of named columns."""
    return [column(kind, name) for name, kind in columns.items()]


def unnamed(*kinds: str | Form) -> list[Form]:
    """A schema of columns without names."""
    return [column(kind) for kind in kinds]


def array(items: str | Form) -> Form:
    """A list of one type."""
    return {"type": "array", "items": typed(items)}


def maps(values: str | Form) -> Form:
    """An object of any keys and one type of values."""
    return {"type": "map", "values": typed(values)}


def obj(**properties: str | Form) -> Form:
    """An object with these properties."""
    return {"type": "object", "properties": {name: column(kind) for name, kind in properties.items()}}


def optional(kind: Form) -> Form:
    """A type that may be missing."""
    return {**kind, "required": False}


def tensor(dtype: str, *shape: int, name: str | None = None) -> Form:
    """An array."""
    named = {} if name is None else {"name": name}
    return {**named, "type": "tensor", "tensor-spec": {"dtype": dtype, "shape": list(shape)}}

"""Types of a model's inputs and outputs, in the JSON form that MLflow writes into ``MLmodel``.

Source: https://mlflow.org/docs/latest/ml/model/signatures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloudtrack.errors import InvalidInput
from cloudtrack.mlflow_names import find_name

SCALARS = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime")
_MAX_DEPTH = 32


@dataclass(frozen=True)
class ColumnType:
    """A scalar (one of ``SCALARS``), ``any``, or an ``array``, ``object`` or ``map`` of others."""

    name: str
    items: ColumnType | None = None
    properties: tuple[tuple[str, ColumnType, bool], ...] = ()
    """Of an object: name, type, and whether it is required; by name."""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        if self.name == "array":
            return {"type": "array", "items": _nested(self.items)}
        if self.name == "map":
            return {"type": "map", "values": _nested(self.items)}
        if self.name == "object":
            properties = {key: {**kind.to_dict(), "required": required} for key, kind, required in self.properties}
            return {"type": "object", "properties": properties}
        return {"type": self.name}

    @classmethod
    def from_dict(cls, form: Any, depth: int = 0) -> ColumnType:
        """Raises InvalidInput."""
        name = form.get("type") if isinstance(form, dict) else None
        if depth > _MAX_DEPTH:
            raise InvalidInput("a type in the signature is nested too deeply")
        if name == "array" and "items" in form:
            return cls("array", items=cls.from_dict(form["items"], depth + 1))
        if name == "map" and "values" in form:
            return cls("map", items=cls.from_dict(form["values"], depth + 1))
        if name == "object" and isinstance(form.get("properties"), dict):
            parts = [
                (key, cls.from_dict(part, depth + 1), bool(part.get("required", True)))
                for key, part in sorted(form["properties"].items())
            ]
            return cls("object", properties=tuple(parts))
        if name in (*SCALARS, "any"):
            return cls(str(name))
        raise InvalidInput(
            f"{name!r} is no type of a signature; there are {', '.join(SCALARS)}, array, object, map, any"
        )

    def __str__(self) -> str:
        return self.name


class DataType:
    """The scalar types by MLflow's names."""

    boolean = ColumnType("boolean")
    integer = ColumnType("integer")
    long = ColumnType("long")
    float = ColumnType("float")
    double = ColumnType("double")
    string = ColumnType("string")
    binary = ColumnType("binary")
    datetime = ColumnType("datetime")


def Array(dtype: ColumnType | str) -> ColumnType:  # noqa: N802 - MLflow's name
    """A list of values of one type."""
    return ColumnType("array", items=_column_type(dtype))


def Map(value_type: ColumnType | str) -> ColumnType:  # noqa: N802 - MLflow's name
    """A dictionary with any keys, and values of one type."""
    return ColumnType("map", items=_column_type(value_type))


@dataclass(frozen=True)
class Property:
    """A part of an object."""

    name: str
    dtype: ColumnType | str
    required: bool = True


def Object(properties: Sequence[Property]) -> ColumnType:  # noqa: N802 - MLflow's name
    """A dictionary with these keys."""
    parts = [
        (each.name, _column_type(each.dtype), each.required) for each in sorted(properties, key=lambda each: each.name)
    ]
    return ColumnType("object", properties=tuple(parts))


def AnyType() -> ColumnType:  # noqa: N802 - MLflow's name
    """What is not said."""
    return ColumnType("any")


def _column_type(kind: ColumnType | str) -> ColumnType:
    return kind if isinstance(kind, ColumnType) else ColumnType.from_dict({"type": kind})


def _nested(kind: ColumnType | None) -> dict[str, Any]:
    return kind.to_dict() if kind is not None else {"type": "any"}


@dataclass(frozen=True)
class ColSpec:
    """One column of a table."""

    type: ColumnType | str
    name: str | None = None
    required: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.type, str):
            object.__setattr__(self, "type", _column_type(self.type))

    @property
    def kind(self) -> ColumnType:
        """The type."""
        return self.type if isinstance(self.type, ColumnType) else ColumnType(self.type)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        named = {"name": self.name} if self.name is not None else {}
        return {**self.kind.to_dict(), **named, "required": self.required}


@dataclass(frozen=True)
class TensorSpec:
    """An array: numpy's name of the type, which a numpy type stands for, and the shape with -1 for any length."""

    dtype: str
    shape: tuple[int, ...]
    name: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.dtype, str):
            object.__setattr__(self, "dtype", getattr(self.dtype, "name", None) or self.dtype.__name__)
        object.__setattr__(self, "shape", tuple(self.shape))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        named = {"name": self.name} if self.name is not None else {}
        return {**named, "type": "tensor", "tensor-spec": {"dtype": self.dtype, "shape": list(self.shape)}}


Spec = ColSpec | TensorSpec


@dataclass(frozen=True)
class Schema:
    """Columns or tensors, all of one sort; named, or a single one without a name."""

    inputs: Sequence[Spec] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", tuple(self.inputs))

    def __iter__(self) -> Iterator[Spec]:
        return iter(self.inputs)

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def is_tensor(self) -> bool:
        """Whether it describes arrays."""
        return bool(self.inputs) and isinstance(self.inputs[0], TensorSpec)

    def input_names(self) -> list[str]:
        """The names, empty where there are none."""
        return [spec.name for spec in self.inputs if spec.name is not None]

    def has_input_names(self) -> bool:
        """Whether columns or tensors have names."""
        return bool(self.input_names())

    def required_input_names(self) -> list[str]:
        """The names of what must be there."""
        return [spec.name for spec in self.inputs if spec.name is not None and getattr(spec, "required", True)]

    def input_types(self) -> list[ColumnType | str]:
        """The types, of tensors numpy's names."""
        return [spec.kind if isinstance(spec, ColSpec) else spec.dtype for spec in self.inputs]

    def input_dict(self) -> dict[str, Spec]:
        """The columns or tensors by name."""
        return {spec.name: spec for spec in self.inputs if spec.name is not None}

    def is_tensor_spec(self) -> bool:
        """MLflow's name for ``is_tensor``."""
        return self.is_tensor

    def to_dict(self) -> list[dict[str, Any]]:
        """The JSON form."""
        return [spec.to_dict() for spec in self.inputs]

    def to_json(self) -> str:
        """The text kept in ``MLmodel``."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """Raises InvalidInput."""
        try:
            forms = json.loads(text)
        except (TypeError, ValueError) as error:
            raise InvalidInput("a schema in the signature is not JSON") from error
        if not isinstance(forms, list):
            raise InvalidInput("a schema in the signature is not a list")
        return cls(tuple(_spec(form) for form in forms))


def _spec(form: Any) -> Spec:
    if isinstance(form, dict) and form.get("type") == "tensor":
        tensor = form.get("tensor-spec")
        if not isinstance(tensor, dict) or not isinstance(tensor.get("shape"), list):
            raise InvalidInput("a tensor in the signature has no dtype and shape")
        return TensorSpec(str(tensor.get("dtype")), tuple(int(n) for n in tensor["shape"]), form.get("name"))
    kind = ColumnType.from_dict(form)
    return ColSpec(kind, form.get("name"), bool(form.get("required", not form.get("optional", False))))


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """What MLflow's module has beside this."""
        return find_name(__name__, name)

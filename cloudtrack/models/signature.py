"""What a model takes and gives: inputs, outputs, and params of its prediction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudtrack.errors import InvalidInput
from cloudtrack.mlflow_names import find_name
from cloudtrack.models.schema import SCALARS, ColumnType, Schema


@dataclass(frozen=True)
class ParamSpec:
    """A param of prediction; ``shape`` is None for one value, ``(-1,)`` for a list."""

    name: str
    dtype: str | ColumnType
    """The name of a scalar, or a type such as an object's."""
    default: Any
    shape: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.dtype, ColumnType) and self.dtype.name in SCALARS:
            object.__setattr__(self, "dtype", self.dtype.name)

    @property
    def kind(self) -> ColumnType:
        """The type."""
        return self.dtype if isinstance(self.dtype, ColumnType) else ColumnType(self.dtype)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        shape = None if self.shape is None else list(self.shape)
        return {"name": self.name, "default": self.default, "shape": shape, **self.kind.to_dict()}


class ParamSchema(tuple[ParamSpec, ...]):
    """The params of a signature, under MLflow's name."""

    @property
    def params(self) -> list[ParamSpec]:
        """The params."""
        return list(self)


@dataclass(frozen=True)
class ModelSignature:
    """Schemas of inputs and outputs, and the params; each may be missing."""

    inputs: Schema | None = None
    outputs: Schema | None = None
    params: tuple[ParamSpec, ...] | None = None

    def to_dict(self) -> dict[str, str | None]:
        """The form in ``MLmodel``: JSON texts."""
        return {
            "inputs": self.inputs.to_json() if self.inputs is not None else None,
            "outputs": self.outputs.to_json() if self.outputs is not None else None,
            "params": json.dumps([param.to_dict() for param in self.params]) if self.params else None,
        }

    @classmethod
    def from_dict(cls, form: dict[str, Any]) -> ModelSignature:
        """Raises InvalidInput."""
        inputs, outputs, params = form.get("inputs"), form.get("outputs"), form.get("params")
        return cls(
            inputs=Schema.from_json(inputs) if inputs else None,
            outputs=Schema.from_json(outputs) if outputs else None,
            params=_params(params) if params else None,
        )


def _params(text: str) -> tuple[ParamSpec, ...]:
    try:
        forms = json.loads(text)
        return tuple(
            ParamSpec(
                name=form["name"],
                dtype=_dtype(form),
                default=form.get("default"),
                shape=None if form.get("shape") is None else tuple(form["shape"]),
            )
            for form in forms
        )
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise InvalidInput("the params of the signature cannot be read") from error


def _dtype(form: dict[str, Any]) -> str | ColumnType:
    kind = ColumnType.from_dict({**form, "type": form.get("type") or form["dtype"]})
    return kind if kind.name in ("object", "map", "array") else kind.name


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """What MLflow's module has beside this."""
        return find_name(__name__, name)

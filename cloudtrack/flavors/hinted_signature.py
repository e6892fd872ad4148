"""Signatures from the type hints of ``predict``: ``list[str]``, ``list[Message]`` with a class of pydantic's ...

Source: https://mlflow.org/docs/latest/ml/model/python_model/#type-hint-usage-in-pythonmodel.
"""

from __future__ import annotations

import datetime
import types
from collections.abc import Callable
from typing import Any, Union, get_args, get_origin, get_type_hints

from cloudtrack.flavors.type_hints import input_hint
from cloudtrack.models.schema import ColSpec, ColumnType, Schema
from cloudtrack.models.signature import ModelSignature

_SCALARS: dict[Any, str] = {
    bool: "boolean",
    int: "long",
    float: "double",
    str: "string",
    bytes: "binary",
    datetime.datetime: "datetime",
    datetime.date: "datetime",
    Any: "any",
}


def hinted_signature(predict: Callable[..., Any]) -> ModelSignature | None:
    """What the hints say of input and output; None where the input has none, or one that no signature describes."""
    hint = input_hint(predict)
    inputs = _schema(hint) if hint is not None else None
    return None if inputs is None else ModelSignature(inputs, _schema(get_type_hints(predict).get("return")))


def _schema(hint: Any) -> Schema | None:
    """One column without a name: of a list its items."""
    item = get_args(hint)[0] if get_origin(hint) is list and get_args(hint) else hint
    try:
        return Schema((ColSpec(_kind(item, ())),))
    except _Indescribable:
        return None


class _Indescribable(Exception):
    """A hint that no type of a signature stands for."""


def _kind(hint: Any, within: tuple[Any, ...]) -> ColumnType:
    """``within`` are the classes around it: of one that holds its own kind no more is said."""
    origin, parts = get_origin(hint), get_args(hint)
    if name := _SCALARS.get(hint):
        return ColumnType(name)
    if origin is list and parts:
        return ColumnType("array", items=_kind(parts[0], within))
    if origin is dict and len(parts) == 2 and parts[0] is str:
        return ColumnType("map", items=_kind(parts[1], within))
    if origin in (Union, types.UnionType):
        return ColumnType("any")
    if hint in within:
        return ColumnType("any")
    if hasattr(hint, "model_fields"):
        around = (*within, hint)
        properties = (_property(name, field, around) for name, field in sorted(hint.model_fields.items()))
        return ColumnType("object", properties=tuple(properties))
    raise _Indescribable


def _property(name: str, field: Any, within: tuple[Any, ...]) -> tuple[str, ColumnType, bool]:
    kinds = [part for part in get_args(field.annotation) if part is not type(None)]
    is_optional = type(None) in get_args(field.annotation)
    kind = kinds[0] if is_optional and len(kinds) == 1 else field.annotation
    return name, _kind(kind, within), field.is_required() and not is_optional

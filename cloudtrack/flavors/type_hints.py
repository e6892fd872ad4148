"""What a ``predict`` with type hints is given: data in the types that it names.

``def predict(self, model_input: list[Message])`` gets a list of ``Message``, a class of pydantic's, from dictionaries
or from the rows of a DataFrame, and ``list[str]`` a list from its only column. Other hints say nothing: data come as
they are.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from cloudtrack.errors import InvalidInput

_NAME = "model_input"
_F = TypeVar("_F", bound=Callable[..., Any])


def pyfunc(func: _F) -> _F:
    """The function, which is given its input in the types of its hints; it may be logged as ``python_model``."""
    return with_typed_input(func)


def with_typed_input(function: _F) -> _F:
    """The same function where nothing of its input is said; else one that has its input converted first."""
    place, hint = _place(function), input_hint(function)
    if place is None or hint is None:
        return function
    name = list(inspect.signature(function).parameters)[place]

    @functools.wraps(function)
    def typed(*given: Any, **named: Any) -> Any:
        if name in named:
            named[name] = _converted(named[name], hint)
        elif place < len(given):
            given = (*given[:place], _converted(given[place], hint), *given[place + 1 :])
        return function(*given, **named)

    return typed  # type: ignore[return-value]  # it has the same arguments


def input_hint(function: Callable[..., Any]) -> Any:
    """``list[...]`` of the input; None for any other hint, and for one whose names are not known yet."""
    place = _place(function)
    if place is None:
        return None
    try:
        hints = get_type_hints(function)
    except (NameError, TypeError, AttributeError):
        return None
    hint = hints.get(list(inspect.signature(function).parameters)[place])
    return hint if get_origin(hint) is list and get_args(hint) != (Any,) else None


def _place(function: Callable[..., Any]) -> int | None:
    """Where the input is among the arguments: by its name, or of a function with one argument that one."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None
    if _NAME in names:
        return names.index(_NAME)
    return 0 if len(names) == 1 and names[0] != "self" else None


def _converted(data: Any, hint: Any) -> Any:
    """Raises InvalidInput for data that are not of the type."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(hint).validate_python(_as_list(data, get_args(hint)[0]))
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(map(str, first["loc"]))
        raise InvalidInput(f"the model takes {hint}, and its input is another at {at!r}: {first['msg']}") from error


def _as_list(data: Any, item: Any) -> Any:
    """The rows of a table as dictionaries, or its only column where the items are none."""
    if hasattr(data, "columns") and hasattr(data, "to_dict"):
        is_record = get_origin(item) is dict or hasattr(item, "model_fields") or item is dict
        return data.to_dict("records") if is_record or len(data.columns) != 1 else data.iloc[:, 0].tolist()
    return data.tolist() if hasattr(data, "tolist") else data

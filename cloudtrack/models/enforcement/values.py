"""A value inside lists, objects and maps, and a param, in its type.

Python's own numbers have no width: they fit where the value does. What fits stays itself.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from math import isnan
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.models.enforcement.widening import LIMITS, NUMPY_TYPES, largest_exact, widens
from cloudtrack.models.schema import ColumnType

_PLAIN = {"boolean": bool, "string": str, "double": float}


def is_missing(value: Any) -> bool:
    """Whether the value is None, NaN, or pandas' NA or NaT."""
    return value is None or (isinstance(value, float) and isnan(value)) or type(value).__name__ in ("NAType", "NaTType")


def enforce_value(value: Any, kind: ColumnType, path: str) -> Any:
    """The value in its type, itself where it fits; ``path`` such as ``order.items[3].price`` names it in errors.

    Raises InvalidInput.
    """
    if kind.name == "any":
        return value
    if kind.name == "array":
        return _enforce_array(value, kind.items or ColumnType("any"), path)
    if kind.name == "object":
        return _enforce_object(value, kind, path)
    if kind.name == "map":
        if not isinstance(value, Mapping):
            raise _unfit(value, "an object", path)
        return _same_or(
            value, {_key(key, path): _required(item, kind.items, f"{path}.{key}") for key, item in value.items()}
        )
    return enforce_scalar(value, kind.name, path)


def enforce_scalar(value: Any, name: str, path: str) -> Any:
    """A boolean, number, text, bytes or date. Raises InvalidInput."""
    import numpy

    if name == "boolean":
        fits = isinstance(value, bool | numpy.bool_)
    elif name == "string":
        fits = isinstance(value, str)
    elif name == "binary":
        fits = isinstance(value, bytes | bytearray)
    elif name == "datetime":
        fits = isinstance(value, datetime.date | numpy.datetime64) and getattr(value, "tzinfo", None) is None
    elif isinstance(value, bool | numpy.bool_):
        fits = False
    elif isinstance(value, int | numpy.integer):
        return _enforce_integer(value, name, path)
    elif isinstance(value, float | numpy.floating) and name in ("float", "double"):
        return _enforce_float(value, name, path)
    else:
        fits = False
    if not fits:
        raise _unfit(value, name, path)
    return value


def _enforce_integer(value: Any, name: str, path: str) -> Any:
    import numpy

    target = numpy.dtype(NUMPY_TYPES[name])
    if name in LIMITS:
        lowest, highest = LIMITS[name]
        if not lowest <= value <= highest:
            raise InvalidInput(f"{path} is {value}; {name} goes from {lowest} to {highest}")
    elif abs(int(value)) > largest_exact(target):
        raise InvalidInput(f"{path} is {value}, which {name} does not hold exactly; give a float that it may be")
    if isinstance(value, numpy.integer):
        return value if value.dtype == target else target.type(value)
    return value if name in LIMITS else float(value)


def _enforce_float(value: Any, name: str, path: str) -> Any:
    import numpy

    target = numpy.dtype(NUMPY_TYPES[name])
    if type(value) is float and name == "double":
        return value
    if isinstance(value, numpy.floating) and numpy.can_cast(value.dtype, target, casting="safe"):
        return value if value.dtype == target else target.type(value)
    with numpy.errstate(over="ignore"):
        held = target.type(value)
    if not isnan(value) and float(held) != value:
        raise InvalidInput(f"{path} is {value!r}, which {name} does not hold exactly; give numpy.{target.name}(...)")
    return value


def _enforce_object(value: Any, kind: ColumnType, path: str) -> Any:
    if not isinstance(value, Mapping):
        raise _unfit(value, "an object", path)
    known = {name: (part, required) for name, part, required in kind.properties}
    for name, (_, required) in known.items():
        if required and name not in value:
            raise InvalidInput(f"{path}.{name} is missing; the signature requires it")
    enforced = {}
    for name, item in value.items():
        if name not in known:
            raise InvalidInput(f"{path}.{name} is not in the signature, which has {list(known)}; leave it out")
        part, required = known[name]
        enforced[name] = None if not required and is_missing(item) else enforce_value(item, part, f"{path}.{name}")
    return _same_or(value, enforced)


def _enforce_array(value: Any, items: ColumnType, path: str) -> Any:
    import numpy

    if isinstance(value, numpy.ndarray) and value.ndim and value.dtype.kind != "O":
        return _enforce_numpy(value, items, path)
    if not isinstance(value, list | tuple | numpy.ndarray) or (isinstance(value, numpy.ndarray) and not value.ndim):
        raise _unfit(value, "a list", path)
    plain = _PLAIN.get(items.name)
    if items.name == "any" or (plain is not None and all(type(item) is plain for item in value)):
        return value
    enforced = [_item(item, items, f"{path}[{place}]") for place, item in enumerate(value)]
    return value if all(new is old for new, old in zip(enforced, value, strict=True)) else enforced


def _item(item: Any, kind: ColumnType, path: str) -> Any:
    if item is None and kind.name in ("float", "double"):
        return float("nan")
    return _required(item, kind, path)


def _required(item: Any, kind: ColumnType | None, path: str) -> Any:
    if item is None and kind is not None and kind.name != "any":
        raise InvalidInput(f"{path} is None; the signature requires a value of type {kind.name}")
    return item if kind is None else enforce_value(item, kind, path)


def _enforce_numpy(array: Any, items: ColumnType, path: str) -> Any:
    """An array of one type, which may have as many dimensions as the signature has levels of lists."""
    import numpy

    levels, leaf = 1, items
    while leaf.name == "array" and leaf.items is not None:
        levels, leaf = levels + 1, leaf.items
    if leaf.name == "any":
        return array
    if levels != array.ndim:
        raise InvalidInput(f"{path} is an array of {array.ndim} dimensions; the signature has {levels} levels of lists")
    kinds = {"boolean": "b", "string": "U", "binary": "S", "datetime": "M"}
    if leaf.name in kinds:
        if array.dtype.kind != kinds[leaf.name]:
            raise _unfit(array, leaf.name, path)
        return array
    if leaf.name not in NUMPY_TYPES:
        raise _unfit(array, leaf.name, path)
    target = numpy.dtype(NUMPY_TYPES[leaf.name])
    if array.dtype == target:
        return array
    if not widens(array.dtype, target, array):
        raise _unfit(array, leaf.name, path)
    return array.astype(target)


def _same_or(value: Mapping[Any, Any], enforced: dict[Any, Any]) -> Any:
    return value if all(enforced[key] is item for key, item in value.items()) else enforced


def _key(key: Any, path: str) -> str:
    if not isinstance(key, str):
        raise InvalidInput(f"{path} has the key {key!r}; keys are text")
    return key


def _unfit(value: Any, wanted: str, path: str) -> InvalidInput:
    dtype = getattr(value, "dtype", None)
    found = f"an array of {dtype}" if getattr(value, "shape", ()) else f"{value!r:.80} ({type(value).__name__})"
    return InvalidInput(f"{path} is {found}; the signature takes {wanted}")

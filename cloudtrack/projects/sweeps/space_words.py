"""Spaces as people write them: in options, in YAML, in Python.

    alpha=0.1,0.2,0.5      one of these            alpha: [0.1, 0.2, 0.5]   or   {values: [0.1, 0.2, 0.5]}
    alpha=0.1:1.0          evenly between          alpha: {min: 0.1, max: 1.0}
    alpha=0.001:1:log      evenly in the logarithm alpha: {min: 0.001, max: 1.0, log: true}
    alpha=0:1:0.25         in steps                alpha: {min: 0.0, max: 1.0, step: 0.25}
    depth=2:10:int         whole numbers           depth: {min: 2, max: 10}
    depth=2:10:int:2       in steps                depth: {min: 2, max: 10, step: 2}

The words are those of W&B's and Optuna's files: ``low`` and ``high`` are ``min`` and ``max``, ``choices`` is
``values``, ``q`` is ``step``, ``distribution`` is one of those below. As in W&B, limits in a mapping that are both
written as whole numbers mean whole numbers, unless ``distribution`` or ``type`` says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.plain_yaml import read_yaml
from cloudtrack.projects.sweeps.space import Choices, Range, Space, Value, checked_choices, checked_range

_SAME = {"low": "min", "high": "max", "choices": "values", "q": "step"}
_WORDS = ("values", "min", "max", "step", "log", "type", "distribution")
_DISTRIBUTIONS = {
    "categorical": {},
    "uniform": {"is_int": False},
    "q_uniform": {"is_int": False},
    "int_uniform": {"is_int": True},
    "log_uniform_values": {"is_int": False, "is_log": True},
}


def space_of(words: Mapping[str, Any]) -> Space:
    """A space from a mapping of names to what is written of each. Raises InvalidInput."""
    return Space(parameters={str(name): parameter_of(str(name), said) for name, said in words.items()})


def read_space(file: Path) -> Space:
    """The space in a YAML file: its mapping, or the one it has below ``parameters``. Raises NotFound, InvalidInput."""
    try:
        content = read_yaml(file, f"the space {str(file)!r}")
    except OSError as error:
        raise NotFound(f"the space {str(file)!r} cannot be read: {error.strerror}") from error
    if isinstance(content, dict) and isinstance(content.get("parameters"), dict):
        content = content["parameters"]
    if not isinstance(content, dict):
        raise InvalidInput(f"the space {str(file)!r} must be a mapping from parameters to what they may be")
    return space_of(content)


def parameter_of(name: str, said: Any) -> Choices | Range:
    """One parameter from a text, a list or a mapping. Raises InvalidInput."""
    if isinstance(said, str):
        return _from_text(name, said)
    if isinstance(said, list | tuple):
        return checked_choices(name, [_value(name, item) for item in said])
    if isinstance(said, Mapping):
        return _from_mapping(name, said)
    raise InvalidInput(f"parameter {name!r} has the one value {said!r}: give it with -P, or write a list or a range")


def _from_text(name: str, text: str) -> Choices | Range:
    if "," in text:
        return checked_choices(name, [item.strip() for item in text.split(",") if item.strip()])
    low, *rest = text.split(":")
    if not rest:
        raise InvalidInput(f"parameter {name!r} has the one value {text!r}: give it with -P, or write a,b or low:high")
    high, *words = rest
    steps = [word for word in words if word not in ("int", "log")]
    if len(steps) > 1:
        raise InvalidInput(f"parameter {name!r} has {steps[0]!r} and {steps[1]!r} after its range: one may be its step")
    return checked_range(
        name,
        _number(name, low),
        _number(name, high),
        is_int="int" in words,
        is_log="log" in words,
        step=_number(name, steps[0]) if steps else None,
    )


def _number(name: str, text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        raise InvalidInput(
            f"parameter {name!r} has {text!r} where a number belongs: write low:high, and after it :log, :int or a step"
        ) from None


def _from_mapping(name: str, said: Mapping[Any, Any]) -> Choices | Range:
    words = {_SAME.get(str(key), str(key)): value for key, value in said.items()}
    if unknown := next((key for key in words if key not in _WORDS), None):
        raise InvalidInput(f"parameter {name!r} has {unknown!r}, which no space has; it has: {', '.join(_WORDS)}")
    if "values" in words:
        if not isinstance(words["values"], list | tuple):
            raise InvalidInput(f"the values of parameter {name!r} must be a list")
        return checked_choices(name, [_value(name, item) for item in words["values"]])
    if "min" not in words or "max" not in words:
        raise InvalidInput(f"parameter {name!r} has neither values nor both min and max: give one of them")
    limits = (words["min"], words["max"], words.get("step", 1))
    options: dict[str, bool] = {"is_int": all(type(limit) is int for limit in limits), **_kind(name, words)}
    if "log" in words:
        options["is_log"] = words["log"] is True
    step = _number(name, words["step"]) if words.get("step") is not None else None
    return checked_range(name, _number(name, limits[0]), _number(name, limits[1]), step=step, **options)


def _kind(name: str, words: Mapping[str, Any]) -> dict[str, bool]:
    """What ``distribution`` and ``type`` say."""
    found: dict[str, bool] = {}
    if "distribution" in words:
        distribution = str(words["distribution"])
        if distribution not in _DISTRIBUTIONS:
            there = ", ".join(_DISTRIBUTIONS)
            raise InvalidInput(f"parameter {name!r} has the distribution {distribution!r}; there are: {there}")
        if distribution == "categorical":
            raise InvalidInput(f"parameter {name!r} is categorical and has no values: list them")
        found |= _DISTRIBUTIONS[distribution]
    if "type" in words:
        if words["type"] not in ("int", "float"):
            raise InvalidInput(f"the type of parameter {name!r} is {words['type']!r}; it may be int or float")
        found["is_int"] = words["type"] == "int"
    return found


def _value(name: str, item: Any) -> Value:
    """A value of a list; what YAML took for something else, as it stands in a command."""
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, str | int | float):
        return item
    raise InvalidInput(f"parameter {name!r} lists {item!r}: values are texts and numbers")

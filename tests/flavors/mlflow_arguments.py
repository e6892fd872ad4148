"""Whether a function has the arguments of MLflow's, in its order."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any


def assert_arguments_are_mlflows(function: Callable[..., Any], module: str) -> None:
    """``module`` is MLflow's, which has an ``autolog``. Defaults are the same too."""
    theirs = inspect.signature(importlib.import_module(module).autolog).parameters
    ours = inspect.signature(function).parameters
    assert list(ours) == list(theirs), module
    for name, parameter in theirs.items():
        assert ours[name].default == parameter.default, f"{module}: {name}"

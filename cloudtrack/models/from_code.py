"""Models that are code: a file that makes a model and hands it to ``set_model``."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from cloudtrack import ids
from cloudtrack.errors import InvalidInput
from cloudtrack.models import model_config
from cloudtrack.models.bytecode import without_bytecode

_config: ContextVar[Mapping[str, Any] | None] = ContextVar("cloudtrack_model_config", default=None)
_made: ContextVar[list[Any]] = ContextVar("cloudtrack_set_models")


def set_model(model: Any) -> None:
    """Say which model the file makes that is being logged or loaded; the last one counts."""
    _made.get([]).append(model)


def run_model_code(path: Path, config: Mapping[str, Any] | None) -> Any:
    """The model that a file of Python makes. Raises InvalidInput where it hands none to ``set_model``."""
    name = f"cloudtrack_model_{ids.new_commit_id()}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InvalidInput(f"{str(path)!r} is no file of Python")
    made: list[Any] = []
    tokens = _made.set(made), _config.set(config)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    try:
        with without_bytecode():
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        _made.reset(tokens[0])
        _config.reset(tokens[1])
    if not made:
        raise InvalidInput(f"{path.name} makes no model: end it with cloudtrack.models.set_model(...)")
    return made[-1]


class ModelConfig:
    """The settings of the model whose code runs: those it is logged or loaded with, or else ``development_config``."""

    def __init__(self, *, development_config: model_config.ModelConfig | None = None) -> None:
        in_force = _config.get()
        if in_force is None and development_config is None:
            raise InvalidInput("the model has no settings: give model_config, or a development_config to try it with")
        self._settings = in_force if in_force is not None else model_config.read_model_config(development_config or {})

    def get(self, key: str) -> Any:
        """A setting. Raises InvalidInput where there is none of this name."""
        if key not in self._settings:
            raise InvalidInput(
                f"the model has no setting {key!r}; it has {', '.join(map(str, self._settings)) or 'none'}"
            )
        return self._settings[key]

    def to_dict(self) -> dict[str, Any]:
        """All settings."""
        return dict(self._settings)

"""Settings that travel with a model written in Python, and may be overridden where it is loaded.

Kept in ``MLmodel`` as ``config`` of the flavor ``python_function``.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.models.model_file import Model
from cloudtrack.plain_yaml import read_yaml

ModelConfig = Mapping[str, Any] | str | os.PathLike[str]
"""A dictionary, or a YAML file that holds one."""

_log = logging.getLogger(__name__)


def read_model_config(given: ModelConfig) -> dict[str, Any]:
    """The settings as plain values. Raises InvalidInput for what JSON cannot say."""
    if isinstance(given, str | os.PathLike):
        path = Path(given)
        if not path.is_file():
            raise InvalidInput(f"model_config is {str(given)!r}, which is no file; it is a dictionary or a YAML file")
        given = read_yaml(path, f"the model_config in {path}")
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise InvalidInput(f"model_config is a {type(given).__name__}; it is a dictionary with texts as keys")
    try:
        config: dict[str, Any] = json.loads(json.dumps(dict(given)))
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"model_config has a value that JSON cannot say: {error}") from error
    return config


def override_model_config(model: Model, given: ModelConfig) -> None:
    """Put values in place of those that the model came with. One that it does not know is ignored, with a warning."""
    kept = model.flavors.get("python_function", {}).get("config") or {}
    new = read_model_config(given)
    unknown = sorted(set(new) - set(kept))
    if unknown:
        knows = f"it knows {', '.join(sorted(kept))}" if kept else "it was saved without model_config"
        _log.warning("model_config: the model has no %s, ignored; %s", ", ".join(unknown), knows)
    kept.update((key, value) for key, value in new.items() if key in kept)

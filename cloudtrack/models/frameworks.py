"""The libraries behind flavors. All are optional."""

from __future__ import annotations

import importlib
from typing import Any

from cloudtrack.errors import MissingDependency


def framework(module: str, *, extra: str) -> Any:
    """The module. Raises MissingDependency that names the extra of cloudtrack which brings it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        if error.name is not None and not module.startswith(error.name.partition(".")[0]):
            raise  # it is there, and lacks something itself
        raise MissingDependency(f'this model needs {module}: pip install "cloudtrack[{extra}]"') from error

"""The command under way, run again by the interpreter of another environment."""

from __future__ import annotations

import sys
from pathlib import Path

from cloudtrack.environments.manager import EnvironmentManager

_BEFORE_URI = ("", "-m", "--model-uri=")


def command_in(python: Path, model_uri: str, instead: str) -> list[str]:
    """The command's words, with another URI for the model's, so that both mean the same model."""
    return [
        *(str(python), "-m", "cloudtrack"),
        *(_replaced(argument, model_uri, instead) for argument in sys.argv[1:]),
        *("--env-manager", EnvironmentManager.LOCAL.value),
    ]


def _replaced(argument: str, model_uri: str, instead: str) -> str:
    before = argument.removesuffix(model_uri)
    return before + instead if argument.endswith(model_uri) and before in _BEFORE_URI else argument

"""The programs that make environments."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from cloudtrack.errors import MissingDependency, Unavailable

_SHOWN_LINES = 15


class EnvironmentManager(StrEnum):
    """What makes environments. MLflow's names."""

    LOCAL = "local"
    """None is made: what runs, runs where cloudtrack does."""
    UV = "uv"
    VIRTUALENV = "virtualenv"
    CONDA = "conda"


def program(name: str) -> str:
    """Where a program is: on the PATH, or beside this interpreter. Raises MissingDependency."""
    found = find_program(name)
    if found is None:
        raise MissingDependency(f"{name} is not installed: install it, or choose another environment manager")
    return found


def find_program(name: str) -> str | None:
    """Where a program is; None where it is not installed."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def run_tool(command: Sequence[str], *, folder: Path | None = None, environment: dict[str, str] | None = None) -> str:
    """Run one of these programs; what it printed. Raises Unavailable with its last lines where it fails."""
    done = subprocess.run(  # noqa: S603 - no shell, our own words
        command, capture_output=True, text=True, check=False, cwd=folder, env=environment, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-_SHOWN_LINES:])
        raise Unavailable(f"the environment could not be made: {Path(command[0]).name} said: {said}")
    return done.stdout


def python_in(environment: Path) -> Path:
    """The interpreter of an environment."""
    return environment / "bin" / "python"

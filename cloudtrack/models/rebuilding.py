"""Rebuilding the environment that a model was saved with, to predict there as it did.

It has what the model's ``requirements.txt`` (``conda.yaml`` for conda) names, and cloudtrack. Installing packages runs
their code: rebuild environments of models whose origin you trust.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cloudtrack.environments import building
from cloudtrack.environments.manager import EnvironmentManager
from cloudtrack.environments.specification import (
    CONDA,
    PYTHON_ENV,
    REQUIREMENTS,
    Specification,
    from_python_env,
    from_requirements,
)

_EXTRAS = "pandas,arrow"


def environment_for(folder: Path, manager: EnvironmentManager) -> Path:
    """The interpreter of an environment for the model in a folder, made where this machine does not have it yet.

    Raises as ``cloudtrack.environments.building.create_environment`` does, and CorruptData.
    """
    return building.environment_for(_wanted(folder), manager, also=[building.own_requirement(_EXTRAS)])


def create_environment(folder: Path, target: Path, manager: EnvironmentManager) -> Path:
    """Make an environment for the model in a folder at ``target``; its interpreter. Raises as above."""
    return building.create_environment(_wanted(folder), target, manager, also=[building.own_requirement(_EXTRAS)])


def _wanted(folder: Path) -> Specification:
    """What the model was saved with; it may not say with which Python."""
    python = from_python_env(folder / PYTHON_ENV).python if (folder / PYTHON_ENV).is_file() else ""
    wanted = from_requirements(folder / REQUIREMENTS, python=python)
    return replace(wanted, conda_file=folder / CONDA)

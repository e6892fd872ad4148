"""The environment that a project's commands run in."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from cloudtrack import config
from cloudtrack.environments.building import environment_for
from cloudtrack.environments.installed import Installed, installed_in
from cloudtrack.environments.manager import EnvironmentManager, find_program
from cloudtrack.environments.specification import (
    CONDA,
    PYPROJECT,
    PYTHON_ENV,
    REQUIREMENTS,
    Specification,
    from_conda,
    from_pyproject,
    from_python_env,
    from_requirements,
)
from cloudtrack.errors import InvalidInput
from cloudtrack.projects.project_file import DockerEnvironment, Project

SYSTEM, DOCKER = "system", "docker"


@dataclass(frozen=True)
class ProjectEnvironment:
    """What a project says of the environment it needs."""

    kind: str
    """As MLflow's tag ``mlflow.project.env`` has it: conda, virtualenv, docker or system; or uv."""
    manager: EnvironmentManager = EnvironmentManager.LOCAL
    specification: Specification | None = None
    docker: DockerEnvironment | None = None

    def prepare(self) -> PreparedEnvironment:
        """Make it, where this machine does not have it yet. Raises as ``environment_for`` does."""
        if self.specification is None:
            return PreparedEnvironment(_python_here())
        return PreparedEnvironment(environment_for(self.specification, self.manager), is_own=True)


@dataclass(frozen=True)
class PreparedEnvironment:
    """An environment of this machine."""

    python: Path
    is_own: bool = False
    """Whether it was made for the project."""

    def variables(self) -> dict[str, str]:
        """What makes its programs be found first."""
        folder = self.python.parent
        found = {"PATH": os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])}
        if self.is_own:
            found |= {"VIRTUAL_ENV": str(folder.parent), "CONDA_PREFIX": str(folder.parent)}
        return found

    def installed(self) -> Installed:
        """What it has."""
        return installed_in(self.python)


def environment_of(project: Project, manager: EnvironmentManager | None = None) -> ProjectEnvironment:
    """What a project runs in: what its ``MLproject`` names, or the files that it has by their usual names.

    ``manager`` decides what makes it; by default conda where packages are not pip's alone, otherwise uv, or
    virtualenv where uv is not installed. Raises InvalidInput for what the manager cannot make, CorruptData.
    """
    if project.docker_env and manager in (None, EnvironmentManager.LOCAL):
        if manager == EnvironmentManager.LOCAL:
            return ProjectEnvironment(SYSTEM)
        return ProjectEnvironment(DOCKER, docker=project.docker_env)
    if project.docker_env:
        raise InvalidInput(f"the project runs in a Docker image, which {manager} does not make: leave it out")
    specification = _specification(project)
    if manager == EnvironmentManager.LOCAL or (specification is None and manager is None):
        return ProjectEnvironment(SYSTEM)
    if specification is None:
        raise InvalidInput(f"the project names no environment that {manager} could make: give it a {REQUIREMENTS}")
    chosen = manager or _manager(specification)
    if chosen != EnvironmentManager.CONDA and not specification.is_pip_only:
        raise InvalidInput(
            f"{CONDA} asks for packages that are not pip's, and {chosen} has no others: install conda and use "
            "--env-manager conda, or name them below 'pip:'"
        )
    return ProjectEnvironment(chosen.value, chosen, specification)


def prepare_locked(wanted: Installed, folder: Path) -> PreparedEnvironment:
    """An environment that has exactly this: the one of this machine where it does, or a new one."""
    here = PreparedEnvironment(_python_here())
    if here.installed() == wanted:
        return here
    lines = wanted.packages.splitlines()
    requirements = tuple("cloudtrack" if line.startswith("cloudtrack==") else line for line in lines)
    specification = Specification(folder, python=wanted.python, requirements=requirements)
    return PreparedEnvironment(environment_for(specification, EnvironmentManager.UV), is_own=True)


def _python_here() -> Path:
    """The Python of the environment that is activated, or the one that runs this."""
    variables = config.environment()
    is_activated = variables.get("VIRTUAL_ENV") or variables.get("CONDA_PREFIX")
    return Path((is_activated and shutil.which("python")) or sys.executable)


def _specification(project: Project) -> Specification | None:
    if project.python_env:
        return from_python_env(project.python_env)
    if project.conda_env:
        return from_conda(project.conda_env)
    readers = {
        PYTHON_ENV: from_python_env,
        CONDA: from_conda,
        PYPROJECT: from_pyproject,
        REQUIREMENTS: from_requirements,
    }
    found = ((project.folder / name, read) for name, read in readers.items())
    return next((read(path) for path, read in found if path.is_file()), None)


def _manager(specification: Specification) -> EnvironmentManager:
    if not specification.is_pip_only:
        return EnvironmentManager.CONDA
    if find_program("uv") or specification.project:
        return EnvironmentManager.UV
    return EnvironmentManager.VIRTUALENV

"""Rebuilding the environment that a model was saved with, to predict there as it did.

The Python of the same minor version must be on this machine, or be one that the manager fetches. Installing packages
runs their code: rebuild environments of models whose origin you trust.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import platform
import shutil
import subprocess
import sys
from enum import StrEnum
from importlib import metadata
from pathlib import Path

import yaml

from cloudtrack import config
from cloudtrack.errors import AlreadyExists, CorruptData, MissingDependency, Unavailable
from cloudtrack.models.environment import CONDA, PYTHON_ENV, REQUIREMENTS

_SHOWN_LINES = 15
_EXTRAS = "pandas,arrow"


class EnvironmentManager(StrEnum):
    """What makes environments. MLflow's names."""

    LOCAL = "local"
    """None is made: the model runs where cloudtrack does."""
    UV = "uv"
    VIRTUALENV = "virtualenv"
    CONDA = "conda"


def environment_for(folder: Path, manager: EnvironmentManager) -> Path:
    """The interpreter of an environment for the model in a folder, made where this machine does not have it yet.

    Environments are kept in ``CLOUDTRACK_CACHE_DIR``, one for each list of requirements. Raises as
    ``create_environment`` does.
    """
    wanted = [manager, _python_version(folder), _own_requirement(), _text(folder, REQUIREMENTS)]
    if manager == EnvironmentManager.CONDA:
        wanted.append(_text(folder, CONDA))
    environments = config.cache_dir() / "environments"
    environments.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(json.dumps(wanted).encode()).hexdigest()[:24]
    target, whole = environments / digest, environments / f"{digest}.whole"
    with (environments / f"{digest}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(target, ignore_errors=True)  # one that was cut off
            create_environment(folder, target, manager)
            whole.touch()
    return _python_in(target)


def create_environment(folder: Path, target: Path, manager: EnvironmentManager) -> Path:
    """Make an environment for the model in a folder at ``target``; its interpreter.

    It has what the model's ``requirements.txt`` (``conda.yaml`` for conda) names, and cloudtrack. Raises
    AlreadyExists, MissingDependency where the manager is not installed, Unavailable where it fails.
    """
    if target.exists():
        raise AlreadyExists(f"{target} exists already; name a new folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        for command in _commands(folder, target, manager):
            _run(command)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return _python_in(target)


def _commands(folder: Path, target: Path, manager: EnvironmentManager) -> list[list[str]]:
    python, requirements = _python_in(target), str(folder / REQUIREMENTS)
    version = _python_version(folder)
    minor = ".".join(version.split(".")[:2])
    same = not version or minor == ".".join(platform.python_version_tuple()[:2])
    match manager:
        case EnvironmentManager.UV:
            uv = _program("uv")
            base = sys.executable if same else minor
            install = [uv, "pip", "install", "--python", str(python), "-r", requirements, _own_requirement()]
            return [[uv, "venv", "--python", base, str(target)], install]
        case EnvironmentManager.VIRTUALENV:
            base = sys.executable if same else _program(f"python{minor}")
            install = [str(python), "-m", "pip", "install", "-r", requirements, _own_requirement()]
            return [[base, "-m", "venv", str(target)], install]
        case EnvironmentManager.CONDA:
            conda = _program("conda")
            create = [conda, "env", "create", "--prefix", str(target), "--file", str(folder / CONDA)]
            return [create, [str(python), "-m", "pip", "install", _own_requirement()]]
        case EnvironmentManager.LOCAL:
            raise ValueError("no environment is made locally")


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise MissingDependency(f"{name} is not installed: install it, or choose another environment manager")
    return found


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell, our own words
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-_SHOWN_LINES:])
        raise Unavailable(f"the environment could not be made: {Path(command[0]).name} said: {said}")


def _own_requirement() -> str:
    """This cloudtrack with what reads tables, as pip installs it: by version, or from where it was installed."""
    distribution = metadata.distribution("cloudtrack")
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    url = origin.get("url", "")
    if url.startswith("file://"):
        return f"cloudtrack[{_EXTRAS}] @ {url}"
    return f"cloudtrack[{_EXTRAS}]=={distribution.version}"


def _python_version(folder: Path) -> str:
    """The Python that the model was saved with; empty where it does not say."""
    try:
        content = yaml.safe_load(_text(folder, PYTHON_ENV) or "{}")
    except yaml.YAMLError as error:
        raise CorruptData(f"the model's {PYTHON_ENV} is no YAML") from error
    return str(content.get("python", "")) if isinstance(content, dict) else ""


def _text(folder: Path, name: str) -> str:
    path = folder / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _python_in(target: Path) -> Path:
    return target / "bin" / "python"

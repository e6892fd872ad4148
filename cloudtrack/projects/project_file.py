"""The ``MLproject`` file: entry points, their parameters and commands, and the environment they need.

The format is MLflow's (https://mlflow.org/docs/latest/ml/projects). A folder without the file is a project too: its
scripts are its entry points.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.plain_yaml import read_yaml

FILE_NAME = "MLproject"
MAIN = "main"
_SCRIPTS = {".py": "python", ".sh": "bash"}
PARAMETER_NAME = re.compile(r"[A-Za-z_][\w.-]*")


@dataclass(frozen=True)
class Parameter:
    """A parameter of an entry point; without a default it must be given."""

    name: str
    type: str = "string"
    default: str | None = None


@dataclass(frozen=True)
class EntryPoint:
    """A command with places for its parameters, as ``python train.py --alpha {alpha}``."""

    name: str
    command: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(frozen=True)
class DockerEnvironment:
    """The image that commands run in."""

    image: str
    volumes: tuple[str, ...] = ()
    """As ``docker run --volume`` takes them."""
    environment: tuple[tuple[str, str | None], ...] = ()
    """Variables: set to a text, or with None copied from where the run is launched."""


@dataclass(frozen=True)
class Project:
    """A folder of code and what it says of itself."""

    folder: Path
    name: str
    entry_points: Mapping[str, EntryPoint] = field(default_factory=dict)
    python_env: Path | None = None
    conda_env: Path | None = None
    docker_env: DockerEnvironment | None = None

    def entry_point(self, name: str = MAIN) -> EntryPoint:
        """One of the file's entry points, or a script of the folder. Raises NotFound naming those that there are."""
        if found := self.entry_points.get(name):
            return found
        script = self.folder / name
        if script.suffix in _SCRIPTS and _is_inside(script, self.folder) and script.is_file():
            return EntryPoint(name, f"{_SCRIPTS[script.suffix]} {_quoted(name)}")
        scripts = sorted(path.name for path in self.folder.iterdir() if path.suffix in _SCRIPTS)
        there = ", ".join([*self.entry_points, *scripts]) or "none"
        raise NotFound(f"the project {self.name} has no entry point {name!r}; it has: {there}")


def read_project(folder: Path) -> Project:
    """The project in a folder. Raises NotFound where there is none, InvalidInput naming what is wrong in the file."""
    if not folder.is_dir():
        raise NotFound(f"there is no project at {folder}: it is no folder")
    file = next((path for path in sorted(folder.iterdir()) if path.name.lower() == FILE_NAME.lower()), None)
    content = _load(file) if file else {}
    environments = [key for key in ("python_env", "conda_env", "docker_env") if content.get(key)]
    if len(environments) > 1:
        raise InvalidInput(f"{FILE_NAME} names {' and '.join(environments)}: a project has one environment")
    entry_points = _mapping(content.get("entry_points"), "entry_points")
    return Project(
        folder=folder,
        name=str(content.get("name") or folder.resolve().name),
        entry_points={str(name): _entry_point(str(name), body) for name, body in entry_points.items()},
        python_env=_file(folder, content.get("python_env"), "python_env"),
        conda_env=_file(folder, content.get("conda_env"), "conda_env"),
        docker_env=_docker(content.get("docker_env")),
    )


def _load(file: Path) -> dict[str, Any]:
    return dict(_mapping(read_yaml(file, str(file)), file.name))


def _entry_point(name: str, body: Any) -> EntryPoint:
    where = f"entry point {name!r} of {FILE_NAME}"
    content = _mapping(body, where)
    command = content.get("command")
    if not isinstance(command, str) or not command.strip():
        raise InvalidInput(f"{where} has no command")
    parameters = _mapping(content.get("parameters"), f"parameters of {where}")
    return EntryPoint(
        name, command, {str(key): _parameter(str(key), value, where) for key, value in parameters.items()}
    )


def _parameter(name: str, body: Any, where: str) -> Parameter:
    """``alpha: float``, or ``alpha: {type: float, default: 0.5}``."""
    if not PARAMETER_NAME.fullmatch(name):
        raise InvalidInput(f"{where} has a parameter {name!r}: names are letters, digits, '_', '-' and '.'")
    if isinstance(body, str) or body is None:
        return Parameter(name, body or "string")
    content = _mapping(body, f"parameter {name!r} of {where}")
    default = content.get("default")
    if isinstance(default, dict | list):
        raise InvalidInput(f"the default of parameter {name!r} of {where} must be a text or a number")
    return Parameter(name, str(content.get("type") or "string"), None if default is None else _text(default))


def _docker(body: Any) -> DockerEnvironment | None:
    if not body:
        return None
    content = _mapping(body, "docker_env")
    image = content.get("image")
    if not isinstance(image, str) or not image or image.startswith("-"):
        raise InvalidInput("docker_env has no image")
    volumes = content.get("volumes") or []
    environment = content.get("environment") or []
    if not isinstance(volumes, list) or not isinstance(environment, list):
        raise InvalidInput("volumes and environment of docker_env must be lists")
    return DockerEnvironment(image, tuple(map(str, volumes)), tuple(map(_variable, environment)))


def _variable(item: Any) -> tuple[str, str | None]:
    """``[NAME, value]`` sets a variable, ``NAME`` copies it."""
    if isinstance(item, list) and len(item) == 2:
        return str(item[0]), str(item[1])
    if isinstance(item, str):
        return item, None
    raise InvalidInput(f"{item!r} of docker_env's environment must be a name, or a list of name and value")


def _file(folder: Path, name: Any, key: str) -> Path | None:
    if not name:
        return None
    path = folder / str(name)
    if not _is_inside(path, folder) or not path.is_file():
        raise InvalidInput(f"{key} of {FILE_NAME} names {str(name)!r}, and the project has no such file")
    return path


def _is_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _mapping(content: Any, what: str) -> Mapping[Any, Any]:
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InvalidInput(f"{what} must be a mapping, not {type(content).__name__}")
    return content


def _text(value: Any) -> str:
    """What YAML took for something else, as it stands in a command."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(name: str) -> str:
    """A file's name in a template of a command."""
    import shlex

    return shlex.quote(name).replace("{", "{{").replace("}", "}}")

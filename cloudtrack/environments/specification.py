"""What an environment must have, read from the files that say so.

``requirements.txt`` is pip's, ``conda.yaml`` conda's, ``python_env.yaml`` MLflow's
(https://mlflow.org/docs/latest/ml/projects), ``pyproject.toml`` and ``uv.lock`` those of the Python packaging guides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudtrack.errors import CorruptData, NotFound
from cloudtrack.plain_yaml import read_yaml

REQUIREMENTS = "requirements.txt"
CONDA = "conda.yaml"
PYTHON_ENV = "python_env.yaml"
PYPROJECT = "pyproject.toml"
UV_LOCK = "uv.lock"

_INCLUDED = re.compile(r"\s*(-r|--requirement|-c|--constraint)[\s=]+(\S+)\s*(#.*)?")
_PYTHON = re.compile(r"python\s*(?:=+\s*([\d.]+)(?:\.\*)?)?(?:=\w+)?")
_PIP_ITSELF = re.compile(r"(pip|setuptools|wheel)\b[^a-z]*")


@dataclass(frozen=True)
class Specification:
    """What an environment must have."""

    folder: Path
    """Where the files are that say so; relative paths in them start here."""
    python: str = ""
    """The version of Python; empty where any will do."""
    requirements: tuple[str, ...] = ()
    """Lines as pip takes them. Files that they include are named by absolute paths."""
    conda_file: Path | None = None
    """A ``conda.yaml``, which conda alone can take whole."""
    is_pip_only: bool = True
    """Whether ``requirements`` and ``python`` are all that ``conda_file`` asks for."""
    project: Path | None = None
    """A ``pyproject.toml`` whose dependencies are wanted, as ``uv.lock`` beside it pins them where there is one."""

    @property
    def lock(self) -> Path | None:
        """The ``uv.lock`` that pins the project's dependencies."""
        lock = self.project.with_name(UV_LOCK) if self.project else None
        return lock if lock and lock.is_file() else None

    def content(self) -> list[str]:
        """All that decides what the environment has: equal contents make equal environments."""
        files = [self.project, self.lock, *_included(self.requirements)]
        own = [str(self.folder)] if any(_is_path(line) for line in self.requirements) else []
        return [self.python, *self.requirements, *own, *(path.read_text(encoding="utf-8") for path in files if path)]


def from_requirements(path: Path, *, python: str = "") -> Specification:
    """The specification that a ``requirements.txt`` is."""
    return Specification(path.parent, python=python, requirements=(f"-r {path.resolve()}",))


def from_python_env(path: Path) -> Specification:
    """The specification that a ``python_env.yaml`` is. Raises NotFound, CorruptData."""
    content = _mapping(path)
    lines = [*_lines(path, content, "build_dependencies"), *_lines(path, content, "dependencies")]
    return Specification(
        path.parent, python=str(content.get("python") or ""), requirements=_absolute(path.parent, lines)
    )


def from_conda(path: Path) -> Specification:
    """The specification that a ``conda.yaml`` is: one that needs no conda where it names pip's packages alone."""
    content = _mapping(path)
    python, lines, others = "", list[str](), list[str]()
    for dependency in content.get("dependencies") or []:
        if isinstance(dependency, dict):
            lines += [str(line) for line in dependency.get("pip") or []]
        elif match := _PYTHON.fullmatch(str(dependency).strip()):
            python = match[1] or ""
        elif not _PIP_ITSELF.fullmatch(str(dependency).strip()):
            others.append(str(dependency))
    return Specification(
        path.parent,
        python=python,
        requirements=_absolute(path.parent, lines),
        conda_file=path,
        is_pip_only=not others,
    )


def from_pyproject(path: Path) -> Specification:
    """The specification that a ``pyproject.toml`` is, with the ``uv.lock`` beside it. Raises CorruptData."""
    import tomllib

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CorruptData(f"{path} is no TOML: {error}") from error
    wanted = str(content.get("project", {}).get("requires-python", ""))
    exact = re.fullmatch(r"==\s*(\d+\.\d+)(\.\d+|\.\*)?", wanted.strip())
    return Specification(path.parent, python=exact[1] if exact else "", project=path)


def _mapping(path: Path) -> dict[str, Any]:
    try:
        content = read_yaml(path, path.name, CorruptData) or {}
    except FileNotFoundError:
        raise NotFound(f"there is no {path}") from None
    if not isinstance(content, dict):
        raise CorruptData(f"{path.name} must be a mapping")
    return content


def _lines(path: Path, content: dict[str, Any], key: str) -> list[str]:
    lines = content.get(key) or []
    if not isinstance(lines, list):
        raise CorruptData(f"{key!r} of {path.name} must be a list of requirements")
    return [str(line) for line in lines]


def _absolute(folder: Path, lines: Iterable[str]) -> tuple[str, ...]:
    def absolute(line: str) -> str:
        match = _INCLUDED.fullmatch(line)
        return f"{match[1]} {(folder / match[2]).resolve()}" if match and "://" not in match[2] else line

    return tuple(map(absolute, lines))


def _included(lines: Iterable[str]) -> list[Path]:
    """The files that these lines include, and those that they include in turn."""
    found: list[Path] = []
    waiting = list(lines)
    while waiting:
        match = _INCLUDED.fullmatch(waiting.pop())
        path = Path(match[2]) if match else None
        if path and path not in found and path.is_file():
            found.append(path)
            waiting += _absolute(path.parent, path.read_text(encoding="utf-8").splitlines())
    return found


def _is_path(line: str) -> bool:
    return line.lstrip().startswith((".", "/", "-e", "--editable", "file:")) or "@ file:" in line

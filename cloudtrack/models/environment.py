"""The environment a model needs: ``requirements.txt``, ``conda.yaml``, ``python_env.yaml``."""

from __future__ import annotations

import functools
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from cloudtrack.environments.specification import CONDA, PYTHON_ENV, REQUIREMENTS
from cloudtrack.errors import InvalidInput
from cloudtrack.plain_yaml import read_yaml


def write_environment(
    folder: Path,
    inferred: Iterable[str],
    *,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | None = None,
    conda_env: dict[str, Any] | str | None = None,
) -> None:
    """Write the three files. ``pip_requirements`` or ``conda_env`` replace what was inferred.

    Raises InvalidInput where both are given.
    """
    if conda_env is not None and (pip_requirements is not None or extra_pip_requirements is not None):
        raise InvalidInput("give conda_env, or pip_requirements and extra_pip_requirements, not both")
    if conda_env is not None:
        conda = _read_yaml(conda_env)
        requirements = _pip_part(conda)
    else:
        chosen = _lines(pip_requirements) if pip_requirements is not None else list(inferred)
        requirements = list(dict.fromkeys([*chosen, *_lines(extra_pip_requirements or ())]))
        conda = conda_of(requirements)
    python_env = {
        "python": platform.python_version(),
        "build_dependencies": ["pip", "setuptools", "wheel"],
        "dependencies": [f"-r {REQUIREMENTS}"],
    }
    (folder / REQUIREMENTS).write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
    (folder / CONDA).write_text(yaml.safe_dump(conda, sort_keys=False), encoding="utf-8")
    (folder / PYTHON_ENV).write_text(yaml.safe_dump(python_env, sort_keys=False), encoding="utf-8")


def conda_of(requirements: Sequence[str]) -> dict[str, Any]:
    """An environment of conda that has this Python and these requirements of pip's."""
    return {
        "channels": ["conda-forge"],
        "dependencies": [f"python={platform.python_version()}", "pip", {"pip": list(requirements)}],
        "name": "model-env",
    }


def pinned(modules: Iterable[str]) -> list[str]:
    """``distribution==version`` for each installed distribution behind these top-level modules, by name."""
    providers = _providers(tuple(map(_changed_ns, sys.path)))
    found = {
        distribution
        for module in modules
        if module not in sys.stdlib_module_names
        for distribution in providers.get(module, [])
    }
    return sorted(f"{name}=={metadata.version(name)}" for name in found)


@functools.lru_cache(maxsize=1)
def _providers(_changed_ns: tuple[int, ...]) -> Mapping[str, list[str]]:
    """The distributions behind each module, which take a fifth of a second to find; installing changes a folder."""
    return metadata.packages_distributions()


def _changed_ns(folder: str) -> int:
    try:
        return os.stat(folder or ".").st_mtime_ns
    except OSError:
        return 0


def modules_in_pickle(pickled: bytes) -> set[str]:
    """Top-level modules that unpickling would import, read from the opcodes without running them."""
    import pickletools

    found: set[str] = set()
    strings: list[str] = []
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name == "GLOBAL":
            found.add(str(argument).partition(" ")[0])
        elif opcode.name == "STACK_GLOBAL" and len(strings) >= 2:
            found.add(strings[-2])
        elif isinstance(argument, str):
            strings.append(argument)
            if argument.isidentifier() or argument.replace(".", "").isidentifier():
                found |= {argument} & set(sys.modules)  # a memoized module name that STACK_GLOBAL takes later
    return {module.partition(".")[0] for module in found}


def _lines(requirements: Sequence[str] | str) -> list[str]:
    if isinstance(requirements, str):
        text = Path(requirements).read_text(encoding="utf-8")
        return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [str(line) for line in requirements]


def _read_yaml(conda_env: dict[str, Any] | str) -> dict[str, Any]:
    if isinstance(conda_env, dict):
        return conda_env
    try:
        content = read_yaml(Path(conda_env), f"the conda environment {conda_env!r}")
    except OSError as error:
        raise InvalidInput(f"the conda environment {conda_env!r} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise InvalidInput(f"the conda environment {conda_env!r} is no mapping")
    return content


def _pip_part(conda: dict[str, Any]) -> list[str]:
    for dependency in conda.get("dependencies", []):
        if isinstance(dependency, dict) and "pip" in dependency:
            return [str(line) for line in dependency["pip"]]
    return []

"""Making environments, each once on a machine.

The Python of the same minor version must be on this machine, or be one that the manager fetches. Installing packages
runs their code: make environments of what you trust.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from cloudtrack import config
from cloudtrack.environments.manager import EnvironmentManager, program, python_in, run_tool
from cloudtrack.environments.specification import Specification
from cloudtrack.errors import AlreadyExists, InvalidInput

_OURS = re.compile(r"\s*cloudtrack\s*(\[[\w\s,.-]*\])?\s*")


def environment_for(specification: Specification, manager: EnvironmentManager, *, also: Iterable[str] = ()) -> Path:
    """The interpreter of an environment, made where this machine does not have it yet.

    ``also`` are requirements beside those of the specification. Environments are kept in ``CLOUDTRACK_CACHE_DIR``, one
    for each content. Raises as ``create_environment`` does.
    """
    wanted = [manager, *also, *specification.content()]
    if manager == EnvironmentManager.CONDA and specification.conda_file:
        wanted.append(specification.conda_file.read_text(encoding="utf-8"))
    environments = config.cache_dir() / "environments"
    environments.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(json.dumps(wanted).encode()).hexdigest()[:24]
    target, whole = environments / digest, environments / f"{digest}.whole"
    with (environments / f"{digest}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(target, ignore_errors=True)  # one that was cut off
            create_environment(specification, target, manager, also=also)
            whole.touch()
    return python_in(target)


def create_environment(
    specification: Specification, target: Path, manager: EnvironmentManager, *, also: Iterable[str] = ()
) -> Path:
    """Make an environment at ``target``; its interpreter.

    Raises AlreadyExists, MissingDependency where the manager is not installed, InvalidInput where it cannot make what
    is wanted, Unavailable where it fails.
    """
    if target.exists():
        raise AlreadyExists(f"{target} exists already; name a new folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    own = () if manager == EnvironmentManager.CONDA else specification.requirements  # which conda.yaml has too
    lines = [_of_here(line) for line in (*own, *also)]
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".txt", prefix="cloudtrack-") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            requirements = file.name if lines else ""
            for command in _commands(specification, target, manager, requirements):
                environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(target)}
                run_tool(command, folder=specification.folder, environment=environment)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return python_in(target)


def own_requirement(extras: str = "") -> str:
    """This cloudtrack as pip installs it: by version, or from where it was installed."""
    distribution = metadata.distribution("cloudtrack")
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    url = origin.get("url", "")
    name = f"cloudtrack[{extras}]" if extras else "cloudtrack"
    return f"{name} @ {url}" if url.startswith("file://") else f"{name}=={distribution.version}"


def _commands(
    specification: Specification, target: Path, manager: EnvironmentManager, requirements: str
) -> list[list[str]]:
    python = str(python_in(target))
    minor = ".".join(specification.python.split(".")[:2])
    is_same = not minor or minor == ".".join(platform.python_version_tuple()[:2])
    match manager:
        case EnvironmentManager.UV:
            uv = program("uv")
            base = sys.executable if is_same else minor
            if specification.lock:
                project = str(specification.folder)
                return [[uv, "sync", "--frozen", "--no-dev", "--no-editable", "--python", base, "--project", project]]
            wanted = [f"--requirements={name}" for name in (requirements, specification.project) if name]
            install = [uv, "pip", "install", "--python", python, *wanted]
            return [[uv, "venv", "--python", base, str(target)], *([install] if wanted else [])]
        case EnvironmentManager.VIRTUALENV:
            if specification.project:
                raise InvalidInput("virtualenv cannot make what a pyproject.toml asks for: use --env-manager uv")
            base = sys.executable if is_same else program(f"python{minor}")
            install = [python, "-m", "pip", "install", "-r", requirements]
            return [[base, "-m", "venv", str(target)], *([install] if requirements else [])]
        case EnvironmentManager.CONDA:
            if specification.conda_file is None:
                raise InvalidInput("conda makes what a conda.yaml asks for, and there is none: use --env-manager uv")
            create = [program("conda"), "env", "create", "--prefix", str(target), "--file"]
            install = [python, "-m", "pip", "install", "-r", requirements]
            return [[*create, str(specification.conda_file)], *([install] if requirements else [])]
        case EnvironmentManager.LOCAL:
            raise ValueError("no environment is made locally")


def _of_here(line: str) -> str:
    """A requirement; one of cloudtrack in any version is of this one."""
    match = _OURS.fullmatch(line)
    return own_requirement((match[1] or "").strip("[]")) if match else line

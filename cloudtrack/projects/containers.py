"""The words of ``docker run`` that projects need."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from cloudtrack.errors import InvalidInput
from cloudtrack.projects.logins import is_secret
from cloudtrack.projects.parameters import local_path
from cloudtrack.projects.reaching import is_served_here

_OURS = ("name", "d", "detach", "rm")


def container_name(run_id: str) -> str:
    """The container of a run."""
    return f"cloudtrack-{run_id}"


def mount(source: Path, target: str = "", *, is_read_only: bool = False) -> list[str]:
    """A file or folder of this machine in the container; at its own path by default."""
    fields = ["type=bind", f"source={source}", f"target={target or source}"]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([*fields, "readonly"] if is_read_only else fields)
    return ["--mount", line.getvalue()]


def variables(named: Iterable[str], values: Mapping[str, str] | None = None) -> list[str]:
    """Variables that the client's own environment has, by name alone; and those whose values may be seen."""
    passed = [word for name in named for word in ("--env", name)]
    return [*passed, *(word for name, value in (values or {}).items() for word in ("--env", f"{name}={value}"))]


def store_access(store: str, arguments: Mapping[str, str]) -> list[str]:
    """What lets a container use a store that is a folder: the folder, and the user who owns what is written."""
    folder = local_path(store)
    if folder is None:
        return []
    words = mount(folder)
    if os.getuid() and not {"u", "user"} & set(arguments):
        words += ["--user", f"{os.getuid()}:{os.getgid()}", "--env", "HOME=/tmp"]
    return words


def network(store: str, arguments: Mapping[str, str], *, is_bridged: bool = False) -> list[str]:
    """What lets a container reach servers that listen for this machine alone, where its options choose no network."""
    if {"network", "net"} & set(arguments) or not (is_bridged or is_served_here(store)):
        return []
    return ["--network", "host"]


def options(arguments: Mapping[str, str]) -> list[str]:
    """Options by name, as ``-A gpus=all`` gives them: ``--gpus all``. Raises InvalidInput for those that are ours."""
    words = []
    for name, value in arguments.items():
        if not name.replace("-", "").isalnum() or name.startswith("-"):
            raise InvalidInput(f"{name!r} is no option of docker run: write its name, without dashes before it")
        if name in _OURS:
            raise InvalidInput(f"the option {name!r} of docker run is cloudtrack's: leave it out")
        variable, is_set, _ = value.partition("=")
        if name in ("e", "env") and is_set and is_secret(variable):
            raise InvalidInput(
                f"{variable} is a secret, and options are kept with the run: set it here, and give {name}={variable}"
            )
        words += [f"-{name}" if len(name) == 1 else f"--{name}", *([value] if value else [])]
    return words

"""Commands in an image: the environment that ``docker_env`` of an ``MLproject`` names."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudtrack import config
from cloudtrack.environments.installed import PROGRAM, Installed
from cloudtrack.errors import Unavailable
from cloudtrack.projects import sources
from cloudtrack.projects.archive import pack
from cloudtrack.projects.client_programs import ask, find_client
from cloudtrack.projects.containers import container_name, mount, network, options, store_access, variables
from cloudtrack.projects.logins import login_names
from cloudtrack.projects.project_file import DockerEnvironment
from cloudtrack.projects.record import ProjectRecord

CODE = "/cloudtrack/code"
NAME_TAG, ID_TAG, DIGEST_TAG = "mlflow.docker.image.name", "mlflow.docker.image.id", "cloudtrack.docker.image.digest"
_BRIDGED = "MLFLOW_TRACKING_TOKEN"
"""The variable that says that a server for the program's MLflow runs beside it."""
_SHELL = 'command -v bash >/dev/null && exec bash "$@"; exec sh "$@"'
"""The shell that commands have outside of images too: bash where there is one."""


@dataclass(frozen=True)
class PreparedImage:
    """An image that this machine has."""

    image: str
    id: str
    digest: str
    """As the registry knows it, ``name@sha256:...``; empty for one that was only built here."""
    asked: DockerEnvironment
    arguments: Mapping[str, str]
    """Options of ``docker run``, by name."""
    has_code: bool = False

    def tags(self) -> dict[str, str]:
        """What a run in it says of it."""
        found = {NAME_TAG: self.image, ID_TAG: self.id, DIGEST_TAG: self.digest}
        return {name: value for name, value in found.items() if value}

    def variables(self) -> dict[str, str]:
        """None beside those of the run: a container has its own."""
        return {}

    def installed(self) -> Installed:
        """The Python in it and its packages; empty where it has none."""
        words = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "python", self.image]
        try:
            return Installed.parse(ask([*words, "-c", PROGRAM]))
        except Unavailable:
            return Installed()

    def command(
        self,
        run_id: str,
        words: Sequence[str],
        folder: Path,
        inputs: Sequence[Path],
        *,
        store: str,
        named: Sequence[str],
    ) -> list[str]:
        """The words that run a command of ``command_of`` in a container.

        ``inputs`` are in the container at their own paths. ``named`` are variables of the process that runs the words,
        beside those that open the store: their values are in no word.
        """
        here = config.environment()
        copied = [name for name, value in self.asked.environment if value is None and name in here]
        set_there = {name: value for name, value in self.asked.environment if value is not None}
        code = [] if self.has_code else mount(folder, CODE)
        return [
            *(find_client("docker"), "run", "--rm", "--init", "--name", container_name(run_id)),
            *code,
            *("--workdir", CODE),
            *(word for path in inputs for word in mount(path, is_read_only=True)),
            *(word for volume in self.asked.volumes for word in ("--volume", volume)),
            *store_access(store, self.arguments),
            *variables(dict.fromkeys(["PYTHONUNBUFFERED", *named, *login_names(store, here), *copied]), set_there),
            *network(store, self.arguments, is_bridged=_BRIDGED in named),
            *options(self.arguments),
            self.image,
            *("sh", "-c", _SHELL, "sh", *words[1:]),
        ]


def prepare_image(asked: DockerEnvironment, record: ProjectRecord, folder: Path) -> PreparedImage:
    """Have the image of a run here: it is pulled where it is missing, and built with the code where that was asked.

    Raises MissingDependency without docker, Unavailable with what docker said.
    """
    image = record.docker_image or asked.image
    try:
        ask(["docker", "image", "inspect", image])
    except Unavailable:
        ask(["docker", "pull", image])
    found = _inspect(image)
    if record.is_image_built:
        image = _build(image, found["Id"], folder)
        found = _inspect(image)
    digest = next(iter(found.get("RepoDigests") or ()), "")
    return PreparedImage(image, found["Id"], digest, asked, record.docker_arguments, record.is_image_built)


def end_container(run_id: str) -> None:
    """See that nothing of a run goes on, where the client of its container was ended before the container."""
    with contextlib.suppress(Unavailable):  # it has gone by itself
        ask(["docker", "rm", "--force", container_name(run_id)])


def _inspect(image: str) -> dict[str, Any]:
    (found,) = json.loads(ask(["docker", "image", "inspect", image]))
    return dict(found)


def _build(base: str, base_id: str, folder: Path) -> str:
    """An image of the code on top of another; its name says what is in it."""
    with tempfile.TemporaryDirectory(prefix="cloudtrack-image-") as aside:
        archive, context, dockerfile = Path(aside, "code.zip"), Path(aside, "code"), Path(aside, "Dockerfile")
        digest = hashlib.sha256(f"{base_id} {pack(folder, archive)}".encode()).hexdigest()
        name = f"cloudtrack-project:{digest[:16]}"
        context.mkdir()
        sources.unpack(archive, context)
        dockerfile.write_text(f"FROM {base}\nCOPY . {CODE}\nWORKDIR {CODE}\n")
        ask(["docker", "build", "--quiet", "--tag", name, "--file", str(dockerfile), str(context)])
    return name

"""Projects in a container of Docker's on this machine, or of the one that its client speaks to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from cloudtrack import config as settings
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import InvalidInput, NotFound, Unavailable
from cloudtrack.projects.backends.backend import Backend, Job, Submission
from cloudtrack.projects.backends.configuration import Configuration, check_set, read_configuration
from cloudtrack.projects.client_programs import ask, lines_of
from cloudtrack.projects.containers import container_name, network, options, store_access, variables
from cloudtrack.projects.logins import login_names

_GRACE_S = 30
"""Between asking a worker to end and ending it; it gives its program less."""
_ENDED_BY_SIGNAL = (128 + 15, 128 + 9, 128 + 2)


class DockerConfiguration(Configuration):
    """What the docker backend is told."""

    secrets_go = "set it here, and write its name into the list 'secrets'"

    image: str = Field(min_length=1, pattern=r"^[^-]", description="an image that has Python and cloudtrack")
    secrets: list[str] = Field(default=[], description="names of variables that are copied from here")
    arguments: dict[str, str] = Field(default={}, description='options of docker run, such as {"gpus": "all"}')


class DockerBackend(Backend):
    """Starts the worker in a container of its own, which stays until ``docker rm``, with its log and exit code."""

    name = "docker"

    def specification(self, job: Job, config: Mapping[str, Any]) -> dict[str, Any]:
        """The words of ``docker run``. Variables that hold logins are in them by name."""
        told = read_configuration(DockerConfiguration, self.name, config)
        if job.store.startswith("memory://"):
            raise InvalidInput("a store in memory is seen by its own process alone: use a folder, S3 or a server")
        check_set(told.secrets, self.name)
        named = [*login_names(job.store, settings.environment()), *told.secrets]
        return {
            "command": [
                *("docker", "run", "--detach", "--init", "--name", container_name(job.run_id)),
                *("--label", f"cloudtrack.run={job.run_id}"),
                *store_access(job.store, told.arguments),
                *network(job.store, told.arguments),
                *variables(dict.fromkeys(named), {**job.environment, **told.environment}),
                *options(told.arguments),
                told.image,
                *job.command,
            ]
        }

    def launch(self, job: Job, specification: dict[str, Any]) -> Submission:
        """Start the container."""
        ask(specification["command"])
        return Container(container_name(job.run_id))

    def find(self, handle: str) -> Submission:
        """A container by its name."""
        container = Container(handle)
        if container.state() is None:
            raise NotFound(f"docker has no container {handle} here: it was removed, or runs on another machine")
        return container


class Container(Submission):
    """A worker's container."""

    def __init__(self, name: str) -> None:
        self.handle = name

    def state(self) -> dict[str, Any] | None:
        """What Docker says of it; None where there is none. Raises Unavailable where Docker does not answer."""
        try:
            return dict(json.loads(ask(["docker", "container", "inspect", "--format", "{{json .State}}", self.handle])))
        except Unavailable as error:
            if "no such container" in error.message.lower():
                return None
            raise

    def status(self) -> str:
        """By state and exit code; one that was removed is KILLED."""
        state = self.state()
        match state and state["Status"]:
            case None:
                return RunStatus.KILLED
            case "created":
                return RunStatus.FAILED if state and state.get("Error") else RunStatus.SCHEDULED
            case "exited" | "dead":
                code, is_too_big = (state or {})["ExitCode"], (state or {}).get("OOMKilled")
                if code in _ENDED_BY_SIGNAL and not is_too_big:
                    return RunStatus.KILLED
                return RunStatus.FINISHED if code == 0 else RunStatus.FAILED
        return RunStatus.RUNNING

    def logs(self) -> Iterator[str]:
        """``docker logs``."""
        return lines_of(["docker", "logs", self.handle])

    def cancel(self) -> None:
        """``docker stop``; returns when the container has ended."""
        if not self.is_over():
            ask(["docker", "stop", "-t", str(_GRACE_S), self.handle])

"""What a place to run projects must do: a backend.

Other packages add backends as entry points of the group ``cloudtrack.project_backend``: a name, and a class of this
kind.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar

from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import NotFound

ENTRY_POINTS = "cloudtrack.project_backend"
WORKER = "cloudtrack.projects.worker"
_OURS = {
    "aws-batch": "BatchBackend",
    "docker": "DockerBackend",
    "kubernetes": "KubernetesBackend",
    "local": "LocalBackend",
    "ray": "RayBackend",
    "sagemaker": "SageMakerBackend",
    "spark": "SparkBackend",
}


@dataclass(frozen=True)
class Job:
    """A run of a project that is recorded and waits to be executed.

    Whoever executes it starts ``command`` with ``environment``, where cloudtrack is installed and the store is reached.
    """

    run_id: str
    name: str
    """Of the run, for people."""
    store: str
    """The store, or the server in front of one."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that ``command`` needs."""
    folder: Path | None = None
    """The project's code on this machine; a backend elsewhere leaves it, and the worker takes the archive."""
    remove: Path | None = None
    """A folder that was made for this job alone."""

    @property
    def command(self) -> list[str]:
        """What executes the job, as words."""
        return ["python", "-m", WORKER, self.run_id]


class Submission(ABC):
    """A job that was handed over."""

    handle: str
    """What ``Backend.find`` finds it with, also from another process."""

    @abstractmethod
    def status(self) -> str:
        """SCHEDULED, RUNNING, FINISHED, FAILED or KILLED, as the place sees it."""

    @abstractmethod
    def logs(self) -> Iterator[str]:
        """Lines that the place keeps of the job, also where it never came to run."""

    @abstractmethod
    def cancel(self) -> None:
        """End the job; one that has ended is left as it is."""

    def is_over(self) -> bool:
        """Whether nothing more is expected."""
        return RunStatus.is_terminated(self.status())


class Backend(ABC):
    """A place to run projects."""

    name: ClassVar[str]
    is_elsewhere: ClassVar[bool] = True
    """Whether the code must come from the store, and paths of this machine mean nothing."""

    @abstractmethod
    def specification(self, job: Job, config: Mapping[str, Any]) -> dict[str, Any]:
        """Exactly what ``launch`` sends, made without any call. Raises InvalidInput naming what ``config`` lacks."""

    @abstractmethod
    def launch(self, job: Job, specification: dict[str, Any]) -> Submission:
        """Hand the job over; returns at once."""

    @abstractmethod
    def find(self, handle: str) -> Submission:
        """A job that was handed over before. Raises NotFound."""


def open_backend(name: str) -> Backend:
    """The backend of this name. Raises NotFound naming those that there are."""
    if name in _OURS:
        from importlib import import_module

        found = getattr(import_module(f"cloudtrack.projects.backends.{name.replace('-', '_')}"), _OURS[name])
        return found()  # type: ignore[no-any-return]
    entries = metadata.entry_points(group=ENTRY_POINTS)
    for entry in entries:
        if entry.name == name:
            return entry.load()()  # type: ignore[no-any-return]
    there = ", ".join(sorted({*_OURS, *entries.names}))
    raise NotFound(f"there is no backend {name!r}; there are: {there}")

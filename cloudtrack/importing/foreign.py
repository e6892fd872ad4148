"""What other trackers hold, in one form: what a source yields, and what an importer writes.

Everything large is a function that is called when it is needed, and yields piece by piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.entities.logged_model import LoggedModelStatus
from cloudtrack.entities.model_version import Stage
from cloudtrack.entities.run import RunStatus
from cloudtrack.importing.omissions import Omissions
from cloudtrack.tracking.documents import DatasetUse, ModelMetric, ModelOutput
from cloudtrack.tracking.points import Point


@dataclass(frozen=True, slots=True)
class ForeignFile:
    """A file: its path with ``/`` in the folder of its owner, and how to open it for reading, seekable."""

    path: str
    open: Callable[[], AbstractContextManager[BinaryIO]]


IMPORTED_FROM = "cloudtrack.imported_from"
"""A tag of what has an id that was made of its name: which tracker it is of."""

Files = Callable[[], Iterator[ForeignFile]]


def no_files() -> Iterator[ForeignFile]:
    """Of what has none."""
    return iter(())


@dataclass(frozen=True, slots=True)
class ForeignExperiment:
    """An experiment. Times are milliseconds since the epoch."""

    experiment_id: str
    name: str
    lifecycle_stage: str = LifecycleStage.ACTIVE
    creation_time: int = 0
    last_update_time: int = 0
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunContent:
    """What a run has beside points and files."""

    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    inputs: list[DatasetUse] = field(default_factory=list)
    model_inputs: list[str] = field(default_factory=list)
    outputs: list[ModelOutput] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ForeignRun:
    """A run. Times are milliseconds since the epoch."""

    run_id: str
    experiment_id: str
    read: Callable[[], RunContent]
    points: Callable[[], Iterator[Point]]
    files: Files = no_files
    run_name: str = ""
    user_id: str = ""
    status: str = RunStatus.FINISHED
    start_time: int | None = None
    end_time: int | None = None
    lifecycle_stage: str = LifecycleStage.ACTIVE


@dataclass(frozen=True, slots=True)
class ForeignLoggedModel:
    """A logged model; ``metrics`` may have several points of one key."""

    model_id: str
    experiment_id: str
    name: str
    files: Files = no_files
    model_type: str = ""
    source_run_id: str = ""
    status: str = LoggedModelStatus.READY
    creator_id: str = ""
    lifecycle_stage: str = LifecycleStage.ACTIVE
    creation_time: int = 0
    last_update_time: int = 0
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: list[ModelMetric] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ForeignVersion:
    """A version of a registered model; of one that was deleted there is its number."""

    version: int
    creation_time: int
    last_update_time: int
    is_deleted: bool = False
    source: str = ""
    description: str = ""
    user_id: str = ""
    stage: str = Stage.NONE
    run_id: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ForeignRegisteredModel:
    """A registered model; ``versions`` yields them by number."""

    name: str
    versions: Callable[[], Iterator[ForeignVersion]]
    creation_time: int = 0
    last_update_time: int = 0
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)


class Source(Protocol):
    """A tracker that is read. Raises CloudtrackError where it cannot be; what it leaves out, it says in ``omissions``.

    May be asked from many threads.
    """

    name: str
    """Where it is, for people; never with a credential."""
    omissions: Omissions

    def experiments(self) -> Iterator[ForeignExperiment]:
        """All of them, deleted ones too."""

    def runs(self, experiment_id: str) -> Iterator[ForeignRun]:
        """All of an experiment, oldest first."""

    def logged_models(self, experiment_id: str) -> Iterator[ForeignLoggedModel]:
        """All of an experiment."""

    def registered_models(self) -> Iterator[ForeignRegisteredModel]:
        """All of them."""

    def close(self) -> None:
        """Give back what is open."""

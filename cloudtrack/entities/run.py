"""Runs: one execution of training code, with its params, metrics, tags, inputs and outputs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from cloudtrack.entities.dataset import DatasetInput
from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.entities.shown import Shown


class RunStatus:
    """Where a run stands."""

    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"
    NAMES = (RUNNING, SCHEDULED, FINISHED, FAILED, KILLED)

    @classmethod
    def is_terminated(cls, status: str) -> bool:
        """Whether nothing more is expected of a run in this status."""
        return status in (cls.FINISHED, cls.FAILED, cls.KILLED)

    @staticmethod
    def to_string(status: str) -> str:
        """A status as text; it is one here."""
        return status

    from_string = to_string


class SourceType:
    """What kind of program a run is of: the values of the tag ``mlflow.source.type``."""

    NOTEBOOK = "NOTEBOOK"
    JOB = "JOB"
    PROJECT = "PROJECT"
    LOCAL = "LOCAL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Metric:
    """One point of a metric. ``timestamp`` is in milliseconds since the epoch."""

    key: str
    value: float
    timestamp: int
    step: int = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Param:
    """A setting of a run, written once."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class RunTag:
    """A key and a value on a run; may change."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class RunInfo(Shown):
    """What every listing shows of a run. Times are milliseconds since the epoch."""

    run_id: str
    experiment_id: str
    run_name: str = ""
    user_id: str = ""
    status: str = RunStatus.RUNNING
    start_time: int | None = None
    end_time: int | None = None
    lifecycle_stage: str = LifecycleStage.ACTIVE
    artifact_uri: str = ""
    is_lost: bool = False
    """A running run whose writer has missed three heartbeats."""


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """What a run's document keeps of one metric, so that sorting never reads a history.

    ``value``, ``step`` and ``timestamp`` are of the last point: the greatest (step, timestamp, value).
    NaN counts in ``count`` only; ``min``, ``max`` and ``mean`` are NaN where every value is.
    """

    value: float
    step: int
    timestamp: int
    min: float
    min_step: int
    max: float
    max_step: int
    mean: float
    count: int


@dataclass(frozen=True, slots=True)
class RunData(Shown):
    """Params, tags, and the last value of each metric."""

    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    summaries: dict[str, MetricSummary] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoggedModelOutput:
    """A model that a run made."""

    model_id: str
    step: int = 0


@dataclass(frozen=True, slots=True)
class LoggedModelInput:
    """A model that a run read."""

    model_id: str


@dataclass(frozen=True, slots=True)
class RunInputs:
    """The datasets and models a run read."""

    dataset_inputs: list[DatasetInput] = field(default_factory=list)
    model_inputs: list[LoggedModelInput] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RunOutputs:
    """The models a run made."""

    model_outputs: list[LoggedModelOutput] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Run(Shown):
    """One execution of training code."""

    info: RunInfo
    data: RunData
    inputs: RunInputs = field(default_factory=RunInputs)
    outputs: RunOutputs = field(default_factory=RunOutputs)

    def to_dictionary(self) -> dict[str, Any]:
        """Plain dictionaries and lists, as MLflow's ``Run.to_dictionary``."""
        return asdict(self)

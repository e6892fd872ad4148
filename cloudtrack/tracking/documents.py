"""Experiments and runs as they are stored. ``docs/format.md`` tells users about these fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from cloudtrack.entities.dataset import CONTEXT_TAG, Dataset, DatasetInput, InputTag
from cloudtrack.entities.experiment import Experiment, LifecycleStage
from cloudtrack.entities.logged_model import LoggedModel, LoggedModelStatus
from cloudtrack.entities.run import (
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    MetricSummary,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunStatus,
)
from cloudtrack.storage.document import Document

MISSED_HEARTBEATS = 3


class Part(BaseModel):
    """A part of a document; fields that a newer writer added are kept."""

    model_config = ConfigDict(extra="allow", ser_json_inf_nan="strings")


class Purge(Part):
    """The end of a run, a logged model or an experiment: first the claim of whoever looks whether it may go.

    In a document whose ``lifecycle_stage`` is ``purged`` it is all that is left.
    """

    claim: str
    """A name that no other claim has."""
    user_id: str
    time: int
    held_by: list[str] = []
    """Versions that came from it and keep files of their own: ``churn/7``."""
    model_ids: list[str] = []
    """The logged models that go with it."""
    run_ids: list[str] = []
    """The runs that go with an experiment, while there may be something left of them."""
    is_done: bool = False
    """Whether all files were removed once."""


class NameClaim(Document):
    """Binds an experiment's name to its id. Valid while the experiment has or reserves that name."""

    format_name: ClassVar[str] = "cloudtrack.experiment-name/1"

    name: str
    experiment_id: str
    creation_time: int
    tags: dict[str, str] = {}
    operation: str = ""
    """The creation that made this claim, where it has a name: then a repetition of it finds its own."""


class ExperimentDocument(Document):
    """The truth about an experiment."""

    format_name: ClassVar[str] = "cloudtrack.experiment/1"

    experiment_id: str
    name: str
    reserved_names: list[str] = []
    lifecycle_stage: str = LifecycleStage.ACTIVE
    creation_time: int
    last_update_time: int
    tags: dict[str, str] = {}
    purge: Purge | None = None

    def holds(self, name: str) -> bool:
        """Whether the name is this experiment's, or about to be."""
        return name == self.name or name in self.reserved_names

    def to_entity(self, store_url: str) -> Experiment:
        """The experiment as callers see it."""
        return Experiment(
            experiment_id=self.experiment_id,
            name=self.name,
            artifact_location=f"{store_url}/runs",
            lifecycle_stage=self.lifecycle_stage,
            tags=dict(self.tags),
            creation_time=self.creation_time,
            last_update_time=self.last_update_time,
        )


class Points(Part):
    """Points of one metric, as columns of equal length."""

    step: list[int] = []
    timestamp: list[int] = []
    value: list[float] = []


class Summary(Part):
    """Of one metric: the last point, the extremes, the mean and the number of points."""

    value: float
    step: int
    timestamp: int
    min: float
    min_step: int
    max: float
    max_step: int
    mean: float
    count: int
    nan_count: int = 0


class Segment(Part):
    """An immutable Parquet file of points: key, step, timestamp, value."""

    name: str
    rows: int
    size_bytes: int


class DatasetUse(Part):
    """A dataset that the run read."""

    name: str
    digest: str
    source_type: str = ""
    source: str = ""
    dataset_schema: str | None = None
    dataset_profile: str | None = None
    tags: dict[str, str] = {}

    def among(self, uses: Iterable[DatasetUse]) -> DatasetUse | None:
        """The same use: of the same data, and for the same purpose where both say what for."""
        mine = self.tags.get(CONTEXT_TAG)
        for use in uses:
            if (use.name, use.digest) == (self.name, self.digest):
                theirs = use.tags.get(CONTEXT_TAG)
                if mine is None or theirs is None or mine == theirs:
                    return use
        return None


class ModelOutput(Part):
    """A model that the run made."""

    model_id: str
    step: int = 0


class RejectedParam(Part):
    """A param that came later than another value for the same key, and was refused."""

    key: str
    value: str
    writer: str


class RunDocument(Document):
    """The truth about a run, whole in one object."""

    format_name: ClassVar[str] = "cloudtrack.run/1"

    run_id: str
    experiment_id: str
    run_name: str = ""
    user_id: str = ""
    status: str = RunStatus.RUNNING
    start_time: int | None = None
    end_time: int | None = None
    lifecycle_stage: str = LifecycleStage.ACTIVE
    deleted_with_experiment: bool = False
    heartbeat_time: int = 0
    heartbeat_interval_ms: int = 0
    params: dict[str, str] = {}
    rejected_params: list[RejectedParam] = []
    tags: dict[str, str] = {}
    metrics: dict[str, Summary] = {}
    points: dict[str, Points] = {}
    segments: list[Segment] = []
    writers: dict[str, int] = {}
    inputs: list[DatasetUse] = []
    model_inputs: list[str] = []
    outputs: list[ModelOutput] = []
    purge: Purge | None = None

    def is_lost(self, now_ms: int) -> bool:
        """Whether the run is said to be running, but its writer has missed three heartbeats."""
        silent_ms = now_ms - self.heartbeat_time
        expected = self.status == RunStatus.RUNNING and self.heartbeat_interval_ms > 0
        return expected and silent_ms > MISSED_HEARTBEATS * self.heartbeat_interval_ms

    def to_info(self, store_url: str, now_ms: int) -> RunInfo:
        """The run's line in a listing."""
        return RunInfo(
            run_id=self.run_id,
            experiment_id=self.experiment_id,
            run_name=self.run_name,
            user_id=self.user_id,
            status=self.status,
            start_time=self.start_time,
            end_time=self.end_time,
            lifecycle_stage=self.lifecycle_stage,
            artifact_uri=f"{store_url}/runs/{self.run_id}/artifacts",
            is_lost=self.is_lost(now_ms),
        )

    def to_entity(self, store_url: str, now_ms: int) -> Run:
        """The run as callers see it."""
        summaries = {
            key: MetricSummary(m.value, m.step, m.timestamp, m.min, m.min_step, m.max, m.max_step, m.mean, m.count)
            for key, m in self.metrics.items()
        }
        return Run(
            info=self.to_info(store_url, now_ms),
            data=RunData(
                metrics={key: summary.value for key, summary in self.metrics.items()},
                params=dict(self.params),
                tags=dict(self.tags),
                summaries=summaries,
            ),
            inputs=RunInputs(
                [_dataset_input(use) for use in self.inputs], [LoggedModelInput(model) for model in self.model_inputs]
            ),
            outputs=RunOutputs([LoggedModelOutput(output.model_id, output.step) for output in self.outputs]),
        )


class ModelMetric(Part):
    """The last point of a metric of a logged model, on one dataset."""

    key: str
    value: float
    timestamp: int
    step: int = 0
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None


class LoggedModelDocument(Document):
    """The truth about a logged model."""

    format_name: ClassVar[str] = "cloudtrack.logged-model/1"

    model_id: str
    experiment_id: str
    name: str
    model_type: str = ""
    source_run_id: str = ""
    status: str = LoggedModelStatus.PENDING
    creator_id: str = ""
    lifecycle_stage: str = LifecycleStage.ACTIVE
    creation_time: int
    last_update_time: int
    tags: dict[str, str] = {}
    params: dict[str, str] = {}
    metrics: list[ModelMetric] = []
    purge: Purge | None = None

    def to_entity(self, store_url: str) -> LoggedModel:
        """The logged model as callers see it."""
        return LoggedModel(
            experiment_id=self.experiment_id,
            model_id=self.model_id,
            name=self.name,
            artifact_location=f"{store_url}/logged_models/{self.model_id}/artifacts",
            creation_timestamp=self.creation_time,
            last_updated_timestamp=self.last_update_time,
            model_type=self.model_type,
            source_run_id=self.source_run_id,
            status=self.status,
            creator_id=self.creator_id,
            tags=dict(self.tags),
            params=dict(self.params),
            metrics=[
                Metric(m.key, m.value, m.timestamp, m.step, self.model_id, m.dataset_name, m.dataset_digest, m.run_id)
                for m in self.metrics
            ],
        )


def _dataset_input(use: DatasetUse) -> DatasetInput:
    dataset = Dataset(use.name, use.digest, use.source_type, use.source, use.dataset_schema, use.dataset_profile)
    return DatasetInput(dataset, [InputTag(key, value) for key, value in use.tags.items()])

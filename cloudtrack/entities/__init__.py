"""Frozen values, and rules that need nothing but the value. The names are MLflow's."""

from cloudtrack.entities.artifact import FileInfo
from cloudtrack.entities.dataset import Dataset, DatasetInput, InputTag
from cloudtrack.entities.experiment import Experiment, ExperimentTag, LifecycleStage, ViewType
from cloudtrack.entities.logged_model import LoggedModel, LoggedModelStatus
from cloudtrack.entities.model_version import ModelVersion, ModelVersionStatus, Stage
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.entities.run import (
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    MetricSummary,
    Param,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunStatus,
    RunTag,
    SourceType,
)

__all__ = [
    "Dataset",
    "DatasetInput",
    "Experiment",
    "ExperimentTag",
    "FileInfo",
    "InputTag",
    "LifecycleStage",
    "LoggedModel",
    "LoggedModelInput",
    "LoggedModelOutput",
    "LoggedModelStatus",
    "Metric",
    "MetricSummary",
    "ModelVersion",
    "ModelVersionStatus",
    "PagedList",
    "Param",
    "RegisteredModel",
    "Run",
    "RunData",
    "RunInfo",
    "RunInputs",
    "RunOutputs",
    "RunStatus",
    "RunTag",
    "SourceType",
    "Stage",
    "ViewType",
]

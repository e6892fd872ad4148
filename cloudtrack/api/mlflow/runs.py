"""Runs: the whole training path."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field
from pydantic_core import from_json

from cloudtrack.access.permission import Permission
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError, missing_parameter
from cloudtrack.api.fields import Double, Int64, KeyValue, Message, RequestModel, Required, RunStatuses, as_dict
from cloudtrack.api.mlflow import messages
from cloudtrack.entities.dataset import Dataset, DatasetInput, InputTag
from cloudtrack.entities.run import LoggedModelInput, LoggedModelOutput, Metric
from cloudtrack.tracking.model_points import by_model

ENDPOINTS = Declarations(Domain.RUNS)

_EDIT = Needs(Permission.EDIT, On.RUN)
_MANAGE = Needs(Permission.MANAGE, On.RUN)
_MODEL_NEEDS = ("run_id", "artifact_path", "utc_time_created", "flavors")
_MODEL_HAS = ("run_id", "artifact_path", "utc_time_created", "model_uuid", "flavors")
_MOST_METRICS = 1000
_MOST_PARAMS = 100
_MOST_TAGS = 100
_MOST_IN_BATCH = 1000


class RunRequest(RequestModel):
    """Which run: ``run_id``, or ``run_uuid`` as old clients say."""

    run_id: str = ""
    run_uuid: str = ""

    @property
    def run(self) -> str:
        """The run's id. Raises ApiError where there is none."""
        if not (self.run_id or self.run_uuid):
            raise missing_parameter("run_id")
        return self.run_id or self.run_uuid


class CreateRun(RequestModel):
    experiment_id: str = ""
    user_id: str = ""
    run_name: str = ""
    start_time: Int64 = 0
    tags: list[KeyValue] = []


class UpdateRun(RunRequest):
    status: RunStatuses | None = None
    end_time: Int64 | None = None
    run_name: str = ""


class LogMetric(RunRequest):
    key: Required
    value: Double
    timestamp: Int64
    step: Int64 = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class LogParam(RunRequest):
    key: Required
    value: str = ""


class SetTag(RunRequest):
    key: Required
    value: str = ""


class DeleteTag(RunRequest):
    key: Required


class BatchMetric(Message):
    key: Required
    value: Double
    timestamp: Int64
    step: Int64 = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class LogBatch(RunRequest):
    metrics: list[BatchMetric] = []
    params: list[KeyValue] = []
    tags: list[KeyValue] = []


class LogModel(RunRequest):
    model_json: Required


class DatasetMessage(Message):
    name: Required
    digest: Required
    source_type: Required
    source: Required
    dataset_schema: str | None = Field(None, alias="schema")
    profile: str | None = None


class DatasetInputMessage(Message):
    tags: list[KeyValue] = []
    dataset: DatasetMessage


class ModelInputMessage(Message):
    model_id: Required


class LogInputs(RunRequest):
    datasets: list[DatasetInputMessage] = []
    models: list[ModelInputMessage] = []


class ModelOutputMessage(Message):
    model_id: Required
    step: Int64 = 0


class LogOutputs(RunRequest):
    models: list[ModelOutputMessage]


@ENDPOINTS.add("POST", "/mlflow/runs/create", Needs(Permission.EDIT, On.EXPERIMENT))
def create_run(context: Context, request: CreateRun) -> dict[str, Any]:
    """Create a run, running."""
    if not request.experiment_id:
        raise ApiError("BAD_REQUEST", "Missing value for required parameter 'experiment_id'.")
    run = context.client.runs.create(
        request.experiment_id,
        run_name=request.run_name or None,
        start_time=request.start_time,
        tags=as_dict(request.tags),
        user_id=context.principal.name if context.principal else request.user_id or context.user,
        operation=context.operation,
    )
    message = messages.run(run, context.locations)
    del message["outputs"]
    return {"run": message}


@ENDPOINTS.add("GET", "/mlflow/runs/get", Needs(Permission.READ, On.RUN))
def get_run(context: Context, request: RunRequest) -> dict[str, Any]:
    """One run, whole, with the last value of each metric."""
    return {"run": messages.run(context.client.runs.get(request.run), context.locations)}


@ENDPOINTS.add("POST", "/mlflow/runs/update", _EDIT)
def update_run(context: Context, request: UpdateRun) -> dict[str, Any]:
    """Change status, end time or name."""
    run = context.client.runs.update(
        request.run, status=request.status, end_time=request.end_time, run_name=request.run_name or None
    )
    return {"run_info": messages.run_info(run.info, context.locations)}


@ENDPOINTS.add("POST", "/mlflow/runs/delete", _MANAGE)
def delete_run(context: Context, request: RunRequest) -> None:
    """Move a run to the trash."""
    context.client.runs.delete(request.run)


@ENDPOINTS.add("POST", "/mlflow/runs/restore", _MANAGE)
def restore_run(context: Context, request: RunRequest) -> None:
    """Take a run out of the trash."""
    context.client.runs.restore(request.run)


@ENDPOINTS.add("POST", "/mlflow/runs/log-metric", _EDIT)
def log_metric(context: Context, request: LogMetric) -> None:
    """Log one point of a metric; with ``model_id`` it also lands on that logged model."""
    _log_metrics(context, request.run, [_point(request, request.run)])


@ENDPOINTS.add("POST", "/mlflow/runs/log-parameter", _EDIT)
def log_param(context: Context, request: LogParam) -> None:
    """Log a param, written once."""
    context.client.runs.log_batch(request.run, params={request.key: request.value})


@ENDPOINTS.add("POST", "/mlflow/runs/set-tag", _EDIT)
def set_tag(context: Context, request: SetTag) -> None:
    """Set a tag of a run."""
    context.client.runs.log_batch(request.run, tags={request.key: request.value})


@ENDPOINTS.add("POST", "/mlflow/runs/delete-tag", _EDIT)
def delete_tag(context: Context, request: DeleteTag) -> None:
    """Delete a tag of a run."""
    context.client.runs.delete_tag(request.run, request.key)


@ENDPOINTS.add("POST", "/mlflow/runs/log-batch", _EDIT)
def log_batch(context: Context, request: LogBatch) -> None:
    """Log metrics, params and tags: all of them or nothing."""
    if not context.is_own_client:
        check_sizes(len(request.metrics), len(request.params), len(request.tags))
    params = written_once(request.params)
    points = [_point(metric, request.run) for metric in request.metrics]
    _log_metrics(context, request.run, points, params=params, tags=as_dict(request.tags))


@ENDPOINTS.add("POST", "/mlflow/runs/log-model", _EDIT)
def log_model(context: Context, request: LogModel) -> None:
    """Record a model among a run's artifacts, as old clients do."""
    context.client.runs.log_model(request.run, _legacy_model(request.model_json))


@ENDPOINTS.add("POST", "/mlflow/runs/log-inputs", _EDIT)
def log_inputs(context: Context, request: LogInputs) -> None:
    """Record datasets and models that a run read."""
    datasets = [
        DatasetInput(
            Dataset(
                use.dataset.name,
                use.dataset.digest,
                use.dataset.source_type,
                use.dataset.source,
                use.dataset.dataset_schema,
                use.dataset.profile,
            ),
            [InputTag(tag.key, tag.value) for tag in use.tags],
        )
        for use in request.datasets
    ]
    context.client.runs.log_inputs(
        request.run, datasets, [LoggedModelInput(model.model_id) for model in request.models]
    )


@ENDPOINTS.add("POST", "/mlflow/runs/outputs", _EDIT)
def log_outputs(context: Context, request: LogOutputs) -> None:
    """Record models that a run made."""
    models = [LoggedModelOutput(model.model_id, model.step) for model in request.models]
    context.client.runs.log_outputs(request.run, models)


def _legacy_model(model_json: str) -> dict[str, Any]:
    """What is kept of a model's description. Raises ApiError."""
    try:
        model = from_json(model_json)
    except ValueError as error:
        raise ApiError("INVALID_PARAMETER_VALUE", f"model_json is not JSON: {error}") from error
    missing = [name for name in _MODEL_NEEDS if not isinstance(model, dict) or name not in model]
    if missing:
        raise ApiError("INVALID_PARAMETER_VALUE", f"model_json has no {', '.join(missing)}")
    return {name: model.get(name) for name in _MODEL_HAS}


def _point(metric: LogMetric | BatchMetric, run_id: str) -> Metric:
    return Metric(
        metric.key,
        metric.value,
        metric.timestamp,
        metric.step,
        model_id=metric.model_id or None,
        dataset_name=metric.dataset_name or None,
        dataset_digest=metric.dataset_digest or None,
        run_id=run_id,
    )


def _log_metrics(
    context: Context,
    run_id: str,
    points: list[Metric],
    *,
    params: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    for model_id in by_model(points):
        context.check_logged_model(Permission.EDIT, model_id)
    context.client.runs.log_batch(run_id, metrics=points, params=params, tags=tags, operation=context.operation)


def written_once(params: Iterable[KeyValue]) -> dict[str, str]:
    """Params as a dictionary. Raises ApiError where one of them is there twice."""
    texts: dict[str, str] = {}
    for param in params:
        if param.key in texts:
            raise ApiError("INVALID_PARAMETER_VALUE", "the batch has a param twice; params are written once")
        texts[param.key] = param.value
    return texts


def check_sizes(metrics: int, params: int, tags: int) -> None:
    """MLflow's limits; our own client's batches are bounded as every body is. Raises ApiError."""
    _check_size("metrics", metrics, _MOST_METRICS)
    _check_size("params", params, _MOST_PARAMS)
    _check_size("tags", tags, _MOST_TAGS)
    _check_size("metrics, params and tags", metrics + params + tags, _MOST_IN_BATCH)


def _check_size(what: str, count: int, most: int) -> None:
    if count > most:
        raise ApiError("INVALID_PARAMETER_VALUE", f"a batch has at most {most} {what}; this one has {count}")

"""Metrics of logged models without a run, which MLflow logs through one."""

from __future__ import annotations

from typing import Any

from cloudtrack.access.permission import Permission
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.fields import Double, Int64, Message, Required
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.logged_models import LoggedModelRequest
from cloudtrack.entities.run import Metric

ENDPOINTS = Declarations(Domain.RUNS)


class ModelPoint(Message):
    key: Required
    value: Double
    timestamp: Int64
    step: Int64 = 0
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None


class LogModelMetrics(LoggedModelRequest):
    metrics: list[ModelPoint] = []


@ENDPOINTS.add("POST", "/cloudtrack/logged-models/{model_id}/metrics", Needs(Permission.EDIT, On.LOGGED_MODEL))
def log_logged_model_metrics(context: Context, request: LogModelMetrics) -> dict[str, Any]:
    """Log points of a logged model; the last of each key and dataset is kept."""
    points = [
        Metric(
            point.key,
            point.value,
            point.timestamp,
            point.step,
            model_id=request.model_id,
            dataset_name=point.dataset_name,
            dataset_digest=point.dataset_digest,
            run_id=point.run_id,
        )
        for point in request.metrics
    ]
    model = context.client.logged_models.log_metrics(request.model_id, points)
    return {"model": messages.logged_model(model, context.locations)}

"""Runs as cloudtrack's own client writes them: frames, each counted once, and source files."""

from __future__ import annotations

from typing import Any

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.cloudtrack.deliveries import Delivery, parse_delivery
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import LOGIN, Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError
from cloudtrack.api.fields import Bool, RequestModel, Required
from cloudtrack.api.message import Response
from cloudtrack.api.mlflow import messages
from cloudtrack.api.mlflow.runs import RunRequest
from cloudtrack.errors import AlreadyExists, NotFound
from cloudtrack.remote.wire import DELIVERY_BYTES
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.source import MAX_PATCH_BYTES

ENDPOINTS = Declarations(Domain.RUNS)

_EDIT = Needs(Permission.EDIT, On.RUN)
_READ = Needs(Permission.READ, On.RUN)


class Deliver(RequestModel):
    """The body is a delivery; ``heartbeat`` says that its writer lives."""

    heartbeat: Bool = False


class SourceFile(RunRequest):
    name: Required


@ENDPOINTS.add("POST", "/cloudtrack/runs/deliver", LOGIN, raw=True)
def deliver_run(context: Context, request: Deliver) -> dict[str, Any]:
    """Add frames of one writer to a run, each once; a run that is not there is made. Needs EDIT on its experiment."""
    delivery = parse_delivery(context.request.body.read(DELIVERY_BYTES + 1))
    commits = context.client.runs.commits
    stored = commits.find(delivery.run.run_id) or commits.create(_allowed_run(context, delivery))
    # By what is stored: creation gives back a run that somebody else has made since, wherever that is.
    if not context.may_read(Resource.EXPERIMENT, stored.document.experiment_id):
        raise NotFound(f"there is no run with id {delivery.run.run_id!r}")
    context.check(Permission.EDIT, Resource.EXPERIMENT, stored.document.experiment_id)
    refused: list[str] = []
    if delivery.frames or request.heartbeat:
        stored, refused = commits.commit(
            delivery.run.run_id, delivery.writer, delivery.frames, known=stored, heartbeat=request.heartbeat
        )
    document = stored.document
    return messages.without_empty(
        {
            "experiment_id": document.experiment_id,
            "user_id": document.user_id,
            "refused": refused,
            "applied": document.writers.get(delivery.writer),
        }
    )


@ENDPOINTS.add("POST", "/cloudtrack/runs/resume", _EDIT)
def resume_run(context: Context, request: RunRequest) -> dict[str, Any]:
    """Let a run that has ended run again."""
    return {"run": messages.run(context.client.runs.resume(request.run), context.locations)}


@ENDPOINTS.add("PUT", "/cloudtrack/runs/{run_id}/source/{name}", _EDIT, raw=True)
def create_source_file(context: Context, request: SourceFile) -> None:
    """Write a run's code.patch or packages.txt, once."""
    body = context.request.body.read(MAX_PATCH_BYTES + 1)
    if len(body) > MAX_PATCH_BYTES:
        raise ApiError("INVALID_PARAMETER_VALUE", f"a source file has at most {MAX_PATCH_BYTES} bytes", status=413)
    context.client.source_files.create(request.run, request.name, body)


@ENDPOINTS.add("GET", "/cloudtrack/runs/{run_id}/source/{name}", _READ)
def read_source_file(context: Context, request: SourceFile) -> Response:
    """A run's code.patch or packages.txt, as its bytes."""
    context.client.runs.get(request.run)
    body = context.client.source_files.read(request.run, request.name)
    if body is None:
        raise ApiError("RESOURCE_DOES_NOT_EXIST", f"run {request.run} has no {request.name}")
    return Response(200, {"content-type": "application/octet-stream"}, body)


def _allowed_run(context: Context, delivery: Delivery) -> RunDocument:
    """The run to be made, in an experiment that the caller may edit. Raises PermissionDenied, NotFound."""
    run = delivery.run
    if context.principal:
        run.user_id = context.principal.name
    run.experiment_id = _experiment_of(context, delivery)
    context.check(Permission.EDIT, Resource.EXPERIMENT, run.experiment_id)
    return run


def _experiment_of(context: Context, delivery: Delivery) -> str:
    """Where the run is to be made: in the experiment it names, or in one with that name, which may be made for it."""
    experiments = context.client.experiments
    if delivery.run.experiment_id:
        return experiments.get(delivery.run.experiment_id).experiment_id
    found = experiments.get_by_name(delivery.experiment_name)
    if found is not None:
        return found.experiment_id
    try:
        made = experiments.create(delivery.experiment_name, operation=context.operation)
    except AlreadyExists:  # somebody was faster
        return str(context.experiment_by_name(delivery.experiment_name).experiment_id)
    context.own(Resource.EXPERIMENT, made)
    return made

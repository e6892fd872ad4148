"""Checking an endpoint's permission on what its request names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cloudtrack.access.permission import Permission, Resource
from cloudtrack.api.artifact_paths import parse_artifact_path
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Endpoint, On
from cloudtrack.api.errors import ApiError


def check_login(endpoint: Endpoint, context: Context) -> None:
    """Raises ApiError (401) where nobody is logged in: before anything that they sent is read."""
    if context.is_guarded and context.principal is None and endpoint.needs.on is not On.NOTHING:
        raise ApiError("UNAUTHENTICATED", "log in: send an API token as bearer token, or as the password")


def authorize(endpoint: Endpoint, context: Context, request: Any) -> None:
    """Raises PermissionDenied, NotFound."""
    if context.is_guarded and endpoint.needs.on is not On.NOTHING:
        _CHECKS[endpoint.needs.on](context, endpoint.needs.permission, request)


def _on_experiment(context: Context, needed: Permission, request: Any) -> None:
    context.check(needed, Resource.EXPERIMENT, request.experiment_id)


def _on_experiments(context: Context, needed: Permission, request: Any) -> None:
    """Endpoints of many experiments leave out what may not be read; other needs are checked on each."""
    if needed > Permission.READ:
        for experiment_id in request.experiment_ids:
            context.check(needed, Resource.EXPERIMENT, experiment_id)


def _on_experiment_name(context: Context, needed: Permission, request: Any) -> None:
    context.check_experiment_named(needed, request.experiment_name)


def _on_run(context: Context, needed: Permission, request: Any) -> None:
    context.check_run(needed, request.run)


def _on_runs(context: Context, needed: Permission, request: Any) -> None:
    for run_id in request.runs:
        context.check_run(needed, run_id)


def _on_logged_model(context: Context, needed: Permission, request: Any) -> None:
    context.check_logged_model(needed, request.model_id)


def _on_registered_model(context: Context, needed: Permission, request: Any) -> None:
    context.check(needed, Resource.REGISTERED_MODEL, request.name)


def _on_stage(context: Context, needed: Permission, request: Any) -> None:
    _on_registered_model(context, needed, request)
    context.check_approver(request.name)


def _on_artifact(context: Context, needed: Permission, request: Any) -> None:
    artifact = parse_artifact_path(request.artifact_path)
    if artifact.is_run:
        context.check_run(needed, artifact.owner_id)
    else:
        context.check_logged_model(needed, artifact.owner_id)


def _on_files(context: Context, needed: Permission, request: Any) -> None:
    owner = request.checked
    if owner.run_id:
        context.check_run(needed, owner.run_id)
    elif owner.model_id:
        context.check_logged_model(needed, owner.model_id)
    else:
        context.check(needed, Resource.REGISTERED_MODEL, owner.name)


def _on_store(context: Context, _needed: Permission, _request: Any) -> None:
    context.check_admin()


def _on_login(_context: Context, _needed: Permission, _request: Any) -> None:
    return


_CHECKS: dict[On, Callable[[Context, Permission, Any], None]] = {
    On.LOGIN: _on_login,
    On.EXPERIMENT: _on_experiment,
    On.EXPERIMENT_NAME: _on_experiment_name,
    On.EXPERIMENTS: _on_experiments,
    On.RUN: _on_run,
    On.RUNS: _on_runs,
    On.LOGGED_MODEL: _on_logged_model,
    On.REGISTERED_MODEL: _on_registered_model,
    On.STAGE: _on_stage,
    On.RELEASE: _on_login,  # which models are in it is known when it is read
    On.ARTIFACT: _on_artifact,
    On.FILES: _on_files,
    On.STORE: _on_store,
}

"""Removing runs and experiments for ever. Who asks names twice what is to go."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cloudtrack.access.permission import Permission
from cloudtrack.api.context import Context
from cloudtrack.api.endpoint import Declarations, Domain, Needs, On
from cloudtrack.api.errors import ApiError
from cloudtrack.api.fields import Bool, Required
from cloudtrack.api.mlflow.experiments import ExperimentRequest
from cloudtrack.api.mlflow.runs import RunRequest

ENDPOINTS = Declarations(Domain.PURGES)


class PurgeRun(RunRequest):
    confirm: Required
    """The run's id again."""
    force: Bool = False


class PurgeExperiment(ExperimentRequest):
    confirm: Required
    """The experiment's id again."""
    force: Bool = False


@ENDPOINTS.add("POST", "/cloudtrack/runs/purge", Needs(Permission.MANAGE, On.RUN))
def purge_run(context: Context, request: PurgeRun) -> dict[str, Any]:
    """Remove a run that is in the trash for ever, with its files and logged models; not what a model version needs."""
    _check_confirmed(request.run, request.confirm)
    return {"purged": asdict(context.client.purging.run(request.run, force=request.force))}


@ENDPOINTS.add("POST", "/cloudtrack/experiments/purge", Needs(Permission.MANAGE, On.EXPERIMENT))
def purge_experiment(context: Context, request: PurgeExperiment) -> dict[str, Any]:
    """Remove an experiment that is in the trash for ever, with all of its runs; not what a model version needs."""
    _check_confirmed(request.experiment_id, request.confirm)
    return {"purged": asdict(context.client.purging.experiment(request.experiment_id, force=request.force))}


def _check_confirmed(its_id: str, confirm: str) -> None:
    if confirm != its_id:
        raise ApiError("INVALID_PARAMETER_VALUE", f"confirm is {confirm[:60]!r}: give {its_id!r} again, to be sure")

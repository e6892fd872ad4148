"""Writing down a project's run, with all that is needed to repeat it, before it is executed."""

from __future__ import annotations

import os
from pathlib import Path

from cloudtrack.client import AnyClient
from cloudtrack.errors import AlreadyExists
from cloudtrack.projects import record as records
from cloudtrack.projects.archive import pack
from cloudtrack.projects.command import shown
from cloudtrack.projects.environments import SYSTEM
from cloudtrack.projects.kept_code import Origin
from cloudtrack.projects.planning import Plan
from cloudtrack.projects.record import CodeArchive, ProjectRecord
from cloudtrack.tracking import source
from cloudtrack.tracking.run_index import PARENT_RUN_TAG
from cloudtrack.tracking.source_files import PATCH

BACKEND_TAG = "mlflow.project.backend"


class LaunchedBefore(AlreadyExists):
    """Somebody else, whose tags are others, launched the same operation; ``run_id`` is that run."""

    def __init__(self, message: str, *, run_id: str) -> None:
        super().__init__(message)
        self.run_id = run_id


def record_run(client: AnyClient, plan: Plan, scratch: Path) -> str:
    """A new run with its record; its id. Raises LaunchedBefore."""
    run_id = create_run(client, plan)
    client.runs.log_batch(run_id, params=plan.values.all)
    origin = origin_of(plan)
    archive = origin.archive
    if plan.git and plan.git.patch and len(plan.git.patch) <= source.MAX_PATCH_BYTES:
        client.source_files.create(run_id, PATCH, plan.git.patch)
    if archive is None and (plan.backend.is_elsewhere or not _is_in_git(plan)):
        file = scratch / "code.zip"
        archive = CodeArchive(run_id=run_id, sha256=pack(plan.code.folder, file))
        client.artifacts.log_file(run_id, file, records.FOLDER)
        file.unlink()
    record = ProjectRecord(
        **{**origin.code(), "archive": archive},
        entry_point=plan.entry_point.name,
        command=shown(plan.command),
        parameters={name: str(value) for name, value in plan.request.parameters.items()},
        values=plan.values.all,
        inputs=plan.inputs,
        environment=plan.environment.kind,
        manager=plan.request.manager,
        lock=plan.request.lock,
        docker_image=plan.request.docker_image,
        is_image_built=plan.request.is_image_built,
        storage_dir=os.path.abspath(plan.request.storage_dir) if plan.request.storage_dir else "",
        docker_arguments=dict(plan.request.docker_arguments),
        backend=plan.backend.name,
        backend_config=dict(plan.request.backend_config),
    )
    records.write_record(client, run_id, record)
    return run_id


def origin_of(plan: Plan) -> Origin:
    """Where the code came from."""
    if plan.request.kept:
        return plan.request.kept.origin
    return Origin(
        uri=plan.code.uri,
        commit=plan.code.commit or (plan.git.commit if plan.git else ""),
        repository=plan.code.repository or (str(plan.git.top) if plan.git else ""),
        subdirectory=plan.code.subdirectory if plan.code.commit else _place_in_repository(plan),
        is_dirty=bool(plan.git and plan.git.is_dirty),
        tags=_code_tags(plan),
    )


def create_run(client: AnyClient, plan: Plan) -> str:
    """The run that a plan is for, new or named, with its tags; its id. Raises LaunchedBefore."""
    request = plan.request
    tags = {**_tags(client, plan), **request.tags}
    if request.parent_run_id:
        tags[PARENT_RUN_TAG] = request.parent_run_id
    if request.run_id:
        run = client.runs.get(request.run_id)
        client.runs.log_batch(run.info.run_id, tags=tags)
        return run.info.run_id
    run = client.runs.create(
        request.experiment_id,
        run_name=request.run_name,
        tags=tags,
        user_id=client.user,
        operation=request.operation,
    )
    if request.operation and not request.tags.items() <= run.data.tags.items():
        raise LaunchedBefore(f"run {run.info.run_id} was launched by somebody else", run_id=run.info.run_id)
    return run.info.run_id


def _tags(client: AnyClient, plan: Plan) -> dict[str, str]:
    """What MLflow says of a project's run, under its names, and the state of the code."""
    found = {
        "mlflow.user": client.user,
        "mlflow.source.type": "PROJECT",
        "mlflow.project.entryPoint": plan.entry_point.name,
        "mlflow.project.env": "" if plan.environment.kind == SYSTEM else plan.environment.kind,
        "cloudtrack.command": shown(plan.command),
        BACKEND_TAG: plan.backend.name,
        **origin_of(plan).tags,
    }
    return {key: value for key, value in found.items() if value}


def _code_tags(plan: Plan) -> dict[str, str]:
    code = plan.code
    found = {
        "mlflow.source.name": f"file://{code.uri}" if plan.git else code.uri,
        **(source.git_tags(plan.git) if plan.git else {}),
    }
    if code.commit:
        found |= {
            "mlflow.source.git.commit": code.commit,
            "mlflow.source.git.repoURL": code.repository,
            "mlflow.source.git.branch": code.branch,
        }
    return {key: value for key, value in found.items() if value}


def _is_in_git(plan: Plan) -> bool:
    """Whether commit and patch make the code again."""
    if plan.request.kept:
        return not plan.request.kept.origin.is_dirty
    if plan.code.commit:
        return True
    return plan.git is not None and not plan.git.untracked and len(plan.git.patch) <= source.MAX_PATCH_BYTES


def _place_in_repository(plan: Plan) -> str:
    if plan.git is None:
        return ""
    place = plan.code.folder.relative_to(plan.git.top).as_posix()
    return "" if place == "." else place

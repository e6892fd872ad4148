"""Launching a project: its code is found, its run recorded, and the job handed to a backend."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cloudtrack.client import AnyClient
from cloudtrack.entities.run import RunStatus
from cloudtrack.environments.manager import EnvironmentManager
from cloudtrack.errors import AlreadyExists, InvalidInput
from cloudtrack.projects import record as records
from cloudtrack.projects.archive import pack
from cloudtrack.projects.backends.backend import Backend, Job, open_backend
from cloudtrack.projects.command import command_of, shown
from cloudtrack.projects.containers import options
from cloudtrack.projects.environments import SYSTEM, ProjectEnvironment, environment_of
from cloudtrack.projects.kept_code import KeptCode, Origin
from cloudtrack.projects.parameters import InputFile, Values, input_files, local_path, values_of
from cloudtrack.projects.project_file import MAIN, EntryPoint, read_project
from cloudtrack.projects.reaching import for_elsewhere
from cloudtrack.projects.record import CodeArchive, ProjectRecord
from cloudtrack.projects.sources import Fetched, fetch, unpack
from cloudtrack.projects.submitted import SubmittedRun
from cloudtrack.tracking import source
from cloudtrack.tracking.run_index import PARENT_RUN_TAG
from cloudtrack.tracking.source_files import PATCH

BACKEND_TAG = "mlflow.project.backend"
HANDLE_TAG = "cloudtrack.project.job"
_NO_RUN = "RUN_ID"


@dataclass(frozen=True)
class Request:
    """A project to run, and how."""

    uri: str
    entry_point: str = MAIN
    version: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    docker_arguments: Mapping[str, str] = field(default_factory=dict)
    """Options of ``docker run``, by name; empty for one without a value."""
    is_image_built: bool = False
    """Whether to run in an image that is made of the project's with the code in it."""
    experiment_id: str = ""
    backend: str = "local"
    backend_config: Mapping[str, Any] = field(default_factory=dict)
    manager: EnvironmentManager | None = None
    storage_dir: str = ""
    """A folder for files that parameters name elsewhere; empty for one that is removed afterwards."""
    run_id: str = ""
    """A run that exists, and that this execution is."""
    run_name: str | None = None
    parent_run_id: str = ""
    operation: str = ""
    """A name for the creation of the run, 32 hexadecimal digits: of all launches with it, one is made."""
    tags: Mapping[str, str] = field(default_factory=dict)
    kept: KeptCode | None = None
    """Code that an earlier launch kept; then ``uri`` and ``version`` say nothing."""


class LaunchedBefore(AlreadyExists):
    """Somebody else, whose tags are others, launched the same operation; ``run_id`` is that run."""

    def __init__(self, message: str, *, run_id: str) -> None:
        super().__init__(message)
        self.run_id = run_id


@dataclass(frozen=True)
class _Plan:
    """A request whose code is here and whose words are checked."""

    request: Request
    backend: Backend
    code: Fetched
    entry_point: EntryPoint
    values: Values
    command: list[str]
    environment: ProjectEnvironment
    inputs: list[InputFile]
    git: source.GitState | None


def launch(client: AnyClient, request: Request) -> SubmittedRun:
    """Record a run and hand it to its backend; returns at once.

    Nothing is written before the project, its parameters and the backend's configuration are known to be right. Where
    the backend refuses the job, the run is FAILED and the error raised. Raises LaunchedBefore.
    """
    scratch = Path(tempfile.mkdtemp(prefix="cloudtrack-project-"))
    is_handed_over = False
    try:
        plan = _plan(request, scratch / "code")
        plan.backend.specification(_job(client, plan, _NO_RUN, None), request.backend_config)
        run_id = _recorded(client, plan, scratch)
        job = _job(client, plan, run_id, scratch)
        try:
            specification = plan.backend.specification(job, request.backend_config)
            submission = plan.backend.launch(job, specification)
        except BaseException:
            client.runs.update(run_id, status=RunStatus.FAILED)
            raise
        is_handed_over = job.remove is not None
        client.runs.log_batch(run_id, tags={HANDLE_TAG: submission.handle})
        return SubmittedRun(client, run_id, submission)
    finally:
        if not is_handed_over:
            _remove(scratch)


def dry_run(client: AnyClient, request: Request) -> dict[str, Any]:
    """Exactly what ``launch`` would hand over, with a place for the run's id; nothing is written, nobody called."""
    with tempfile.TemporaryDirectory(prefix="cloudtrack-project-") as scratch:
        plan = _plan(request, Path(scratch) / "code")
        job = _job(client, plan, _NO_RUN, None)
        return {
            "project": plan.code.uri,
            "commit": plan.code.commit or (plan.git.commit if plan.git else ""),
            "entry_point": plan.entry_point.name,
            "command": shown(plan.command),
            "environment": plan.environment.kind,
            "backend": plan.backend.name,
            "specification": plan.backend.specification(job, request.backend_config),
        }


def keep(client: AnyClient, request: Request, folder: Path) -> tuple[str, KeptCode, Mapping[str, str]]:
    """Make a run that keeps a project's code for launches of others.

    Its id; the code, unpacked below ``folder``; and the parameters of the request, with absolute paths. All that
    ``launch`` checks of the request is checked before anything is written.
    """
    plan = _plan(request, folder / "source")
    plan.backend.specification(_job(client, plan, _NO_RUN, None), request.backend_config)
    file = folder / "code.zip"
    digest = pack(plan.code.folder, file)
    run_id = _run(client, plan)
    client.artifacts.log_file(run_id, file, records.FOLDER)
    unpack(file, folder / "code")
    origin = _origin(plan).model_copy(update={"archive": CodeArchive(run_id=run_id, sha256=digest)})
    given = {name: plan.values.all[name] for name in request.parameters}
    return run_id, KeptCode(origin, folder / "code"), given


def find_submitted(client: AnyClient, run_id: str) -> SubmittedRun:
    """A run that was launched before, from wherever. Raises NotFound where it is none of a project."""
    tags = client.runs.get(run_id).data.tags
    if not (handle := tags.get(HANDLE_TAG)):
        raise InvalidInput(f"run {run_id} was not launched as a project: it has no tag {HANDLE_TAG}")
    return SubmittedRun(client, run_id, open_backend(tags[BACKEND_TAG]).find(handle))


def _plan(request: Request, target: Path) -> _Plan:
    backend = open_backend(request.backend)
    code = request.kept.fetched if request.kept else _fetch(request, target)
    project = read_project(code.folder)
    entry_point = project.entry_point(request.entry_point)
    values = values_of(entry_point, request.parameters, code.folder)
    environment = environment_of(project, request.manager)
    options(request.docker_arguments)
    if backend.is_elsewhere:
        _check_reachable(entry_point, values, backend.name)
        if environment.docker:
            raise InvalidInput(
                f"the project runs in the image {environment.docker.image}, and the backend {backend.name} has one of "
                "its own: install cloudtrack in the project's image, name it in the backend's configuration, and give "
                "--env-manager local"
            )
    if request.is_image_built and not environment.docker:
        raise InvalidInput("there is no image to build: the project has no docker_env, or --env-manager is given")
    inputs = input_files(entry_point, values)
    if request.kept:
        values = values.within(request.kept.folder)
        inputs = [replace(item, uri=values.declared[item.parameter]) for item in inputs]
    return _Plan(
        request=request,
        backend=backend,
        code=code,
        entry_point=entry_point,
        values=values,
        command=command_of(entry_point.command, values.declared, values.extra),
        environment=environment,
        inputs=inputs,
        git=None if code.commit or request.kept else source.git_state(code.folder),
    )


def _fetch(request: Request, target: Path) -> Fetched:
    target.mkdir(parents=True)
    return fetch(request.uri, target, request.version)


def _check_reachable(entry_point: EntryPoint, values: Values, backend: str) -> None:
    for name, parameter in entry_point.parameters.items():
        if parameter.type == "path" and local_path(values.declared[name]) is not None:
            raise InvalidInput(
                f"parameter {name!r} is {values.declared[name]}, a path of this machine, and the backend {backend} "
                "runs elsewhere: put the file where that can read it, and give its URI"
            )


def _job(client: AnyClient, plan: _Plan, run_id: str, scratch: Path | None) -> Job:
    is_from_store = plan.backend.is_elsewhere or plan.request.kept is not None
    store = for_elsewhere(client.address) if plan.backend.is_elsewhere else client.address
    return Job(
        run_id=run_id,
        name=plan.request.run_name or plan.entry_point.name,
        store=store,
        environment={"CLOUDTRACK_URI": store, "CLOUDTRACK_USER": client.user},
        folder=None if is_from_store else plan.code.folder,
        remove=None if is_from_store else scratch,
    )


def _recorded(client: AnyClient, plan: _Plan, scratch: Path) -> str:
    """The run, with all that is needed to repeat it."""
    run_id = _run(client, plan)
    client.runs.log_batch(run_id, params=plan.values.all)
    origin = _origin(plan)
    archive = origin.archive
    if plan.git and plan.git.patch and len(plan.git.patch) <= source.MAX_PATCH_BYTES:
        client.source_files.create(run_id, PATCH, plan.git.patch)
    if archive is None and (plan.backend.is_elsewhere or not _is_in_git(plan)):
        file = scratch / "code.zip"
        archive = CodeArchive(run_id=run_id, sha256=pack(plan.code.folder, file))
        client.artifacts.log_file(run_id, file, records.FOLDER)
        file.unlink()
    record = ProjectRecord(
        uri=origin.uri,
        commit=origin.commit,
        repository=origin.repository,
        subdirectory=origin.subdirectory,
        is_dirty=origin.is_dirty,
        archive=archive,
        entry_point=plan.entry_point.name,
        command=shown(plan.command),
        parameters={name: str(value) for name, value in plan.request.parameters.items()},
        values=plan.values.all,
        inputs=plan.inputs,
        environment=plan.environment.kind,
        manager=plan.request.manager,
        is_image_built=plan.request.is_image_built,
        storage_dir=os.path.abspath(plan.request.storage_dir) if plan.request.storage_dir else "",
        docker_arguments=dict(plan.request.docker_arguments),
        backend=plan.backend.name,
        backend_config=dict(plan.request.backend_config),
    )
    records.write_record(client, run_id, record)
    return run_id


def _origin(plan: _Plan) -> Origin:
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


def _run(client: AnyClient, plan: _Plan) -> str:
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


def _tags(client: AnyClient, plan: _Plan) -> dict[str, str]:
    """What MLflow says of a project's run, under its names, and the state of the code."""
    found = {
        "mlflow.user": client.user,
        "mlflow.source.type": "PROJECT",
        "mlflow.project.entryPoint": plan.entry_point.name,
        "mlflow.project.env": "" if plan.environment.kind == SYSTEM else plan.environment.kind,
        BACKEND_TAG: plan.backend.name,
        **_origin(plan).tags,
    }
    return {key: value for key, value in found.items() if value}


def _code_tags(plan: _Plan) -> dict[str, str]:
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


def _is_in_git(plan: _Plan) -> bool:
    """Whether commit and patch make the code again."""
    if plan.code.commit:
        return True
    return plan.git is not None and not plan.git.untracked and len(plan.git.patch) <= source.MAX_PATCH_BYTES


def _place_in_repository(plan: _Plan) -> str:
    if plan.git is None:
        return ""
    place = plan.code.folder.relative_to(plan.git.top).as_posix()
    return "" if place == "." else place


def _remove(scratch: Path) -> None:
    import shutil

    shutil.rmtree(scratch, ignore_errors=True)

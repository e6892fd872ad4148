"""What launching a project would do: its code, its words and its backend, found and checked; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cloudtrack.client import AnyClient
from cloudtrack.environments.installed import Installed
from cloudtrack.environments.manager import EnvironmentManager
from cloudtrack.errors import InvalidInput
from cloudtrack.projects.backends.backend import Backend, Job, open_backend
from cloudtrack.projects.command import command_of
from cloudtrack.projects.containers import options
from cloudtrack.projects.environments import ProjectEnvironment, environment_of
from cloudtrack.projects.kept_code import KeptCode
from cloudtrack.projects.parameters import InputFile, Values, input_files, local_path, values_of
from cloudtrack.projects.project_file import MAIN, EntryPoint, read_project
from cloudtrack.projects.reaching import for_elsewhere
from cloudtrack.projects.sources import Fetched, fetch
from cloudtrack.tracking import source


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
    lock: Installed | None = None
    """What the environment must have, exactly, in place of what the project says."""
    docker_image: str = ""
    """An image in place of the project's own."""
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


@dataclass(frozen=True)
class Plan:
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


def plan_of(request: Request, target: Path) -> Plan:
    """A request, understood; code that is not here is put into ``target``, a folder that does not exist."""
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
    if request.kept or code.folder.is_relative_to(target.resolve()):  # a copy, which goes when the job has ended
        values = values.within(code.folder)
        inputs = [replace(item, uri=values.declared[item.parameter]) for item in inputs]
    return Plan(
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


def job_of(client: AnyClient, plan: Plan, run_id: str, scratch: Path | None) -> Job:
    """What the backend is given: ``scratch`` goes along with code that only this job needs."""
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

"""``cloudtrack run``: projects."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli import project_options as options
from cloudtrack.cli.state import client
from cloudtrack.client import AnyClient
from cloudtrack.errors import InvalidInput
from cloudtrack.projects import running
from cloudtrack.projects.backends.local import SHOW_OUTPUT
from cloudtrack.projects.launching import dry_run, launch
from cloudtrack.projects.planning import Request
from cloudtrack.projects.project_file import MAIN
from cloudtrack.tracking.experiments import DEFAULT_EXPERIMENT_ID


def run(
    uri: Annotated[str, typer.Argument(help=options.SOURCES)],
    entry_point: options.EntryPoint = MAIN,
    version: options.Version = None,
    parameter: options.Parameters = None,
    docker_argument: options.DockerArguments = None,
    build_image: Annotated[
        bool, typer.Option("--build-image", help="Run in an image made of the project's with the code in it.")
    ] = False,
    experiment_name: options.ExperimentName = "",
    experiment_id: options.ExperimentId = "",
    backend: options.BackendName = "local",
    backend_config: options.BackendConfig = None,
    env_manager: options.Manager = None,
    storage_dir: Annotated[
        str, typer.Option(help="A folder for files that parameters of the type path name elsewhere.")
    ] = "",
    run_id: Annotated[str, typer.Option(help="A run that exists, to be executed as.")] = "",
    run_name: options.RunName = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when the job is handed over.")] = False,
    dry: Annotated[bool, typer.Option("--dry-run", help="Print what would be handed over, and do nothing.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Run a project and record it: MLflow's `mlflow run`."""
    store = client(create=not dry)
    config = running.read_config(backend_config)
    if backend == "local":
        config = {SHOW_OUTPUT: not detach and not as_json, **config}
    request = Request(
        uri=uri,
        entry_point=entry_point,
        version=version,
        parameters=pairs(parameter or [], "-P"),
        docker_arguments=pairs(docker_argument or [], "-A", flags=True),
        is_image_built=build_image,
        experiment_id="" if dry else experiment_of(store, experiment_name, experiment_id),
        backend=backend,
        backend_config=config,
        manager=env_manager,
        storage_dir=storage_dir,
        run_id=run_id,
        run_name=run_name,
    )
    if dry:
        output.show_json(dry_run(store, request))
        return
    submitted = launch(store, request)
    if not as_json:
        output.complain(f"run {submitted.run_id} of {uri} is handed to the backend {backend}")
    if not detach:
        running.wait(submitted)
    if as_json:
        output.show_json({"run_id": submitted.run_id, "status": submitted.get_status()})
    elif detach:
        output.say(submitted.run_id)


def pairs(items: list[str], option: str, *, flags: bool = False) -> dict[str, str]:
    """``NAME=VALUE`` words as a mapping; with ``flags`` a name alone has an empty value."""
    found: dict[str, str] = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not name or (not equals and not flags):
            raise InvalidInput(f"{option} {item!r} is not understood: write {option} name=value")
        if name in found:
            raise InvalidInput(f"{option} gives {name!r} twice")
        found[name] = value
    return found


def experiment_of(store: AnyClient, name: str, experiment_id: str) -> str:
    """The id of the experiment that the options name, or the environment. Raises InvalidInput where both are given."""
    from cloudtrack import config

    if name and experiment_id:
        raise InvalidInput("give --experiment-name or --experiment-id, not both")
    if not name and not experiment_id:
        name, experiment_id = config.experiment_name(), config.experiment_id()
    if name:
        return store.experiments.get_or_create(name).experiment_id
    return experiment_id or DEFAULT_EXPERIMENT_ID

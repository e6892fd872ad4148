"""Running projects from Python: MLflow's ``mlflow.projects.run``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloudtrack.environments.manager import EnvironmentManager
from cloudtrack.errors import CloudtrackError, InvalidInput
from cloudtrack.fluent import session
from cloudtrack.fluent.active_runs import active_run
from cloudtrack.projects.backends.local import SHOW_OUTPUT
from cloudtrack.projects.launching import launch
from cloudtrack.projects.planning import Request
from cloudtrack.projects.project_file import MAIN
from cloudtrack.projects.submitted import SubmittedRun


class ExecutionException(CloudtrackError):
    """A project's run that was waited for did not finish. MLflow's name."""

    kind = "execution_failed"


def run(
    uri: str,
    entry_point: str = MAIN,
    version: str | None = None,
    parameters: Mapping[str, object] | None = None,
    docker_args: Mapping[str, str] | None = None,
    experiment_name: str | None = None,
    experiment_id: str | None = None,
    backend: str = "local",
    backend_config: Mapping[str, Any] | str | None = None,
    storage_dir: str | None = None,
    synchronous: bool = True,
    run_id: str | None = None,
    run_name: str | None = None,
    env_manager: str | None = None,
    build_image: bool = False,
) -> SubmittedRun:
    """Run a project: a folder, a git repository or a zip, see ``cloudtrack.projects.sources``.

    The run goes to the experiment named, or to the one in force; within an active run it becomes its child.
    ``build_image`` makes an image of the project's with the code in it, and runs in that.
    ``backend_config`` is a mapping or the path of a JSON file. Files that parameters of the type path name
    elsewhere are put below ``storage_dir``; without it they are removed afterwards. With ``synchronous`` it returns
    when the run has ended, and raises ExecutionException where that is not FINISHED. Raises as ``launch`` does.
    """
    parent = active_run()
    submitted = launch(
        session.client(),
        Request(
            uri=uri,
            entry_point=entry_point,
            version=version,
            parameters=parameters or {},
            docker_arguments=docker_args or {},
            is_image_built=build_image,
            experiment_id=experiment_of(experiment_name, experiment_id),
            backend=backend,
            backend_config={SHOW_OUTPUT: synchronous, **read_config(backend_config)}
            if backend == "local"
            else read_config(backend_config),
            manager=manager_named(env_manager),
            storage_dir=storage_dir or "",
            run_id=run_id or "",
            run_name=run_name,
            parent_run_id=parent.info.run_id if parent else "",
        ),
    )
    if synchronous:
        wait(submitted)
    return submitted


def wait(submitted: SubmittedRun) -> None:
    """Return when the run is FINISHED; one that is interrupted is cancelled. Raises ExecutionException."""
    if not submitted.wait_or_cancel():
        raise ExecutionException(f"run {submitted.run_id} of the project ended {submitted.get_status()}")


def read_config(config: Mapping[str, Any] | str | None) -> dict[str, Any]:
    """A backend's configuration: a mapping, or the path of a JSON file. Raises InvalidInput."""
    if config is None or isinstance(config, Mapping):
        return dict(config or {})
    try:
        content = json.loads(
            Path(config).read_text(encoding="utf-8") if not config.lstrip().startswith("{") else config
        )
    except (OSError, ValueError) as error:
        raise InvalidInput(f"the backend's configuration {config!r} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise InvalidInput(f"the backend's configuration {config!r} must be a JSON object")
    return content


def manager_named(name: str | None) -> EnvironmentManager | None:
    """An environment manager by its name. Raises InvalidInput naming those that there are."""
    try:
        return EnvironmentManager(name) if name else None
    except ValueError:
        there = ", ".join(EnvironmentManager)
        raise InvalidInput(f"there is no environment manager {name!r}; there are: {there}") from None


def experiment_of(name: str | None, experiment_id: str | None) -> str:
    """The id of an experiment that is named, or of the one in force. Raises InvalidInput where both are given."""
    if name and experiment_id:
        raise InvalidInput("give experiment_name or experiment_id, not both")
    if name:
        return session.client().experiments.get_or_create(name).experiment_id
    return experiment_id or session.current_experiment().experiment_id

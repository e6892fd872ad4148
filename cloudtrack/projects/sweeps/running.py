"""Sweeps from Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.fluent import session
from cloudtrack.fluent.active_runs import active_run
from cloudtrack.projects.planning import Request
from cloudtrack.projects.project_file import MAIN
from cloudtrack.projects.running import experiment_of, manager_named, read_config
from cloudtrack.projects.sweeps import sweeping
from cloudtrack.projects.sweeps.goal import Goal
from cloudtrack.projects.sweeps.results import SweepResult
from cloudtrack.projects.sweeps.samplers import RANDOM
from cloudtrack.projects.sweeps.space_words import space_of


def sweep(
    uri: str,
    space: Mapping[str, Any],
    entry_point: str = MAIN,
    version: str | None = None,
    parameters: Mapping[str, object] | None = None,
    docker_args: Mapping[str, str] | None = None,
    experiment_name: str | None = None,
    experiment_id: str | None = None,
    backend: str = "local",
    backend_config: Mapping[str, Any] | str | None = None,
    run_name: str | None = None,
    env_manager: str | None = None,
    *,
    sampler: str = RANDOM,
    trials: int | None = None,
    workers: int = 1,
    metric: str = "",
    goal: str = Goal.MINIMIZE,
    seed: int | None = None,
    retry_failed: int = 0,
) -> SweepResult:
    """Run a project over a space of parameters, ``workers`` trials at a time; returns when all are done.

    ``space`` has a list, a text as ``"0.1:1.0:log"`` or a mapping for each parameter, see
    ``cloudtrack.projects.sweeps.space_words``. The trials are the children of one run, which is a child of the active
    run where there is one. ``sampler`` is grid, random, or optuna, which learns from ``metric``. The rest is as in
    ``run``. Raises as ``sweeping.start_sweep`` does.
    """
    parent = active_run()
    return sweeping.start_sweep(
        session.client(),
        Request(
            uri=uri,
            entry_point=entry_point,
            version=version,
            parameters=parameters or {},
            docker_arguments=docker_args or {},
            experiment_id=experiment_of(experiment_name, experiment_id),
            backend=backend,
            backend_config=read_config(backend_config),
            manager=manager_named(env_manager),
            run_name=run_name,
            parent_run_id=parent.info.run_id if parent else "",
        ),
        sweeping.Search(
            space=space_of(space),
            sampler=sampler,
            trials=trials,
            metric=metric,
            goal=_goal(goal),
            seed=seed,
            workers=workers,
            retry_failed=retry_failed,
        ),
        _say_nothing,
    )


def resume_sweep(run_id: str, *, workers: int | None = None, retry_failed: int | None = None) -> SweepResult:
    """Go on with a sweep that was stopped, or help one that is under way; see ``sweeping.resume_sweep``."""
    return sweeping.resume_sweep(session.client(), run_id, _say_nothing, workers=workers, retry_failed=retry_failed)


def _goal(name: str) -> Goal:
    try:
        return Goal(name)
    except ValueError:
        raise InvalidInput(f"{name!r} is no goal; there are: {', '.join(Goal)}") from None


def _say_nothing(_line: str) -> None:
    """A program is told by what is returned."""

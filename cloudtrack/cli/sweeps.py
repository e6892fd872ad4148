"""``cloudtrack sweep``: a project over a space of parameters."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from cloudtrack.cli import output
from cloudtrack.cli import project_options as options
from cloudtrack.cli.projects import experiment_of, pairs
from cloudtrack.cli.state import client
from cloudtrack.errors import InvalidInput
from cloudtrack.projects import running
from cloudtrack.projects.planning import Request
from cloudtrack.projects.project_file import MAIN
from cloudtrack.projects.sweeps import sweeping
from cloudtrack.projects.sweeps.goal import Goal
from cloudtrack.projects.sweeps.results import SweepResult
from cloudtrack.projects.sweeps.samplers import RANDOM
from cloudtrack.projects.sweeps.space import Space
from cloudtrack.projects.sweeps.space_words import read_space, space_of


def sweep(
    uri: Annotated[str, typer.Argument(help=options.SOURCES, show_default=False)] = "",
    sampler: Annotated[
        str, typer.Option(help="grid, random or optuna; optuna:NAME for one of Optuna's: tpe, gp, cmaes, qmc, random.")
    ] = RANDOM,
    trials: Annotated[int | None, typer.Option(help="How many; of a grid all by default.")] = None,
    workers: Annotated[int | None, typer.Option(help="How many at a time; 1 by default.")] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="NAME=a,b,c or NAME=low:high[:log|:int|:STEP]; may be repeated.")
    ] = None,
    space: Annotated[Path | None, typer.Option(help="A YAML file of the same.")] = None,
    metric: Annotated[str, typer.Option(help="Whose last value says how good a trial is.")] = "",
    goal: Annotated[Goal, typer.Option(help="What is wanted of it.")] = Goal.MINIMIZE,
    seed: Annotated[int | None, typer.Option(help="The same seed, the same values.")] = None,
    retry_failed: Annotated[int | None, typer.Option(help="How often a failed trial is made again.")] = None,
    parameter: options.Parameters = None,
    entry_point: options.EntryPoint = MAIN,
    version: options.Version = None,
    docker_argument: options.DockerArguments = None,
    experiment_name: options.ExperimentName = "",
    experiment_id: options.ExperimentId = "",
    backend: options.BackendName = "local",
    backend_config: options.BackendConfig = None,
    env_manager: options.Manager = None,
    run_name: options.RunName = None,
    resume: Annotated[str, typer.Option(help="A sweep's run: go on with it, with --workers and --retry-failed.")] = "",
    as_json: output.JsonOption = False,
) -> None:
    """Run a project many times over a space of parameters, as the children of one run.

    Stopped by Ctrl-C or SIGTERM, it cancels the trials it launched, and says how to go on.
    """
    if bool(uri) == bool(resume):
        raise InvalidInput("name a project to sweep, or a sweep with --resume: exactly one of them")
    signal.signal(signal.SIGTERM, _stop)
    store = client(create=not resume)
    if resume:
        result = sweeping.resume_sweep(store, resume, output.complain, workers=workers, retry_failed=retry_failed)
    else:
        result = sweeping.start_sweep(
            store,
            Request(
                uri=uri,
                entry_point=entry_point,
                version=version,
                parameters=pairs(parameter or [], "-P"),
                docker_arguments=pairs(docker_argument or [], "-A", flags=True),
                experiment_id=experiment_of(store, experiment_name, experiment_id),
                backend=backend,
                backend_config=running.read_config(backend_config),
                manager=env_manager,
                run_name=run_name,
            ),
            sweeping.Search(
                space=_space(space, param or []),
                sampler=sampler,
                trials=trials,
                metric=metric,
                goal=goal,
                seed=seed,
                workers=workers or 1,
                retry_failed=retry_failed or 0,
            ),
            output.complain,
        )
    if as_json:
        output.show_json(result)
    else:
        _show(result)


def _space(file: Path | None, words: list[str]) -> Space:
    """What the file and the options say; options win."""
    found = read_space(file).parameters if file else {}
    return Space(parameters={**found, **space_of(pairs(words, "--param")).parameters})


def _show(result: SweepResult) -> None:
    names = list(dict.fromkeys(name for trial in result.trials for name in trial.values))
    rows = [
        [
            trial.trial,
            trial.run_id,
            trial.status,
            "" if trial.result is None else output.number(trial.result),
            *(trial.values.get(name, "") for name in names),
        ]
        for trial in result.trials
    ]
    title = f"Trials of sweep {result.run_id}"
    output.show_table(title, ["trial", "run", "status", result.metric or "result", *names], rows, empty="no trials")
    if result.best and result.best.result is not None:
        best = result.best
        output.say(
            f"best: trial {best.trial}, {result.metric} = {output.number(best.result or 0.0)}, run {best.run_id}"
        )


def _stop(number: int, _frame: FrameType | None) -> None:
    """End as Ctrl-C does."""
    raise SystemExit(128 + number)

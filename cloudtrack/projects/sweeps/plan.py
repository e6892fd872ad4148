"""What a sweep is: ``sweep/sweep.json`` among the artifacts of its run, the parent of its trials."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from cloudtrack.client import AnyClient
from cloudtrack.environments.manager import EnvironmentManager
from cloudtrack.errors import CorruptData, InvalidInput, NotFound
from cloudtrack.projects.kept_code import Origin
from cloudtrack.projects.sweeps.goal import Goal
from cloudtrack.projects.sweeps.samplers import GRID, OPTUNA, GridSampler
from cloudtrack.projects.sweeps.space import Space

FORMAT = "cloudtrack.sweep/1"
FOLDER = "sweep"
PLAN = f"{FOLDER}/sweep.json"
SWEEP_TAG = "cloudtrack.sweep"
"""Of the parent: the name of its sampler."""
MOST_TRIALS = 100_000


class SweepPlan(BaseModel):
    """A sweep as it was started. Together with the trials' runs it is all that a sweep knows."""

    model_config = ConfigDict(extra="allow")

    format: str = FORMAT
    origin: Origin
    """The code that all trials run, and its archive among the parent's artifacts."""
    entry_point: str
    parameters: dict[str, str]
    """The same for all trials."""
    docker_arguments: dict[str, str] = {}
    space: Space
    sampler: str
    seed: int
    trials: int
    metric: str = ""
    """Whose last value says how good a trial is; empty where nobody asks."""
    goal: Goal = Goal.MINIMIZE
    backend: str
    backend_config: dict[str, Any] = {}
    manager: EnvironmentManager | None = None
    workers: int = 1
    retry_failed: int = 0
    """How many times a trial that FAILED is made again."""


def check_trials(sampler: str, space: Space, trials: int | None, metric: str, fixed: dict[str, str]) -> int:
    """How many trials there are. Raises InvalidInput for what cannot be swept."""
    if not space.parameters:
        raise InvalidInput("there is nothing to vary: give --param NAME=a,b or NAME=low:high, or --space FILE")
    if twice := next((name for name in space.parameters if name in fixed), None):
        raise InvalidInput(f"parameter {twice!r} is given with -P and is varied too: leave one out")
    if sampler.partition(":")[0] == OPTUNA and not metric:
        raise InvalidInput("the sampler optuna learns from a metric: name it with --metric")
    if sampler == GRID:
        size = GridSampler(space).size
        if trials is not None and trials > size:
            raise InvalidInput(f"the grid has {size} combinations, fewer than {trials} trials: leave --trials out")
        trials = size if trials is None else trials
    if trials is None:
        raise InvalidInput(f"the sampler {sampler} goes on for ever: give --trials")
    if not 1 <= trials <= MOST_TRIALS:
        raise InvalidInput(f"a sweep has 1 to {MOST_TRIALS} trials, not {trials}")
    return trials


def write_plan(client: AnyClient, run_id: str, plan: SweepPlan) -> None:
    """Keep what was started."""
    client.artifacts.log_text(run_id, plan.model_dump_json(indent=2), PLAN)


def read_plan(client: AnyClient, run_id: str) -> SweepPlan:
    """The sweep that a run is. Raises NotFound where it is none, CorruptData."""
    try:
        return SweepPlan.model_validate_json(client.artifacts.read(run_id, PLAN))
    except NotFound:
        client.runs.get(run_id)
        raise NotFound(f"run {run_id} is no sweep: it has no {PLAN}; start one with cloudtrack sweep URI") from None
    except ValidationError as error:
        raise CorruptData(f"{PLAN} of run {run_id} cannot be read: {error.errors()[0]['msg']}") from error

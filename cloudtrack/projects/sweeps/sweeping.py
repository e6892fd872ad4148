"""Starting a sweep, and taking up one that was stopped."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from cloudtrack import ids
from cloudtrack.client import AnyClient
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import InvalidInput
from cloudtrack.projects.kept_code import Origin, fetch_kept
from cloudtrack.projects.launching import keep
from cloudtrack.projects.planning import Request
from cloudtrack.projects.running import ExecutionException
from cloudtrack.projects.sweeps.goal import Goal
from cloudtrack.projects.sweeps.plan import SWEEP_TAG, SweepPlan, check_trials, read_plan, write_plan
from cloudtrack.projects.sweeps.results import SweepResult, end_sweep, result_of
from cloudtrack.projects.sweeps.samplers import RANDOM, open_sampler
from cloudtrack.projects.sweeps.space import Space
from cloudtrack.projects.sweeps.sweeper import Sweeper, request_of

Say = Callable[[str], None]
MOST_WORKERS = 256


@dataclass(frozen=True)
class Search:
    """What a sweep varies, and how it goes about it."""

    space: Space
    sampler: str = RANDOM
    trials: int | None = None
    """None for all of a grid."""
    metric: str = ""
    goal: Goal = Goal.MINIMIZE
    seed: int | None = None
    """None for one that is chosen, and kept."""
    workers: int = 1
    """Trials at a time."""
    retry_failed: int = 0


def start_sweep(client: AnyClient, request: Request, search: Search, say: Say) -> SweepResult:
    """Run a project's trials as children of a new run; returns when all are done.

    Of ``request``, the parameters are those that all trials share. The code is read once, now. Nothing is written
    before the project, the space and the first trial's values are known to be right. Raises as ``launch`` does, and
    ExecutionException where no trial came to a result.
    """
    fixed = {name: str(value) for name, value in request.parameters.items()}
    plan = SweepPlan(
        origin=Origin(uri=request.uri),
        entry_point=request.entry_point,
        parameters=fixed,
        docker_arguments=dict(request.docker_arguments),
        space=search.space,
        sampler=search.sampler,
        seed=int(ids.new_commit_id(), 16) % 2**31 if search.seed is None else search.seed,
        trials=check_trials(search.sampler, search.space, search.trials, search.metric, fixed),
        metric=search.metric,
        goal=search.goal,
        backend=request.backend,
        backend_config=dict(request.backend_config),
        manager=request.manager,
        workers=_checked_workers(search.workers),
        retry_failed=_checked_retries(search.retry_failed),
    )
    first = open_sampler(plan.sampler, plan.space, plan.seed, plan.goal).values(0)
    with tempfile.TemporaryDirectory(prefix="cloudtrack-sweep-") as scratch:
        run_id, kept, given = keep(
            client,
            replace(
                request_of(plan, None, first),
                uri=request.uri,
                version=request.version,
                experiment_id=request.experiment_id,
                run_name=request.run_name,
                parent_run_id=request.parent_run_id,
                tags={**request.tags, SWEEP_TAG: plan.sampler},
            ),
            Path(scratch),
        )
        plan.origin = kept.origin
        plan.parameters = {name: given[name] for name in fixed}
        write_plan(client, run_id, plan)
        say(f"sweep {run_id} of {kept.origin.uri}: {plan.trials} trials, {plan.workers} at a time")
        return _finish(client, Sweeper(client, client.runs.get(run_id), plan, kept, say), plan, run_id, say)


def resume_sweep(
    client: AnyClient, run_id: str, say: Say, *, workers: int | None = None, retry_failed: int | None = None
) -> SweepResult:
    """Go on with a sweep that was stopped, or help one that is under way; returns when all trials are done.

    ``workers`` and ``retry_failed`` may differ from what it was started with. Raises NotFound where the run is no
    sweep, StateError where it is in the trash, and as ``start_sweep`` does.
    """
    plan = read_plan(client, run_id)
    if workers is not None:
        plan.workers = _checked_workers(workers)
    if retry_failed is not None:
        plan.retry_failed = _checked_retries(retry_failed)
    with tempfile.TemporaryDirectory(prefix="cloudtrack-sweep-") as scratch:
        kept = fetch_kept(client, plan.origin, Path(scratch))
        say(f"sweep {run_id} of {kept.origin.uri} goes on: {plan.trials} trials, {plan.workers} at a time")
        return _finish(client, Sweeper(client, client.runs.get(run_id), plan, kept, say), plan, run_id, say)


def _finish(client: AnyClient, sweeper: Sweeper, plan: SweepPlan, run_id: str, say: Say) -> SweepResult:
    attempts = sweeper.run()
    result = result_of(client.runs.get(run_id), plan, attempts)
    if not end_sweep(client, result):
        say("another trial is the best now; the sweep's params, which are written once, are those of the earlier one")
    if result.best is None and plan.metric:
        raise ExecutionException(f"no trial of sweep {run_id} finished and logged the metric {plan.metric!r}")
    if not any(trial.status == RunStatus.FINISHED for trial in result.trials):
        raise ExecutionException(f"no trial of sweep {run_id} finished: look at their runs")
    return result


def _checked_workers(workers: int) -> int:
    if not 1 <= workers <= MOST_WORKERS:
        raise InvalidInput(f"a sweep works on 1 to {MOST_WORKERS} trials at a time, not {workers}")
    return workers


def _checked_retries(retry_failed: int) -> int:
    if retry_failed < 0:
        raise InvalidInput(f"a failed trial is made again 0 or more times, not {retry_failed}")
    return retry_failed

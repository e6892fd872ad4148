"""What came of a sweep: its trials as a table, and the best of them, which its run shows as its own."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, field

from cloudtrack import clock
from cloudtrack.client import AnyClient
from cloudtrack.entities.run import Metric, Run, RunStatus
from cloudtrack.projects.sweeps.attempts import Attempt, Fate
from cloudtrack.projects.sweeps.goal import Goal
from cloudtrack.projects.sweeps.plan import FOLDER, SweepPlan
from cloudtrack.projects.sweeps.space import Value

TABLE = f"{FOLDER}/trials.csv"
BEST_RUN_TAG = "cloudtrack.sweep.best_run_id"
BEST_VALUE_TAG = "cloudtrack.sweep.best_value"


@dataclass(frozen=True)
class TrialResult:
    """A trial that is done."""

    trial: int
    run_id: str
    status: str
    values: dict[str, Value]
    """What it varied."""
    result: float | None
    """The last value of the sweep's metric; None where it logged none, or failed."""
    duration_s: float


@dataclass(frozen=True)
class SweepResult:
    """A sweep whose trials are done."""

    run_id: str
    status: str
    """FAILED where no trial finished, or none has the metric."""
    metric: str = ""
    goal: Goal = Goal.MINIMIZE
    best: TrialResult | None = None
    trials: list[TrialResult] = field(default_factory=list)


def result_of(sweep: Run, plan: SweepPlan, attempts: list[Attempt]) -> SweepResult:
    """The result of a sweep from the attempts that count."""
    trials = [_trial(attempt, plan.metric) for attempt in attempts]
    best: TrialResult | None = None
    for trial in trials:
        if trial.result is None or math.isnan(trial.result):
            continue
        if best is None or best.result is None or plan.goal.is_better(trial.result, best.result):
            best = trial
    is_good = best is not None if plan.metric else any(trial.status == RunStatus.FINISHED for trial in trials)
    status = RunStatus.FINISHED if is_good else RunStatus.FAILED
    return SweepResult(sweep.info.run_id, status, plan.metric, plan.goal, best, trials)


def end_sweep(client: AnyClient, result: SweepResult) -> bool:
    """End the sweep's run, with the params and metrics of the best trial; False where it has other params from before.

    Doing it again changes nothing.
    """
    sweep = client.runs.get(result.run_id)
    client.artifacts.log_text(result.run_id, table_of(result), TABLE)
    is_whole = True
    if result.best and sweep.data.tags.get(BEST_RUN_TAG) != result.best.run_id:
        best = client.runs.get(result.best.run_id).data
        now = clock.now_ms()
        is_whole = not sweep.data.params or sweep.data.params == best.params
        client.runs.log_batch(
            result.run_id,
            params=best.params if is_whole else None,
            metrics=[Metric(key, value, now) for key, value in best.metrics.items()],
            tags={BEST_RUN_TAG: result.best.run_id, BEST_VALUE_TAG: repr(result.best.result)},
        )
    client.runs.update(result.run_id, status=result.status)
    return is_whole


def table_of(result: SweepResult) -> str:
    """The trials as CSV, a line each."""
    names = list(dict.fromkeys(name for trial in result.trials for name in trial.values))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", "run_id", "status", "duration_s", result.metric or "result", *names])
    for trial in result.trials:
        writer.writerow(
            [
                trial.trial,
                trial.run_id,
                trial.status,
                trial.duration_s,
                "" if trial.result is None else repr(trial.result),
                *(trial.values.get(name, "") for name in names),
            ]
        )
    return text.getvalue()


def _trial(attempt: Attempt, metric: str) -> TrialResult:
    info = attempt.run.info
    return TrialResult(
        trial=attempt.trial,
        run_id=info.run_id,
        status=info.status,
        values=attempt.values,
        result=attempt.run.data.metrics.get(metric) if attempt.fate == Fate.FINISHED else None,
        duration_s=((info.end_time or 0) - (info.start_time or 0)) / 1000,
    )

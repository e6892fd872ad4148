"""Working through a sweep's trials, several at a time, until each has one run that counts.

The store is all that it knows: a sweeper may be killed at any moment, and any number of others may go on at once.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace

from cloudtrack import ids
from cloudtrack.client import AnyClient
from cloudtrack.entities.run import Run, RunStatus
from cloudtrack.errors import CloudtrackError, Purged, StateError
from cloudtrack.projects.backends.backend import Submission, open_backend
from cloudtrack.projects.backends.local import this_process
from cloudtrack.projects.kept_code import KeptCode
from cloudtrack.projects.launching import launch
from cloudtrack.projects.planning import Request
from cloudtrack.projects.recording import LaunchedBefore
from cloudtrack.projects.sweeps.attempts import (
    ATTEMPT_TAG,
    SWEEPER_TAG,
    TRIAL_TAG,
    VALUES_TAG,
    Attempt,
    Fate,
    Stopped,
    attempt_of,
    cancel,
    follow,
    operation_of,
    supersede,
)
from cloudtrack.projects.sweeps.plan import SweepPlan
from cloudtrack.projects.sweeps.samplers import open_sampler
from cloudtrack.projects.sweeps.space import Value
from cloudtrack.projects.sweeps.trials import Trials

_MOST_INTERRUPTIONS = 10
"""So often is a trial made again by one sweeper before it gives up: then it is the backend that fails."""


class Sweeper:
    """One process's work on a sweep."""

    def __init__(
        self, client: AnyClient, sweep: Run, plan: SweepPlan, kept: KeptCode, say: Callable[[str], None]
    ) -> None:
        """``say`` is told what happens, a line at a time, from any thread."""
        self._client = client
        self._sweep = sweep
        self._plan = plan
        self._kept = kept
        self._say = say
        self._backend = open_backend(plan.backend)
        self._me = f"{this_process()} {ids.new_commit_id()}"
        self._trials = Trials(client, sweep)
        self._sampling = threading.Lock()
        self._settled: set[int] = set()
        self._stop = threading.Event()
        self._is_cancelling = False

    def run(self) -> list[Attempt]:
        """Return when all trials are done: the attempts that count, by trial.

        Where it is interrupted, the trials that it launched are cancelled; where it fails they go on. Either way
        another sweeper can take over.
        """
        run_id = self._sweep.info.run_id
        writer = self._client.runs.open_writer(run_id)  # it says every half minute that the sweep goes on
        try:
            self._trials.refresh()
            known = [each for trial in range(self._plan.trials) if (each := self._trials.current(trial))]
            self._sampler = open_sampler(
                self._plan.sampler, self._plan.space, self._plan.seed, self._plan.goal, known=len(known)
            )
            for attempt in known:
                self._note(attempt)
            while open_trials := self._open_trials():
                self._work(open_trials)
                self._trials.refresh()
                for attempt in self._trials.surplus():
                    supersede(self._client, attempt, "surplus: another run of the trial counts")
        except BaseException as error:
            is_stopped = not isinstance(error, Exception)
            with contextlib.suppress(CloudtrackError):
                self._client.runs.update(run_id, status=RunStatus.KILLED if is_stopped else RunStatus.FAILED)
            what = "cancelled" if is_stopped else "left to go on"
            self._say(f"the sweep stopped, and its trials under way were {what}: cloudtrack sweep --resume {run_id}")
            raise
        finally:
            writer.detach()
        found = [self._trials.current(trial) for trial in range(self._plan.trials)]
        return [attempt for attempt in found if attempt is not None]

    def _open_trials(self) -> list[int]:
        """The trials that are not done; those that have a run first, for that may be under way."""
        found = {trial: self._trials.current(trial) for trial in range(self._plan.trials)}
        left = [trial for trial, attempt in found.items() if attempt is None or not self._is_done(attempt)]
        return sorted(left, key=lambda trial: (found[trial] is None, trial))

    def _is_done(self, attempt: Attempt) -> bool:
        if attempt.fate == Fate.FAILED:
            return self._trials.failures(attempt.trial) >= self._plan.retry_failed
        return attempt.fate == Fate.FINISHED

    def _work(self, trials: list[int]) -> None:
        """Go through trials with as many threads as there are workers."""
        queue, rivals = deque(trials), deque[int]()
        with ThreadPoolExecutor(self._plan.workers, thread_name_prefix="sweep") as pool:
            try:
                futures = [pool.submit(self._work_through, queue, rivals) for _ in range(self._plan.workers)]
                for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                    future.result()
            except BaseException as error:
                self._is_cancelling = not isinstance(error, Exception)
                self._stop.set()
                raise

    def _work_through(self, queue: deque[int], rivals: deque[int]) -> None:
        """What one thread does. Trials that a rival works on are waited for when nothing else is left."""
        for trials, is_patient in ((queue, False), (rivals, True)):
            while trials and not self._stop.is_set():
                with contextlib.suppress(IndexError):  # another thread took the last
                    trial = trials.popleft()
                    if not self._settle(trial, is_patient=is_patient):
                        rivals.append(trial)

    def _settle(self, trial: int, *, is_patient: bool) -> bool:
        """Bring a trial to its end; False where a rival is at it and that is not waited for."""
        for _ in range(_MOST_INTERRUPTIONS):
            submission, is_ours = None, False
            if attempt := self._trials.current(trial):
                if self._is_done(attempt):
                    return True
                run_id = attempt.run.info.run_id
            else:
                run_id, submission = self._launch(trial)
                is_ours = submission is not None
                if not is_ours and not is_patient:
                    return False
            try:
                run, fate = follow(self._client, run_id, self._backend, submission, self._stop)
            except Stopped:
                if submission is not None and is_ours and self._is_cancelling:
                    cancel(self._client, run_id, submission)
                return True
            self._end_attempt(run, fate)
            if trial in self._settled:
                return True
        raise StateError(
            f"trial {trial} was interrupted {_MOST_INTERRUPTIONS} times, the last time as run {run_id}: see why its "
            f"jobs do not live at the backend {self._plan.backend}"
        )

    def _end_attempt(self, run: Run, fate: Fate) -> None:
        """Take in what became of an attempt; one that does not count goes to the trash."""
        attempt = attempt_of(run)
        if fate == Fate.TRASHED or attempt is None:
            self._trials.refresh()  # somebody else decided, and may have begun the next
            return
        self._trials.record(attempt)
        if fate in (Fate.FINISHED, Fate.FAILED) and self._is_done(attempt):
            self._note(attempt)
            value = run.data.metrics.get(self._plan.metric)
            shown = f", {self._plan.metric} = {value:g}" if value is not None else ""
            self._say(f"trial {attempt.trial} {run.info.status}{shown} ({len(self._settled)} of {self._plan.trials})")
            return
        why = Fate.FAILED if fate == Fate.FAILED else Fate.INTERRUPTED
        self._say(f"trial {attempt.trial} is made again: run {run.info.run_id} {why}")
        supersede(self._client, attempt, f"{why}: attempt {attempt.number + 1} takes its place")
        self._trials.refresh()

    def _note(self, attempt: Attempt) -> None:
        """Tell the sampler, once, of a trial that is done."""
        with self._sampling:
            if attempt.trial not in self._settled and self._is_done(attempt):
                self._settled.add(attempt.trial)
                result = attempt.run.data.metrics.get(self._plan.metric) if attempt.fate == Fate.FINISHED else None
                self._sampler.learn(attempt.trial, attempt.values, result)

    def _launch(self, trial: int) -> tuple[str, Submission | None]:
        """The next attempt of a trial: its run, and its job where it was us who launched it."""
        last = self._trials.last(trial)
        number = last.number + 1 if last else 0
        with self._sampling:
            values = last.values if last else self._sampler.values(trial)
        while True:
            try:
                submitted = launch(self._client, self._request(trial, number, values))
                return submitted.run_id, submitted.submission
            except LaunchedBefore as found:
                return found.run_id, None
            except Purged:  # its run was removed for ever
                number += 1

    def _request(self, trial: int, number: int, values: dict[str, Value]) -> Request:
        tags = {
            TRIAL_TAG: str(trial),
            ATTEMPT_TAG: str(number),
            VALUES_TAG: json.dumps(values),
            SWEEPER_TAG: self._me,
        }
        return replace(
            request_of(self._plan, self._kept, values),
            experiment_id=self._sweep.info.experiment_id,
            run_name=f"trial-{trial:03d}",
            parent_run_id=self._sweep.info.run_id,
            operation=operation_of(self._sweep.info.run_id, trial, number),
            tags=tags,
        )


def request_of(plan: SweepPlan, kept: KeptCode | None, values: dict[str, Value]) -> Request:
    """The launch of a trial with these values."""
    return Request(
        uri=plan.origin.uri,
        entry_point=plan.entry_point,
        parameters={**plan.parameters, **values},
        docker_arguments=plan.docker_arguments,
        backend=plan.backend,
        backend_config=plan.backend_config,
        manager=plan.manager,
        kept=kept,
    )

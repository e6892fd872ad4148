"""The runs of a sweep's trials: what they are called, what became of them, and waiting for one.

Trial 7 has one run at a time. Where that is lost it goes to the trash, and the next attempt takes its place. The run of
an attempt is made with a name that the sweep, the trial and the attempt decide: of all who try, one makes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from dataclasses import dataclass
from enum import StrEnum

from cloudtrack import clock
from cloudtrack.client import AnyClient
from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.entities.run import Run, RunStatus
from cloudtrack.errors import NotFound, StateError, Unavailable
from cloudtrack.projects.backends.backend import Backend, Submission
from cloudtrack.projects.backends.local import LocalBackend
from cloudtrack.projects.execution import WORKER_TAG
from cloudtrack.projects.launching import HANDLE_TAG
from cloudtrack.projects.sweeps.space import Value

TRIAL_TAG = "cloudtrack.sweep.trial"
ATTEMPT_TAG = "cloudtrack.sweep.attempt"
VALUES_TAG = "cloudtrack.sweep.values"
"""The values that the trial varies, as JSON."""
SWEEPER_TAG = "cloudtrack.sweep.sweeper"
"""Who launched the run: a process as the local backend's handle, and a name that no other has."""
SUPERSEDED_TAG = "cloudtrack.sweep.superseded"
"""Of a run in the trash: why, and what took its place."""

_POLL_S = {True: (0.1, 5.0), False: (0.05, 0.2)}
"""The first and the longest pause between two looks at a job, by whether it runs elsewhere."""
_LAUNCH_MS = 60_000
"""A job that is not under way so long after its run was made never will be: who launched it has died."""
_LAUNCH_HERE_MS = 5_000
"""The same where the launching process is known to have died: its worker may just be starting."""


class Fate(StrEnum):
    """What became of an attempt."""

    UNDER_WAY = "under way"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """It was cancelled, or never executed: it says nothing of the trial."""
    TRASHED = "trashed"


class Stopped(Exception):
    """Waiting was given up, for the sweep is stopped."""


@dataclass(frozen=True)
class Attempt:
    """One run of a trial."""

    trial: int
    number: int
    run: Run
    values: dict[str, Value]

    @property
    def fate(self) -> Fate:
        """What became of it."""
        return fate_of(self.run)


def attempt_of(run: Run) -> Attempt | None:
    """The attempt that a run is; None for a child of the sweep that somebody else made."""
    try:
        trial, number = int(run.data.tags[TRIAL_TAG]), int(run.data.tags[ATTEMPT_TAG])
        return Attempt(trial, number, run, json.loads(run.data.tags[VALUES_TAG]))
    except (KeyError, ValueError):
        return None


def operation_of(sweep_id: str, trial: int, number: int) -> str:
    """The name of the creation of an attempt's run: 32 hexadecimal digits."""
    return hashlib.sha256(f"{sweep_id}/{trial}/{number}".encode()).hexdigest()[:32]


def fate_of(run: Run) -> Fate:
    """What a run says of itself."""
    if run.info.lifecycle_stage == LifecycleStage.DELETED:
        return Fate.TRASHED
    match run.info.status:
        case RunStatus.FINISHED:
            return Fate.FINISHED
        case RunStatus.FAILED:
            return Fate.FAILED if HANDLE_TAG in run.data.tags or WORKER_TAG in run.data.tags else Fate.INTERRUPTED
        case RunStatus.KILLED:
            return Fate.INTERRUPTED
    return Fate.UNDER_WAY


def follow(
    client: AnyClient, run_id: str, backend: Backend, submission: Submission | None, stop: threading.Event
) -> tuple[Run, Fate]:
    """The run when it has ended, is in the trash, or was left by all who might end it: then INTERRUPTED.

    ``submission`` is its job, where that is known; the job is asked again and again, and the run where there is none.
    A store that is away is waited for. Raises Stopped.
    """
    pause, longest = _POLL_S[backend.is_elsewhere or submission is None]
    while True:
        with contextlib.suppress(Unavailable):
            if submission is None or submission.is_over():
                run = client.runs.get(run_id)
                fate = fate_of(run)
                if fate != Fate.UNDER_WAY:
                    return run, fate
                if submission is not None or _is_abandoned(run):
                    return run, Fate.INTERRUPTED
                submission = find_job(run, backend)
        if stop.wait(pause):
            raise Stopped
        pause = min(pause * 1.5, longest)


def find_job(run: Run, backend: Backend) -> Submission | None:
    """The job of a run that somebody launched, where it can be asked from here."""
    tags = run.data.tags
    with contextlib.suppress(NotFound):
        if handle := tags.get(HANDLE_TAG):
            return backend.find(handle)
        if (worker := tags.get(WORKER_TAG)) and not backend.is_elsewhere:
            return LocalBackend().find(worker)
    return None


def supersede(client: AnyClient, attempt: Attempt, why: str) -> None:
    """Move an attempt's run to the trash, with a tag that says what took its place. Doing it again is no error."""
    run_id = attempt.run.info.run_id
    with contextlib.suppress(StateError):  # a rival has moved it
        if not RunStatus.is_terminated(attempt.run.info.status):
            client.runs.update(run_id, status=RunStatus.KILLED)
        client.runs.log_batch(run_id, tags={SUPERSEDED_TAG: why})
    client.runs.delete(run_id)


def cancel(client: AnyClient, run_id: str, submission: Submission) -> None:
    """End a job and wait for its end; its run is KILLED, or as it ended before."""
    submission.cancel()
    while not submission.is_over():
        clock.sleep(_POLL_S[False][1])
    if not RunStatus.is_terminated(client.runs.get(run_id).info.status):
        client.runs.update(run_id, status=RunStatus.KILLED)


def _is_abandoned(run: Run) -> bool:
    """Whether nobody will end a run whose job is not known here."""
    if run.info.is_lost:
        return True
    if WORKER_TAG in run.data.tags:
        return False  # it says every half minute that it goes on, or will be lost
    age_ms = clock.now_ms() - (run.info.start_time or 0)
    return age_ms > (_LAUNCH_HERE_MS if _is_dead(run.data.tags.get(SWEEPER_TAG, "")) else _LAUNCH_MS)


def _is_dead(sweeper: str) -> bool:
    """Whether a sweeper was a process of this machine and is no more."""
    try:
        return LocalBackend().find(sweeper.partition(" ")[0]).is_over()
    except NotFound:
        return False

"""The trials of one sweep, as their runs say."""

from __future__ import annotations

import threading
from collections import defaultdict

from cloudtrack.client import AnyClient
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.run import Run, RunStatus
from cloudtrack.projects.sweeps.attempts import SUPERSEDED_TAG, Attempt, Fate, attempt_of
from cloudtrack.tracking.run_index import PARENT_RUN_TAG

_PAGE = 1000


class Trials:
    """What is known of each trial's attempts; threads share it."""

    def __init__(self, client: AnyClient, sweep: Run) -> None:
        self._client = client
        self._sweep = sweep.info
        self._attempts: dict[int, dict[str, Attempt]] = {}
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Read all again."""
        found: dict[int, dict[str, Attempt]] = defaultdict(dict)
        token: str | None = None
        while True:
            page = self._client.runs.search(
                [self._sweep.experiment_id],
                f"tags.`{PARENT_RUN_TAG}` = '{self._sweep.run_id}'",
                view_type=ViewType.ALL,
                max_results=_PAGE,
                page_token=token,
            )
            for run in page:
                if attempt := attempt_of(run):
                    found[attempt.trial][run.info.run_id] = attempt
            if not (token := page.token):
                break
        with self._lock:
            self._attempts = dict(found)

    def record(self, attempt: Attempt) -> None:
        """Newer news of one attempt."""
        with self._lock:
            self._attempts.setdefault(attempt.trial, {})[attempt.run.info.run_id] = attempt

    def current(self, trial: int) -> Attempt | None:
        """The attempt that counts: of those that are not in the trash the last; None where there is none."""
        active = [attempt for attempt in self._of(trial) if attempt.fate != Fate.TRASHED]
        return min(active, key=_rank, default=None)

    def last(self, trial: int) -> Attempt | None:
        """The attempt with the highest number, also one in the trash."""
        return max(self._of(trial), key=lambda attempt: attempt.number, default=None)

    def failures(self, trial: int) -> int:
        """How many attempts failed and were made again."""
        return sum(
            attempt.fate == Fate.TRASHED
            and attempt.run.info.status == RunStatus.FAILED
            and SUPERSEDED_TAG in attempt.run.data.tags
            for attempt in self._of(trial)
        )

    def surplus(self) -> list[Attempt]:
        """Attempts that are not in the trash though another one counts, as two logins at a server may make them."""
        return [
            attempt
            for trial in list(self._attempts)
            for attempt in self._of(trial)
            if attempt.fate != Fate.TRASHED and attempt is not self.current(trial)
        ]

    def _of(self, trial: int) -> list[Attempt]:
        with self._lock:
            return list(self._attempts.get(trial, {}).values())


def _rank(attempt: Attempt) -> tuple[int, bool, int, str]:
    """The same order for everybody: the last attempt first; of two, one that ended well, then the older."""
    info = attempt.run.info
    return -attempt.number, attempt.fate != Fate.FINISHED, info.start_time or 0, info.run_id

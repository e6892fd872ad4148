"""A project's run that was handed over."""

from __future__ import annotations

from collections.abc import Iterator

from cloudtrack import clock
from cloudtrack.client import AnyClient
from cloudtrack.entities.run import RunStatus
from cloudtrack.projects.backends.backend import Submission

_POLL_S = (0.1, 5.0)


class SubmittedRun:
    """A run under way. The names are MLflow's (``mlflow.projects.SubmittedRun``)."""

    def __init__(self, client: AnyClient, run_id: str, submission: Submission) -> None:
        self._client = client
        self._submission = submission
        self.run_id = run_id

    @property
    def submission(self) -> Submission:
        """The job at its backend."""
        return self._submission

    def get_status(self) -> str:
        """SCHEDULED, RUNNING, FINISHED, FAILED or KILLED: what the run says, and its backend where that has ended.

        A run whose job ended without ending it is ended now: FAILED, or KILLED.
        """
        job = self._submission.status()
        run = self._client.runs.get(self.run_id).info.status
        if RunStatus.is_terminated(run):
            return run
        if RunStatus.is_terminated(job):
            run = self._client.runs.get(self.run_id).info.status  # the job may have ended it since
            if not RunStatus.is_terminated(run):
                run = RunStatus.KILLED if job == RunStatus.KILLED else RunStatus.FAILED
                self._client.runs.update(self.run_id, status=run)
            return run
        return run if job == RunStatus.RUNNING else job

    def wait(self) -> bool:
        """Return when the run has ended; whether it is FINISHED."""
        pause, longest = _POLL_S
        while not RunStatus.is_terminated(status := self.get_status()) or not self._submission.is_over():
            clock.sleep(pause)
            pause = min(pause * 1.5, longest)
        return status == RunStatus.FINISHED

    def wait_or_cancel(self) -> bool:
        """The same; a run whose waiting is interrupted is cancelled."""
        try:
            return self.wait()
        except KeyboardInterrupt:
            self.cancel()
            raise

    def cancel(self) -> None:
        """End the job, and wait until its run says so."""
        self._submission.cancel()
        self.wait()

    def logs(self) -> Iterator[str]:
        """What the backend keeps of the job; the console log of the run is ``client.console``'s."""
        return self._submission.logs()

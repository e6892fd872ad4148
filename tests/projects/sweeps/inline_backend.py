"""A backend whose jobs are over at once, so that a sweep costs what a sweep costs.

Its configuration tells what becomes of a trial's attempts: ``{"fates": {"3": ["lost", "FAILED"]}}``; after those, and
for other trials, they finish with the metric ``loss``, which is the square of the parameter ``alpha``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cloudtrack import clock
from cloudtrack.client import connect
from cloudtrack.entities.run import Metric, RunStatus
from cloudtrack.projects.backends.backend import Backend, Job, Submission
from cloudtrack.projects.execution import WORKER_TAG
from cloudtrack.projects.sweeps.attempts import ATTEMPT_TAG, TRIAL_TAG

launched: list[str] = []
"""The runs of all jobs, as they were handed over."""
most_at_once = 0
_under_way: set[str] = set()
_lock = threading.Lock()


class InlineBackend(Backend):
    """Executes a job while it is handed over."""

    name = "inline"

    def specification(self, job: Job, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"run_id": job.run_id, "store": job.store, "fates": dict(config.get("fates", {}))}

    def launch(self, job: Job, specification: dict[str, Any]) -> Submission:
        global most_at_once
        with _lock:
            launched.append(job.run_id)
            _under_way.add(job.run_id)
            most_at_once = max(most_at_once, len(_under_way))
        _execute(specification["store"], job.run_id, specification["fates"])
        with _lock:
            _under_way.discard(job.run_id)
        return InlineSubmission(job.run_id)

    def find(self, handle: str) -> Submission:
        return InlineSubmission(handle)


class InlineSubmission(Submission):
    """A job that is over."""

    def __init__(self, handle: str) -> None:
        self.handle = handle

    def status(self) -> str:
        return RunStatus.FINISHED

    def logs(self) -> Iterator[str]:
        return iter(())

    def cancel(self) -> None:
        """It is over."""


def _execute(store: str, run_id: str, fates: Mapping[str, list[str]]) -> None:
    client = connect(store)
    data = client.runs.get(run_id).data
    planned = fates.get(data.tags[TRIAL_TAG], [])
    attempt = int(data.tags[ATTEMPT_TAG])
    fate = planned[attempt] if attempt < len(planned) else RunStatus.FINISHED
    if fate == "refused":
        raise RuntimeError("the place is closed")
    if fate != "lost":
        client.runs.log_batch(run_id, tags={WORKER_TAG: "another-machine:1:1"})
        loss = float(data.params.get("alpha", 0)) ** 2
        metrics = [Metric("loss", loss, clock.now_ms())] if fate == RunStatus.FINISHED else []
        client.runs.log_batch(run_id, metrics=metrics)
        client.runs.update(run_id, status=fate)


def register(folder: Path) -> None:
    """Make the distribution that brings the backend, as a package would."""
    info = folder / "inline_backend-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: inline-backend\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[cloudtrack.project_backend]\ninline = {__name__}:InlineBackend\n")

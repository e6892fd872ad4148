"""Projects: training code with an ``MLproject`` file, run anywhere and recorded so that it can be run again."""

from cloudtrack.projects.running import ExecutionException, run
from cloudtrack.projects.submitted import SubmittedRun

__all__ = ["ExecutionException", "SubmittedRun", "run"]

"""Projects: training code with an ``MLproject`` file, run anywhere and recorded so that it can be run again."""

from cloudtrack.projects.running import ExecutionException, run
from cloudtrack.projects.submitted import SubmittedRun
from cloudtrack.projects.sweeps.running import resume_sweep, sweep

__all__ = ["ExecutionException", "SubmittedRun", "resume_sweep", "run", "sweep"]

"""Ray Tune's ``LoggerCallback`` that logs each trial to a run. It runs in the driver, beside the tuner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudtrack.autologging.patching import guarded
from cloudtrack.autologging.session import Training
from cloudtrack.autologging.settings import Settings
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import MissingDependency
from cloudtrack.fluent import active_runs, artifacts, session
from cloudtrack.tracking import source
from cloudtrack.tracking.run_index import PARENT_RUN_TAG

try:
    from ray.tune.logger import LoggerCallback
except ImportError as error:
    raise MissingDependency('LoggerCallback needs Ray Tune: pip install "ray[tune]"') from error

_TUNES_OWN = ("config", "trial_id", "experiment_id", "date", "pid", "hostname", "node_ip", "done", "timestamp")


class CloudtrackLoggerCallback(LoggerCallback):  # type: ignore[misc]
    """Logs params and results of each trial to a run of its own, below the active one where there is one."""

    def __init__(
        self,
        tracking_uri: str | None = None,
        *,
        experiment_name: str | None = None,
        tags: Mapping[str, Any] | None = None,
        save_artifact: bool = False,
    ) -> None:
        """With ``save_artifact`` the folder of a trial is uploaded when the trial ends."""
        self._tracking_uri = tracking_uri
        self._experiment_name = experiment_name
        self._tags = dict(tags or {})
        self._save_artifact = save_artifact
        self._parent = ""
        self._trials: dict[Any, Training] = {}

    def setup(self, *_: Any, **__: Any) -> None:
        """Choose store and experiment, before the first trial."""
        with guarded("what Ray Tune tries"):
            if self._tracking_uri:
                session.set_tracking_uri(self._tracking_uri)
            if self._experiment_name:
                session.set_experiment(self._experiment_name)
            active = active_runs.active_run()
            self._parent = active.info.run_id if active is not None else ""

    def log_trial_start(self, trial: Any) -> None:
        """Begin its run, with its params."""
        with guarded("a trial of Ray Tune"):
            if trial in self._trials:
                return
            client = session.client()
            tags = {**source.tags(client.user), "trial_name": str(trial), **self._tags}
            if self._parent:
                tags[PARENT_RUN_TAG] = self._parent
            run, writer = client.runs.start_writer(
                session.current_experiment(), run_name=str(trial), tags=tags, user_id=client.user
            )
            self._trials[trial] = Training(active_runs.ActiveRun(run, writer, None), "ray", Settings())
            self._trials[trial].log_params(trial.config)

    def log_trial_result(self, iteration: int, trial: Any, result: Mapping[str, Any]) -> None:
        """All numbers that it reported, with the iteration as the step."""
        with guarded("a result of Ray Tune"):
            self.log_trial_start(trial)
            numbers = {
                key: value
                for key, value in result.items()
                if isinstance(value, int | float) and not isinstance(value, bool) and key not in _TUNES_OWN
            }
            self._trials[trial].log_metrics(numbers, step=result.get("training_iteration", iteration))

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        """End its run."""
        with guarded("the end of a trial of Ray Tune"):
            logged = self._trials.pop(trial, None)
            if logged is None:
                return
            if self._save_artifact:
                with guarded("the files of a trial"):
                    artifacts.log_artifacts(trial.local_path, run_id=logged.run_id)
            logged.run.writer.finish(RunStatus.FAILED if failed else RunStatus.FINISHED)

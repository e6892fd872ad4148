"""Lightning's ``Logger`` that logs to a run: ``Trainer(logger=CloudtrackLogger())``."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from cloudtrack.autologging.session import Training
from cloudtrack.autologging.settings import Settings
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import MissingDependency
from cloudtrack.fluent import active_runs, session
from cloudtrack.fluent.active_runs import ActiveRun

try:
    from lightning.pytorch.loggers.logger import Logger, rank_zero_experiment
    from lightning.pytorch.utilities.rank_zero import rank_zero_only
except ImportError:
    try:
        from pytorch_lightning.loggers.logger import Logger, rank_zero_experiment
        from pytorch_lightning.utilities.rank_zero import rank_zero_only
    except ImportError as error:
        raise MissingDependency("CloudtrackLogger needs Lightning: pip install lightning") from error

_STATUS = {"success": RunStatus.FINISHED, "failed": RunStatus.FAILED, "finished": RunStatus.FINISHED}


class CloudtrackLogger(Logger):  # type: ignore[misc]
    """Logs to the active run; else to the run with ``run_id``, or to a new one, which it ends."""

    def __init__(
        self,
        experiment_name: str | None = None,
        run_name: str | None = None,
        tracking_uri: str | None = None,
        tags: Mapping[str, Any] | None = None,
        prefix: str = "",
        run_id: str | None = None,
    ) -> None:
        super().__init__()
        self._experiment_name = experiment_name
        self._run_name = run_name
        self._tracking_uri = tracking_uri
        self._tags = tags
        self._prefix = prefix
        self._run_id = run_id
        self._run: ActiveRun | None = None
        self._is_own = False

    @property
    def name(self) -> str | None:
        """The experiment, where one was named."""
        return self._experiment_name

    @property
    def version(self) -> str | None:
        """The id of the run, once it is there."""
        return self._run.info.run_id if self._run is not None else self._run_id

    run_id = version

    @property
    @rank_zero_experiment  # type: ignore[untyped-decorator]
    def experiment(self) -> ActiveRun:
        """The run."""
        if self._run is None:
            if self._tracking_uri is not None:
                session.set_tracking_uri(self._tracking_uri)
            if self._experiment_name is not None:
                session.set_experiment(self._experiment_name)
            self._run = None if self._run_id else active_runs.active_run()
            if self._run is None:
                self._is_own = True
                self._run = active_runs.start_run(run_id=self._run_id, run_name=self._run_name, tags=self._tags)
        return self._run

    @rank_zero_only  # type: ignore[untyped-decorator]
    def log_hyperparams(self, params: dict[str, Any] | Namespace, *_: Any, **__: Any) -> None:
        """As params; those of params inside are named ``outer/inner``."""
        self._training().log_params(_flat(vars(params) if isinstance(params, Namespace) else params))

    @rank_zero_only  # type: ignore[untyped-decorator]
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """As points of a step."""
        self._training().log_metrics({f"{self._prefix}{key}": value for key, value in metrics.items()}, step)

    @rank_zero_only  # type: ignore[untyped-decorator]
    def finalize(self, status: str) -> None:
        """End the run, where this has begun it."""
        if self._run is not None and self._is_own and active_runs.active_run() is self._run:
            active_runs.end_run(_STATUS.get(status, RunStatus.FAILED))
            self._run_id, self._run = self._run.info.run_id, None

    def _training(self) -> Training:
        return Training(self.experiment, "pytorch", Settings())


def _flat(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in params.items():
        if isinstance(value, Mapping):
            found.update(_flat(value, f"{prefix}{key}/"))
        else:
            found[f"{prefix}{key}"] = value
    return found

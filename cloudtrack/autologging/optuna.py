"""Optuna: a callback of a study that makes every trial a run.

    study.optimize(objective, n_trials=50, callbacks=[ct.optuna.Callback(metric_name="accuracy")])

Arguments are those of ``optuna_integration.MLflowCallback`` where they mean something here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from cloudtrack import clock
from cloudtrack.autologging.patching import guarded
from cloudtrack.autologging.session import Training
from cloudtrack.autologging.settings import Settings
from cloudtrack.entities.run import Metric, RunStatus
from cloudtrack.fluent import active_runs, session
from cloudtrack.tracking import source
from cloudtrack.tracking.run_index import PARENT_RUN_TAG

_STATUS = {"COMPLETE": RunStatus.FINISHED, "PRUNED": RunStatus.KILLED, "FAIL": RunStatus.FAILED}
_RUN_ATTRIBUTE = "cloudtrack.run_id"


class OptunaCallback:
    """Logs every trial that ends: a run of its own, below the active one where there is one.

    ``metric_name`` is the name of the value, or those of several objectives.
    """

    def __init__(
        self,
        metric_name: str | Sequence[str] = "value",
        *,
        tag_study_user_attrs: bool = False,
        tag_trial_user_attrs: bool = True,
    ) -> None:
        self._metric_name = metric_name
        self._tag_study_user_attrs = tag_study_user_attrs
        self._tag_trial_user_attrs = tag_trial_user_attrs

    def __call__(self, study: Any, trial: Any) -> None:
        """As Optuna calls it. A trial that cannot be logged is told of, and the study goes on."""
        with guarded("a trial of Optuna"):
            self._log(study, trial)

    def track(self) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
        """A decorator of the objective: what it logs goes to the trial's run, which is active meanwhile."""

        def decorate(objective: Callable[[Any], Any]) -> Callable[[Any], Any]:
            @functools.wraps(objective)
            def tracked(trial: Any) -> Any:
                with active_runs.start_run(run_name=str(trial.number), nested=True) as run:
                    trial.storage.set_trial_system_attr(trial._trial_id, _RUN_ATTRIBUTE, run.info.run_id)
                    return objective(trial)

            return tracked

        return decorate

    track_in_mlflow = track

    def _log(self, study: Any, trial: Any) -> None:
        client = session.client()
        if run_id := trial.system_attrs.get(_RUN_ATTRIBUTE):
            client.runs.log_batch(
                run_id,
                metrics=_metrics(self._values(trial)),
                params={key: str(value) for key, value in trial.params.items()},
                tags=self._tags(study, trial),
            )
            return
        parent = active_runs.active_run()
        tags = {**source.tags(client.user), **self._tags(study, trial)}
        if parent is not None:
            tags[PARENT_RUN_TAG] = parent.info.run_id
        experiment = session.current_experiment()
        run, writer = client.runs.start_writer(experiment, run_name=str(trial.number), tags=tags, user_id=client.user)
        logged = Training(active_runs.ActiveRun(run, writer, None), "optuna", Settings())
        logged.log_params(trial.params)
        logged.log_metrics(self._values(trial))
        for step, value in trial.intermediate_values.items():
            logged.log_metrics({f"intermediate_{self._names(1)[0]}": value}, step)
        writer.finish(_STATUS.get(trial.state.name, RunStatus.FAILED))

    def _values(self, trial: Any) -> dict[str, float]:
        values = trial.values or []
        return dict(zip(self._names(len(values)), values, strict=False))

    def _names(self, count: int) -> list[str]:
        if not isinstance(self._metric_name, str):
            return list(self._metric_name)
        return [self._metric_name] if count == 1 else [f"{self._metric_name}_{at}" for at in range(count)]

    def _tags(self, study: Any, trial: Any) -> dict[str, str]:
        directions = [direction.name for direction in study.directions]
        tags = {
            "study": study.study_name,
            "number": str(trial.number),
            "state": trial.state.name,
            "direction": ",".join(directions),
            "datetime_start": str(trial.datetime_start),
            "datetime_complete": str(trial.datetime_complete),
            **{f"{name}_distribution": str(found) for name, found in trial.distributions.items()},
        }
        if self._tag_trial_user_attrs:
            tags.update({key: str(value) for key, value in trial.user_attrs.items()})
        if self._tag_study_user_attrs:
            tags.update({key: str(value) for key, value in study.user_attrs.items()})
        return tags


def _metrics(values: dict[str, float]) -> list[Metric]:

    return [Metric(key, float(value), clock.now_ms()) for key, value in values.items()]


Callback = MLflowCallback = OptunaCallback

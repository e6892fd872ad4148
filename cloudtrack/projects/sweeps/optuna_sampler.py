"""Optuna's samplers. Its study lives in memory: what it knows is what the trials' runs say."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

from cloudtrack.errors import InvalidInput, MissingDependency
from cloudtrack.projects.sweeps.goal import Goal
from cloudtrack.projects.sweeps.space import Choices, Range, Space, Value

_SAMPLERS = {
    "tpe": "TPESampler",
    "gp": "GPSampler",
    "cmaes": "CmaEsSampler",
    "qmc": "QMCSampler",
    "random": "RandomSampler",
}
DEFAULT = "tpe"


class OptunaSampler:
    """Asks Optuna, and tells it what came of the trials."""

    def __init__(self, space: Space, name: str, seed: int, goal: Goal) -> None:
        """Raises InvalidInput for an unknown name, MissingDependency."""
        try:
            import optuna
        except ImportError as error:
            raise MissingDependency(
                "the sampler optuna needs the package optuna: pip install 'cloudtrack[sweeps]'"
            ) from error
        name = name or DEFAULT
        if name not in _SAMPLERS:
            raise InvalidInput(f"Optuna has no sampler {name!r} for sweeps; it has: {', '.join(_SAMPLERS)}")
        self._optuna = optuna
        self._distributions = {key: _distribution(optuna, each) for key, each in space.parameters.items()}
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        options: dict[str, Any] = {"constant_liar": True} if name == "tpe" else {}  # trials run side by side
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            try:
                sampler = getattr(optuna.samplers, _SAMPLERS[name])(seed=seed % 2**32, **options)
            except ImportError as error:
                raise MissingDependency(f"Optuna's sampler {name} needs more packages: {error}") from error
        self._study = optuna.create_study(sampler=sampler, direction=goal.value)
        self._asked: dict[int, Any] = {}

    def values(self, trial: int) -> dict[str, Value]:
        """What Optuna proposes now."""
        if trial not in self._asked:
            self._asked[trial] = self._study.ask(self._distributions)
        return dict(self._asked[trial].params)

    def learn(self, trial: int, values: Mapping[str, Value], result: float | None) -> None:
        """Tell the study; also of trials that it was never asked for, as those of an earlier sweeper."""
        states = self._optuna.trial.TrialState
        is_usable = result is not None and not math.isnan(result)
        state = states.COMPLETE if is_usable else states.FAIL
        if asked := self._asked.pop(trial, None):
            if dict(asked.params) == dict(values):
                self._study.tell(asked, result if is_usable else None, state=state)
                return
            self._study.tell(asked, state=states.FAIL)  # a rival's values are those of the trial
        known = {name: value for name, value in values.items() if name in self._distributions}
        self._study.add_trial(
            self._optuna.trial.create_trial(
                params=known,
                distributions={name: self._distributions[name] for name in known},
                value=result if is_usable else None,
                state=state,
            )
        )


def _distribution(optuna: Any, parameter: Choices | Range) -> Any:
    distributions = optuna.distributions
    if isinstance(parameter, Choices):
        return distributions.CategoricalDistribution(parameter.values)
    if parameter.is_int:
        step = int(parameter.step or 1)
        return distributions.IntDistribution(int(parameter.low), int(parameter.high), log=parameter.is_log, step=step)
    return distributions.FloatDistribution(parameter.low, parameter.high, log=parameter.is_log, step=parameter.step)

"""Autologging of searches over params: the best candidates become runs below the search's."""

from __future__ import annotations

from typing import Any

from cloudtrack.autologging.patching import guarded
from cloudtrack.autologging.session import Training
from cloudtrack.autologging.settings import AUTOLOGGING_TAG
from cloudtrack.entities.run import RunStatus
from cloudtrack.fluent import active_runs, artifacts, session
from cloudtrack.tracking.run_index import PARENT_RUN_TAG

_NOT_METRICS = ("params", "param_", "split")
"""The scores of each fold are in ``cv_results.csv``."""


def is_search(estimator: Any) -> bool:
    """Whether an estimator is a grid search or the like."""
    from sklearn.model_selection._search import BaseSearchCV

    return isinstance(estimator, BaseSearchCV)


def log_search(logged: Training, search: Any, features: Any, targets: Any) -> None:
    """Log what a search has found: the best params and score, all results as a table, the best as child runs."""
    best = getattr(search, "best_params_", {})
    logged.log_params({f"best_{key}": value for key, value in best.items()})
    if hasattr(search, "best_score_"):
        logged.log_metrics({"best_cv_score": search.best_score_})
    with guarded("the results of a search"):
        import pandas

        artifacts.log_text(pandas.DataFrame(search.cv_results_).to_csv(index=False), "cv_results.csv", logged.run_id)
    with guarded("the candidates of a search"):
        for candidate in _best_candidates(search, logged.option("max_tuning_runs")):
            child = _log_candidate(logged, search, candidate)
            child.log_dataset(features, targets)
            child.run.writer.finish(RunStatus.FINISHED)


def _best_candidates(search: Any, most: int | None) -> list[int]:
    results = search.cv_results_
    ranks = next((results[key] for key in results if key.startswith("rank_test_")), None)
    count = len(results["params"])
    in_order = sorted(range(count), key=lambda at: ranks[at]) if ranks is not None else list(range(count))
    return in_order if most is None else in_order[:most]


def _log_candidate(logged: Training, search: Any, at: int) -> Training:
    """A run of its own."""
    results = search.cv_results_
    estimator = search.estimator
    params = {**estimator.get_params(), **results["params"][at]}
    kind = type(estimator)
    tags = {
        PARENT_RUN_TAG: logged.run_id,
        AUTOLOGGING_TAG: logged.framework,
        "estimator_name": kind.__name__,
        "estimator_class": f"{kind.__module__}.{kind.__name__}",
        **(logged.settings.extra_tags or {}),
    }
    experiment = session.client().experiments.get(logged.run.info.experiment_id)
    run, writer = session.client().runs.start_writer(experiment, tags=tags, user_id=session.client().user)
    child = Training(active_runs.ActiveRun(run, writer, None), logged.framework, logged.settings)
    child.log_params(params)
    child.log_metrics({key: values[at] for key, values in results.items() if not key.startswith(_NOT_METRICS)})
    return child

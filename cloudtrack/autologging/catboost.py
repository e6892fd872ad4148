"""Autologging of CatBoost: ``fit`` of its estimators, and ``catboost.train``, which calls it.

MLflow has no autologging of CatBoost; names follow what it logs of the other boosting libraries.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from cloudtrack.autologging import boosting
from cloudtrack.autologging.datasets import example_of
from cloudtrack.autologging.patching import Call, guarded, patch
from cloudtrack.autologging.session import Training, training
from cloudtrack.autologging.settings import Framework, Settings, switch

_NAME = "catboost"
_LEFT_OUT = ("self", "X", "y", "eval_set", "callbacks", "init_model", "log_cout", "log_cerr", "sample_weight")
_NO_CALLBACKS_ON = "GPU"


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, str] | None = None,
) -> None:
    """Log what CatBoost trains: params, the metrics of each iteration, the best iteration, importances, model, data."""
    settings = Settings(
        log_models=log_models,
        log_datasets=log_datasets,
        log_input_examples=log_input_examples,
        log_model_signatures=log_model_signatures,
        exclusive=exclusive,
        silent=silent,
        registered_model_name=registered_model_name,
        extra_tags=extra_tags,
    )
    switch(_FRAMEWORK, settings, disable=disable, disable_for_unsupported_versions=disable_for_unsupported_versions)


def _observe_fit(call: Call) -> Generator[None]:
    with training(_NAME, call) as logged:
        if logged is None:
            yield
            return
        arguments = call.arguments()
        with guarded("params of CatBoost"):
            own = call.owner.get_params()
            plain = {key: value for key, value in arguments.items() if key not in _LEFT_OUT and value is not None}
            logged.log_params({**plain, **own})
            if str(own.get("task_type", "")).upper() != _NO_CALLBACKS_ON:
                call.set("callbacks", [*(arguments["callbacks"] or ()), _LogIterations(logged)])
        yield
        if call.error is None:
            _log_trained(logged, call.owner, arguments)


def _log_trained(logged: Training, model: Any, arguments: Mapping[str, Any]) -> None:
    rows = arguments["X"]
    example = boosting.log_rows(logged, rows, _pools(arguments["eval_set"]))
    if hasattr(rows, "shape") and hasattr(rows, "__array__"):
        logged.log_dataset(rows, context="train")
        example = example_of(rows)
    boosting.log_booster(logged, model, example, model.predict)
    with guarded("where CatBoost stopped"):
        if not logged.history:  # on a GPU, which takes no callbacks
            for name, metrics in model.get_evals_result().items():
                for metric, values in metrics.items():
                    for step, value in enumerate(values):
                        logged.log_iteration({_key(name, metric): value}, step)
        if (best := model.get_best_iteration()) is not None:
            logged.log_metrics({"stopped_iteration": logged.iterations - 1, "best_iteration": best})
    with guarded("importances of CatBoost"):
        values = model.get_feature_importance()
        boosting.log_importance(logged, dict(zip(model.feature_names_, values, strict=True)), "default")


class _LogIterations:
    """CatBoost calls ``after_iteration``."""

    def __init__(self, logged: Training) -> None:
        self._logged = logged

    def after_iteration(self, info: Any) -> bool:
        """True: training goes on."""
        with guarded("an iteration of CatBoost"):
            points = {
                _key(name, metric): values[-1]
                for name, metrics in (info.metrics or {}).items()
                for metric, values in metrics.items()
                if len(values)
            }
            self._logged.log_iteration(points, info.iteration - 1)
        return True


def _key(name: str, metric: str) -> str:
    return boosting.key_of(f"{name}-{metric}")


def _pools(eval_set: Any) -> dict[str, Any]:
    pools = eval_set if isinstance(eval_set, list) else [eval_set]
    return {"validation" if len(pools) == 1 else f"validation_{at}": pool for at, pool in enumerate(pools)}


def _patch(module: Any) -> None:
    patch(_NAME, module.Pool, "__init__", boosting.observe_rows)
    for kind in (module.CatBoost, module.CatBoostClassifier, module.CatBoostRegressor, module.CatBoostRanker):
        patch(_NAME, kind, "fit", _observe_fit)


_FRAMEWORK = Framework(_NAME, "catboost", "1.2", {"catboost": _patch})

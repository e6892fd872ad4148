"""Autologging of LightGBM: ``lightgbm.train`` and the estimators of its scikit-learn interface.

Source of what is logged: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.lightgbm.html#mlflow.lightgbm.autolog
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

from cloudtrack.autologging import boosting
from cloudtrack.autologging import sklearn as estimators
from cloudtrack.autologging.patching import Call, guarded, patch, patch_function
from cloudtrack.autologging.session import Training, current_training, training
from cloudtrack.autologging.settings import Framework, Settings, switch

_NAME = "lightgbm"
_NOT_PARAMS = ("params", "train_set", "valid_sets", "valid_names", "feval", "init_model", "callbacks", "fobj")
_IMPORTANCES = ("split", "gain")


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
    """Log what LightGBM trains: params, the metrics of each iteration, the best iteration, importances, model, data."""
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


def _observe_train(call: Call) -> Generator[None]:
    with training(_NAME, call) as logged:
        if logged is None:
            yield
            return
        arguments = call.arguments()
        boosting.log_train_params(logged, arguments, arguments["params"], _NOT_PARAMS)
        call.set("callbacks", [*(arguments["callbacks"] or ()), _log_iterations(logged)])
        yield
        if call.error is None:
            example = boosting.log_rows(logged, arguments["train_set"], _named(arguments))
            boosting.log_booster(logged, call.result, example, call.result.predict)
            _log_result(logged, call.result)


def _observe_fit(call: Call) -> Generator[None]:
    with training(_NAME, call) as logged:
        if logged is not None:
            with guarded("params of an estimator"):
                estimators.log_estimator(logged, call.owner)
        yield
        if logged is not None and call.error is None:
            estimators.log_fit(logged, call, flavor=_NAME)
            _log_result(logged, call.owner.booster_)


def _observe_inner_train(call: Call) -> Generator[None]:
    logged = current_training()
    if logged is not None:
        call.set("callbacks", [*(call.arguments()["callbacks"] or ()), _log_iterations(logged)])
    yield


def _log_iterations(logged: Training) -> Callable[[Any], None]:
    def log_iteration(env: Any) -> None:
        with guarded("an iteration of LightGBM"):
            results = env.evaluation_result_list or ()
            points = {boosting.key_of(f"{result[0]}-{result[1]}"): result[2] for result in results}
            logged.log_iteration(points, env.iteration)

    log_iteration.order = 25  # type: ignore[attr-defined]
    """After printing and recording, before early stopping, which ends the iteration by raising."""
    return log_iteration


def _log_result(logged: Training, booster: Any) -> None:
    with guarded("where LightGBM stopped"):
        if (best := booster.best_iteration) > 0:
            stopped = logged.iterations
            logged.log_metrics({"stopped_iteration": stopped, "best_iteration": best})
            at_best = {key: values[best - 1] for key, values in logged.history.items() if best <= len(values)}
            logged.log_metrics(at_best, step=stopped)
    for kind in _IMPORTANCES:
        with guarded(f"importances of kind {kind!r}"):
            values = booster.feature_importance(importance_type=kind)
            boosting.log_importance(logged, dict(zip(booster.feature_name(), values, strict=True)), kind)


def _named(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The sets that are evaluated, by the names that LightGBM gives them."""
    sets, names = arguments["valid_sets"] or (), arguments["valid_names"] or ()
    sets = sets if isinstance(sets, list | tuple) else [sets]
    names = names if isinstance(names, list | tuple) else [names]
    return {names[at] if at < len(names) else f"valid_{at}": each for at, each in enumerate(sets)}


def _patch(module: Any) -> None:
    patch_function(_NAME, module, "train", _observe_train)
    patch(_NAME, module.Dataset, "__init__", boosting.observe_rows)
    interface = module.sklearn
    for kind in list(vars(interface).values()):
        if isinstance(kind, type) and issubclass(kind, interface.LGBMModel):
            patch(_NAME, kind, "fit", _observe_fit)
    patch(_NAME, interface, "train", _observe_inner_train, within=[_NAME])


_FRAMEWORK = Framework(_NAME, "lightgbm", "4", {"lightgbm": _patch})

"""Autologging of XGBoost: ``xgboost.train`` and the estimators of its scikit-learn interface.

Source of what is logged: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.xgboost.html#mlflow.xgboost.autolog
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from cloudtrack.autologging import boosting
from cloudtrack.autologging import sklearn as estimators
from cloudtrack.autologging.patching import Call, guarded, patch, patch_function
from cloudtrack.autologging.session import Training, current_training, training
from cloudtrack.autologging.settings import Framework, Settings, switch

_NAME = "xgboost"
_NOT_PARAMS = ("params", "dtrain", "evals", "obj", "feval", "evals_result", "xgb_model", "callbacks")


def autolog(
    importance_types: Sequence[str] | None = None,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    model_format: str = "ubj",
    extra_tags: Mapping[str, str] | None = None,
) -> None:
    """Log what XGBoost trains: params, the metrics of each iteration, the best iteration, importances, model, data.

    ``importance_types`` are those of ``Booster.get_score``, ``weight`` by default.
    """
    settings = Settings(
        log_models=log_models,
        log_datasets=log_datasets,
        log_input_examples=log_input_examples,
        log_model_signatures=log_model_signatures,
        exclusive=exclusive,
        silent=silent,
        registered_model_name=registered_model_name,
        extra_tags=extra_tags,
        options={"importance_types": importance_types or ["weight"], "model_format": model_format},
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
            _log_trained(logged, call.result, arguments)


def _log_trained(logged: Training, booster: Any, arguments: Mapping[str, Any]) -> None:
    import xgboost

    example = boosting.log_rows(
        logged, arguments["dtrain"], {name: matrix for matrix, name in arguments["evals"] or ()}
    )
    boosting.log_booster(
        logged,
        booster,
        example,
        lambda rows: booster.predict(xgboost.DMatrix(rows)),
        model_format=logged.option("model_format"),
    )
    _log_stop(logged, booster)
    _log_importances(logged, booster)


def _log_stop(logged: Training, booster: Any) -> None:
    """Where training stopped early, and the metrics of the best iteration once more, as the last step."""
    with guarded("where XGBoost stopped"):
        if (best := booster.attr("best_iteration")) is not None:
            stopped = logged.iterations - 1
            logged.log_metrics({"stopped_iteration": stopped, "best_iteration": int(best)})
            at_best = {key: values[int(best)] for key, values in logged.history.items() if int(best) < len(values)}
            logged.log_metrics(at_best, step=stopped + 1)


def _log_importances(logged: Training, booster: Any) -> None:
    for kind in logged.option("importance_types"):
        with guarded(f"importances of kind {kind!r}"):
            boosting.log_importance(logged, booster.get_score(importance_type=kind), kind)


def _log_iterations(logged: Training) -> Any:
    """A callback of XGBoost; its class needs the library, which is there by now."""
    import xgboost

    class LogIterations(xgboost.callback.TrainingCallback):  # type: ignore[misc]
        """Logs the metrics of an iteration when it is over."""

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002 - its interface
            """False: training goes on."""
            with guarded("an iteration of XGBoost"):
                points = {}
                for name, metrics in evals_log.items():
                    for metric, values in metrics.items():
                        last = values[-1]
                        points[boosting.key_of(f"{name}-{metric}")] = last[0] if isinstance(last, tuple) else last
                logged.log_iteration(points, epoch)
            return False

    return LogIterations()


def _observe_fit(call: Call) -> Generator[None]:
    """Of an estimator: what is logged of scikit-learn's, and of the ``train`` inside its iterations."""
    with training(_NAME, call) as logged:
        if logged is not None:
            with guarded("params of an estimator"):
                estimators.log_estimator(logged, call.owner)
        yield
        if logged is not None and call.error is None:
            estimators.log_fit(logged, call, flavor=_NAME)
            booster = call.owner.get_booster()
            _log_stop(logged, booster)
            _log_importances(logged, booster)


def _observe_inner_train(call: Call) -> Generator[None]:
    logged = current_training()
    if logged is not None:
        call.set("callbacks", [*(call.arguments()["callbacks"] or ()), _log_iterations(logged)])
    yield


def _patch(module: Any) -> None:
    patch_function(_NAME, module, "train", _observe_train)
    patch(_NAME, module.DMatrix, "__init__", boosting.observe_rows)
    patch(_NAME, module.QuantileDMatrix, "__init__", boosting.observe_rows)
    try:
        from xgboost import sklearn as interface
    except ImportError:
        return  # scikit-learn is not installed
    for kind in list(vars(interface).values()):
        if isinstance(kind, type) and issubclass(kind, interface.XGBModel):
            patch(_NAME, kind, "fit", _observe_fit)
    patch(_NAME, interface, "train", _observe_inner_train, within=[_NAME])


_FRAMEWORK = Framework(_NAME, "xgboost", "2.1", {"xgboost": _patch})

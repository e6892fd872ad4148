"""Autologging of scikit-learn: estimators, pipelines, searches, and metrics that are computed afterwards.

Source of what is logged: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.sklearn.html#mlflow.sklearn.autolog
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Generator, Mapping
from typing import Any

from cloudtrack.autologging import sklearn_metrics, sklearn_search
from cloudtrack.autologging.datasets import example_of
from cloudtrack.autologging.patching import Call, guarded, patch
from cloudtrack.autologging.session import MODEL_NAME, Training, training
from cloudtrack.autologging.settings import Framework, Settings, switch
from cloudtrack.models.infer import infer_signature

_FITS = ("fit", "fit_predict", "fit_transform")
_PREPARING = tuple(
    f"sklearn.{name}."
    for name in ("preprocessing", "feature_extraction", "impute", "feature_selection", "compose._column_transformer")
)
"""What makes features of data is no model."""
_NAME = "sklearn"


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    max_tuning_runs: int | None = 5,
    log_post_training_metrics: bool = True,
    serialization_format: str = "cloudpickle",
    registered_model_name: str | None = None,
    pos_label: Any = None,
    extra_tags: Mapping[str, str] | None = None,
) -> None:
    """Log what scikit-learn's estimators fit: params, metrics of the training data, the model, the data.

    ``max_tuning_runs`` is how many of the best candidates of a search become runs of their own, below the search's; all
    where it is None. ``pos_label`` is the positive class of binary metrics. With ``log_post_training_metrics``, scores
    and metrics that the program computes of predictions go to the run of the estimator that made them.
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
        options={
            "max_tuning_runs": max_tuning_runs,
            "log_post_training_metrics": log_post_training_metrics,
            "serialization_format": serialization_format,
            "pos_label": pos_label,
        },
    )
    switch(_FRAMEWORK, settings, disable=disable, disable_for_unsupported_versions=disable_for_unsupported_versions)


def log_fit(logged: Training, call: Call, flavor: str = _NAME) -> None:
    """Log an estimator that was fitted: the model first, for metrics that come after it are the model's too."""
    estimator, features, targets = call.owner, *_data_of(call)
    logged.log_dataset(features, targets)
    best = getattr(estimator, "best_estimator_", None) if sklearn_search.is_search(estimator) else None
    if best is not None:
        _log_model(logged, best, features, flavor, "best_estimator")
    _log_model(logged, estimator, features, flavor)
    logged.log_metrics(sklearn_metrics.training_metrics(logged, estimator, features, targets, _weights_of(call)))
    logged.log_text(_as_html(estimator), "estimator.html")
    if sklearn_search.is_search(estimator):
        sklearn_search.log_search(logged, estimator, features, targets)


def log_estimator(logged: Training, estimator: Any) -> None:
    """Log what is known before the fit: the params and whose they are."""
    logged.log_params(params_of(estimator))
    kind = type(estimator)
    logged.set_tags(
        {"estimator_name": kind.__name__, "estimator_class": f"{kind.__module__}.{kind.__name__}"},
    )


def params_of(estimator: Any) -> dict[str, Any]:
    """With those of the estimators inside; of a search its own, for it tries many."""
    params: dict[str, Any] = estimator.get_params(deep=not sklearn_search.is_search(estimator))
    return params


def observe_fit(call: Call) -> Generator[None]:
    """Of ``fit``, ``fit_predict`` and ``fit_transform``."""
    with training(_NAME, call) as logged:
        if logged is not None:
            with guarded("params of an estimator"):
                log_estimator(logged, call.owner)
        yield
        if logged is not None and call.error is None:
            log_fit(logged, call)
            if logged.option("log_post_training_metrics"):
                sklearn_metrics.remember_estimator(call.owner, logged.run_id)


def _log_model(logged: Training, model: Any, features: Any, flavor: str, name: str = MODEL_NAME) -> None:
    example = signature = None
    if logged.settings.log_models and (logged.settings.log_model_signatures or logged.settings.log_input_examples):
        with guarded("the signature of a model"):
            example = example_of(features)
            apply = getattr(model, "predict", None) or getattr(model, "transform", None)
            if example is not None and apply is not None and logged.settings.log_model_signatures:
                signature = infer_signature(example, apply(example))
    form = {"serialization_format": logged.settings.options.get("serialization_format")} if flavor == _NAME else {}
    logged.log_model(
        model,
        flavor=flavor,
        name=name,
        signature=signature or False,
        input_example=example if logged.settings.log_input_examples else None,
        params=params_of(model),
        **form,
    )


def _data_of(call: Call) -> tuple[Any, Any]:
    """Features and targets; None where there are none."""
    args, kwargs = call.args[1:], call.kwargs
    features = args[0] if args else kwargs.get("X", kwargs.get("raw_documents"))
    targets = args[1] if len(args) > 1 else kwargs.get("y", kwargs.get("Y"))
    return features, targets


def _weights_of(call: Call) -> Any:
    if "sample_weight" in call.kwargs:
        return call.kwargs["sample_weight"]
    names = list(inspect.signature(type(call.owner).fit).parameters)
    at = names.index("sample_weight") if "sample_weight" in names else len(call.args)
    return call.args[at] if at < len(call.args) else None


def _as_html(estimator: Any) -> str:
    from sklearn.utils import estimator_html_repr

    text: str = estimator_html_repr(estimator)
    return text


def _patch_module(module: Any) -> None:
    """Patch the estimators that a module defines, as it is imported; before there are estimators it defines none."""
    base = getattr(sys.modules.get("sklearn.base"), "BaseEstimator", ())
    for kind in list(vars(module).values()):
        if not isinstance(kind, type) or kind.__module__ != module.__name__:
            continue
        if issubclass(kind, base) and not f"{module.__name__}.".startswith(_PREPARING):
            for name in _FITS:
                patch(_NAME, kind, name, observe_fit)
        if issubclass(kind, base) or kind.__name__.endswith("Mixin"):
            sklearn_metrics.patch_predictions(kind)
    if module.__name__ == "sklearn.metrics":
        sklearn_metrics.patch_metrics(module)
    elif module.__name__ == "sklearn.utils.parallel":
        _patch_parallel(module)


def _patch_parallel(module: Any) -> None:
    """What estimators fit in threads of their own is theirs."""
    runner = getattr(module, "_FuncWrapper", None)
    if runner is not None:
        patch(_NAME, runner, "__call__", _observe_part)


def _observe_part(call: Call) -> Generator[None]:  # noqa: ARG001 - what is inside of it is not observed
    yield


_FRAMEWORK = Framework(_NAME, "scikit-learn", "1.4", {"sklearn.*": _patch_module})

"""Autologging of statsmodels: every ``fit`` of a model.

Source of what is logged: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.statsmodels.html#mlflow.statsmodels.autolog
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from typing import Any

from cloudtrack.autologging.patching import Call, guarded, patch
from cloudtrack.autologging.session import Training, training
from cloudtrack.autologging.settings import Framework, Settings, switch

_NAME = "statsmodels"
_FITS = ("fit", "fit_regularized")
_FIGURES = (
    *("aic", "bic", "centered_tss", "condition_number", "df_model", "df_resid", "ess", "f_pvalue", "fvalue", "hqic"),
    *("llf", "mae", "mse", "mse_model", "mse_resid", "mse_total", "rsquared", "rsquared_adj", "scale", "sse", "ssr"),
    *("uncentered_tss",),
)
_LEFT_OUT = ("self", "kwargs", "kwds", "args", "start_params", "callback")


def autolog(
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, str] | None = None,
) -> None:
    """Log what statsmodels fits: the arguments of ``fit``, figures of its quality, the summary, the model, the data."""
    settings = Settings(
        log_models=log_models,
        log_datasets=log_datasets,
        exclusive=exclusive,
        silent=silent,
        registered_model_name=registered_model_name,
        extra_tags=extra_tags,
    )
    switch(_FRAMEWORK, settings, disable=disable, disable_for_unsupported_versions=disable_for_unsupported_versions)


def _observe_fit(call: Call) -> Generator[None]:
    with training(_NAME, call) as logged:
        if logged is not None:
            with guarded("arguments of a fit"):
                arguments = call.arguments()
                more = arguments.get("kwargs") or arguments.get("kwds") or {}
                plain = {key: value for key, value in arguments.items() if key not in _LEFT_OUT}
                logged.log_params({**plain, **more})
                logged.set_tags({"model_class": type(call.owner).__name__})
        yield
        if logged is not None and call.error is None and call.result is not None:
            _log_result(logged, call.owner, call.result)


def _log_result(logged: Training, model: Any, result: Any) -> None:
    with guarded("the data of a fit"):
        logged.log_dataset(getattr(getattr(model, "data", None), "orig_exog", None), context="train")
    logged.log_model(result)
    found = {}
    for name in _FIGURES:
        with guarded(f"{name} of a fit"):
            value: Any = getattr(result, name, None)
            if isinstance(value, float | int) or getattr(value, "shape", None) == ():
                found[name] = float(value)
    logged.log_metrics(found)
    if hasattr(result, "summary"):
        with guarded("the summary of a fit"):
            logged.log_text(str(result.summary().as_text()), "model_summary.txt")


def _patch_module(module: Any) -> None:
    """Patch the models that a module defines, as it is imported; before there is a model it defines none."""
    if not module.__name__.startswith("statsmodels.") or ".tests" in module.__name__:
        return
    base = getattr(sys.modules.get("statsmodels.base.model"), "Model", ())
    for kind in list(vars(module).values()):
        if isinstance(kind, type) and issubclass(kind, base) and kind.__module__ == module.__name__:
            for name in _FITS:
                patch(_NAME, kind, name, _observe_fit)


_FRAMEWORK = Framework(_NAME, "statsmodels", "0.14", {"statsmodels.*": _patch_module})

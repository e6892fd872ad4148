"""``autolog()`` for every framework at once."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

_FLAVORS = {
    "sklearn": "sklearn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "statsmodels": "statsmodels",
    "keras": "keras",
    "pytorch": "lightning",
    "transformers": "transformers",
    "spark": "spark",
}
"""Flavors, and the modules here that autolog them."""
_ALSO_NAMED = {"tensorflow": "keras", "pyspark.ml": "spark"}


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    log_traces: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, str] | None = None,
    exclude_flavors: Sequence[str] | None = None,
) -> None:
    """Log what any framework trains, also one that is imported later; each as its own ``autolog`` does by default.

    ``exclude_flavors`` are left as they are. ``log_traces`` is MLflow's: there are no traces here. Transformers log
    models only where ``ct.transformers.autolog(log_models=True)`` wants them, for they are large.
    """
    del log_traces
    given: dict[str, Any] = {
        "log_input_examples": log_input_examples,
        "log_model_signatures": log_model_signatures,
        "log_models": log_models,
        "log_datasets": log_datasets,
        "disable": disable,
        "exclusive": exclusive,
        "disable_for_unsupported_versions": disable_for_unsupported_versions,
        "silent": silent,
        "extra_tags": extra_tags,
    }
    excluded = {_ALSO_NAMED.get(name, name) for name in exclude_flavors or ()}
    for flavor, module in _FLAVORS.items():
        if flavor in excluded:
            continue
        one = importlib.import_module(f"cloudtrack.autologging.{module}").autolog
        known = inspect.signature(one).parameters
        take = {key: value for key, value in given.items() if key in known}
        if flavor == "transformers":
            take["log_models"] = False
        one(**take)

"""Experiments, runs, metrics and artifacts: the rules, over one store.

MLflow's names for them (``cloudtrack.tracking.MlflowClient`` ...) are found here too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudtrack.mlflow_names import find_name

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """What MLflow's module has beside this."""
        return find_name(__name__, name)

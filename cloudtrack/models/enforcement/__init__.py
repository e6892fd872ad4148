"""Holding data and params against a signature before a model sees them.

What fits passes as it is; numbers and dates are converted where no value changes; everything else is refused with
InvalidInput, which names the place and says what to do. Source:
https://mlflow.org/docs/latest/ml/model/signatures#signature-enforcement, and what models of MLflow 3.17 are handed.
"""

from __future__ import annotations

from cloudtrack.models.enforcement.inputs import enforce_input
from cloudtrack.models.enforcement.params import enforce_params

__all__ = ["enforce_input", "enforce_params"]

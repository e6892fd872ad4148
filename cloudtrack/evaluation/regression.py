"""Metrics of regressors, under MLflow's names."""

from __future__ import annotations

from typing import Any

from cloudtrack.errors import InvalidInput


def measure_regressor(targets: Any, predicted: Any, weights: Any = None) -> dict[str, float]:
    """Metrics of numbers that were predicted; sums and means of targets are weighted as MLflow weights them.

    Raises InvalidInput for what is no number.
    """
    from sklearn import metrics

    right, said = _numbers("targets", targets), _numbers("predictions", predicted)
    squared = float(metrics.mean_squared_error(right, said, sample_weight=weights))
    total = float((right if weights is None else right * weights).sum())
    return {
        "example_count": len(right),
        "mean_absolute_error": float(metrics.mean_absolute_error(right, said, sample_weight=weights)),
        "mean_squared_error": squared,
        "root_mean_squared_error": squared**0.5,
        "sum_on_target": total,
        "mean_on_target": total / len(right),
        "r2_score": _r2(right, said, weights),
        "max_error": float(metrics.max_error(right, said)),
        "mean_absolute_percentage_error": float(
            metrics.mean_absolute_percentage_error(right, said, sample_weight=weights)
        ),
    }


def _r2(right: Any, said: Any, weights: Any) -> float:
    """NaN of one row, which explains no variance."""
    from sklearn import metrics

    return float(metrics.r2_score(right, said, sample_weight=weights)) if len(right) > 1 else float("nan")


def _numbers(role: str, values: Any) -> Any:
    import numpy

    try:
        return numpy.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{role} are no numbers, which a regressor gives: {error}") from error

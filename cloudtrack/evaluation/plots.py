"""Figures of a classifier, by the names that MLflow has for them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

from cloudtrack.autologging.figures import (
    draw_confusion_matrix,
    draw_precision_recall_curve,
    draw_roc_curve,
    new_figure,
)
from cloudtrack.evaluation.classification import Classification

_BINS = 10


def figures_of(found: Classification, *, with_curves: bool) -> Iterator[tuple[str, Any]]:
    """Names and matplotlib figures; of probabilities where there are some, a curve for each class ``with_curves``."""
    draws: dict[str, Callable[[Any], None]] = {"confusion_matrix": lambda axes: _confusion(axes, found)}
    if found.probabilities is not None:
        draws["calibration_curve_plot"] = lambda axes: _each(axes, found, _calibration)
        if with_curves:
            draws["roc_curve_plot"] = lambda axes: _each(axes, found, draw_roc_curve)
            draws["precision_recall_curve_plot"] = lambda axes: _each(axes, found, draw_precision_recall_curve)
        if found.is_binary and 0 < _positives(found).sum() < len(found.targets):
            draws["lift_curve_plot"] = lambda axes: _lift(axes, found)
    for name, draw in draws.items():
        figure = new_figure()
        if figure is None:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            draw(figure.add_subplot())
        yield name, figure


def _confusion(axes: Any, found: Classification) -> None:
    options: dict[str, Any] = {"labels": found.labels, "sample_weight": found.weights}
    draw_confusion_matrix(axes, found.targets, found.predicted, include_values=len(found.labels) <= 20, **options)


def _each(axes: Any, found: Classification, draw: Callable[..., None]) -> None:
    """Of two classes the positive one, of several each against the rest."""
    places = [1] if found.is_binary else range(len(found.labels))
    for place in places:
        against = found.one_against_rest(place)
        if against.targets.sum() > 0:
            draw(axes, against.targets, against.scores, name=str(found.labels[place]), sample_weight=found.weights)


def _calibration(axes: Any, targets: Any, scores: Any, *, name: str, sample_weight: Any) -> None:
    """How often it is true beside how likely it was said to be; each row counts as one."""
    from sklearn.calibration import CalibrationDisplay

    del sample_weight
    if len(set(targets.tolist())) == 2:
        CalibrationDisplay.from_predictions(targets, scores, n_bins=_BINS, name=name, ax=axes)


def _lift(axes: Any, found: Classification) -> None:
    """How many more positives are among the likeliest rows than among as many of all."""
    import numpy

    order = numpy.argsort(-found.scores, kind="stable")
    count = numpy.arange(1, len(order) + 1)
    positives = _positives(found)
    axes.plot(count / len(order), positives[order].cumsum() / count / positives.mean(), label=str(found.labels[1]))
    axes.axhline(1, linestyle="--", color="grey", label="of all")
    axes.set(xlabel="share of rows, likeliest first", ylabel="lift", title="Lift")
    axes.legend()


def _positives(found: Classification) -> Any:
    return found.targets == found.labels[1]

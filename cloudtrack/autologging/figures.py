"""Pictures of classifiers, each drawn into axes; where matplotlib is not installed there is none."""

from __future__ import annotations

from typing import Any


def new_figure() -> Any:
    """A figure that no window and no other figure knows of; None where matplotlib is not installed."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return None
    figure = Figure(figsize=(7, 6))
    FigureCanvasAgg(figure)
    return figure


def draw_confusion_matrix(axes: Any, targets: Any, predicted: Any, **options: Any) -> None:
    """How often each class was taken for each, as shares of the class."""
    from sklearn import metrics

    metrics.ConfusionMatrixDisplay.from_predictions(
        targets, predicted, normalize="true", cmap="Blues", ax=axes, **options
    )


def draw_roc_curve(axes: Any, targets: Any, scores: Any, **options: Any) -> None:
    """True positives over false positives; ``scores`` are of the positive class."""
    from sklearn import metrics

    metrics.RocCurveDisplay.from_predictions(targets, scores, ax=axes, **options)


def draw_precision_recall_curve(axes: Any, targets: Any, scores: Any, **options: Any) -> None:
    """Precision over recall; ``scores`` are of the positive class."""
    from sklearn import metrics

    metrics.PrecisionRecallDisplay.from_predictions(targets, scores, ax=axes, **options)

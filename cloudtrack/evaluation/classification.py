"""Metrics of classifiers, under MLflow's names."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.evaluation.options import Options
from cloudtrack.evaluation.subject import Predictions


@dataclass(frozen=True)
class Classification:
    """What is right and what was predicted; ``probabilities`` has a column for each of ``labels``, or is None."""

    labels: list[Any]
    """All classes in order; of two the positive one is the last."""
    targets: Any
    predicted: Any
    probabilities: Any = None
    weights: Any = None

    @property
    def is_binary(self) -> bool:
        """Whether there are two classes."""
        return len(self.labels) == 2

    def one_against_rest(self, place: int) -> Classification:
        """Of the class at this place among the labels: is it that one, or another?"""
        label = self.labels[place]
        return Classification(
            [False, True],
            self.targets == label,
            self.predicted == label,
            None if self.probabilities is None else self.probabilities[:, [place]],
            self.weights,
        )

    @property
    def scores(self) -> Any:
        """The probability of the positive class of two; None where there are none."""
        return None if self.probabilities is None else self.probabilities[:, -1]


def classification_of(targets: Any, predictions: Predictions, options: Options) -> Classification:
    """The classes of data and model together. Raises InvalidInput where they cannot be, or are fewer than two."""
    import numpy

    right, said = numpy.asarray(targets), numpy.asarray(predictions.values)
    if said.dtype.kind == "f" and not (said == numpy.floor(said)).all():
        raise InvalidInput(
            "the predictions are numbers such as probabilities, and no classes: give evaluate a function that makes "
            "classes of them"
        )
    known = () if predictions.classes is None else predictions.classes
    labels = _labels(right, said, known, options)
    probabilities = predictions.probabilities
    if probabilities is not None:
        columns = {label: place for place, label in enumerate(numpy.asarray(known).tolist())}
        zeros = numpy.zeros(len(right))
        probabilities = numpy.column_stack(
            [probabilities[:, columns[label]] if label in columns else zeros for label in labels]
        )
    return Classification(labels, right, said, probabilities, options.sample_weights)


def _labels(right: Any, said: Any, known: Any, options: Options) -> list[Any]:
    import numpy

    seen = {label for values in (right, said) for label in numpy.unique(_comparable(values)).tolist()}
    given = options.label_list
    labels = set(numpy.asarray(known).tolist()) | seen if given is None else set(numpy.asarray(given).tolist())
    if missing := seen - labels:
        raise InvalidInput(f"label_list lacks {', '.join(map(repr, missing))}, which the data or the predictions have")
    try:
        ordered = sorted(labels)
    except TypeError as error:
        kinds = ", ".join(sorted({type(label).__name__ for label in labels}))
        raise InvalidInput(f"classes of several types, {kinds}: targets and predictions are of one type") from error
    if len(ordered) < 2:
        raise InvalidInput(
            f"the only class of data and predictions is {ordered[0]!r}: name all that there are, "
            "evaluator_config={'label_list': [...]}"
        )
    if len(ordered) == 2 and options.pos_label is not None:
        if options.pos_label not in ordered:
            raise InvalidInput(f"pos_label is {options.pos_label!r}; the classes are {ordered[0]!r} and {ordered[1]!r}")
        ordered.sort(key=lambda label: label == options.pos_label)
    return ordered


def _comparable(values: Any) -> Any:
    try:
        return sorted(set(values.tolist())) if values.dtype.kind == "O" else values
    except TypeError as error:
        kinds = ", ".join(sorted({type(value).__name__ for value in values.tolist()}))
        raise InvalidInput(f"a column of classes has several types, {kinds}: they are of one type") from error


def measure_classifier(found: Classification, average: str) -> dict[str, float]:
    """Metrics of two classes, or of several together by ``average``; those of probabilities where there are some."""
    with _quiet():
        return _of_two(found) if found.is_binary else _of_several(found, average)


def per_class_table(found: Classification, *, with_curves: bool) -> Any:
    """A DataFrame with a row for each class against the rest; areas under curves where ``with_curves``."""
    import pandas

    rows = []
    with _quiet():
        for place, label in enumerate(found.labels):
            against = found.one_against_rest(place)
            measured = _counts_and_shares(against) | (_areas(against) if with_curves else {})
            rows.append({"positive_class": label, **measured})
    return pandas.DataFrame(rows)


def _of_two(found: Classification) -> dict[str, float]:
    from sklearn import metrics

    measured = _counts_and_shares(found)
    if found.probabilities is not None:
        truth, scores = found.targets == found.labels[1], found.scores
        measured["log_loss"] = float(metrics.log_loss(truth, scores, labels=[False, True], sample_weight=found.weights))
    return measured | _areas(found)


def _of_several(found: Classification, average: str) -> dict[str, float]:
    import numpy
    from sklearn import metrics

    targets, said, weights = found.targets, found.predicted, found.weights
    how = {"average": average, "sample_weight": weights, "zero_division": 0}
    measured: dict[str, float] = {
        "example_count": len(targets),
        "accuracy_score": float(metrics.accuracy_score(targets, said, sample_weight=weights)),
        "recall_score": float(metrics.recall_score(targets, said, **how)),
        "precision_score": float(metrics.precision_score(targets, said, **how)),
        "f1_score": float(metrics.f1_score(targets, said, **how)),
    }
    if found.probabilities is not None:
        places = {label: place for place, label in enumerate(found.labels)}
        truth = numpy.array([places[label] for label in targets.tolist()])
        every = range(len(found.labels))
        measured["log_loss"] = float(
            metrics.log_loss(truth, found.probabilities, labels=list(every), sample_weight=weights)
        )
        if average != "micro":
            measured["roc_auc"] = _mean_roc_auc(found, average)
    return measured


def _mean_roc_auc(found: Classification, average: str) -> float:
    """Of each class against the rest; a class that the data lack has none, and no weight."""
    import numpy

    areas, counts = [], []
    for place in range(len(found.labels)):
        against = found.one_against_rest(place)
        weights = numpy.ones(len(found.targets)) if found.weights is None else numpy.asarray(found.weights)
        count = float(weights[against.targets].sum())
        if count or average == "macro":
            areas.append(_areas(against)["roc_auc"])
            counts.append(count if average == "weighted" else 1.0)
    return float(numpy.average(areas, weights=counts))


def _counts_and_shares(found: Classification) -> dict[str, float]:
    """Of two classes; counts are of rows, whatever they weigh."""
    from sklearn import metrics

    truth, said = found.targets == found.labels[1], found.predicted == found.labels[1]
    weights, how = found.weights, {"sample_weight": found.weights, "zero_division": 0}
    return {
        "true_negatives": int((~truth & ~said).sum()),
        "false_positives": int((~truth & said).sum()),
        "false_negatives": int((truth & ~said).sum()),
        "true_positives": int((truth & said).sum()),
        "example_count": len(truth),
        "accuracy_score": float(metrics.accuracy_score(truth, said, sample_weight=weights)),
        "recall_score": float(metrics.recall_score(truth, said, **how)),
        "precision_score": float(metrics.precision_score(truth, said, **how)),
        "f1_score": float(metrics.f1_score(truth, said, **how)),
    }


def _areas(found: Classification) -> dict[str, float]:
    """Under the curves of two classes; ROC AUC is NaN where the data have but one of them."""
    from sklearn import metrics

    if found.probabilities is None:
        return {}
    truth, scores, weights = found.targets == found.labels[1], found.scores, found.weights
    has_both = bool(truth.any()) and not bool(truth.all())
    return {
        "roc_auc": float(metrics.roc_auc_score(truth, scores, sample_weight=weights)) if has_both else float("nan"),
        "precision_recall_auc": float(metrics.average_precision_score(truth, scores, sample_weight=weights)),
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings of metrics that are not defined: their values say so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield

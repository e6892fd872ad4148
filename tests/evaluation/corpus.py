"""Evaluations as a user of MLflow writes them: each a function of ``mlflow``, or of what stands in its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC

Evaluation = Callable[[Any], Any]
CORPUS: dict[str, Evaluation] = {}


def case(evaluation: Evaluation) -> Evaluation:
    """Name an evaluation after its function."""
    CORPUS[evaluation.__name__] = evaluation
    return evaluation


def table(classes: int = 2, rows: int = 60, seed: int = 7) -> pandas.DataFrame:
    """Two features, and a label that they tell but for some noise."""
    random = numpy.random.default_rng(seed)
    frame = pandas.DataFrame({"a": random.normal(size=rows), "b": random.normal(size=rows)})
    noisy = frame["a"] + 0.5 * frame["b"] + random.normal(scale=0.7, size=rows)
    shares = [0.0, *(1 - 0.6 * (classes - number) / classes for number in range(1, classes)), 1.0]
    frame["label"] = pandas.qcut(noisy, shares, labels=False).astype("int64")
    return frame


def numbers(rows: int = 40) -> pandas.DataFrame:
    """Two features, and a number that they tell but for some noise."""
    frame = table(rows=rows, seed=3)
    frame["label"] = 3 * frame["a"] - frame["b"] + numpy.random.default_rng(4).normal(scale=0.3, size=rows) + 10
    return frame


def logged(ml: Any, estimator: Any, frame: pandas.DataFrame) -> str:
    """The URI of a model that was fitted to the first half."""
    half = frame.iloc[: len(frame) // 2]
    with ml.start_run():
        fitted = estimator.fit(half[["a", "b"]], half["label"])
        return str(ml.sklearn.log_model(fitted, name="model", pip_requirements=["scikit-learn"]).model_uri)


def classify(ml: Any, frame: pandas.DataFrame, estimator: Any = None, **arguments: Any) -> Any:
    """A logistic regression that is evaluated."""
    uri = logged(ml, estimator or LogisticRegression(), frame)
    return ml.models.evaluate(uri, frame, targets="label", model_type="classifier", **plain(arguments))


def plain(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same without explanations of the model."""
    config = {"log_model_explainability": False, **arguments.pop("evaluator_config", {})}
    return {**arguments, "evaluator_config": config}


def with_labels(frame: pandas.DataFrame, *labels: Any) -> pandas.DataFrame:
    """The same with other labels."""
    return frame.assign(label=[labels[label] for label in frame["label"]])


def weights(rows: int) -> list[float]:
    """Some rows count more than others."""
    return [1.0 + row % 3 for row in range(rows)]


@case
def binary(ml: Any) -> Any:
    return classify(ml, table())


@case
def binary_of_booleans(ml: Any) -> Any:
    return classify(ml, with_labels(table(), False, True))


@case
def binary_of_minus_one(ml: Any) -> Any:
    return classify(ml, with_labels(table(), -1, 1))


@case
def binary_of_texts(ml: Any) -> Any:
    return classify(ml, with_labels(table(), "no", "yes"))


@case
def binary_of_texts_with_positive(ml: Any) -> Any:
    return classify(ml, with_labels(table(), "no", "yes"), evaluator_config={"pos_label": "no"})


@case
def binary_of_other_numbers(ml: Any) -> Any:
    return classify(ml, with_labels(table(), 3, 7))


@case
def binary_of_other_numbers_with_positive(ml: Any) -> Any:
    return classify(ml, with_labels(table(), 3, 7), evaluator_config={"pos_label": 3})


@case
def binary_positive_zero(ml: Any) -> Any:
    return classify(ml, table(), evaluator_config={"pos_label": 0})


@case
def binary_positive_unknown(ml: Any) -> Any:
    return classify(ml, table(), evaluator_config={"pos_label": 5})


@case
def binary_without_probabilities(ml: Any) -> Any:
    return classify(ml, table(), LinearSVC())


@case
def binary_weighted(ml: Any) -> Any:
    return classify(ml, table(), evaluator_config={"sample_weights": weights(60)})


@case
def binary_macro(ml: Any) -> Any:
    return classify(ml, table(), evaluator_config={"average": "macro"})


@case
def binary_prefixed(ml: Any) -> Any:
    return classify(ml, table(), evaluator_config={"metric_prefix": "val_"})


@case
def binary_under_default(ml: Any) -> Any:
    return classify(ml, table(), evaluators="default")


@case
def binary_under_default_list(ml: Any) -> Any:
    return classify(ml, table(), evaluators=["default"])


@case
def binary_nested_config(ml: Any) -> Any:
    frame = table()
    uri = logged(ml, LogisticRegression(), frame)
    config = {"default": {"log_model_explainability": False, "metric_prefix": "p_"}}
    return ml.models.evaluate(
        uri, frame, targets="label", model_type="classifier", evaluators=["default"], evaluator_config=config
    )


@case
def binary_label_list(ml: Any) -> Any:
    return classify(ml, table(), evaluator_config={"label_list": [0, 1]})


@case
def binary_label_list_of_three(ml: Any) -> Any:
    return classify(ml, table(), evaluator_config={"label_list": [0, 1, 2]})


@case
def binary_by_a_python_function(ml: Any) -> Any:
    def predict(data):
        return (data["a"] > 0).astype(int)

    return ml.models.evaluate(predict, table(), targets="label", model_type="classifier", **plain({}))


@case
def binary_by_a_python_model(ml: Any) -> Any:
    class Threshold(ml.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return (model_input["a"] > 0).astype(int)

    with ml.start_run():
        uri = ml.pyfunc.log_model(name="model", python_model=Threshold(), pip_requirements=["pandas"]).model_uri
    return ml.models.evaluate(uri, table(), targets="label", model_type="classifier", **plain({}))


@case
def binary_by_a_loaded_model(ml: Any) -> Any:
    frame = table()
    model = ml.pyfunc.load_model(logged(ml, LogisticRegression(), frame))
    return ml.models.evaluate(model, frame, targets="label", model_type="classifier", **plain({}))


@case
def binary_by_a_registered_model(ml: Any) -> Any:
    frame = table()
    ml.register_model(logged(ml, LogisticRegression(), frame), "shop")
    return ml.models.evaluate("models:/shop/1", frame, targets="label", model_type="classifier", **plain({}))


@case
def binary_of_predictions(ml: Any) -> Any:
    frame = table()
    frame["said"] = (frame["a"] > 0.1).astype(int)
    return ml.models.evaluate(data=frame, targets="label", predictions="said", model_type="classifier", **plain({}))


@case
def binary_of_probabilities(ml: Any) -> Any:
    frame = table()
    frame["said"] = 1 / (1 + numpy.exp(-frame["a"]))
    return ml.models.evaluate(data=frame, targets="label", predictions="said", model_type="classifier", **plain({}))


@case
def binary_of_a_dataset(ml: Any) -> Any:
    frame = table()
    frame["said"] = (frame["a"] > 0.1).astype(int)
    data = ml.data.from_pandas(frame, targets="label", predictions="said", name="shop")
    return ml.models.evaluate(data=data, model_type="classifier", **plain({}))


@case
def binary_of_a_dataset_with_a_model(ml: Any) -> Any:
    frame = table()
    uri = logged(ml, LogisticRegression(), frame)
    data = ml.data.from_pandas(frame, targets="label", name="shop")
    return ml.models.evaluate(uri, data, model_type="classifier", **plain({}))


@case
def binary_of_a_dataset_of_arrays(ml: Any) -> Any:
    frame = table()
    data = ml.data.from_numpy(frame[["a", "b"]].to_numpy(), targets=frame["label"].to_numpy(), name="shop")
    return ml.models.evaluate(lambda rows: _first_column(rows) > 0, data, model_type="classifier", **plain({}))


def _first_column(rows: Any) -> Any:
    return rows.iloc[:, 0] if hasattr(rows, "iloc") else numpy.asarray(rows)[:, 0]


def seen(ml: Any, data: Any, **arguments: Any) -> Any:
    """What a function is handed, as the error that it raises."""

    def predict(rows):
        found = {"kind": type(rows).__name__, "columns": [str(name) for name in getattr(rows, "columns", [])]}
        heard.append({**found, "shape": list(numpy.shape(rows))})
        return numpy.zeros(len(rows), dtype=int)

    heard: list[Any] = []
    ml.models.evaluate(predict, data, model_type="classifier", **plain(arguments))
    return {"heard": heard}


@case
def a_function_sees_a_table(ml: Any) -> Any:
    return seen(ml, table(), targets="label")


@case
def a_function_sees_named_features(ml: Any) -> Any:
    return seen(ml, table(), targets="label", feature_names=["b"])


@case
def a_function_sees_no_predictions(ml: Any) -> Any:
    return seen(ml, table().assign(said=1), targets="label", predictions="said")


@case
def a_function_sees_an_array(ml: Any) -> Any:
    return seen(ml, table()[["a", "b"]].to_numpy(), targets=table()["label"].to_numpy())


@case
def a_function_sees_an_array_with_names(ml: Any) -> Any:
    data = table()[["a", "b"]].to_numpy()
    return seen(ml, data, targets=table()["label"].to_numpy(), feature_names=["x", "y"])


@case
def a_function_sees_lists(ml: Any) -> Any:
    return seen(ml, table()[["a", "b"]].to_numpy().tolist(), targets=table()["label"].tolist())


@case
def a_function_sees_a_dataset(ml: Any) -> Any:
    return seen(ml, ml.data.from_pandas(table().assign(said=1), targets="label", predictions="said"))


@case
def a_function_gives_columns(ml: Any) -> Any:
    def predict(data):
        return pandas.DataFrame({"said": (data["a"] > 0).astype(int), "why": "a"})

    return ml.models.evaluate(
        predict, table(), targets="label", predictions="said", model_type="classifier", **plain({})
    )


@case
def multiclass(ml: Any) -> Any:
    return classify(ml, table(3))


@case
def multiclass_of_texts(ml: Any) -> Any:
    return classify(ml, with_labels(table(3), "low", "mid", "high"))


@case
def multiclass_macro(ml: Any) -> Any:
    return classify(ml, table(3), evaluator_config={"average": "macro"})


@case
def multiclass_weighted(ml: Any) -> Any:
    return classify(ml, table(3), evaluator_config={"sample_weights": weights(60)})


@case
def multiclass_with_positive(ml: Any) -> Any:
    return classify(ml, table(3), evaluator_config={"pos_label": 1})


@case
def multiclass_without_probabilities(ml: Any) -> Any:
    return classify(ml, table(3), LinearSVC())


@case
def multiclass_of_twelve(ml: Any) -> Any:
    return classify(ml, table(12, rows=120))


@case
def multiclass_of_few_allowed(ml: Any) -> Any:
    return classify(ml, table(3), evaluator_config={"max_classes_for_multiclass_roc_pr": 2})


@case
def multiclass_of_predictions(ml: Any) -> Any:
    frame = table(3)
    frame["said"] = numpy.clip((frame["a"] + 1.5).astype(int), 0, 2)
    return ml.models.evaluate(data=frame, targets="label", predictions="said", model_type="classifier", **plain({}))


@case
def multiclass_where_a_class_is_missing(ml: Any) -> Any:
    frame = table(3)
    uri = logged(ml, LogisticRegression(), frame)
    some = frame[frame["label"] != 1]
    return ml.models.evaluate(uri, some, targets="label", model_type="classifier", **plain({}))


@case
def multiclass_where_a_class_is_new(ml: Any) -> Any:
    frame = table(4)
    uri = logged(ml, LogisticRegression(), frame[frame["label"] != 3])
    return ml.models.evaluate(uri, frame, targets="label", model_type="classifier", **plain({}))


@case
def one_class_alone(ml: Any) -> Any:
    frame = table()
    uri = logged(ml, LogisticRegression(), frame)
    return ml.models.evaluate(uri, frame[frame["label"] == 1], targets="label", model_type="classifier", **plain({}))


@case
def one_class_alone_with_label_list(ml: Any) -> Any:
    frame = table()
    uri = logged(ml, LogisticRegression(), frame)
    config = {"label_list": [0, 1]}
    return ml.models.evaluate(
        uri,
        frame[frame["label"] == 1],
        targets="label",
        model_type="classifier",
        **plain({"evaluator_config": config}),
    )


@case
def one_class_predicted_right(ml: Any) -> Any:
    frame = table().assign(label=1, said=1)
    return ml.models.evaluate(data=frame, targets="label", predictions="said", model_type="classifier", **plain({}))


def regress(ml: Any, frame: pandas.DataFrame, **arguments: Any) -> Any:
    """A linear regression that is evaluated."""
    uri = logged(ml, LinearRegression(), frame)
    return ml.models.evaluate(uri, frame, targets="label", model_type="regressor", **plain(arguments))


@case
def regression(ml: Any) -> Any:
    return regress(ml, numbers())


@case
def regression_weighted(ml: Any) -> Any:
    return regress(ml, numbers(), evaluator_config={"sample_weights": weights(40)})


@case
def regression_prefixed(ml: Any) -> Any:
    return regress(ml, numbers(), evaluator_config={"metric_prefix": "val_"})


@case
def regression_by_a_function(ml: Any) -> Any:
    return ml.models.evaluate(
        lambda data: 3 * data["a"] + 10, numbers(), targets="label", model_type="regressor", **plain({})
    )


@case
def regression_of_predictions(ml: Any) -> Any:
    frame = numbers()
    return ml.models.evaluate(
        data=frame.assign(said=3 * frame["a"] + 10),
        targets="label",
        predictions="said",
        model_type="regressor",
        **plain({}),
    )


@case
def regression_of_one_row(ml: Any) -> Any:
    frame = numbers().iloc[:1]
    return ml.models.evaluate(
        data=frame.assign(said=1.0), targets="label", predictions="said", model_type="regressor", **plain({})
    )


@case
def regression_of_integers(ml: Any) -> Any:
    frame = numbers()
    frame["label"] = frame["label"].round().astype(int)
    return regress(ml, frame)


def _far(eval_df, builtin_metrics):
    return float((eval_df["prediction"] - eval_df["target"]).abs().max()) + builtin_metrics["mean_absolute_error"]


def _shape_of_eval_df(eval_df, _builtin):
    return float(len(eval_df) * 100 + len(eval_df.columns))


@case
def metrics_of_a_table(ml: Any) -> Any:
    far = ml.models.make_metric(eval_fn=_far, greater_is_better=False, name="far")
    shape = ml.models.make_metric(eval_fn=_shape_of_eval_df, greater_is_better=False)
    return regress(ml, numbers(), extra_metrics=[far, shape])


@case
def metrics_of_series(ml: Any) -> Any:
    def bias(predictions, targets, metrics):
        return float((predictions - targets).mean()) + metrics["max_error"].aggregate_results["max_error"]

    def whole(predictions, targets):
        return float((predictions - targets).sum())

    def scaled(predictions, targets, metrics, factor=2):
        return float(predictions.mean()) * factor

    def of_input(predictions, a):
        return float(a.sum())

    made = [
        ml.models.make_metric(eval_fn=function, greater_is_better=False) for function in (bias, whole, scaled, of_input)
    ]
    return regress(ml, numbers(), extra_metrics=made, evaluator_config={"factor": 3})


@case
def metrics_of_values(ml: Any) -> Any:
    def spread(predictions, targets, metrics):
        scores = [float(score) for score in (predictions - targets).abs()]
        aggregates = {"mean": float(numpy.mean(scores)), "p90": float(numpy.percentile(scores, 90))}
        return ml.metrics.MetricValue(scores=scores, aggregate_results=aggregates)

    def by_row(predictions, targets, metrics):
        return ml.metrics.MetricValue(scores=[1.0] * len(predictions), justifications=["so"] * len(predictions))

    made = [ml.models.make_metric(eval_fn=function, greater_is_better=False) for function in (spread, by_row)]
    return regress(ml, numbers(), extra_metrics=made)


@case
def metrics_named_like_a_metric(ml: Any) -> Any:
    def named(predictions, targets, metrics):
        return ml.metrics.MetricValue(aggregate_results={"named": 3.0})

    return regress(ml, numbers(), extra_metrics=[ml.models.make_metric(eval_fn=named, greater_is_better=True)])


@case
def metrics_of_another_metric(ml: Any) -> Any:
    def second(predictions, targets, metrics, first):
        return first.aggregate_results["first"] + 1.0

    def first(predictions, targets, metrics):
        return 5.0

    made = [ml.models.make_metric(eval_fn=function, greater_is_better=True) for function in (second, first)]
    return regress(ml, numbers(), extra_metrics=made)


@case
def metrics_alone(ml: Any) -> Any:
    frame = numbers()
    far = ml.models.make_metric(
        eval_fn=lambda predictions, targets, metrics: float((predictions - targets).abs().max()),
        greater_is_better=False,
        name="far",
    )
    return ml.models.evaluate(
        data=frame.assign(said=1.0), targets="label", predictions="said", extra_metrics=[far], **plain({})
    )


@case
def metrics_without_targets(ml: Any) -> Any:
    mean = ml.models.make_metric(
        eval_fn=lambda predictions, targets, metrics: float(predictions.mean()), greater_is_better=False, name="mean"
    )
    return ml.models.evaluate(data=numbers().assign(said=1.5), predictions="said", extra_metrics=[mean], **plain({}))


@case
def metrics_made_before(ml: Any) -> Any:
    made = [ml.metrics.mae(), ml.metrics.rmse(), ml.metrics.r2_score()]
    frame = numbers()
    return ml.models.evaluate(
        data=frame.assign(said=9.0), targets="label", predictions="said", extra_metrics=made, **plain({})
    )


@case
def metrics_made_before_of_classes(ml: Any) -> Any:
    made = [ml.metrics.f1_score(), ml.metrics.precision_score(), ml.metrics.recall_score()]
    frame = table()
    said = (frame["a"] > 0.1).astype(int)
    return ml.models.evaluate(
        data=frame.assign(said=said), targets="label", predictions="said", extra_metrics=made, **plain({})
    )


@case
def metrics_of_nothing(ml: Any) -> Any:
    def nothing(predictions, targets, metrics):
        return None

    return regress(ml, numbers(), extra_metrics=[ml.models.make_metric(eval_fn=nothing, greater_is_better=True)])


@case
def metrics_that_fail(ml: Any) -> Any:
    def fail(predictions, targets, metrics):
        raise KeyError("nowhere")

    return regress(ml, numbers(), extra_metrics=[ml.models.make_metric(eval_fn=fail, greater_is_better=True)])


@case
def metrics_of_nan(ml: Any) -> Any:
    nan = ml.models.make_metric(
        eval_fn=lambda predictions, targets, metrics: float("nan"), greater_is_better=True, name="odd"
    )
    return regress(ml, numbers(), extra_metrics=[nan])


@case
def metrics_prefixed(ml: Any) -> Any:
    def bias(predictions, targets, metrics):
        return float((predictions - targets).mean())

    bias = ml.models.make_metric(eval_fn=bias, greater_is_better=False)
    return regress(ml, numbers(), extra_metrics=[bias], evaluator_config={"metric_prefix": "val_"})


@case
def artifacts_of_ones_own(ml: Any) -> Any:
    def many(eval_df, builtin_metrics, artifacts_dir):
        from matplotlib.figure import Figure

        Path(artifacts_dir, "rows.csv").write_text("a,b\n1,2\n")
        Path(artifacts_dir, "words.txt").write_text("words")
        figure = Figure()
        figure.add_subplot().plot([1, 2])
        return {
            "a_file": str(Path(artifacts_dir, "rows.csv")),
            "a_text_file": str(Path(artifacts_dir, "words.txt")),
            "a_path": Path(artifacts_dir, "words.txt"),
            "a_table": eval_df.head(3),
            "an_array": numpy.arange(3),
            "a_dictionary": {"n": builtin_metrics["example_count"], "columns": list(eval_df.columns)},
            "a_json_text": json.dumps({"a": 1}),
            "a_figure": figure,
            "an_object": complex(1, 2),
        }

    return regress(ml, numbers(), custom_artifacts=[many])


@case
def artifacts_prefixed(ml: Any) -> Any:
    def one(eval_df, builtin_metrics, artifacts_dir):
        return {"rows": eval_df.head(2)}

    return regress(ml, numbers(), custom_artifacts=[one], evaluator_config={"metric_prefix": "val_"})


@case
def artifacts_that_fail(ml: Any) -> Any:
    def fail(eval_df, builtin_metrics, artifacts_dir):
        raise KeyError("nowhere")

    return regress(ml, numbers(), custom_artifacts=[fail])


@case
def artifacts_that_are_none(ml: Any) -> Any:
    def nothing(eval_df, builtin_metrics, artifacts_dir):
        return None

    return regress(ml, numbers(), custom_artifacts=[nothing])


@case
def targets_not_in_the_data(ml: Any) -> Any:
    return ml.models.evaluate(lambda rows: rows["a"], table(), targets="nope", model_type="regressor", **plain({}))


@case
def predictions_not_in_the_data(ml: Any) -> Any:
    return ml.models.evaluate(data=table(), targets="label", predictions="nope", model_type="classifier", **plain({}))


@case
def no_targets(ml: Any) -> Any:
    return ml.models.evaluate(lambda rows: rows["a"], table(), model_type="regressor", **plain({}))


@case
def no_model_and_no_predictions(ml: Any) -> Any:
    return ml.models.evaluate(data=table(), targets="label", model_type="classifier", **plain({}))


@case
def no_model_type_and_no_metrics(ml: Any) -> Any:
    return ml.models.evaluate(data=table(), targets="label", predictions="a", **plain({}))


@case
def features_not_in_the_data(ml: Any) -> Any:
    return ml.models.evaluate(
        lambda rows: rows["a"], table(), targets="label", feature_names=["z"], model_type="regressor", **plain({})
    )


@case
def no_rows(ml: Any) -> Any:
    return ml.models.evaluate(
        data=table().iloc[:0].assign(said=1),
        targets="label",
        predictions="said",
        model_type="classifier",
        **plain({}),
    )


@case
def missing_predictions(ml: Any) -> Any:
    frame = numbers()
    said = frame["label"].where(frame.index != 3)
    return ml.models.evaluate(
        data=frame.assign(said=said), targets="label", predictions="said", model_type="regressor", **plain({})
    )


@case
def missing_targets(ml: Any) -> Any:
    frame = numbers()
    said = frame["label"] + 1
    return ml.models.evaluate(
        data=frame.assign(said=said, label=frame["label"].where(frame.index != 3)),
        targets="label",
        predictions="said",
        model_type="regressor",
        **plain({}),
    )


@case
def too_few_predictions(ml: Any) -> Any:
    return ml.models.evaluate(lambda rows: [1, 2], numbers(), targets="label", model_type="regressor", **plain({}))


@case
def too_few_weights(ml: Any) -> Any:
    return regress(ml, numbers(), evaluator_config={"sample_weights": [1.0, 2.0]})


@case
def another_evaluator(ml: Any) -> Any:
    return classify(ml, table(), evaluators="shiny")


@case
def another_model_type(ml: Any) -> Any:
    return ml.models.evaluate(lambda rows: rows["a"], table(), targets="label", model_type="oracle", **plain({}))


@case
def targets_as_an_array_beside_a_table(ml: Any) -> Any:
    frame = table()
    return ml.models.evaluate(
        lambda rows: rows["a"] > 0, frame, targets=frame["label"].to_numpy(), model_type="classifier", **plain({})
    )


@case
def params_for_the_model(ml: Any) -> Any:
    class Shifted(ml.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input["a"] * 3 + (params or {}).get("shift", 0)

    frame = numbers()
    signature = ml.models.infer_signature(frame[["a", "b"]], frame["a"], params={"shift": 1})
    with ml.start_run():
        uri = ml.pyfunc.log_model(
            name="model", python_model=Shifted(), signature=signature, pip_requirements=["pandas"]
        ).model_uri
    return ml.models.evaluate(
        uri, frame, targets="label", model_type="regressor", inference_params={"shift": 10}, **plain({})
    )


@case
def thresholds(ml: Any) -> Any:
    """What passes: a threshold, a candidate and a baseline each."""
    asked: list[tuple[dict[str, Any], dict[str, float], dict[str, float] | None]] = [
        ({"threshold": 0.8, "greater_is_better": better}, {"a": value}, None)
        for better in (True, False)
        for value in (0.7, 0.8, 0.9, float("nan"))
    ]
    changes = ({"min_absolute_change": 0.1}, {"min_relative_change": 0.1}, {"min_relative_change": 0.0})
    asked += [
        ({**change, "greater_is_better": better}, {"a": value}, {"a": before})
        for change in changes
        for better in (True, False)
        for before in (-2.0, 0.0, 2.0)
        for value in (before - 0.5, before - 0.15, before, before + 0.05, before + 0.15, before + 0.5)
    ]
    asked += [
        ({"min_absolute_change": 0.1, "greater_is_better": True}, {"a": 1.0}, None),
        ({"min_absolute_change": 0.1, "greater_is_better": True}, {"a": 1.0}, {}),
        ({"threshold": 0.1, "greater_is_better": True}, {}, {"a": 1.0}),
        ({"threshold": 0.1}, {"a": 1.0}, None),
        ({"greater_is_better": True}, {"a": 1.0}, None),
        ({"threshold": "high", "greater_is_better": True}, {"a": 1.0}, None),
        ({"min_absolute_change": -0.1, "greater_is_better": True}, {"a": 1.0}, None),
        ({"min_relative_change": 2.0, "greater_is_better": True}, {"a": 1.0}, None),
    ]
    return {json.dumps([*each]): _passes(ml, *each) for each in asked}


def _passes(ml: Any, asked: Any, candidate: Any, baseline: Any) -> str:
    result = ml.models.EvaluationResult
    try:
        threshold = ml.models.MetricThreshold(**asked)
    except Exception:
        return "makes no sense"
    before = None if baseline is None else result(baseline, {})
    try:
        ml.validate_evaluation_results({"a": threshold}, result(candidate, {}), before)
    except Exception as error:
        return type(error).__name__.replace("ModelValidationFailedException", "ThresholdMissed")
    return "passes"


def outcome(ml: Any, evaluation: Evaluation) -> dict[str, Any]:
    """What an evaluation gave and logged, or that it was refused."""
    try:
        result = evaluation(ml)
    except Exception as error:
        return {"refused": type(error).__name__}
    if isinstance(result, dict):
        return result
    run = ml.get_run(result.run_id)
    client = ml.MlflowClient()
    found: dict[str, Any] = {
        "metrics": {key: _number(value) for key, value in sorted(result.metrics.items())},
        "logged as found": _as_text(run.data.metrics) == _as_text(result.metrics),
        "artifacts": {name: type(artifact.content).__name__ for name, artifact in sorted(result.artifacts.items())},
        "files": sorted(_files(client, run.info.run_id)),
        "tables": sorted(result.tables),
        "status": run.info.status,
        "inputs": [[use.dataset.name, [(tag.key, tag.value) for tag in use.tags]] for use in run.inputs.dataset_inputs],
        "read": len(run.inputs.model_inputs),
    }
    if run.inputs.model_inputs:
        model = ml.get_logged_model(run.inputs.model_inputs[0].model_id)
        points = [metric for metric in model.metrics or () if metric.run_id == run.info.run_id]
        found["of the model"] = sorted({metric.key for metric in points})
        found["on the dataset"] = sorted({metric.dataset_name or "" for metric in points})
    for name, artifact in result.artifacts.items():
        if isinstance(artifact.content, pandas.DataFrame):
            found[f"table {name}"] = json.loads(artifact.content.to_json(orient="split", double_precision=12))
    return found


def outcomes(ml: Any) -> dict[str, Any]:
    """Of all cases."""
    return {name: outcome(ml, evaluation) for name, evaluation in CORPUS.items()}


def _as_text(metrics: Any) -> list[tuple[str, str]]:
    return sorted((key, str(float(value))) for key, value in metrics.items())


def _number(value: Any) -> Any:
    """As JSON has it."""
    return float(value) if value == value else "NaN"


def _files(client: Any, run_id: str, path: str = "") -> list[str]:
    found = []
    for info in client.list_artifacts(run_id, path):
        found += _files(client, run_id, info.path) if info.is_dir else [info.path]
    return found

"""What ``evaluate`` computes, logs and refuses, beyond what it has in common with MLflow's."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pandas
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, LogisticRegression

import cloudtrack as ct
from cloudtrack.errors import InvalidInput, PermissionDenied
from cloudtrack.evaluation.classification import classification_of, measure_classifier, per_class_table
from cloudtrack.evaluation.options import Options
from cloudtrack.evaluation.subject import Predictions
from tests.conftest import BOTH_MODES
from tests.evaluation.corpus import numbers, table
from tests.thoroughness import examples


@pytest.fixture(autouse=True)
def _in_a_store(store_url: str) -> Iterator[None]:
    ct.set_tracking_uri(store_url)
    yield
    ct.set_tracking_uri("memory://none")


def _logged(frame: pandas.DataFrame, estimator: Any = None) -> Any:
    with ct.start_run():
        fitted = (estimator or LogisticRegression()).fit(frame[["a", "b"]], frame["label"])
        return ct.sklearn.log_model(fitted, name="model")


def _evaluate(model: Any = None, data: Any = None, **arguments: Any) -> Any:
    """A classifier on a table."""
    given = {"targets": "label", "model_type": "classifier", **arguments}
    return ct.evaluate(model, table() if data is None else data, **given)


def _by_sign(data: pandas.DataFrame) -> Any:
    return (data["a"] > 0).astype(int)


@pytest.mark.parametrize("store_url", BOTH_MODES, indirect=True)
def test_metrics_are_the_models_on_the_dataset(store_url: str) -> None:
    info = _logged(table())
    ct.register_model(info.model_uri, "shop")
    result = _evaluate("models:/shop/1", ct.data.from_pandas(table(), targets="label", name="held out"), targets=None)
    run = ct.get_run(result.run_id)
    assert run.data.metrics == result.metrics
    assert [(use.dataset.name, [tag.value for tag in use.tags]) for use in run.inputs.dataset_inputs] == [
        ("held out", ["eval"])
    ]
    assert [use.model_id for use in run.inputs.model_inputs] == [info.model_id]
    found = ct.search_logged_models(
        filter_string="metrics.roc_auc > 0.5", datasets=[{"dataset_name": "held out"}], output_format="list"
    )
    assert [model.model_id for model in found] == [info.model_id]
    uri = result.artifacts["confusion_matrix"].uri
    assert uri == f"{run.info.artifact_uri}/confusion_matrix.png"
    assert result.artifacts["confusion_matrix"].content.size == ct.artifacts.load_image(uri).size


def test_the_active_run_goes_on() -> None:
    with ct.start_run() as run:
        first = _evaluate(_by_sign)
        second = _evaluate(_by_sign, evaluator_config={"metric_prefix": "again_"})
        assert ct.active_run().info.run_id == first.run_id == second.run_id == run.info.run_id
        ct.log_metric("later", 1)
    assert {"accuracy_score", "again_accuracy_score", "later"} <= set(ct.get_run(run.info.run_id).data.metrics)


def test_a_run_of_its_own_ends_with_the_evaluation() -> None:
    result = _evaluate(_by_sign)
    assert ct.active_run() is None
    assert ct.get_run(result.run_id).info.status == "FINISHED"
    with pytest.raises(KeyError):
        _evaluate(lambda data: data["nowhere"])
    assert ct.active_run() is None
    assert sorted(run.info.status for run in ct.search_runs(output_format="list")) == ["FAILED", "FINISHED"]


def test_what_cannot_be_right_makes_no_run() -> None:
    for arguments in ({"targets": "nope"}, {"model_type": "text"}, {"evaluator_config": {"nonsense": 1}}):
        with pytest.raises(InvalidInput):
            _evaluate(_by_sign, **arguments)
    assert ct.search_runs(output_format="list") == []


def test_model_id_names_another_model() -> None:
    model = ct.create_external_model("elsewhere")
    result = _evaluate(_by_sign, model_id=model.model_id)
    points = ct.get_logged_model(model.model_id).metrics
    assert {point.key: point.value for point in points} == result.metrics


def test_metrics_need_not_say_on_which_dataset() -> None:
    info = _logged(table())
    _evaluate(info.model_uri, evaluator_config={"log_metrics_with_dataset_info": False})
    assert {point.dataset_name for point in ct.get_logged_model(info.model_id).metrics} == {None}


def test_nan_is_kept() -> None:
    result = _evaluate(_logged(table()).model_uri, table().query("label == 1"))
    assert numpy.isnan(result.metrics["roc_auc"])
    assert numpy.isnan(ct.get_run(result.run_id).data.metrics["roc_auc"])


def test_autologging_sees_nothing_of_it() -> None:
    ct.sklearn.autolog(log_models=False)
    try:
        model = LogisticRegression().fit(table()[["a", "b"]], table()["label"])
        fitted = ct.last_active_run().info.run_id
        before = ct.get_run(fitted).data.metrics
        result = _evaluate(model.predict)
        assert ct.get_run(fitted).data.metrics == before
        assert ct.get_run(result.run_id).data.metrics == result.metrics
        assert len(ct.search_runs(output_format="list")) == 2
    finally:
        ct.sklearn.autolog(disable=True)


def test_a_dataset_has_the_same_digest_as_when_it_is_logged() -> None:
    result = _evaluate(_by_sign)
    (use,) = ct.get_run(result.run_id).inputs.dataset_inputs
    assert use.dataset.digest == ct.data.from_pandas(table(), targets="label").digest


@pytest.mark.parametrize("make", [polars.from_pandas, lambda frame: polars.from_pandas(frame).to_arrow()])
def test_tables_of_other_libraries_are_taken(make: Callable[[Any], Any]) -> None:
    expected = _evaluate(_by_sign).metrics
    assert _evaluate(_by_sign, make(table())).metrics == expected
    dataset = ct.data.from_polars(polars.from_pandas(table()), targets="label")
    assert _evaluate(_by_sign, dataset, targets=None).metrics == expected


def test_arrays_of_pictures_reach_the_function_as_they_are() -> None:
    pictures = numpy.zeros((4, 2, 2))
    pictures[:2] = 1
    seen: list[Any] = []

    def predict(data: Any) -> Any:
        seen.append(data.shape)
        return data.mean(axis=(1, 2)) > 0.5

    result = _evaluate(predict, pictures, targets=[True, True, False, True])
    assert seen == [(4, 2, 2)]
    assert result.metrics["accuracy_score"] == 0.75


def test_a_model_that_brings_code_must_be_trusted() -> None:
    class Zero(ct.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return [0] * len(model_input)

    with ct.start_run():
        uri = ct.pyfunc.log_model(name="zero", python_model=Zero(), pip_requirements=[]).model_uri
    with pytest.raises(PermissionDenied, match="trust=True"):
        _evaluate(uri)
    trusted = ct.pyfunc.load_model(uri, trust=True)
    assert _evaluate(trusted).metrics["true_positives"] == 0


def test_without_matplotlib_there_are_metrics_and_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = _evaluate(_logged(table(3)).model_uri, table(3))
    assert list(result.artifacts) == ["per_class_metrics"]
    assert result.metrics["roc_auc"] > 0.5


def test_a_model_is_handed_what_its_signature_asks_for() -> None:
    frame = table()
    model = LinearRegression().fit(frame[["a", "b"]], frame["label"])
    signature = ct.models.infer_signature(frame[["a", "b"]], model.predict(frame[["a", "b"]]))
    with ct.start_run():
        uri = ct.sklearn.log_model(model, name="model", signature=signature).model_uri
    turned = frame[["label", "b", "a"]].assign(more="text")
    expected = ct.evaluate(uri, frame, targets="label", model_type="regressor").metrics
    assert ct.evaluate(uri, turned, targets="label", model_type="regressor").metrics == expected
    with pytest.raises(InvalidInput, match="'a'"):
        ct.evaluate(uri, frame[["b", "label"]], targets="label", model_type="regressor")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a column that is not there": ({"targets": "nope"}, "'nope', and the data have 'a', 'b', 'label'"),
    "no targets": ({"targets": None}, "with targets"),
    "too few targets": ({"targets": [1, 2]}, "one value for each of 60 rows"),
    "a model type of language models": ({"model_type": "question-answering"}, "language models, which are not eval"),
    "another environment": ({"env_manager": "conda"}, "models predict --env-manager uv"),
    "other evaluators": ({"evaluators": ["default", "shap"]}, "there is one, 'default'"),
    "an unknown option": ({"evaluator_config": {"smoothe": 1}}, "smoothe, which nothing takes; it knows pos_label"),
    "explanations": ({"evaluator_config": {"log_model_explainability": True}}, "SHAP are not made here"),
    "an unknown average": ({"evaluator_config": {"average": "best"}}, "one of weighted, macro, micro"),
    "an unknown positive class": ({"evaluator_config": {"pos_label": "yes"}}, "the classes are 0 and 1"),
    "a class that is not listed": ({"evaluator_config": {"label_list": [1, 2]}}, "label_list lacks 0"),
    "a config for a function": ({"model_config": {"a": 1}}, "give its URI"),
    "params for a function": ({"inference_params": {"a": 1}}, "a function takes them itself"),
    "a metric that is none": ({"extra_metrics": [len]}, "made by make_metric"),
    "an endpoint": ({"model": "endpoints:/chat"}, "an endpoint"),
    "no model": ({"model": 3}, "model is a int"),
    "nothing that predicts": ({"model": None}, "predictions= with the name"),
    "texts for numbers": ({"model": lambda data: ["low"] * len(data)}, "several types, int, str"),
    "numbers for texts": ({"model": lambda data: ["low"] * len(data), "model_type": "regressor"}, "are no numbers"),
    "probabilities": ({"model": lambda data: [[0.5, 0.5]] * len(data)}, r"the shape \(60, 2\)"),
    "several columns": ({"model": lambda data: data[["a", "b"]]}, "the columns 'a', 'b': name the one"),
    "missing predictions": ({"model": lambda data: data["a"].where(data["a"] > 0)}, "predictions are missing in"),
    "no data": ({"data": None}, "evaluate takes data"),
    "text for data": ({"data": "rows.csv"}, "not a str"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named(what: str) -> None:
    arguments, message = WRONG[what]
    given = {"model": _by_sign, "data": table(), "targets": "label", "model_type": "classifier", **arguments}
    with pytest.raises(InvalidInput, match=message):
        ct.evaluate(**given)


def test_classes_of_one_column_have_one_type() -> None:
    frame = table().assign(label=["yes", 1] * 30)
    with pytest.raises(InvalidInput, match="several types, int, str"):
        _evaluate(lambda data: ["yes"] * len(data), frame)


def test_missing_targets_are_counted_before_a_model_is_asked() -> None:
    frame = table()
    uri = _logged(frame).model_uri
    with pytest.raises(InvalidInput, match="targets are missing in 4 of 60 rows"):
        _evaluate(uri, frame.assign(label=frame["label"].where(frame.index >= 4)))


def test_what_scikit_learn_refuses_is_said_of_targets_and_predictions() -> None:
    uri = _logged(table()).model_uri
    with pytest.raises(InvalidInput, match="targets and predictions are not those of a classifier"):
        _evaluate(uri, table().assign(label=["no", "yes"] * 30))


def test_weights_count_as_so_many_rows() -> None:
    frame, weights = table(3), [1 + row % 2 for row in range(60)]
    uri = _logged(frame).model_uri
    weighted = _evaluate(uri, frame, evaluator_config={"sample_weights": weights}).metrics
    repeated = _evaluate(uri, frame.loc[frame.index.repeat(weights)]).metrics
    assert weighted.pop("example_count") == 60
    assert repeated.pop("example_count") == 90
    assert weighted == pytest.approx(repeated)


def _measured(right: list[Any], said: list[Any], **options: Any) -> tuple[Any, dict[str, float]]:
    found = classification_of(numpy.array(right), Predictions(numpy.array(said)), Options(**options))
    return found, measure_classifier(found, "weighted")


@settings(deadline=None, max_examples=examples(40))
@given(st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from("xy")), min_size=1, max_size=30))
def test_two_classes_are_counted(rows: list[tuple[str, str]]) -> None:
    right, said = map(list, zip(*rows, strict=True))
    _, metrics = _measured(right, said, label_list=["x", "y"])
    counts = Counter(rows)
    names = {"true_negatives": "xx", "false_positives": "xy", "false_negatives": "yx", "true_positives": "yy"}
    assert {name: metrics[name] for name in names} == {name: counts[pair[0], pair[1]] for name, pair in names.items()}
    assert metrics["accuracy_score"] == pytest.approx((counts["x", "x"] + counts["y", "y"]) / len(rows))
    _, turned = _measured(right, said, label_list=["x", "y"], pos_label="x")
    assert turned["true_positives"] == metrics["true_negatives"]


@settings(deadline=None, max_examples=examples(40))
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=3, max_size=30), st.randoms())
def test_several_classes_are_measured_whatever_their_order(rows: list[tuple[int, int]], random: Any) -> None:
    right, said = map(list, zip(*rows, strict=True))
    found, metrics = _measured(right, said, label_list=[3, 1, 0, 2])
    assert found.labels == [0, 1, 2, 3]
    assert metrics["accuracy_score"] == pytest.approx(metrics["recall_score"])
    per_class = per_class_table(found, with_curves=True)
    assert per_class["true_positives"].sum() == pytest.approx(metrics["accuracy_score"] * len(rows))
    assert (per_class["true_positives"] + per_class["false_negatives"]).tolist() == [right.count(n) for n in range(4)]
    random.shuffle(rows)
    right, said = map(list, zip(*rows, strict=True))
    assert _measured(right, said, label_list=range(4))[1] == pytest.approx(metrics)


def test_a_regressor_is_measured_on_numbers_of_any_type() -> None:
    frame = numbers().astype({"label": "Float64"})
    expected = ct.evaluate(lambda data: data["a"], numbers(), targets="label", model_type="regressor").metrics
    found = ct.evaluate(lambda data: data["a"], frame, targets="label", model_type="regressor").metrics
    assert found == pytest.approx(expected)

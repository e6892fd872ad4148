"""Metrics and artifacts of one's own."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

import cloudtrack as ct
from cloudtrack.errors import InvalidInput, NotFound, PermissionDenied
from cloudtrack.evaluation.metric import MetricValue
from cloudtrack.models import EvaluationResult, make_metric
from tests.evaluation.corpus import numbers


@pytest.fixture(autouse=True)
def _in_a_store(store_url: str) -> Iterator[None]:
    ct.set_tracking_uri(store_url)
    yield
    ct.set_tracking_uri("memory://none")


class _Exploit:
    """Runs a program where it is unpickled."""

    def __reduce__(self) -> Any:
        return os.system, ("touch exploited",)


def _evaluate(*functions: Any, artifacts: Any = (), **arguments: Any) -> EvaluationResult:
    """Metrics of these functions, of a regressor that says ``a``."""
    metrics = [make_metric(eval_fn=function, greater_is_better=True) for function in functions]
    return ct.evaluate(
        lambda data: data["a"],
        numbers(),
        targets="label",
        model_type="regressor",
        extra_metrics=metrics,
        custom_artifacts=list(artifacts),
        **arguments,
    )


def test_a_metric_of_columns_is_told_which() -> None:
    def spread(predictions: Any, group: Any, share: float) -> float:
        return float(predictions[group > 0].mean()) * share

    result = _evaluate(spread, evaluator_config={"col_mapping": {"group": "b"}, "share": 0.5})
    frame = numbers()
    assert result.metrics["spread"] == pytest.approx(frame["a"][frame["b"] > 0].mean() / 2)


def test_series_begin_at_row_0() -> None:
    def aligned(predictions: Any, targets: Any, b: Any) -> float:
        return float((predictions.index == b.index).all() and (targets.index == b.index).all())

    metric = make_metric(eval_fn=aligned, greater_is_better=True)
    frame = numbers().iloc[::-3]
    result = ct.evaluate(lambda data: data["a"], frame, targets="label", extra_metrics=[metric])
    assert result.metrics == {"aligned": 1.0}


def test_a_metric_cannot_change_what_others_see() -> None:
    def spoil(eval_df: Any, builtin_metrics: Any) -> float:
        eval_df["prediction"] = 0
        builtin_metrics.clear()
        return 0.0

    def count(eval_df: Any, builtin_metrics: Any) -> float:
        return float(eval_df["prediction"].abs().sum() > 0) + len(builtin_metrics)

    assert _evaluate(spoil, count).metrics["count"] == 10


def test_a_keyword_and_a_default_are_given_where_they_are_known() -> None:
    def measure(predictions: Any, *, targets: Any, metrics: Any, factor: float = 2.0, **more: Any) -> float:
        assert more == {}
        return metrics["max_error"].aggregate_results["max_error"] * factor + len(targets) * 0

    found = _evaluate(measure).metrics
    assert found["measure"] == 2 * found["max_error"]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda predictions, nowhere, more: 1.0, "metric 'odd' takes 'nowhere', 'more', which no column .* 'a', 'b'"),
        (lambda predictions: [1.0], "metric 'odd' gives a list"),
        (lambda predictions: "1", "metric 'odd' gives a str"),
        (lambda predictions: MetricValue(scores=[1.0]), "metric 'odd' gives 1 scores for 40 rows"),
        (lambda predictions: 1 / 0, "metric 'odd' failed: ZeroDivisionError: division by zero"),
    ],
)
def test_a_metric_that_is_wrong_is_named(function: Any, message: str) -> None:
    metric = make_metric(eval_fn=function, greater_is_better=True, name="odd")
    with pytest.raises(InvalidInput, match=message):
        ct.evaluate(lambda data: data["a"], numbers(), targets="label", extra_metrics=[metric])


def test_metrics_of_one_another_are_named() -> None:
    def first(predictions: Any, targets: Any, second: Any) -> float:
        return 1.0

    def second(predictions: Any, targets: Any, first: Any) -> float:
        return 1.0

    with pytest.raises(InvalidInput, match=r"'first' takes 'second'.*'second' takes 'first'"):
        _evaluate(first, second)


def test_a_metric_of_targets_says_so() -> None:
    metric = make_metric(eval_fn=lambda targets: 1.0, greater_is_better=True, name="odd")
    with pytest.raises(InvalidInput, match="metric 'odd' takes targets"):
        ct.evaluate(lambda data: data["a"], numbers(), extra_metrics=[metric])


def test_a_metric_has_a_name() -> None:
    with pytest.raises(InvalidInput, match=r"make_metric\(name="):
        make_metric(eval_fn=lambda predictions: 1.0, greater_is_better=True)
    with pytest.raises(InvalidInput, match="language models"):
        make_metric(eval_fn=len, greater_is_better=True, genai_metric_args={})


def test_scores_of_rows_are_a_table() -> None:
    def off(predictions: Any, targets: Any) -> MetricValue:
        return MetricValue(scores=(predictions - targets).abs().tolist(), justifications=["so"] * len(targets))

    result = _evaluate(off)
    table = result.tables["eval_results_table"]
    frame = numbers()
    assert list(table) == ["a", "b", "label", "outputs", "off/score", "off/justification"]
    assert table["off/score"].tolist() == pytest.approx((frame["a"] - frame["label"]).abs().tolist())
    assert result.metrics["off/mean"] == pytest.approx(table["off/score"].mean())
    logged = ct.load_table("eval_results_table.json", run_ids=[result.run_id or ""])
    assert logged["off/score"].tolist() == pytest.approx(table["off/score"].tolist())
    _evaluate(off)
    assert len(logged) == 40


def test_artifacts_are_saved_and_loaded(tmp_path: Path) -> None:
    def make(eval_df: Any, builtin_metrics: Any, artifacts_dir: str) -> dict[str, Any]:
        from matplotlib.figure import Figure

        Path(artifacts_dir, "model.onnx").write_bytes(b"bytes")
        return {
            "tables/errors": eval_df.assign(error=eval_df["prediction"] - eval_df["target"]),
            "array": numpy.arange(6).reshape(2, 3),
            "words": {"count": builtin_metrics["example_count"]},
            "file": Path(artifacts_dir, "model.onnx"),
            "picture": Figure(figsize=(1, 1)),
            "thing": complex(1, 2),
        }

    def rows(predictions: Any) -> MetricValue:
        return MetricValue(scores=[float("nan")] * len(predictions))

    result = _evaluate(rows, artifacts=[make])
    files = {info.path for info in ct.artifacts.list_artifacts(run_id=result.run_id)}
    assert files == {
        *("array.npy", "eval_results_table.json", "file.onnx", "picture.png", "tables", "thing.pickle", "words.json"),
    }
    result.save(tmp_path / "kept")
    again = EvaluationResult.load(tmp_path / "kept")
    assert again.metrics == pytest.approx(result.metrics, nan_ok=True)
    assert {name: artifact.uri for name, artifact in again.artifacts.items()} == {
        name: artifact.uri for name, artifact in result.artifacts.items()
    }
    pandas.testing.assert_frame_equal(
        again.artifacts["tables/errors"].content, result.artifacts["tables/errors"].content
    )
    assert again.artifacts["array"].content.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert again.artifacts["words"].content == {"count": 40}
    assert again.artifacts["file"].content == b"bytes"
    assert again.artifacts["picture"].content.size == result.artifacts["picture"].content.size
    assert again.artifacts["thing"].content == complex(1, 2)
    assert list(again.tables["eval_results_table"]) == list(result.tables["eval_results_table"])


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"note": "words that are no file"}, "'note' is the text 'words that are no file'"),
        ({"../note": {}}, "'../note' is no name"),
        ({"/note": {}}, "'/note' is no name"),
        ({"function": lambda: 1}, "'function' is a function, which cannot be a file"),
        ([1], "'make' gives a list"),
    ],
)
def test_an_artifact_that_is_wrong_is_named(made: Any, message: str) -> None:
    def make(eval_df: Any, builtin_metrics: Any, artifacts_dir: str) -> Any:
        return made

    with pytest.raises(InvalidInput, match=message):
        _evaluate(artifacts=[make])


def test_a_result_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"metrics\.json"):
        EvaluationResult.load(tmp_path)


def test_a_saved_result_runs_no_code_and_leads_nowhere(tmp_path: Path) -> None:
    def make(eval_df: Any, builtin_metrics: Any, artifacts_dir: str) -> Any:
        return {"thing": complex(1, 2)}

    _evaluate(artifacts=[make]).save(tmp_path / "kept")
    (tmp_path / "kept/artifacts/thing.pickle").write_bytes(pickle.dumps(_Exploit()))
    with pytest.raises(PermissionDenied):
        EvaluationResult.load(tmp_path / "kept")
    assert not Path("exploited").exists()
    said = {"thing": {"uri": "", "file": "../outside.json"}}
    (tmp_path / "outside.json").write_text("{}")
    (tmp_path / "kept/artifacts_metadata.json").write_text(json.dumps(said))
    with pytest.raises(InvalidInput, match="outside"):
        EvaluationResult.load(tmp_path / "kept")

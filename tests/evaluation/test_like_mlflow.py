"""Evaluations give what MLflow's give: the golden file keeps what MLflow 3.17 gave in each case."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.corpus import CORPUS
from tests.evaluation.in_ours import in_ours
from tests.evaluation.record import GOLDEN, record
from tests.recorded import with_pandas_3

MLFLOW = os.environ.get("CLOUDTRACK_MLFLOW_PYTHON", "")

TAKEN_HERE = {
    "a_function_gives_columns": "predictions= names the column of several, as MLflow's documentation says",
    "binary_label_list_of_three": "a class without a probability has the probability 0",
    "binary_under_default_list": "evaluator_config needs not be nested: there is one evaluator",
    "multiclass_where_a_class_is_missing": "the classes are those of the model too",
    "multiclass_where_a_class_is_new": "a class that the model does not know has the probability 0",
    "params_for_the_model": "inference_params reach any model with a signature",
    "targets_as_an_array_beside_a_table": "targets may be an array beside a DataFrame",
}
"""MLflow refuses these, with errors of scikit-learn's and numpy's for the most part."""
OTHERWISE = {
    ("binary_by_a_registered_model", "read"): "a version's metrics are those of its logged model too",
    ("binary_by_a_registered_model", "of the model"): "a version's metrics are those of its logged model too",
    ("binary_by_a_registered_model", "on the dataset"): "a version's metrics are those of its logged model too",
    ("artifacts_of_ones_own", "files"): "a dictionary is JSON, and no pickle",
}

ALIKE = {
    *("binary_by_a_loaded_model", "binary_label_list", "binary_macro", "binary_nested_config", "binary_of_booleans"),
    *("binary_of_a_dataset_with_a_model", "binary_of_minus_one", "binary_of_other_numbers", "binary_under_default"),
    *("binary_of_other_numbers_with_positive", "binary_positive_zero", "multiclass_macro", "multiclass_of_twelve"),
    *("multiclass_with_positive", "regression_prefixed", "metrics_prefixed", "artifacts_prefixed"),
}
"""Each is much like another."""
SLOW = pytest.mark.slow


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    return json.loads(GOLDEN.read_text())


@with_pandas_3
@pytest.mark.parametrize("name", [pytest.param(name, marks=SLOW if name in ALIKE else ()) for name in CORPUS])
def test_evaluations_give_what_mlflows_give(name: str, theirs: dict[str, Any], tmp_path: Path) -> None:
    ours = in_ours(name, tmp_path)
    different = {"refused"} if name in TAKEN_HERE else {part for case, part in OTHERWISE if case == name}
    assert set(_different(ours, theirs[name])) == different
    assert ours.get("refused", "InvalidInput") == "InvalidInput"


def test_the_golden_file_has_all_cases(theirs: dict[str, Any]) -> None:
    assert list(theirs) == list(CORPUS), "record anew: python -m tests.evaluation.record"
    assert all("refused" in theirs[name] for name in TAKEN_HERE)


@pytest.mark.mlflow
@pytest.mark.skipif(not MLFLOW, reason="CLOUDTRACK_MLFLOW_PYTHON names no interpreter with mlflow")
def test_the_golden_file_is_what_mlflow_says(theirs: dict[str, Any]) -> None:
    now = record(MLFLOW)
    assert {name: parts for name in theirs if (parts := _different(now[name], theirs[name]))} == {}


def _different(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """The parts of an outcome that are not the same; inputs alone have a context that MLflow leaves out."""
    if "refused" in ours or "refused" in theirs:
        return [] if "refused" in ours and "refused" in theirs else ["refused"]
    return [part for part in {**ours, **theirs} if part != "inputs" and not _equal(ours.get(part), theirs.get(part))]


def _equal(ours: Any, theirs: Any) -> bool:
    """The same but for the rounding of sums."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(_equal(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(_equal, ours, theirs))
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-9)
    return bool(ours == theirs)

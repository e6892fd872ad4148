"""Models go both ways between cloudtrack and the real MLflow, with equal predictions.

Runs where CLOUDTRACK_MLFLOW_PYTHON names an interpreter with mlflow, as ``make test-all`` does.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

import cloudtrack as ct

MLFLOW = os.environ.get("CLOUDTRACK_MLFLOW_PYTHON", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not MLFLOW, reason="CLOUDTRACK_MLFLOW_PYTHON names no interpreter with mlflow"),
]

X, Y = load_iris(return_X_y=True, as_frame=True)


def _mlflow(code: str, folder: Path) -> str:
    done = subprocess.run([MLFLOW, "-c", code], cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize("form", ["cloudpickle", "pickle", "skops"])
def test_mlflow_loads_ours(form: str, tmp_path: Path) -> None:
    model = RandomForestClassifier(5, random_state=1).fit(X, Y)
    signature = ct.models.infer_signature(X, model.predict(X))
    ct.sklearn.save_model(
        model,
        tmp_path / "m",
        serialization_format=form,
        skops_trusted_types=["sklearn.tree._tree.Tree"] if form == "skops" else None,
        signature=signature,
        input_example=X.head(2),
    )
    said = _mlflow(
        """
import json, os
os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "true"
import mlflow
from sklearn.datasets import load_iris
X, _ = load_iris(return_X_y=True, as_frame=True)
function = mlflow.pyfunc.load_model("m")
native = mlflow.sklearn.load_model("m")
model = mlflow.models.Model.load("m")
print(json.dumps({
    "pyfunc": function.predict(X).tolist(),
    "native": native.predict(X).tolist(),
    "signature": model.signature.to_dict(),
    "example": len(model.load_input_example("m")),
}))
""",
        tmp_path,
    )
    found = json.loads(said)
    assert found["pyfunc"] == found["native"] == model.predict(X).tolist()
    assert found["example"] == 2
    ours = signature.to_dict()
    for part in ("inputs", "outputs"):
        assert json.loads(found["signature"][part]) == json.loads(ours[part] or "")


@pytest.mark.parametrize("form", ["cloudpickle", "pickle", "skops"])
def test_we_load_mlflows(form: str, tmp_path: Path) -> None:
    if form == "skops":
        pytest.importorskip("skops", reason="the package skops is not installed")
    said = _mlflow(
        f"""
import json
import mlflow
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
X, Y = load_iris(return_X_y=True, as_frame=True)
model = LogisticRegression(max_iter=1000).fit(X, Y)
signature = mlflow.models.infer_signature(X, model.predict(X))
mlflow.sklearn.save_model(model, "m", signature=signature, input_example=X.head(2), serialization_format={form!r})
print(json.dumps(model.predict_proba(X).tolist()))
""",
        tmp_path,
    )
    native = ct.sklearn.load_model(str(tmp_path / "m"))
    assert isinstance(native, LogisticRegression)
    assert numpy.allclose(native.predict_proba(X), json.loads(said), rtol=0, atol=0)
    function = ct.pyfunc.load_model(str(tmp_path / "m"))
    assert function.predict(X).tolist() == native.predict(X).tolist()
    assert function.metadata.signature is not None
    assert function.metadata.signature.inputs is not None
    assert function.metadata.signature.inputs.input_names() == list(X.columns)

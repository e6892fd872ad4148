"""ONNX graphs, both ways between cloudtrack and MLflow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import yaml

import cloudtrack as ct
from cloudtrack.errors import CorruptData, InvalidInput, PermissionDenied
from cloudtrack.flavors import onnx as flavor
from tests.flavors.matrix import Case, Conformance, WrittenByMlflow2

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed")

MATRIX = numpy.arange(12, dtype="float32").reshape(4, 3)
TABLE = pandas.DataFrame(MATRIX, columns=list("abc"))
X, Y = MATRIX[:, 0], MATRIX[:, 1]


def _graph(inputs: dict[str, list], nodes: list[tuple[str, str, str]], outputs: dict[str, list], **weights: Any) -> Any:
    """A model of float32; a node is an operator, its inputs and its output."""
    helper = onnx.helper
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node(operator, taken.split(), [given]) for operator, taken, given in nodes],
        "graph",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in outputs.items()],
        [onnx.numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def _product(columns: int = 2) -> Any:
    weights = numpy.arange(3 * columns, dtype="float32").reshape(3, columns)
    return _graph({"x": [None, 3]}, [("MatMul", "x w", "z")], {"z": [None, columns]}, w=weights)


def _sum(shape: list) -> Any:
    nodes = [("Add", "x y", "sum"), ("Sub", "x y", "rest")]
    return _graph({"x": shape, "y": shape}, nodes, {"sum": shape, "rest": shape})


def _forest() -> Any:
    ensemble = pytest.importorskip("sklearn.ensemble")
    convert = pytest.importorskip("skl2onnx", reason="the package skl2onnx is not installed").to_onnx
    fitted = ensemble.RandomForestClassifier(3, random_state=1).fit(MATRIX, X > 3)
    return convert(fitted, MATRIX[:1], options={"zipmap": False})


def _run(model: Any, feeds: dict[str, Any]) -> Any:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip([one.name for one in session.get_outputs()], session.run(None, feeds), strict=True))


def _predict(model: Any, data: Any) -> Any:
    if isinstance(data, pandas.DataFrame) and len(model.graph.input) > 1:
        return pandas.DataFrame(_run(model, {name: data[name].to_numpy("float32") for name in data.columns}))
    if isinstance(data, pandas.DataFrame):
        outputs = _run(model, {"x": data.to_numpy("float32")})
        return pandas.DataFrame({name: values.reshape(-1) for name, values in outputs.items()})
    return _run(model, data if isinstance(data, dict) else {model.graph.input[0].name: data})


OPTIONS = {
    "onnx_session_options": {
        "graph_optimization_level": 99,
        "execution_mode": "parallel",
        "intra_op_num_threads": 1,
        "inter_op_num_threads": 1,
    },
    "onnx_execution_providers": ["CPUExecutionProvider"],
    "save_as_external_data": False,
}
TRUSTED = {
    "onnx_session_options": {"extra_session_config": {"session.intra_op.allow_spinning": "0"}},
    "onnx_execution_providers": [("CPUExecutionProvider", {})],
}


class TestOnnx(Conformance):
    cases = [
        Case("array", "onnx", _product, MATRIX, _predict),
        Case("table", "onnx", lambda: _product(1), TABLE, _predict),
        Case("table-of-doubles", "onnx", lambda: _product(1), TABLE.astype("float64"), _predict),
        Case("named-arrays", "onnx", lambda: _sum([None]), {"x": X, "y": Y}, _predict),
        Case("named-columns", "onnx", lambda: _sum([None]), pandas.DataFrame({"y": Y, "x": X}), _predict),
        Case("forest", "onnx", _forest, MATRIX, _predict),
        Case("options", "onnx", _product, MATRIX, _predict, OPTIONS),
        Case("trusted-options", "onnx", _product, MATRIX, _predict, TRUSTED, trusted=True),
    ]


class TestMlflow2(WrittenByMlflow2):
    flavor = "onnx"


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., Any]:
    """Saves a model and loads it as a function."""

    def load(model: Any, **options: Any) -> Any:
        flavor.save_model(model, tmp_path / "m", **options)
        return ct.pyfunc.load_model(str(tmp_path / "m"))

    return load


@pytest.mark.flavors
def test_large_weights_have_a_file_of_their_own_and_stay_in_the_model(tmp_path: Path) -> None:
    model = _product(400)
    before = model.SerializeToString()
    flavor.save_model(model, tmp_path / "m")
    assert model.SerializeToString() == before
    assert (tmp_path / "m" / "model.onnx.data").stat().st_size >= 3 * 400 * 4
    expected = _run(model, {"x": MATRIX})["z"]
    (tmp_path / "m").rename(tmp_path / "n")
    assert numpy.array_equal(_run(flavor.load_model(str(tmp_path / "n")), {"x": MATRIX})["z"], expected)
    assert numpy.array_equal(ct.pyfunc.load_model(str(tmp_path / "n")).predict(MATRIX)["z"], expected)
    theirs = pytest.importorskip("mlflow.onnx", reason="MLflow is not installed")
    assert numpy.array_equal(theirs.pyfunc.load_model(str(tmp_path / "n")).predict(MATRIX)["z"], expected)
    assert numpy.array_equal(_run(theirs.load_model(str(tmp_path / "n")), {"x": MATRIX})["z"], expected)
    theirs.save_model(model, str(tmp_path / "t"), pip_requirements=["onnx"])
    assert numpy.array_equal(ct.pyfunc.load_model(str(tmp_path / "t")).predict(MATRIX)["z"], expected)
    assert numpy.array_equal(_run(flavor.load_model(str(tmp_path / "t")), {"x": MATRIX})["z"], expected)


@pytest.mark.flavors
def test_columns_are_the_inputs_of_a_graph_that_takes_matrices_of_one(loaded: Callable[..., Any]) -> None:
    predicted = loaded(_sum([None, 1])).predict(pandas.DataFrame({"x": X, "y": Y, "more": Y}))
    assert predicted["sum"].tolist() == (X + Y).tolist()


@pytest.mark.flavors
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (MATRIX, "2 inputs"),
        ({"x": X}, "'y' is missing"),
        (pandas.DataFrame({"x": X}), "'y' is missing"),
        ([1.0], "not a list"),
    ],
    ids=["array", "dictionary", "table", "list"],
)
def test_data_that_does_not_fit_is_named(loaded: Callable[..., Any], data: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        loaded(_sum([None])).predict(data)


@pytest.mark.flavors
def test_outputs_that_are_no_table_are_refused_for_a_table(loaded: Callable[..., Any]) -> None:
    with pytest.raises(InvalidInput, match="different lengths"):
        loaded(_forest()).predict(TABLE)


@pytest.mark.flavors
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"onnx_session_options": {"speed": 1}}, "'speed'"),
        ({"onnx_session_options": {"execution_mode": "odd"}}, "'odd'"),
        ({"onnx_session_options": {"intra_op_num_threads": "many"}}, "'many'"),
        ({"onnx_execution_providers": [1]}, "provider is 1"),
    ],
)
def test_options_that_onnxruntime_does_not_take_are_refused(tmp_path: Path, options: dict, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        flavor.save_model(_product(), tmp_path / "m", **options)
    assert not (tmp_path / "m").exists()


@pytest.mark.flavors
@pytest.mark.parametrize("part", sorted(TRUSTED))
def test_settings_that_can_name_files_take_trust(
    loaded: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setenv("CLOUDTRACK_TRUST_MODELS", "0")
    with pytest.raises(PermissionDenied, match="onnxruntime"):
        loaded(_product(), **{part: TRUSTED[part]})


@pytest.mark.flavors
def test_the_first_provider_that_is_there_predicts(loaded: Callable[..., Any], tmp_path: Path) -> None:
    function = loaded(_product(), onnx_execution_providers=["NoSuchExecutionProvider"])
    assert function.unwrap_python_model().get_providers() == ["CPUExecutionProvider"]
    content = yaml.safe_load((tmp_path / "m" / "MLmodel").read_text())
    assert content["flavors"]["onnx"]["providers"] == ["NoSuchExecutionProvider"]


@pytest.mark.flavors
def test_what_is_no_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no valid ONNX graph"):
        flavor.save_model(onnx.ModelProto(), tmp_path / "m")
    assert not (tmp_path / "m").exists()
    flavor.save_model(_product(), tmp_path / "m")
    (tmp_path / "m" / "model.onnx").write_bytes(b"nonsense")
    for load in (flavor.load_model, ct.pyfunc.load_model):
        with pytest.raises(CorruptData, match=r"model\.onnx"):
            load(str(tmp_path / "m"))

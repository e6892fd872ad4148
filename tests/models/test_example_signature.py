"""A model that comes with an example of its input, and without a signature, has that of the example."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

import cloudtrack as ct
from cloudtrack.models.infer import infer_signature
from cloudtrack.models.model_file import Model

TABLE = pandas.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1, 2, 3]})
LINE = LinearRegression().fit(TABLE, [0.0, 2.0, 4.0])


class Shouting(ct.pyfunc.PythonModel):
    """Takes texts, and says in which voice."""

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        texts = model_input.iloc[:, 0] if hasattr(model_input, "columns") else model_input
        return [text.upper() + (params or {}).get("mark", "") for text in texts]


class Opaque(Shouting):
    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return object()


class Greedy(Shouting):
    """Changes what it is given."""

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        model_input.iloc[0, 0] = "y"
        return [1]


class Failing(Shouting):
    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        raise ValueError("not today\nnor tomorrow")


def saved(path: Path, model: Any, example: Any, **more: Any) -> Model:
    """The model's ``MLmodel`` as it is in its file."""
    ct.pyfunc.save_model(path, python_model=model, input_example=example, **more)
    return Model.load(path)


@pytest.mark.parametrize("example", [TABLE.head(2), TABLE.head(2).to_numpy()], ids=["table", "array"])
def test_of_the_example_and_what_is_predicted_for_it(tmp_path: Path, example: Any) -> None:
    model = ct.sklearn.save_model(LINE, tmp_path / "m", input_example=example)
    assert model.signature == Model.load(tmp_path / "m").signature == infer_signature(example, LINE.predict(TABLE))


def test_a_model_that_is_logged_says_it(store_url: str) -> None:
    ct.set_tracking_uri(store_url)
    with ct.start_run():
        info = ct.sklearn.log_model(LINE, name="line", input_example=TABLE)
    assert info.signature == infer_signature(TABLE, LINE.predict(TABLE))
    assert ct.models.get_model_info(info.model_uri).signature == info.signature


def test_false_is_none_and_a_signature_stays(tmp_path: Path) -> None:
    own = infer_signature(TABLE)
    assert ct.sklearn.save_model(LINE, tmp_path / "none", input_example=TABLE, signature=False).signature is None
    assert ct.sklearn.save_model(LINE, tmp_path / "own", input_example=TABLE, signature=own).signature == own


def test_params_come_with_the_example(tmp_path: Path) -> None:
    model = saved(tmp_path / "m", Shouting(), (["x"], {"mark": "!"}))
    assert model.signature == infer_signature(["x"], ["X!"], {"mark": "!"})
    assert model.saved_input_example_info is not None
    assert model.saved_input_example_info["params"] == "true"
    assert json.loads((tmp_path / "m" / "input_example.json").read_text()) == {"inputs": ["x"], "params": {"mark": "!"}}
    serving = json.loads((tmp_path / "m" / "serving_input_example.json").read_text())
    assert serving == {"inputs": ["x"], "params": {"mark": "!"}}
    loaded = ct.pyfunc.load_model(str(tmp_path / "m"), trust=True)
    assert loaded.predict(["a"]) == ["A!"]
    assert loaded.predict(["a"], params={"mark": "?"}) == ["A?"]


@pytest.mark.parametrize(
    ("example", "answer"),
    [
        (TABLE.head(2), [0.0, 2.0]),
        (["x", "y"], ["X", "Y"]),
        ("x", ["X"]),
        ({"a": "x"}, ["X"]),
        ([{"a": "x"}, {"a": "y"}], ["X", "Y"]),
        ((["x"], {"mark": "!"}), ["X!"]),
    ],
    ids=["table", "texts", "text", "row", "rows", "with params"],
)
def test_a_server_takes_the_example_that_is_for_it(
    tmp_path: Path, monkeypatch: Any, capsys: Any, example: Any, answer: Any
) -> None:
    if isinstance(example, pandas.DataFrame):
        ct.sklearn.save_model(LINE, tmp_path / "m", input_example=example)
    else:
        saved(tmp_path / "m", Shouting(), example)
    assert Model.load(tmp_path / "m").signature is not None
    monkeypatch.setenv("CLOUDTRACK_TRUST_MODELS", "1")
    ct.models.predict(str(tmp_path / "m"), (tmp_path / "m" / "serving_input_example.json").read_text())
    answered = json.loads(capsys.readouterr().out)["predictions"]
    assert answered == (pytest.approx(answer) if isinstance(answer[0], float) else answer)


def test_a_model_that_would_not_take_what_the_signature_makes_of_data_has_none(tmp_path: Path) -> None:
    class Dictionaries(Shouting):
        def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
            return [row["a"] for row in model_input]

    assert saved(tmp_path / "m", Dictionaries(), [{"a": "x"}]).signature is None
    assert ct.pyfunc.load_model(str(tmp_path / "m"), trust=True).predict([{"a": "x"}]) == ["x"]


def test_outputs_that_no_signature_describes_are_left_out(tmp_path: Path, caplog: Any) -> None:
    with caplog.at_level(logging.WARNING):
        model = saved(tmp_path / "m", Opaque(), ["x"])
    assert model.signature == infer_signature(["x"])
    assert "says nothing of its outputs: a signature does not describe values of the type object" in caplog.text


def test_a_model_that_does_not_predict_has_none_and_says_why(tmp_path: Path, caplog: Any) -> None:
    with caplog.at_level(logging.WARNING):
        assert saved(tmp_path / "m", Failing(), ["x"]).signature is None
    assert "did not predict for its input_example (ValueError: not today): give signature=" in caplog.text
    assert "nor tomorrow" not in caplog.text
    assert (tmp_path / "m" / "python_model.pkl").exists()


def test_a_model_that_has_no_predict_has_none(tmp_path: Path, caplog: Any) -> None:
    with caplog.at_level(logging.WARNING):
        assert ct.sklearn.save_model(StandardScaler().fit(TABLE), tmp_path / "m", input_example=TABLE).signature is None
    assert "has no method 'predict'" in caplog.text


def test_the_example_stays_as_it_was(tmp_path: Path) -> None:
    example = pandas.DataFrame({"a": ["x"]})
    assert saved(tmp_path / "m", Greedy(), example).signature == infer_signature(example, [1])
    assert example["a"].tolist() == ["x"]


def test_a_model_with_code_leaves_no_trace(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "loud_voice.py").write_text(
        "import cloudtrack as ct\n\nclass Loud(ct.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        import late_voice\n\n        return [late_voice.size(model_input)]\n"
    )
    (tmp_path / "late_voice.py").write_text("size = len\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = sys.path[:]
    from loud_voice import Loud  # type: ignore[import-not-found]

    monkeypatch.delitem(sys.modules, "loud_voice")
    names = ["late_voice.py", "loud_voice.py"]
    model = saved(tmp_path / "m", Loud(), {"a": 1}, code_paths=[str(tmp_path / name) for name in names])
    monkeypatch.delitem(sys.modules, "late_voice", raising=False)
    monkeypatch.delitem(sys.modules, "loud_voice", raising=False)
    assert model.signature == infer_signature({"a": 1}, [1])
    assert sys.path == path
    assert sorted(file.name for file in (tmp_path / "m" / "code").iterdir()) == names


def test_a_tensor_has_the_type_of_its_array() -> None:
    class Type:
        """A type of a framework's own, that numpy does not know."""

    class Tensor:
        dtype = Type()
        shape = (2, 3)

        def __array__(self, *_: Any, **__: Any) -> Any:
            return numpy.zeros((2, 3), "float32")

    assert infer_signature(Tensor()) == infer_signature(numpy.zeros((2, 3), "float32"))

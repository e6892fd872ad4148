"""The models of the corpus, saved by us so that MLflow and we serve the same folders.

Most of them say what they were given: so an answer shows how a request was read and held against the signature.
Classes are pickled by value: MLflow's server knows nothing of this module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cloudpickle
import numpy
import pandas
from sklearn.tree import DecisionTreeRegressor

import cloudtrack as ct
from cloudtrack.models.schema import ColSpec, ColumnType, Schema, TensorSpec
from cloudtrack.models.signature import ModelSignature, ParamSpec


def describe(value: Any) -> Any:
    """What a model was given, in JSON."""
    if isinstance(value, pandas.DataFrame):
        rows = [[repr(cell) for cell in row] for row in value.itertuples(index=False, name=None)]
        return {"frame": [[str(name), str(dtype)] for name, dtype in value.dtypes.items()], "rows": rows}
    if isinstance(value, numpy.ndarray):
        return {"array": str(value.dtype), "shape": list(value.shape), "values": repr(value.tolist())}
    if isinstance(value, dict):
        return {"dict": {str(key): describe(part) for key, part in value.items()}}
    if isinstance(value, list):
        return {"list": [describe(part) for part in value]}
    return {type(value).__name__: repr(value)}


class Echo:
    """Says what it was given."""

    predict_type_hints = SimpleNamespace(input=None, output=None)
    """MLflow's server looks for it: there are none."""

    def load_context(self, context: Any) -> None:
        pass

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return [describe(model_input)] if not params else [describe(model_input), describe(params)]


class Answers(Echo):
    """Gives what it is asked for by name."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        name = model_input["what"] if isinstance(model_input, dict) else model_input.iloc[0, 0]
        return make_answer(str(name))


class Raising(Echo):
    """Fails as it is told to."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        name = model_input["what"] if isinstance(model_input, dict) else model_input.iloc[0, 0]
        failures = {"value": ValueError("secret-of-the-model"), "key": KeyError("gone"), "type": TypeError("no")}
        if name == "zero":
            return 1 // 0
        if name == "deep":
            return self.predict(context, model_input, params)
        raise failures[str(name)]


class Waiting(Echo):
    """Says in a folder that it has begun, and waits until something is said there."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        import time

        folder = Path(str(model_input.iloc[0, 0]))
        (folder / "begun").touch()
        while not (folder / "end").exists():
            time.sleep(0.01)
        return "ended"


class Constant(Echo):
    """Always gives the same, read from its file as late as can be."""

    def load_context(self, context: Any) -> None:
        self._path = Path(context.artifacts["constant"])

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return self._path.read_text()


def make_answer(name: str) -> Any:
    """One of the values that models return."""
    return _answers()[name]()


def _answers() -> dict[str, Callable[[], Any]]:
    """Values of all kinds that models return, by name."""
    import datetime
    import decimal
    import uuid

    when = pandas.Timestamp("2024-02-29T12:34:56.789")
    frame = pandas.DataFrame({"a": [1, 2], "b": [0.5, None], "c": ["x", None]})
    return {
        "dict": lambda: {"a": 1, "b": [1.5, None]},
        "list": lambda: [1, "two", None, True],
        "tuple": lambda: (1, 2),
        "string": lambda: "a text ü",
        "none": lambda: None,
        "int": lambda: 3,
        "bool": lambda: True,
        "float": lambda: 0.1,
        "nan": lambda: float("nan"),
        "infinity": lambda: [float("inf"), -float("inf")],
        "list-nan": lambda: [1.0, float("nan")],
        "huge-int": lambda: 10**30,
        "frame": lambda: frame,
        "frame-index": lambda: frame.set_index("c"),
        "frame-empty": pandas.DataFrame,
        "frame-dates": lambda: pandas.DataFrame({"when": [when, None]}),
        "frame-zone": lambda: pandas.DataFrame({"when": [when.tz_localize("UTC")]}),
        "frame-bytes": lambda: pandas.DataFrame({"b": [b"\x00\xff"]}),
        "frame-bool": lambda: pandas.DataFrame({"b": [True, False]}),
        "frame-nullable": lambda: pandas.DataFrame({"n": pandas.array([1, None], dtype="Int64")}),
        "frame-category": lambda: pandas.DataFrame({"c": pandas.Categorical(["x", "y"])}),
        "frame-nested": lambda: pandas.DataFrame({"n": [[1, 2], {"k": 1}]}),
        "frame-arrays": lambda: pandas.DataFrame({"n": [numpy.array([1, 2]), numpy.array([3.5, 4])]}),
        "frame-int-names": lambda: pandas.DataFrame([[1, 2]]),
        "frame-twice": lambda: pandas.DataFrame([[1, 2]], columns=["a", "a"]),
        "frame-float32": lambda: pandas.DataFrame({"f": numpy.array([0.1, 2], dtype="float32")}),
        "frame-infinity": lambda: pandas.DataFrame({"f": [float("inf"), 1.0]}),
        "series": lambda: pandas.Series([1.5, 2.5], name="s"),
        "series-nan": lambda: pandas.Series([1.5, None]),
        "series-index": lambda: pandas.Series([1, 2], index=["p", "q"]),
        "series-dates": lambda: pandas.Series([when]),
        "array": lambda: numpy.array([1, 2, 3]),
        "array-float": lambda: numpy.array([0.1, 1e300, -0.0]),
        "array-float32": lambda: numpy.array([0.1, 3.5], dtype="float32"),
        "array-nan": lambda: numpy.array([1.0, numpy.nan, numpy.inf]),
        "array-2d": lambda: numpy.array([[1, 2], [3, 4]]),
        "array-zero": lambda: numpy.array(5),
        "array-empty": lambda: numpy.array([]),
        "array-text": lambda: numpy.array(["a", "b"]),
        "array-bool": lambda: numpy.array([True, False]),
        "array-dates": lambda: numpy.array(["2024-01-01", "NaT"], dtype="datetime64[ns]"),
        "array-days": lambda: numpy.array(["2024-01-01"], dtype="datetime64[D]"),
        "array-bytes": lambda: numpy.array([b"ab", b"c"]),
        "array-object": lambda: numpy.array([1, "a", None], dtype=object),
        "array-object-bytes": lambda: numpy.array([b"\x00\xff", b""], dtype=object),
        "array-complex": lambda: numpy.array([1 + 2j]),
        "scalar-int64": lambda: numpy.int64(7),
        "scalar-float32": lambda: numpy.float32(0.1),
        "scalar-bool": lambda: numpy.bool_(True),
        "scalar-datetime": lambda: numpy.datetime64("2024-01-01T00:00:00"),
        "list-scalars": lambda: [numpy.float32(0.5), numpy.int8(1), numpy.str_("s")],
        "list-arrays": lambda: [numpy.array([1, 2]), numpy.array([3.5])],
        "list-frames": lambda: [frame.head(1)],
        "dict-arrays": lambda: {"a": numpy.array([1, 2]), "b": numpy.array([[0.5]])},
        "dict-frame": lambda: {"a": frame.head(1)},
        "dict-series": lambda: {"a": pandas.Series([1])},
        "dict-int-keys": lambda: {1: "a", 2.5: "b", None: "c"},
        "dict-tuple-keys": lambda: {(1, 2): "a"},
        "dict-numpy-keys": lambda: {numpy.int64(1): "a"},
        "bytes": lambda: b"\x00\xffab",
        "list-bytes": lambda: [b"ab"],
        "bytearray": lambda: bytearray(b"ab"),
        "datetime": lambda: datetime.datetime(2024, 2, 29, 12, 30, 15, 5),
        "datetime-zone": lambda: datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.UTC),
        "date": lambda: datetime.date(2024, 2, 29),
        "time": lambda: datetime.time(12, 30),
        "timestamp": lambda: when,
        "nat": lambda: pandas.NaT,
        "na": lambda: pandas.NA,
        "timedelta": lambda: datetime.timedelta(days=1),
        "decimal": lambda: decimal.Decimal("1.5"),
        "uuid": lambda: uuid.UUID(int=1),
        "set": lambda: {1},
        "object": object,
        "generator": lambda: (number for number in range(2)),
        "surrogate": lambda: "\ud800",
        "index": lambda: pandas.Index([1, 2]),
    }


ANSWERS = list(_answers())
"""The names of all that ``make_answer`` makes."""


@contextmanager
def _by_value() -> Iterator[None]:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def _save(python_model: Any, signature: ModelSignature | None, folder: Path) -> None:
    with _by_value():
        ct.pyfunc.save_model(folder, python_model=python_model, signature=signature)


def save_waiting(folder: Path) -> None:
    """A model that predicts as long as it is told to."""
    _save(Waiting(), None, folder)


def save_constant(folder: Path, value: str) -> None:
    """A model that always gives ``value``, and loads in no time."""
    file = folder.with_suffix(".txt")
    file.write_text(value)
    with _by_value():
        ct.pyfunc.save_model(folder, python_model=Constant(), artifacts={"constant": file})


def register_constant(name: str, value: str, folder: Path) -> int:
    """The version of a new model that always gives ``value``, in the store in force."""
    (folder / f"{value}.txt").write_text(value)
    with _by_value(), ct.start_run():
        info = ct.pyfunc.log_model(
            name="constant",
            python_model=Constant(),
            artifacts={"constant": folder / f"{value}.txt"},
            registered_model_name=name,
        )
    assert info.registered_model_version is not None
    return info.registered_model_version


def _columns(*specs: ColSpec) -> Schema:
    return Schema(specs)


COLUMNS = ModelSignature(inputs=_columns(ColSpec("double", "a"), ColSpec("double", "b")))
MIXED = ModelSignature(
    inputs=_columns(
        ColSpec("integer", "int"),
        ColSpec("long", "long"),
        ColSpec("float", "float"),
        ColSpec("double", "double"),
        ColSpec("string", "text"),
        ColSpec("boolean", "bool"),
        ColSpec("datetime", "when"),
        ColSpec("binary", "bytes"),
        ColSpec("double", "maybe_double", required=False),
        ColSpec("long", "maybe_long", required=False),
        ColSpec("string", "maybe_text", required=False),
        ColSpec("datetime", "maybe_when", required=False),
        ColSpec("boolean", "maybe_bool", required=False),
    )
)
LIGHT = ModelSignature(
    inputs=_columns(
        ColSpec("long", "n"),
        ColSpec("datetime", "when", required=False),
        ColSpec("double", "x", required=False),
        ColSpec("string", "text", required=False),
        ColSpec("boolean", "flag", required=False),
        ColSpec("integer", "small", required=False),
        ColSpec("float", "f", required=False),
        ColSpec("binary", "raw", required=False),
    )
)
_PERSON = ColumnType.from_dict(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string", "required": True},
            "age": {"type": "long", "required": False},
            "scores": {"type": "array", "items": {"type": "double"}, "required": False},
        },
    }
)
NESTED = ModelSignature(
    inputs=_columns(
        ColSpec(ColumnType("array", ColumnType("double")), "numbers"),
        ColSpec(_PERSON, "person", required=False),
        ColSpec(ColumnType("map", ColumnType("long")), "counts", required=False),
        ColSpec(ColumnType("any"), "any", required=False),
        ColSpec(ColumnType("array", ColumnType("string")), "words", required=False),
    )
)
TEXTS = ModelSignature(inputs=Schema((ColSpec("string"),)))
UNNAMED = ModelSignature(inputs=_columns(ColSpec("double"), ColSpec("long")))
TENSOR = ModelSignature(inputs=Schema((TensorSpec("float32", (-1, 2, 2)),)))
TENSORS = ModelSignature(
    inputs=Schema((TensorSpec("float64", (-1, 2), "x"), TensorSpec("int64", (-1,), "y"))),
)
PARAMS = ModelSignature(
    inputs=_columns(ColSpec("double", "a")),
    params=(
        ParamSpec("temperature", "double", 0.5),
        ParamSpec("count", "long", 3),
        ParamSpec("small", "integer", 1),
        ParamSpec("name", "string", "x"),
        ParamSpec("flag", "boolean", False),
        ParamSpec("stop", "string", ["a"], (-1,)),
        ParamSpec("f", "float", 0.5),
        ParamSpec("when", "datetime", "2024-01-01T00:00:00"),
    ),
)


def _tree(folder: Path, signature: ModelSignature | None) -> None:
    frame = pandas.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0, 0.0]})
    model = DecisionTreeRegressor(random_state=0).fit(frame, [0.0, 10.5, 20.25, 1 / 3])
    ct.sklearn.save_model(model, folder, signature=signature)


MODELS: dict[str, Callable[[Path], None]] = {
    "sklearn": lambda folder: _tree(folder, COLUMNS),
    "sklearn-plain": lambda folder: _tree(folder, None),
    "mixed": lambda folder: _save(Echo(), MIXED, folder),
    "light": lambda folder: _save(Echo(), LIGHT, folder),
    "nested": lambda folder: _save(Echo(), NESTED, folder),
    "unnamed": lambda folder: _save(Echo(), UNNAMED, folder),
    "texts": lambda folder: _save(Echo(), TEXTS, folder),
    "tensor": lambda folder: _save(Echo(), TENSOR, folder),
    "tensors": lambda folder: _save(Echo(), TENSORS, folder),
    "plain": lambda folder: _save(Echo(), None, folder),
    "params": lambda folder: _save(Echo(), PARAMS, folder),
    "answers": lambda folder: _save(Answers(), None, folder),
    "raising": lambda folder: _save(Raising(), None, folder),
}
"""How each model is saved into a folder."""

"""Models are handed what MLflow hands them: the golden file keeps what MLflow 3.17 made of each case."""

from __future__ import annotations

import datetime
import json
import logging
import os
from typing import Any

import numpy
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtrack.errors import InvalidInput
from cloudtrack.models.enforcement import enforce_input
from cloudtrack.models.infer import infer_schema, infer_signature
from cloudtrack.models.schema import ColSpec, ColumnType, Schema
from cloudtrack.models.signature import ModelSignature, ParamSpec
from tests.models.enforcement.case import Case, Form, array, column, maps, obj, table
from tests.models.enforcement.columns import TABLES
from tests.models.enforcement.corpus import CORPUS
from tests.models.enforcement.differences import DIFFERENCES, difference_of
from tests.models.enforcement.in_ours import Echo, loaded, outcomes, signature_of
from tests.models.enforcement.record import GOLDEN, OURS, does, exactly, record
from tests.recorded import with_pandas_3
from tests.thoroughness import examples

FEWEST_CASES = 1900
MOST_DIFFERENT = 350


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    return json.loads(GOLDEN.read_text())


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    return outcomes()


@with_pandas_3
def test_models_are_handed_what_mlflow_hands_them(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert list(ours) == list(theirs), "record anew: python -m tests.models.enforcement.record"
    found = [
        f"{name}: {kind}\n  MLflow: {exactly(theirs[name])}\n  ours:   {exactly(ours[name])}"
        for name in ours
        if (kind := does(ours[name], theirs[name])) and difference_of(name, kind) is None
    ]
    assert not found, "\n".join(found)


@with_pandas_3
def test_what_differs_on_purpose_is_what_is_meant(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    different = {name: kind for name in ours if (kind := does(ours[name], theirs[name]))}
    assert exactly({name: ours[name] for name in different}) == exactly(json.loads(OURS.read_text()))
    used = {id(difference_of(name, kind)) for name, kind in different.items()}
    unused = [difference.reason for difference in DIFFERENCES if id(difference) not in used]
    assert not unused, f"no longer needed: {unused}"


def test_the_corpus_is_large_and_nearly_all_of_it_agrees() -> None:
    assert len({case.name for case in CORPUS}) == len(CORPUS) >= FEWEST_CASES
    assert len(json.loads(OURS.read_text())) <= MOST_DIFFERENT


@pytest.mark.mlflow
@pytest.mark.slow
@pytest.mark.skipif(
    "CLOUDTRACK_MLFLOW_PYTHON" not in os.environ, reason="CLOUDTRACK_MLFLOW_PYTHON names no interpreter with mlflow"
)
def test_the_golden_file_is_what_mlflow_does_today(theirs: dict[str, Any]) -> None:
    assert exactly(record(os.environ["CLOUDTRACK_MLFLOW_PYTHON"])) == exactly(theirs)


def test_no_value_of_a_table_is_changed() -> None:
    compared = 0
    for case in TABLES:
        data, signature = case.data(), signature_of(case)
        if signature is None or signature.inputs is None or not isinstance(data, pandas.DataFrame):
            continue
        try:
            found = enforce_input(data, signature.inputs)
        except InvalidInput:
            continue
        for place, name in enumerate(found.columns):
            before, after = data[name].tolist(), found.iloc[:, place].tolist()
            assert len(before) == len(after), case.name
            for old, new in zip(before, after, strict=True):
                assert _is_same(old, new), (case.name, old, new)
                compared += 1
    assert compared > 300


def _is_same(old: Any, new: Any) -> bool:
    if old is new or (_is_missing(old) and _is_missing(new)):
        return True
    if isinstance(new, pandas.Timestamp):
        return pandas.Timestamp(old) == new
    return bool(old == new)


def _is_missing(value: Any) -> bool:
    return value is None or value is pandas.NA or value is pandas.NaT or value != value


def test_each_refusal_names_the_place_and_says_what_to_do() -> None:
    refusals = {case.name: _refusal(case) for case in TABLES}
    said = {name: words for name, words in refusals.items() if words}
    assert len(said) > 400
    for name, words in said.items():
        assert "column" in words, (name, words)
        assert any(verb in words for verb in ("model takes", "fill", "give", "rename", "convert")), (name, words)


def _refusal(case: Case) -> str:
    signature = signature_of(case)
    try:
        if signature is not None and signature.inputs is not None:
            enforce_input(case.data(), signature.inputs)
    except InvalidInput as error:
        return str(error)
    return ""


def test_data_for_another_model_is_taken_or_refused_but_raises_nothing_else() -> None:
    schemas = {json.dumps(case.inputs): signature_of(case) for case in CORPUS if case.inputs is not None}
    containers = [
        case for case in CORPUS if case.name.startswith(("containers", "names", "sparse", "tensors", "order"))
    ]
    refused = 0
    for signature in schemas.values():
        assert signature is not None
        assert signature.inputs is not None
        for case in containers:
            try:
                enforce_input(case.data(), signature.inputs)
            except InvalidInput:
                refused += 1
    assert len(schemas) > 70
    assert refused > 5000


FRAMES = {
    "numbers": pandas.DataFrame(numpy.arange(12.0).reshape(3, 4, order="F"), columns=list("abcd")),
    "mixed": pandas.DataFrame({"n": [1, 2], "t": ["x", "y"], "b": [True, False]}),
    "dates": pandas.DataFrame({"w": pandas.to_datetime(["2024-01-01"]).astype("datetime64[ns]")}),
    "nested": pandas.DataFrame({"l": [[1, 2], [3]], "o": [{"k": [0.5]}, {"k": []}]}),
    "bytes": pandas.DataFrame({"r": [b"x", None]}),
    "gaps": pandas.DataFrame({"n": pandas.array([1, None], dtype="Int64"), "f": [0.5, None], "t": ["x", None]}),
    "categories": pandas.DataFrame({"c": pandas.Categorical(["x", "y"])}),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_table_that_fits_is_handed_over_itself(name: str) -> None:
    frame = FRAMES[name]
    assert enforce_input(frame, infer_schema(frame)) is frame


def test_an_array_that_fits_is_handed_over_itself() -> None:
    data = numpy.asfortranarray(numpy.zeros((3, 2)))
    assert enforce_input(data, infer_schema(data)) is data
    masked = numpy.ma.masked_array([[0.5, 1.0]], mask=[[True, False]])
    assert enforce_input(masked, infer_schema(data)) is masked


SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(),
    "string": st.text(max_size=5),
    "binary": st.binary(max_size=5),
    "datetime": st.datetimes(),
}
NAMES = st.text("abcxyz", min_size=1, max_size=3)
KINDS = st.recursive(
    st.sampled_from(sorted(SCALARS)).map(lambda name: {"type": name}),
    lambda inner: st.one_of(
        inner.map(array),
        inner.map(maps),
        st.dictionaries(NAMES, inner, min_size=1, max_size=3).map(lambda parts: obj(**parts)),
    ),
    max_leaves=6,
)


def values_of(kind: Form) -> st.SearchStrategy[Any]:
    """Data that fits a type."""
    if kind["type"] == "array":
        return st.lists(values_of(kind["items"]), max_size=3)
    if kind["type"] == "map":
        return st.dictionaries(NAMES, values_of(kind["values"]), max_size=3)
    if kind["type"] == "object":
        return st.fixed_dictionaries({name: values_of(part) for name, part in kind["properties"].items()})
    return SCALARS[kind["type"]]


def places(value: Any, kind: Form, path: str) -> list[tuple[list[Any], str]]:
    """The way to each scalar in the data, and how an error names it."""
    if kind["type"] == "array":
        parts = [(at, item, kind["items"], f"{path}[{at}]") for at, item in enumerate(value)]
    elif kind["type"] == "map":
        parts = [(key, item, kind["values"], f"{path}.{key}") for key, item in value.items()]
    elif kind["type"] == "object":
        parts = [(key, value[key], part, f"{path}.{key}") for key, part in kind["properties"].items()]
    else:
        return [([], path)]
    return [([at, *way], found) for at, item, part, name in parts for way, found in places(item, part, name)]


@settings(max_examples=examples(200), deadline=None)
@given(st.data())
def test_nested_data_passes_untouched_and_a_defect_is_named_by_its_path(data: st.DataObject) -> None:
    kind = data.draw(KINDS.filter(lambda form: form["type"] in ("array", "map", "object")))
    value = data.draw(values_of(kind))
    schema = Schema((ColSpec(ColumnType.from_dict(kind), "order"),))
    frame = pandas.DataFrame({"order": pandas.Series([value], dtype="object")})
    assert enforce_input(frame, schema) is frame
    scalars = places(value, kind, "order")
    if not scalars:
        return
    way, path = data.draw(st.sampled_from(scalars))
    holder = value
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = {"planted": 1}
    with pytest.raises(InvalidInput) as caught:
        enforce_input(frame, schema)
    assert f"in row 0, {path} is " in str(caught.value)


def test_a_defect_deep_inside_is_named_by_its_row_and_path() -> None:
    schema = Schema.from_json(json.dumps(table(order=obj(items=array(obj(price="double", tag="string?"))))))
    rows: list[Any] = [{"order": {"items": [{"price": 0.5}] * 4}} for _ in range(3)]
    rows[2]["order"]["items"] = [{"price": 0.5}, {"price": 1.5}, {"price": 2.5}, {"price": "high"}]
    with pytest.raises(InvalidInput, match=r"in row 2, order\.items\[3\]\.price is 'high' \(str\)"):
        enforce_input(rows, schema)
    rows[2]["order"]["items"][3] = {"tag": "x"}
    with pytest.raises(InvalidInput, match=r"order\.items\[3\]\.price is missing"):
        enforce_input(rows, schema)
    rows[2]["order"]["items"][3] = {"price": 0.5, "more": 1}
    with pytest.raises(InvalidInput, match=r"order\.items\[3\]\.more is not in the signature"):
        enforce_input(rows, schema)


CELLS = [
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=3),
    st.booleans(),
    st.binary(max_size=3),
    st.dates(min_value=pandas.Timestamp("1700-01-01").date(), max_value=pandas.Timestamp("2200-01-01").date()),
    st.lists(st.integers(0, 9), min_size=1, max_size=3),
    st.fixed_dictionaries({"k": st.integers(0, 9)}, optional={"o": st.text(max_size=2)}),
]


@settings(max_examples=examples(200), deadline=None)
@given(st.data(), st.booleans())
def test_what_a_signature_is_inferred_from_fits_it(data: st.DataObject, has_gaps: bool) -> None:
    columns = data.draw(st.lists(st.sampled_from(CELLS), min_size=1, max_size=3))
    cells = [st.one_of(cell, st.none()) if has_gaps else cell for cell in columns]
    rows = data.draw(st.lists(st.tuples(*cells), min_size=1, max_size=4))
    frame = pandas.DataFrame({f"c{at}": list(column) for at, column in enumerate(zip(*rows, strict=True))})
    found = enforce_input(frame, infer_schema(frame))
    assert list(found.columns) == list(frame.columns)
    for name in frame.columns:
        assert all(_is_same(*pair) for pair in zip(frame[name].tolist(), found[name].tolist(), strict=True))


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5), st.sampled_from(["float", "double"]))
def test_a_whole_number_becomes_a_float_or_is_refused_but_never_another_number(numbers: list[int], kind: str) -> None:
    schema = Schema.from_json(json.dumps([column(kind, "a")]))
    frame = pandas.DataFrame({"a": numbers})
    if max(map(abs, numbers)) > (2**24 if kind == "float" else 2**53):
        with pytest.raises(InvalidInput, match="'a'"):
            enforce_input(frame, schema)
    else:
        assert [int(number) for number in enforce_input(frame, schema)["a"]] == numbers


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"a": [1, 2], "b": [1.0]}, "'a' has 2, 'b' has 1; give each the same"),
        (pandas.DataFrame([[1, 2, 3.0]], columns=["a", "a", "b"]), "'a' is there more than once"),
        (pandas.DataFrame({"a": [1]}), "'b' is missing"),
        ([[1, 2.0]], "list of dictionaries"),
        (numpy.zeros((1, 3)), r"shape \(1, 3\)"),
        (None, "not a NoneType"),
    ],
    ids=["lengths", "twice", "missing", "lists", "shape", "none"],
)
def test_what_makes_no_table_is_said_to_be_so(data: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        enforce_input(data, Schema((ColSpec("long", "a"), ColSpec("double", "b"))))


def test_a_table_of_another_library_is_refused_with_the_way_out() -> None:
    polars = pytest.importorskip("polars", reason="the package polars is not installed")
    frame = polars.DataFrame({"a": [1], "b": [2.0]})
    schema = Schema((ColSpec("long", "a"), ColSpec("double", "b")))
    with pytest.raises(InvalidInput, match=r"call its to_pandas\(\)"):
        enforce_input(frame, schema)
    assert enforce_input(frame.to_pandas(), schema)["b"].tolist() == [2.0]


def test_a_value_beside_lists_is_that_of_each_row() -> None:
    schema = Schema((ColSpec("long", "a"), ColSpec("double", "b")))
    assert enforce_input({"a": 1, "b": [2.0, 3.0]}, schema)["a"].tolist() == [1, 1]


def test_moments_with_a_zone_are_refused_with_the_way_out() -> None:
    frame = pandas.DataFrame({"w": pandas.to_datetime(["2024-01-01T01:00"]).tz_localize("Europe/Berlin")})
    schema = Schema((ColSpec("datetime", "w"),))
    with pytest.raises(InvalidInput, match=r"'w' has a time zone.*tz_convert"):
        enforce_input(frame, schema)
    frame["w"] = frame["w"].dt.tz_convert("UTC").dt.tz_localize(None)
    assert enforce_input(frame, schema)["w"].tolist() == [pandas.Timestamp("2024-01-01")]


def test_a_param_that_the_signature_does_not_have_is_left_out_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = loaded(Echo(), infer_signature([1], params={"t": 0.5}))
    with caplog.at_level(logging.WARNING):
        assert model.predict([1], params={"z": 1})["params"] == {"dict": {"'t'": "float 0.5"}}
    assert "'z'" in caplog.text
    assert "'t'" in caplog.text


@pytest.mark.parametrize(("given_params", "seen"), [(None, None), ({}, {}), ({"z": 1}, {})])
def test_a_python_model_that_takes_params_is_told_whether_there_were_any(given_params: Any, seen: Any) -> None:
    class Model:
        def predict(self, context: Any, model_input: Any, params: Any = "nothing") -> Any:
            return params

    assert loaded(Model(), infer_signature([1])).predict([1], params=given_params) == seen


def test_a_param_that_is_an_object_is_kept_as_mlflow_keeps_it() -> None:
    signature = infer_signature(params={"p": {"x": 1, "y": [0.5]}})
    (form,) = json.loads(signature.to_dict()["params"] or "")
    assert form == {
        "name": "p",
        "default": {"x": 1, "y": [0.5]},
        "shape": None,
        "type": "object",
        "properties": {
            "x": {"type": "long", "required": True},
            "y": {"type": "array", "items": {"type": "double"}, "required": True},
        },
    }
    assert ModelSignature.from_dict(signature.to_dict()) == signature
    with pytest.raises(InvalidInput, match=r"the param 'p'\.y\[1\] is 'x'"):
        loaded(Echo(), signature).predict([1], params={"p": {"x": 1, "y": [0.5, "x"]}})


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (datetime.datetime(2024, 1, 1), {"default": "2024-01-01T00:00:00", "shape": None, "type": "datetime"}),
        ([datetime.datetime(2024, 1, 1)], {"default": ["2024-01-01T00:00:00"], "shape": [-1], "type": "datetime"}),
        (numpy.float32(0.5), {"default": 0.5, "shape": None, "type": "float"}),
        (numpy.array([1, 2]), {"default": [1, 2], "shape": [-1], "type": "long"}),
        ([1, 0.5], {"default": [1, 0.5], "shape": [-1], "type": "double"}),
    ],
    ids=["datetime", "datetimes", "float", "array", "mixed"],
)
def test_params_are_inferred_as_mlflow_infers_them(value: Any, kept: Any) -> None:
    (form,) = json.loads(infer_signature(params={"p": value}).to_dict()["params"] or "")
    assert form == {"name": "p", **kept}


def test_a_param_that_does_not_fit_is_named() -> None:
    signature = ModelSignature(params=(ParamSpec("stop", "string", ["x"], (-1,)), ParamSpec("when", "datetime", None)))
    model = loaded(Echo(), signature)
    with pytest.raises(InvalidInput, match=r"'stop'\[1\] is 3"):
        model.predict([1], params={"stop": ["a", 3]})
    with pytest.raises(InvalidInput, match=r"'when' is 'soon'.*ISO"):
        model.predict([1], params={"when": "soon"})
    with pytest.raises(InvalidInput, match=r"'when' is .*microsecond"):
        model.predict([1], params={"when": "2024-01-01T00:00:00.123456789"})


def test_arrays_that_do_not_fit_are_named() -> None:
    schema = infer_schema({"x": numpy.zeros((1, 2), "float32"), "y": numpy.array([1])})
    with pytest.raises(InvalidInput, match=r"'x' is of type float64; the model takes float32.*astype"):
        enforce_input({"x": numpy.zeros((1, 2)), "y": numpy.array([1])}, schema)
    with pytest.raises(InvalidInput, match=r"'y' has the shape \(1, 1\)"):
        enforce_input({"x": numpy.zeros((1, 2), "float32"), "y": numpy.array([[1]])}, schema)
    with pytest.raises(InvalidInput, match="'x' is ragged"):
        enforce_input(pandas.DataFrame({"x": [[1.0, 2.0], [1.0]], "y": [1, 2]}), schema)

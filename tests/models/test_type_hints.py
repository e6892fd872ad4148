"""A ``predict`` with type hints is given data in those types."""

from __future__ import annotations

import datetime
import json
import pathlib
from pathlib import Path
from typing import Any

import pandas
import pydantic
import pytest

import cloudtrack as ct
from cloudtrack.errors import InvalidInput
from cloudtrack.flavors.hinted_signature import hinted_signature
from cloudtrack.flavors.type_hints import pyfunc
from cloudtrack.models.schema import ColSpec, ColumnType, Schema
from cloudtrack.models.signature import ModelSignature
from cloudtrack.scoring.reading import read_input
from tests.scripts import run_script

ROWS = [{"role": "system", "content": "Hello"}]


class Message(pydantic.BaseModel):
    role: str
    content: str


class Talker(ct.pyfunc.PythonModel):
    def predict(self, model_input: list[Message], params: dict[str, Any] | None = None) -> list[str]:  # type: ignore[override]
        return [message.content for message in model_input]


class WithContext(ct.pyfunc.PythonModel):
    def predict(self, context: Any, model_input: list[dict[str, str]], params: dict[str, Any] | None = None) -> Any:
        return [row["content"] for row in model_input]


@pytest.mark.parametrize("given", [ROWS, [Message(**ROWS[0])], pandas.DataFrame(ROWS)], ids=["rows", "made", "frame"])
def test_rows_become_what_the_hint_names(given: Any) -> None:
    assert Talker().predict(given) == ["Hello"]
    assert Talker().predict(model_input=given) == ["Hello"]


def test_a_model_that_is_saved_converts_too(tmp_path: Path) -> None:
    ct.pyfunc.save_model(tmp_path / "talker", python_model=Talker())
    ct.pyfunc.save_model(
        tmp_path / "signed", python_model=WithContext(), signature=ct.models.infer_signature(ROWS, ["Hello"])
    )
    for name in ("talker", "signed"):
        model = ct.pyfunc.load_model(str(tmp_path / name), trust=True)
        assert model.predict(ROWS) == ["Hello"]
        assert model.predict(pandas.DataFrame(ROWS)) == ["Hello"]


def test_a_function_has_its_input_converted(tmp_path: Path) -> None:
    def lengths(words: list[str]) -> list[int]:
        return [len(word) for word in words]

    ct.pyfunc.save_model(tmp_path / "model", python_model=lengths)
    model = ct.pyfunc.load_model(str(tmp_path / "model"), trust=True)
    assert model.predict(pandas.DataFrame({"any": ["a", "bb"]})) == model.predict(["a", "bb"]) == [1, 2]
    assert pyfunc(lengths)(pandas.Series(["a", "bb"])) == [1, 2]


@pytest.mark.parametrize("given", [[{"role": "system"}], "Hello", [1], pandas.DataFrame({"role": ["a"]})])
def test_what_is_not_of_the_type_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInput, match="the model takes list"):
        Talker().predict(given)


class Node(pydantic.BaseModel):
    name: str
    size: float | None = None
    weight: int = 1
    parts: list[Node] = []
    counts: dict[str, list[bool]]
    mixed: int | str


STRING, LONG = ColumnType("string"), ColumnType("long")
KINDS: list[tuple[Any, ColumnType]] = [
    (list[str], STRING),
    (list[int], LONG),
    (list[datetime.date], ColumnType("datetime")),
    (list[list[bytes]], ColumnType("array", items=ColumnType("binary"))),
    (list[dict[str, int]], ColumnType("map", items=LONG)),
    (list[int | str], ColumnType("any")),
    (
        list[Node],
        ColumnType(
            "object",
            properties=(
                ("counts", ColumnType("map", items=ColumnType("array", items=ColumnType("boolean"))), True),
                ("mixed", ColumnType("any"), True),
                ("name", STRING, True),
                ("parts", ColumnType("array", items=ColumnType("any")), False),
                ("size", ColumnType("double"), False),
                ("weight", LONG, False),
            ),
        ),
    ),
]


@pytest.mark.parametrize(("hint", "kind"), KINDS, ids=str)
def test_hints_are_the_signature(hint: Any, kind: ColumnType) -> None:
    def predict(model_input: Any) -> Any:
        return model_input

    predict.__annotations__.update({"model_input": hint, "return": list[int]})
    assert hinted_signature(predict) == ModelSignature(Schema((ColSpec(kind),)), Schema((ColSpec(LONG),)))


def test_what_no_signature_describes_makes_none() -> None:
    def opaque(model_input: list[pathlib.Path]) -> list[int]:
        return [len(str(path)) for path in model_input]

    def secret(model_input: list[str]) -> pathlib.Path:
        return pathlib.Path(model_input[0])

    assert hinted_signature(opaque) is None
    assert hinted_signature(len) is None
    assert hinted_signature(secret) == ModelSignature(Schema((ColSpec(STRING),)))


def test_a_model_with_hints_is_saved_with_them_and_holds_its_input_against_them(tmp_path: Path) -> None:
    ct.pyfunc.save_model(tmp_path / "m", python_model=Talker(), input_example=[Message(**ROWS[0])])
    model = ct.pyfunc.load_model(str(tmp_path / "m"), trust=True)
    assert model.metadata.signature == hinted_signature(Talker.predict)
    assert model.metadata.is_signature_from_type_hint
    assert json.loads((tmp_path / "m" / "input_example.json").read_text()) == ROWS
    for given in (ROWS, [Message(**ROWS[0])], pandas.DataFrame(ROWS)):
        assert model.predict(given) == ["Hello"]
    with pytest.raises(InvalidInput, match=r"at '0.content': Field required"):
        model.predict([{"role": "system"}])


def test_hints_of_a_class_that_checks_nothing_make_no_signature(tmp_path: Path) -> None:
    class Plain:
        def predict(self, model_input: list[str]) -> list[str]:
            return model_input

    model = ct.pyfunc.save_model(tmp_path / "m", python_model=Plain())
    assert (model.signature, model.is_signature_from_type_hint) == (None, None)


@pytest.mark.parametrize("form", ["inputs", "instances", "dataframe_records"])
def test_a_server_hands_over_what_came(tmp_path: Path, form: str) -> None:
    ct.pyfunc.save_model(tmp_path / "m", python_model=Talker())
    model = ct.pyfunc.load_model(str(tmp_path / "m"), trust=True)
    given = read_input(json.dumps({form: ROWS}).encode(), "application/json", model.metadata)
    assert model.predict(given.data) == ["Hello"]


def test_a_signature_of_ones_own_and_none_stay(tmp_path: Path) -> None:
    own = ct.models.infer_signature(pandas.DataFrame(ROWS))
    for name, signature, kept in (("own", own, own), ("none", False, None)):
        model = ct.pyfunc.save_model(tmp_path / name, python_model=Talker(), signature=signature)
        assert (model.signature, model.is_signature_from_type_hint) == (kept, None)


def test_a_signature_that_is_set_counts_and_not_the_hints(tmp_path: Path) -> None:
    ct.pyfunc.save_model(tmp_path / "m", python_model=Talker())
    ct.models.set_signature(str(tmp_path / "m"), ct.models.infer_signature(pandas.DataFrame(ROWS)))
    model = ct.pyfunc.load_model(str(tmp_path / "m"), trust=True)
    assert model.predict(ROWS) == ["Hello"]
    with pytest.raises(InvalidInput, match="the column 'content' is missing"):
        model.predict([{"role": "system"}])


def test_other_hints_say_nothing() -> None:
    def plain(model_input: pandas.DataFrame) -> Any:
        return model_input

    def unknown(model_input: list[Nowhere]) -> Any:  # type: ignore[name-defined]  # noqa: F821
        return model_input

    for function in (plain, unknown, len):
        assert pyfunc(function) is function  # type: ignore[type-var]


def test_a_class_of_the_program_itself_is_logged_with_its_types(store_url: str, tmp_path: Path) -> None:
    program = """
        import pydantic
        import cloudtrack as ct

        class Message(pydantic.BaseModel):
            content: str

        class Talker(ct.pyfunc.PythonModel):
            def predict(self, model_input: list[Message], params=None) -> list[str]:
                return [message.content for message in model_input]

        with ct.start_run():
            info = ct.pyfunc.log_model(name="talker", python_model=Talker(), input_example=[{"content": "Hello"}])
        print(ct.pyfunc.load_model(info.model_uri, trust=True).predict([{"content": "Hello"}]))
    """
    done = run_script(program, store=store_url, folder=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, "['Hello']"), done.stderr

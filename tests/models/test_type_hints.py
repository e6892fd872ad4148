"""A ``predict`` with type hints is given data in those types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas
import pydantic
import pytest

import cloudtrack as ct
from cloudtrack.errors import InvalidInput
from cloudtrack.flavors.type_hints import pyfunc
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

"""What a sweep may be told to search."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.projects.sweeps.space import Choices, Range
from cloudtrack.projects.sweeps.space_words import parameter_of, read_space
from tests.thoroughness import examples

FRACTIONS = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("0.1,0.2,0.5", Choices(values=("0.1", "0.2", "0.5"))),
        ("s3://a/x, s3://b", Choices(values=("s3://a/x", "s3://b"))),
        ("0.1:1.0", Range(low=0.1, high=1)),
        ("0:1", Range(low=0, high=1)),
        ("-1:1e3", Range(low=-1, high=1000)),
        ("0.001:1:log", Range(low=0.001, high=1, is_log=True)),
        ("2:10:int", Range(low=2, high=10, is_int=True)),
        ("2:10:int:2", Range(low=2, high=10, is_int=True, step=2)),
        ("1:1024:int:log", Range(low=1, high=1024, is_int=True, is_log=True)),
        ("0:1:0.25", Range(low=0, high=1, step=0.25)),
        ([1, 2.5, "x", True], Choices(values=(1, 2.5, "x", "true"))),
        ({"values": [1, 2]}, Choices(values=(1, 2))),
        ({"choices": ["a", "b"], "distribution": "categorical"}, Choices(values=("a", "b"))),
        ({"min": 0.1, "max": 1}, Range(low=0.1, high=1)),
        ({"min": 2, "max": 10}, Range(low=2, high=10, is_int=True)),
        ({"min": 0, "max": 1, "distribution": "uniform"}, Range(low=0, high=1)),
        ({"low": 2, "high": 10, "step": 2}, Range(low=2, high=10, is_int=True, step=2)),
        ({"min": 0, "max": 1, "q": 0.5, "distribution": "q_uniform"}, Range(low=0, high=1, step=0.5)),
        ({"min": "1e-4", "max": 1, "distribution": "log_uniform_values"}, Range(low=1e-4, high=1, is_log=True)),
        ({"min": 1, "max": 64, "log": True, "type": "int"}, Range(low=1, high=64, is_int=True, is_log=True)),
    ],
)
def test_what_is_written_is_understood(said: object, meant: Choices | Range) -> None:
    assert parameter_of("alpha", said) == meant


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("0.1", "give it with -P"),
        ("a:b", "write low:high"),
        ("1:0", "must be the lower"),
        ("0:1:log", "must begin above 0"),
        ("0.5:3:int", "leave int out"),
        ("1:2:0.1:0.2", "one may be its step"),
        ("1:2:wide", "'wide'"),
        ("0:1:2", "fit into the range"),
        ("1:8:2:log", "list the values"),
        ("0:inf", "finite"),
        ("1,1", "twice"),
        (",", "no values"),
        ([[1]], "texts and numbers"),
        (3, "give it with -P"),
        ({"min": 1}, "both min and max"),
        ({"values": "abc"}, "must be a list"),
        ({"min": 1, "max": 2, "mean": 3}, "'mean'"),
        ({"min": 1, "max": 2, "distribution": "log_uniform"}, "log_uniform_values"),
        ({"distribution": "categorical", "min": 1, "max": 2}, "no values"),
        ({"min": 1, "max": 2, "type": "text"}, "int or float"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_parameter_and_the_fix(said: object, complaint: str) -> None:
    with pytest.raises(InvalidInput, match=complaint) as refused:
        parameter_of("alpha", said)
    assert "'alpha'" in str(refused.value)


@given(low=st.floats(-1e6, 1e6), width=st.floats(1e-3, 1e6), fraction=FRACTIONS)
@settings(max_examples=examples(400))
def test_values_of_a_range_are_in_it(low: float, width: float, fraction: float) -> None:
    found = Range(low=low, high=low + width).at(fraction)
    assert low <= found <= low + width


@given(low=st.integers(1, 1000), width=st.integers(1, 1000), fraction=FRACTIONS, is_log=st.booleans())
@settings(max_examples=examples(400))
def test_whole_numbers_are_whole_and_in_the_range(low: int, width: int, fraction: float, is_log: bool) -> None:
    found = Range(low=low, high=low + width, is_int=True, is_log=is_log).at(fraction)
    assert type(found) is int
    assert low <= found <= low + width


def test_steps_are_as_written() -> None:
    assert Range(low=0, high=0.5, step=0.1).points() == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert Range(low=0, high=1, step=0.4).points() == (0.0, 0.4, 0.8)
    assert Range(low=2, high=7, is_int=True, step=2).points() == (2, 4, 6)
    assert Range(low=0, high=1).points() is None


def test_a_file_has_a_space_with_or_without_the_word_parameters(tmp_path: Path) -> None:
    plain, below = tmp_path / "plain.yaml", tmp_path / "below.yaml"
    plain.write_text("alpha: {min: 0.1, max: 1.0}\nkind: [a, b]\n")
    below.write_text("method: random\nparameters:\n  alpha: {min: 0.1, max: 1.0}\n  kind: [a, b]\n")
    assert read_space(plain) == read_space(below)
    assert list(read_space(plain).parameters) == ["alpha", "kind"]


def test_a_file_that_is_no_space_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere\.yaml"):
        read_space(tmp_path / "nowhere.yaml")
    (tmp_path / "list.yaml").write_text("[1, 2]")
    with pytest.raises(InvalidInput, match="must be a mapping"):
        read_space(tmp_path / "list.yaml")
    (tmp_path / "broken.yaml").write_text("a: [")
    with pytest.raises(InvalidInput, match="not plain YAML"):
        read_space(tmp_path / "broken.yaml")

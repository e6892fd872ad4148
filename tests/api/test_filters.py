"""Filters: what LIKE means, and the types of what is compared."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtrack.errors import InvalidInput
from cloudtrack.search.fields import Types
from cloudtrack.search.filters import parse_filter, parse_order
from tests.thoroughness import examples

TYPES: Types = {"attributes": {"name": str, "time": float}, "metrics": float, "tags": str}


def holds(text: str, **values: object) -> bool:
    return parse_filter(text, TYPES).holds(lambda _, key: values.get(key))


@settings(max_examples=examples(2000), deadline=None, derandomize=True)
@given(found=st.text("abA%_\n", max_size=8), pattern=st.text("ab%_", max_size=6))
def test_like_is_what_a_regular_expression_would_say(found: str, pattern: str) -> None:
    expected = "".join({"%": ".*", "_": "."}.get(char, re.escape(char)) for char in pattern)
    assert holds(f"name LIKE '{pattern}'", name=found) == bool(re.fullmatch(expected, found, re.DOTALL))
    insensitive = bool(re.fullmatch(expected, found, re.DOTALL | re.IGNORECASE))
    assert holds(f"name ILIKE '{pattern}'", name=found) == insensitive


@pytest.mark.parametrize(
    "text",
    [
        "name > 'a'",
        "name = 5",
        "name IN (5)",
        "name IN ('a', 5)",
        "time = 'a'",
        "time LIKE 'a'",
        "time IN (1)",
        "metrics.a = 'x'",
        "tags.a < 'x'",
        "other = 'x'",
        "params.a = 'x'",
        "none.a = 'x'",
    ],
)
def test_a_comparison_that_can_never_be_meant_is_refused_before_anything_is_looked_at(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_filter(text, TYPES)


def test_of_many_values_one_must_do() -> None:
    assert holds("tags.a = 'x'", a=("y", "x"))
    assert holds("tags.a != 'x'", a=("y", "x"))
    assert not holds("tags.a = 'x'", a=())
    assert holds("tags.a IS NULL", a=())


def test_an_order_names_what_there_is() -> None:
    assert [order.key for order in parse_order(["metrics.a DESC", "name"], TYPES)] == ["a", "name"]
    with pytest.raises(InvalidInput, match="name, time"):
        parse_order(["other"], TYPES)

"""Unsafe YAML, and YAML that exhausts: one reader for the package, and limits that are counted first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtrack import plain_yaml
from cloudtrack.errors import CloudtrackError, CorruptData, InvalidInput
from cloudtrack.plain_yaml import MOST_BYTES, MOST_DEPTH, MOST_VALUES, YamlText, read_yaml
from tests.thoroughness import examples


def load(text: str | bytes) -> Any:
    return YamlText(text, "the file").load()


def levels_of_aliases(count: int, width: int) -> str:
    """Lines that each name the one before so many times."""
    first = "a0: &a0 [" + ", ".join("1" * width) + "]\n"
    rest = (f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]\n" for i in range(1, count))
    return first + "".join(rest)


HOSTILE = {
    "brackets": "[" * 5000,
    "brackets that close": "[" * 200 + "]" * 200,
    "braces": "{a: " * 3000,
    "dashes": "- " * 5000,
    "question marks": "? " * 5000,
    "a billion laughs": levels_of_aliases(40, 9),
    "aliases in aliases": levels_of_aliases(80, 1),
    "merges of merges": "a: &a {x: 1}\n" + "".join(f"b{i}: &b{i} {{<<: [*a, *a]}}\n" for i in range(3)) + "z: *nowhere",
    "a part of itself": "&a [*a]",
    "a mapping of itself": "&a {<<: *a}",
    "a million digits": "n: " + "9" * 500_000,
    "sixties": "n: " + "1:" * 200_000 + "1",
    "sixties with a point": "n: " + "1:" * 200_000 + "1.5",
    "keys that share a place": "".join(f"{(2**61 - 1) * i}: 1\n" for i in range(1, 2000)),
    "the same, merged": "<<: {" + ", ".join(f"{(2**61 - 1) * i}: 1" for i in range(1, 2000)) + "}",
    "too much": "a" * (MOST_BYTES + 1),
    "too many": "[" + "1," * (MOST_VALUES + 1) + "]",
    "a program": "!!python/object/apply:os.system [touch owned]",
    "a module": "!!python/module:os",
    "a name": "!!python/name:os.system",
    "month 13": "2001-13-01",
    "no number": "!!int abc",
    "no date": "!!timestamp x",
    "no truth": "!!bool maybe",
    "a list as a key": "? [a]\n: b",
    "half a character": "\ud800",
    "a NUL": "a: \x00",
    "two documents": "a: 1\n---\nb: 2",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    for error in (InvalidInput, CorruptData):
        with pytest.raises(error, match="the file") as refused:
            YamlText(HOSTILE[name], "the file", error).load()
        assert "\n" not in refused.value.message
        assert len(refused.value.message) < 400
    assert not (tmp_path / "owned").exists()


def test_what_is_nested_is_not_followed_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[yaml.Event] = []
    inner = plain_yaml._events
    monkeypatch.setattr(plain_yaml, "_events", lambda text: (seen.append(event) or event for event in inner(text)))
    with pytest.raises(InvalidInput, match=f"line 1: is nested too deep: {MOST_DEPTH} levels"):
        load("- " * 100_000)
    assert len(seen) < MOST_DEPTH + 10


def test_what_is_within_the_limits_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    deepest = "[" * MOST_DEPTH + "]" * MOST_DEPTH
    assert json.dumps(load(deepest)).count("[") == MOST_DEPTH
    assert len(load("[" + "1," * 5000 + "]")) == 5000
    assert load(levels_of_aliases(3, 2))["a2"] == [[[1, 1], [1, 1]], [[1, 1], [1, 1]]]
    assert load("a: &x {b: 1}\nc: {<<: *x, d: 2}")["c"] == {"b": 1, "d": 2}
    monkeypatch.setattr(plain_yaml, "MOST_VALUES", 10)
    assert load("[1, 2, 3, 4, [5, 6, 7]]") == [1, 2, 3, 4, [5, 6, 7]]
    with pytest.raises(InvalidInput, match="stands for more than 10 values"):
        load("[1, 2, 3, 4, [5, 6, 7, 8]]")
    assert load("") is None


def test_a_file_is_read_as_far_as_the_limit_and_no_further(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)  # it has no bytes on the disk
    with pytest.raises(InvalidInput, match="larger than"):
        read_yaml(tmp_path / "huge", "huge")


TEXT = st.characters(codec="utf-8", exclude_characters="\x85")  # which PyYAML writes as it would a line's end
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.dates()
    | st.text(TEXT, max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(TEXT, max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=examples(800), deadline=None)
@given(PLAIN)
def test_what_is_written_is_read(value: Any) -> None:
    assert load(yaml.safe_dump(value, allow_unicode=True)) == value


@settings(max_examples=examples(4000), deadline=None)
@given(
    st.binary(max_size=200)
    | st.text(alphabet="ab01:- []{}\n\t&*!?|>'\"#%@,.=<~", max_size=120).map(str.encode)
    | st.lists(
        st.sampled_from(
            ["&a ", "*a", "<<: ", "- ", "? ", ": ", "!!int ", "!!set ", "{", "}", "[", "]", "\n", "1", "a"]
        ),
        max_size=40,
    )
    .map("".join)
    .map(str.encode)
)
def test_any_text_is_read_or_refused(body: bytes) -> None:
    try:
        YamlText(body, "the file").load()
        YamlText(body, "the file").compose()
    except CloudtrackError as refused:
        assert refused.message.startswith("the file")  # noqa: PT017 - most are refused, and some are not

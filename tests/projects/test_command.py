"""Values reach the program as data, whatever they contain and however the command quotes them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtrack.errors import InvalidInput
from cloudtrack.projects.command import command_of, shown
from tests.thoroughness import examples

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
NASTY = ["", " ", "a b", "; touch owned", "$(touch owned)", "`touch owned`", "'; touch owned; '", '"; touch owned; "']
NASTY += [
    "${HOME}",
    "$1",
    "\\",
    "\\'",
    "a\nb\n",
    "*",
    "~",
    "-n",
    "!!",
    "> owned",
    "&& touch owned",
    "{x}",
    "}{",
    "é漢🎲",
]


def printed(words: list[str]) -> list[str]:
    done = subprocess.run(words, capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


@settings(max_examples=examples(100), deadline=None)
@given(first=WORDS | st.sampled_from(NASTY), second=WORDS | st.sampled_from(NASTY), third=WORDS)
def test_any_value_in_any_quotes_is_one_word(first: str, second: str, third: str) -> None:
    template = r"""printf '%s\0' {a} "<{b}>" '<{c}>' \"{a} "$(printf %s "{b}"'{a}x')" "it's {c}" """
    values = {"a": first, "b": second, "c": third}
    found = printed(command_of(template, values, {"more": third}))
    inner = f"{second}{first}x"
    assert found == [first, f"<{second}>", f"<{third}>", f'"{first}', inner, f"it's {third}", "--more", third]


@pytest.mark.parametrize("value", NASTY)
def test_no_value_is_read_as_a_command(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for template in ("true {x}", 'true "{x}"', "true '{x}'", 'true "$(echo {x})"', "true `echo {x}`", "x={x}; true $x"):
        subprocess.run(command_of(template, {"x": value}, {"y": value}), check=True, stdin=subprocess.DEVNULL)
    assert list(tmp_path.iterdir()) == []


def test_doubled_braces_are_braces_and_the_shell_has_its_variables() -> None:
    found = printed(command_of(r"""X=4; printf '%s\0' '{{"a": 1}}' "$X" {b}""", {"b": "2"}, {}))
    assert found == ['{"a": 1}', "4", "2"]


@pytest.mark.parametrize("template", ["run {b}", "run {a.__class__}", "run {a[0]}", "run {}", "run {a!r}", "run {a:5}"])
def test_a_place_without_a_parameter_is_named(template: str) -> None:
    with pytest.raises(InvalidInput, match=r"place \{.*no parameter; it has: a"):
        command_of(template, {"a": "1"}, {})


def test_what_no_command_can_take_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'a' has a NUL"):
        command_of("run {a}", {"a": "x\0y"}, {})
    with pytest.raises(InvalidInput, match="no name of a parameter"):
        command_of("run", {}, {"a b; c": "1"})
    with pytest.raises(InvalidInput, match=r"write \{\{ for a brace"):
        command_of("run {", {}, {})


def test_people_see_the_values_in_place() -> None:
    words = command_of("""python train.py {a} "of {b}" '{b}'""", {"a": "x y", "b": "7"}, {"c": "q"})
    assert shown(words) == """python train.py 'x y' "of 7" ''7'' --c q"""

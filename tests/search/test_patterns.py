"""RLIKE: patterns mean what they mean to Python's engine and to SQL's, and take no time without bound."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloudtrack.errors import InvalidInput
from cloudtrack.index import engine
from cloudtrack.search.pattern_grammar import MAX_LENGTH
from cloudtrack.search.patterns import MAX_SIZE, Pattern

atoms = st.sampled_from(
    r"a|b|é|\.|.|[ab]|[^a]|\d|\w|\s|\S|\W|\D|[a-c\d]|[^\s]|[\S\d]|[-a]|[a-]|[a-b-c]|[+--]|\-|^|$|\b|]|}|[^\n]|[ -~]|\n|"
    r"\t|[\]\[]|[&~]|_|1|A|K|\\|[\\]|[^\w]|,|\{|日".split("|")
)
quantifiers = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "{2}?", "{0}"])
patterns = st.recursive(
    st.lists(st.builds(str.__add__, atoms, quantifiers), max_size=4).map("".join),
    lambda inner: st.one_of(
        st.builds("({}){}".format, inner, quantifiers),
        st.builds("(?:{}|{}){}".format, inner, inner, quantifiers),
        st.builds("{}|{}".format, inner, inner),
        st.builds(str.__add__, inner, inner),
    ),
    max_leaves=6,
)
texts = st.lists(st.text("aAbBé1 \n\t\x0b._-]K\u212a\\日,{", max_size=8), min_size=1, max_size=5)


def compiled(text: str) -> Pattern | None:
    try:
        return Pattern(text)
    except InvalidInput as error:
        if len(error.message) > 300:
            raise
        return None


def found_by_sql(pattern: str, texts: list[str]) -> list[bool]:
    found = engine.fetch("SELECT regexp_matches(text, ?) FROM unnest(?) t(text)", [pattern, texts])
    return [is_found for (is_found,) in found]


@given(patterns, texts)
@example("^*", ["a"])
@example(r"[^\D\d]", ["a"])
@settings(max_examples=1000, deadline=None)
def test_a_pattern_finds_what_sql_finds(pattern: str, texts: list[str]) -> None:
    ours = compiled(pattern)
    if ours is not None:
        assert [ours.is_in(text) for text in texts] == found_by_sql(pattern, texts)


@given(st.text(r"ab.[]^-\dwsnb(){}?*+|,:$12é&", max_size=12), texts)
@settings(max_examples=1500, deadline=None)
def test_whatever_is_accepted_sql_accepts_too(pattern: str, texts: list[str]) -> None:
    test_a_pattern_finds_what_sql_finds.hypothesis.inner_test(pattern, texts)


@given(patterns.filter(lambda pattern: not re.search(r"\\[sSbB]|\$|[\^$]\)?[*+?{]|--|&&", pattern)), texts)
@settings(max_examples=1000, deadline=None)
def test_a_pattern_finds_what_pythons_engine_finds(pattern: str, texts: list[str]) -> None:
    """But for the end before a last line feed, and for spaces and words, which RE2 sees otherwise."""
    ours = compiled(pattern)
    try:
        theirs = re.compile(pattern, re.ASCII)
    except re.error:
        return
    if ours is not None:
        assert [ours.is_in(text) for text in texts] == [theirs.search(text) is not None for text in texts]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(a", "before a group is closed"),
        ("a)", "'\\)' at character 2 of the pattern closes no group"),
        ("*a", "repeats nothing"),
        ("a**", "repeats nothing, or what is repeated already"),
        ("a++", "repeats nothing, or what is repeated already"),
        ("(?i)a", "ILIKE compares in any case"),
        ("(?=a)", "no flags or look-arounds"),
        ("(?P<n>a)", "no flags or look-arounds"),
        (r"(a)\1", "of the escapes"),
        (r"\pL", "of the escapes"),
        (r"a\Z", "of the escapes"),
        (r"a\B", "of the escapes"),
        ("a\\", "of the escapes"),
        ("[[:alpha:]]", "a set looks like"),
        ("[]", "a set looks like"),
        ("[^]", "a set looks like"),
        ("[a", "a set looks like"),
        ("[z-a]", "begins after its end"),
        (r"[a-\d]", "ends in no character"),
        (r"[\d-z]", "ends in no character"),
        ("{", "a repetition looks like"),
        ("a{2,1}", "at most is less than at least"),
        ("a{99999}", "a repetition looks like"),
        (f"a{{{MAX_SIZE + 1}}}", f"more than {MAX_SIZE} times"),
        ("(a{30}){30}", f"more than {MAX_SIZE} times"),
        ("((){30}){30}", f"more than {MAX_SIZE} times"),
        ("((a{4}b{4}c){20}){5}", "longer than"),
        ("(" * 30 + ")" * 30, "deep"),
        ("a" * (MAX_LENGTH + 1), f"at most {MAX_LENGTH}"),
    ],
)
def test_a_pattern_that_engines_refuse_or_see_otherwise_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "^(a|a)*$", "((((a|b)*)*)*)*c", "(.*)(.*)(.*)(.*)(.*)x", "[ab]*a[ab]{200}c"]
)
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    text = "ab" * 1000 + "a" * 1000 + "!"
    assert not Pattern(pattern).is_in(text)
    assert found_by_sql(pattern, [text]) == [False]


def test_the_largest_patterns_are_not_too_large_for_sql() -> None:
    for pattern in (f"a{{{MAX_SIZE - 1}}}", f"[^a]{{{MAX_SIZE - 1}}}", rf"\W{{{MAX_SIZE - 1}}}", "(日|é|[^é-日]){70}"):
        assert Pattern(pattern).is_in("-") == found_by_sql(pattern, ["-"])[0]

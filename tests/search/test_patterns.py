"""RLIKE: patterns mean what they mean to Python's engine and to SQL's, and take no time without bound."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloudtrack.errors import InvalidInput
from cloudtrack.index import engine
from cloudtrack.search.pattern_grammar import MAX_LENGTH
from cloudtrack.search.patterns import MAX_SIZE, Pattern
from tests.thoroughness import examples

usual = st.sampled_from(["a", "b", ".", r"\b", "^", "$", "[^a]", r"\w", r"\s", " "])
rare = st.sampled_from(
    r"é|\.|[ab]|\d|\S|\W|\D|[a-c\d]|[^\s]|[\S\d]|[-a]|[a-]|[a-b-c]|[+--]|\-|]|}|[^\n]|[ -~]|\n|\t|[\]\[]|[&~]|_|1|A|K|"
    r"\\|[\\]|[^\w]|,|\{|日".split("|")
)
atoms = usual | usual | rare
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
TEXTS = ["".join(letters) for length in range(4) for letters in itertools.product("ab \n", repeat=length)]
TEXTS += [
    "é",
    "aé",
    "é1",
    "1",
    "_",
    "A",
    "B-",
    "].[",
    "\t",
    "\x0b",
    "\\",
    "{,}",
    "K",
    "\u212a",
    "日本",
    "ab" * 10,
    "a\n",
]


def compiled(text: str) -> Pattern | None:
    try:
        return Pattern(text)
    except InvalidInput as error:
        if len(error.message) > 300:
            raise
        return None


def found_by_sql(pattern: str, texts: list[str]) -> list[str]:
    found = engine.fetch("SELECT text FROM unnest(?) t(text) WHERE regexp_matches(text, ?)", [texts, pattern])
    return [text for (text,) in found]


def found_by_us(pattern: Pattern, texts: list[str]) -> list[str]:
    return [text for text in texts if pattern.is_in(text)]


@given(patterns | st.text(r"ab.[]^-\dwsnb(){}?*+|,:$12é&", max_size=12))
@example("^*")
@example(r"[^\D\d]")
@example(r"a\b")
@settings(max_examples=examples(1500), deadline=None)
def test_a_pattern_that_is_accepted_finds_what_sql_finds(pattern: str) -> None:
    ours = compiled(pattern)
    if ours is not None:
        assert found_by_us(ours, TEXTS) == found_by_sql(pattern, TEXTS)


@given(patterns.filter(lambda pattern: not re.search(r"\\[sSbB]|\$|[\^$]\)?[*+?{]|--|&&", pattern)))
@settings(max_examples=examples(1000), deadline=None)
def test_a_pattern_finds_what_pythons_engine_finds(pattern: str) -> None:
    """But for the end before a last line feed, and for spaces and words, which RE2 sees otherwise."""
    ours = compiled(pattern)
    try:
        theirs = re.compile(pattern, re.ASCII)
    except re.error:
        return
    if ours is not None:
        assert found_by_us(ours, TEXTS) == [text for text in TEXTS if theirs.search(text)]


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
    assert not found_by_sql(pattern, [text])


def test_the_largest_patterns_are_not_too_large_for_sql() -> None:
    for pattern in (f"a{{{MAX_SIZE - 1}}}", f"[^a]{{{MAX_SIZE - 1}}}", rf"\W{{{MAX_SIZE - 1}}}", "(日|é|[^é-日]){70}"):
        assert found_by_us(Pattern(pattern), ["-"]) == found_by_sql(pattern, ["-"])

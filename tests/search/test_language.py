"""The language of filters and orders: what is read, what is refused, and in which words."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtrack.errors import InvalidInput
from cloudtrack.search import grammar
from cloudtrack.search.expression import EVERYTHING, And, Comparison, Expression, Not, Or
from cloudtrack.search.fields import Types
from cloudtrack.search.filters import MAX_COMPARISONS, MAX_DEPTH, MAX_PATTERNS, Order, parse_filter, parse_order
from tests.search.corpus.others import QUESTIONS as OTHER_QUESTIONS
from tests.search.corpus.runs import QUESTIONS as RUN_QUESTIONS
from tests.search.corpus.understood import UNDERSTOOD
from tests.thoroughness import examples

TYPES: Types = {
    "attributes": {"name": str, "status": str, "start_time": float, "begun": "start_time"},
    "metrics": float,
    "params": str,
    "tags": str,
}
LONGEST_MESSAGE = 400


def loss(operator: str, value: Any) -> Comparison:
    return Comparison("metrics", "loss", operator, value)


def param(key: str, value: Any = "x", operator: str = "=") -> Comparison:
    return Comparison("params", key, operator, value)


A, B, C = param("a"), param("b"), param("c")


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("", EVERYTHING),
        ("metrics.loss < 0.5", loss("<", 0.5)),
        ("metrics.loss >= -1e-3", loss(">=", -0.001)),
        ("metrics.loss = inf", loss("=", float("inf"))),
        ("metrics.loss NOT BETWEEN 1 AND 2", loss("NOT BETWEEN", (1.0, 2.0))),
        ("metrics.loss is not null", loss("IS NOT NULL", None)),
        ("begun > 5", Comparison("attributes", "start_time", ">", 5.0)),
        ("params.`a b` IN ('x', \"y\",)", param("a b", ("x", "y"), "IN")),
        ("params.a Not Like 'x%'", param("a", "x%", "NOT LIKE")),
        ("params.'it''s' = 'x'", param("it's")),
        ('`params`."a""b" = \'x\'', param('a"b')),
        ("params.a.b/c-d:e = 'x'", param("a.b/c-d:e")),
        ("params.größe = 'x'", param("größe")),
        ("params.and = 'x' AND params.not = 'x'", And((param("and"), param("not")))),
        ("params.a = 'x' AND params.b = 'x' OR params.c = 'x'", Or((And((A, B)), C))),
        ("params.a = 'x' OR params.b = 'x' AND params.c = 'x'", Or((A, And((B, C))))),
        ("params.a = 'x' AND (params.b = 'x' OR params.c = 'x')", And((A, Or((B, C))))),
        ("NOT params.a = 'x' AND params.b = 'x'", And((Not(A), B))),
        ("NOT (params.a = 'x' AND params.b = 'x')", Not(And((A, B)))),
        ("((params.a = 'x' AND (params.b = 'x')) AND params.c = 'x')", And((A, B, C))),
        ("metrics.loss BETWEEN 1 AND 2 AND params.a = 'x'", And((loss("BETWEEN", (1.0, 2.0)), A))),
    ],
)
def test_a_filter_is_read_as_it_is_meant(text: str, expression: Expression) -> None:
    assert parse_filter(text, TYPES) == expression


@pytest.mark.parametrize(
    ("quoted", "value"),
    [
        ("'x'", "x"),
        ("'it''s'", "it's"),
        (r"'it\'s'", "it's"),
        ('"it\'s"', "it's"),
        ('"say ""hi"""', 'say "hi"'),
        (r"'C:\data'", r"C:\data"),
        (r"'a\\b'", r"a\\b"),
        (r"'ends in \'", "ends in \\"),
        (r'"ends in \"', "ends in \\"),
        ("'two\nlines'", "two\nlines"),
        ("''", ""),
        ('""', ""),
    ],
)
def test_text_is_what_stands_in_the_quotes(quoted: str, value: str) -> None:
    assert parse_filter(f"params.a = {quoted}", TYPES) == param("a", value)


@given(st.text(max_size=30))
def test_double_quotes_hold_any_text_once_those_in_it_are_doubled(text: str) -> None:
    quoted = '"' + text.replace('"', '""') + '"'
    assert parse_filter(f"params.a = {quoted} AND params.b = 'x'", TYPES) == And((param("a", text), B))
    if text:
        assert parse_filter(f"params.{quoted} = 'x'", TYPES) == param(text)


def test_an_order_has_a_direction_and_takes_any_key() -> None:
    terms = ["metrics.loss DESC", "params.`a b` asc", "begun", 'tags."x" desc', "metrics.loss.min"]
    assert parse_order(terms, TYPES) == [
        Order("metrics", "loss", True),
        Order("params", "a b", False),
        Order("attributes", "start_time", False),
        Order("tags", "x", True),
        Order("metrics", "loss.min", False),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metrics.loss lss 3", "filter, column 14: expected an operator, found 'lss'"),
        ("status lik 'x'", "filter, column 8: expected an operator, found 'lik'; did you mean LIKE?"),
        ("status == 'x'", "filter, column 8: expected an operator, found '=='; did you mean =?"),
        ("status <> 'x'", "filter, column 8: expected an operator, found '<>'; did you mean !=?"),
        ("status = x", "filter, column 10: expected a number or text in quotes, found 'x' without them"),
        ("status =", "filter, column 9: expected a number or text in quotes, found the end"),
        (
            "status = NULL",
            "filter, column 10: expected a number or text in quotes, found 'NULL'; did you mean IS NULL?",
        ),
        ("status = 'x' && name = 'y'", "filter, column 14: expected AND, OR or the end, found '&&'; did you mean AND?"),
        ("status = 'x' name = 'y'", "filter, column 14: expected AND, OR or the end, found 'name'"),
        ("(status = 'x'", "filter, column 14: expected AND, OR or a closing parenthesis, found the end"),
        ("status = 'x')", "filter, column 13: expected AND, OR or the end, found ')'"),
        ("status IN 'x'", "filter, column 11: expected a list in parentheses, found \"'x'\""),
        ("status IN ('x' 'y')", "filter, column 16: expected a comma or a closing parenthesis, found \"'y'\""),
        ("status IS 'x'", "filter, column 11: expected NULL or NOT NULL, found \"'x'\""),
        ("status IS NOT", "filter, column 14: expected NULL, found the end"),
        ("status NOT 'x'", "filter, column 12: expected LIKE, ILIKE, RLIKE, IN or BETWEEN, found \"'x'\""),
        ("metrics.a BETWEEN 1", "filter, column 20: expected AND and the upper end, found the end"),
        ("status = 'x", "filter, column 10: the quote that begins here is not closed"),
        ("metrics.f1@5 > 0", "filter, column 11: cannot read '@5'; a key with such characters stands in quotes"),
        ("status = 'x' # y", "filter, column 14: cannot read '#'"),
        ("'x' = status", "filter, column 1: expected a name such as metrics.loss, found \"'x'\""),
        ("status = 'x'\nAND name lss 'y'", "filter, line 2, column 10: expected an operator, found 'lss'"),
        ("metric_.loss < 1", "filter, column 1: cannot search by 'metric_'; did you mean metrics.loss?"),
        ("parms.x = 'a'", "filter, column 1: cannot search by 'parms'; did you mean params.x?"),
        ("inputs.x = 'a'", "filter, column 1: cannot search by 'inputs': use one of attributes, metrics, params, tags"),
        ("start_tme > 5", "filter, column 1: there is no 'start_tme' among the attributes; did you mean start_time?"),
        ("attr.stat = 'x'", "filter, column 1: there is no 'stat' among the attributes; did you mean attr.status?"),
        (
            "loss < 1",
            "filter, column 1: there is no 'loss' among the attributes: use one of name, status, start_time; "
            "a metric is written metrics.loss",
        ),
        ("params. = 'x'", "filter, column 1: the key after 'params' is empty"),
        ("params.a = 1", "filter, column 12: params.a is compared with text, not numbers: use quotes"),
        ("metrics.a = '1'", "filter, column 13: metrics.a is compared with numbers, not text"),
        ("metrics.a = nan", "filter, column 13: nothing is equal to NaN; NOT metrics.a <= inf finds what is NaN"),
        (
            "metrics.a LIKE '1'",
            "filter, column 11: metrics.a cannot be compared by LIKE; it takes =, !=, <, <=, >, >=, BETWEEN, "
            "NOT BETWEEN, IS NULL, IS NOT NULL",
        ),
        ("status RLIKE '(a'", "filter, column 14: the pattern ends before a group is closed"),
    ],
)
def test_an_error_says_where_what_and_what_was_meant(text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_filter(text, TYPES)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ("metrics.loss SIDEWAYS", "order, column 14: expected ASC, DESC or the end, found 'SIDEWAYS'"),
        ("metrics.loss DES", "order, column 14: expected ASC, DESC or the end, found 'DES'; did you mean DESC?"),
        ("metrics.loss LIK", "order, column 14: expected ASC, DESC or the end, found 'LIK'"),
        ("metrics.loss ASC name", "order, column 18: expected the end, found 'name'"),
        ("", "order, column 1: expected a name such as metrics.loss, found the end"),
        ("strat_time", "order, column 1: there is no 'strat_time' among the attributes; did you mean start_time?"),
    ],
)
def test_so_does_an_error_in_an_order(term: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_order([term], TYPES)
    assert caught.value.message == message


ONE = "params.a = 'x'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * (grammar.MAX_LENGTH + 1), f"at most {grammar.MAX_LENGTH}"),
        (" AND ".join([ONE] * (MAX_COMPARISONS + 1)), f"more than {MAX_COMPARISONS} comparisons"),
        (" OR ".join(["params.a RLIKE 'x'"] * (MAX_PATTERNS + 1)), f"more than {MAX_PATTERNS} comparisons by RLIKE"),
        ("NOT " * (MAX_DEPTH + 1) + ONE, f"more than {MAX_DEPTH} deep"),
        ("NOT " * 16_000 + ONE, f"more than {MAX_DEPTH} deep"),
        (f"{ONE} AND ({ONE} OR (" * 30 + ONE + "))" * 30, f"more than {MAX_DEPTH} deep"),
        ("(" * 60_000, "found the end"),
        (")" * 60_000, "column 1:"),
        ("NOT (" * 12_000, "found the end"),
        ("'" * 60_000 + "x", "found"),
        ('"' * 60_001, "not closed"),
        (r"params.a = '" + r"\'" * 30_000 + "x", "column"),
        ("params.a IN (" + "'x'," * 15_000, "found the end"),
        ("é" * 60_000, "column"),
    ],
)
def test_whatever_is_too_large_is_refused_and_nothing_recurses_without_end(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        parse_filter(text, TYPES)
    assert len(caught.value.message) <= LONGEST_MESSAGE


def test_what_is_just_small_enough_is_read() -> None:
    assert isinstance(parse_filter(" AND ".join([ONE] * MAX_COMPARISONS), TYPES), And)
    assert isinstance(parse_filter(" OR ".join(["params.a RLIKE 'x'"] * MAX_PATTERNS), TYPES), Or)
    assert isinstance(parse_filter("NOT " * MAX_DEPTH + ONE, TYPES), Not)
    assert parse_filter("(" * 20_000 + ONE + ")" * 20_000, TYPES) == A
    nested = "(" * 499 + ONE + "".join(f" OR {ONE})" for _ in range(499))
    assert parse_filter(nested, TYPES) == Or((A,) * MAX_COMPARISONS)


asked = [question.filter for question in RUN_QUESTIONS]
asked += [question.filter for kind in OTHER_QUESTIONS for question in OTHER_QUESTIONS[kind]]
asked += [item.question.filter for kind in UNDERSTOOD for item in UNDERSTOOD[kind]]
tokens = st.sampled_from(
    "AND OR NOT IN LIKE ILIKE RLIKE BETWEEN IS NULL ( ) , . = != < >= <> == ' \" ` \\ metrics. params.`a` 'x' 1 1e9 "
    "-1 inf nan status -- /* ; # @ \n \t \x00 é \ud800 \u2028 1. 1e e .x x. x..y ''".split(" ")
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A filter of the corpus with pieces taken out, put in, and doubled."""
    text = draw(st.sampled_from(asked))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 8)))
        piece = draw(tokens | st.just("") | st.just(text[start:end] * 2) | st.text(max_size=3))
        text = text[:start] + piece + text[end:]
    return text


def is_refused_well(parse: Any, argument: Any) -> None:
    try:
        parse(argument, TYPES)
    except InvalidInput as error:
        message = error.message
        assert len(message) <= LONGEST_MESSAGE
        assert message.isprintable(), message
        assert not any(word in message for word in ("Token", "Unexpected", "LPAR", "COMPARATOR", "$END", "WORD"))


@given(mutated() | st.text(max_size=60) | st.lists(tokens, max_size=20).map(" ".join) | st.lists(tokens).map("".join))
@settings(max_examples=examples(1500), deadline=None)
def test_any_text_is_read_or_refused_in_one_short_line(text: str) -> None:
    is_refused_well(parse_filter, text)
    is_refused_well(parse_order, [text])


def holds(text: str, **values: Any) -> bool:
    return parse_filter(text, TYPES).holds(lambda kind, key: values.get(key))


def test_what_is_missing_meets_neither_a_comparison_nor_its_contrary() -> None:
    for text in ("params.a = 'x'", "params.a != 'x'", "params.a IN ('x')", "params.a NOT LIKE 'x'", "metrics.a < 1"):
        assert not holds(text)
        assert not holds(f"NOT {text}")
        assert not holds(f"{text} OR NOT {text}")
        assert holds(f"{text} OR params.b = 'y'", b="y")
        assert not holds(f"{text} AND params.b = 'y'", b="y")
        assert holds(f"NOT ({text} AND params.b = 'z')", b="y")
    assert holds("params.a IS NULL AND NOT params.a IS NOT NULL")


def test_nan_is_there_and_equal_to_nothing() -> None:
    nan = float("nan")
    assert holds("metrics.a != 1", a=nan)
    for text in ("= 1", "< 1", "<= inf", "> 1", ">= -inf", "BETWEEN -inf AND inf"):
        assert not holds(f"metrics.a {text}", a=nan)
        assert holds(f"NOT metrics.a {text}", a=nan)


def test_of_many_values_one_must_do_and_none_may_for_the_contrary() -> None:
    assert holds("tags.a = 'x'", a=("y", "x"))
    assert holds("tags.a != 'x'", a=("y", "x"))
    assert holds("tags.a NOT IN ('x')", a=("y", "x"))
    assert not holds("NOT tags.a = 'x'", a=("y", "x"))
    assert holds("tags.a IS NULL", a=())
    assert not holds("NOT tags.a = 'x'", a=())


def test_a_summary_is_found_where_no_metric_has_its_name() -> None:
    assert holds("metrics.loss.min < 1", **{"loss@min": 0.5})
    assert not holds("metrics.loss.min < 1", **{"loss@min": 0.5, "loss.min": 2.0})
    assert holds("metrics.a.b.max = 3", **{"a.b@max": 3.0})
    assert holds("metrics.loss.min IS NULL", loss=1.0)
    assert not holds("params.loss.min = 'x'", **{"loss@min": "x"})


def test_the_parser_is_loaded_by_the_first_filter() -> None:
    code = """
import sys
import cloudtrack, cloudtrack.search.runs, cloudtrack.search.selection
cloudtrack.search.runs.parse_run_query("", [])
print("lark" in sys.modules)
cloudtrack.search.runs.parse_run_query("metrics.a < 1", [])
print("lark" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]

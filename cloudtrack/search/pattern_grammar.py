r"""The grammar of RLIKE's patterns. Pure."""

from __future__ import annotations

from functools import cache
from typing import Any

from cloudtrack.errors import InvalidInput

MAX_LENGTH = 500
_GRAMMAR = r"""
choice: sequence ("|" sequence)*
sequence: (_item | repeated)*
repeated: _atom QUANTIFIER
_item: _atom | EDGE
_atom: CHARACTER | ESCAPED | CLASS | DOT | SET | "(" choice ")" | "(?:" choice ")"

CHARACTER: /[^\\\[(){|*+?.^$]/s
ESCAPED: /\\(?:[tnrf]|[!-\/:-@\[-`{-~])/
CLASS: /\\[dDwWsS]/
DOT: "."
SET: /\[(?!\^\])\^?(?:\\[dDwWsStnrf]|\\[!-\/:-@\[-`{-~]|[^\]\[\\])+\]/s
EDGE: /[\^$]|\\b/
QUANTIFIER: /(?:[*+?]|\{\d{1,4}(?:,\d{0,4})?\})\??/
"""
_HINTS = {
    "(": "of the groups only ( ) and (?: ) are understood, no flags or look-arounds; ILIKE compares in any case",
    "[": "a set looks like [a-z] or [^a-z]; [ ] and \\ in it are written \\[ \\] \\\\",
    "\\": "of the escapes \\d \\D \\w \\W \\s \\S \\b \\t \\n \\r \\f and those of punctuation are understood",
    "{": "a repetition looks like {2} or {2,5}; the character itself is written \\{",
}


def parse_pattern(text: str) -> Any:
    """The tree of a pattern. Raises InvalidInput for what is none."""
    from lark.exceptions import UnexpectedInput

    if len(text) > MAX_LENGTH:
        raise InvalidInput(f"the pattern has {len(text)} characters; at most {MAX_LENGTH} are read")
    try:
        return _parser().parse(text)
    except UnexpectedInput as error:
        at_end = getattr(getattr(error, "token", None), "type", "") == "$END"
        raise InvalidInput(_refusal(text, len(text) if at_end else error.pos_in_stream or 0)) from error


def _refusal(text: str, position: int) -> str:
    if position >= len(text):
        return "the pattern ends before a group is closed"
    if text[position] == "?" and text[position - 1 : position] == "(":
        position -= 1
    found = text[position]
    where = f"{text[position : position + 10]!r} at character {position + 1} of the pattern"
    if found in "*+?":
        return f"{where} repeats nothing, or what is repeated already"
    if found == ")":
        return f"{where} closes no group"
    return f"{where} is not understood: {_HINTS.get(found, 'put a backslash before it')}"


@cache
def _parser() -> Any:
    from lark import Lark

    return Lark(_GRAMMAR, start="choice", parser="lalr", lexer="basic")

"""The grammar of filters and orders, and what is said of a text that does not follow it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal

from cloudtrack.errors import InvalidInput

Start = Literal["filter", "order"]
"""What a text is."""

MAX_LENGTH = 64 << 10
_SHOWN = 40
_KEYWORDS = ("_AND", "_OR", "NOT", "LIKE", "ILIKE", "RLIKE", "IN", "BETWEEN", "IS", "NULL", "ASC", "DESC")
_GRAMMAR = r"""
filter: any?
order: name (ASC | DESC)?

?any: all (_OR all)*
?all: one (_AND one)*
?one: "(" any ")"
    | NOT one                                                -> not
    | name COMPARATOR _value                                 -> comparison
    | name NOT? (LIKE | ILIKE | RLIKE) _value                -> comparison
    | name NOT? IN "(" _value ("," _value)* ","? ")"         -> comparison
    | name NOT? BETWEEN _value _AND _value                   -> comparison
    | name IS NOT? NULL                                      -> comparison
name: WORD | KIND (BACKTICKS | SINGLE | DOUBLE) | BACKTICKS | DOUBLE
_value: NUMBER | SINGLE | DOUBLE | BACKTICKS | WORD

KIND.3: /(?:\w+|`\w+`|"\w+")\.\s*(?=[`"'])/
NUMBER.2: /[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)(?![\w.])/i
{keywords}
WORD: /[^\W\d][\w.\/:-]*/
COMPARATOR: /[=<>!]+|&&|\|\|?/
SINGLE: /'(?:''|\\'|[^'])*'/
DOUBLE: /"(?:""|[^"])*"/
BACKTICKS: /`[^`]*`/
%ignore /\s+/
"""
_EXPECTED = {
    "COMPARATOR": "an operator",
    "NUMBER": "a number or text in quotes",
    "WORD": "a name such as metrics.loss",
    "_OR": "AND, OR or the end",
    "ASC": "ASC, DESC or the end",
    "$END": "the end",
    "LIKE": "LIKE, ILIKE, RLIKE, IN or BETWEEN",
    "LPAR": "a list in parentheses",
    "NOT": "NULL or NOT NULL",
    "NULL": "NULL",
    "_AND": "AND and the upper end",
    "COMMA": "a comma or a closing parenthesis",
}
"""What is expected, by one of the terminals that may come; the first that may says it."""
_SPELLINGS = {
    "==": "=",
    "<>": "!=",
    "=<": "<=",
    "=>": ">=",
    "!": "NOT",
    "&&": "AND",
    "||": "OR",
    "|": "OR",
    "NULL": "IS NULL",
}


def parse(start: Start, text: str) -> Any:
    """The tree of a text. Raises InvalidInput with the place of what is not understood."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    if len(text) > MAX_LENGTH:
        raise InvalidInput(f"the {start} has {len(text)} characters; at most {MAX_LENGTH} are read")
    try:
        return _parser().parse(text, start)
    except UnexpectedToken as error:
        at_end = error.token.type == "$END"
        position = len(text.rstrip()) if at_end else error.token.start_pos
        raise _unexpected(start, text, position, "" if at_end else str(error.token)) from error
    except UnexpectedCharacters as error:
        position = error.pos_in_stream or 0
        if text[position] in "'\"`":
            raise refusal(start, text, position, "the quote that begins here is not closed") from error
        within_key = position > 0 and not text[position - 1].isspace()
        hint = "; a key with such characters stands in quotes" if within_key else ""
        found = text[position:].split(maxsplit=1)[0]
        raise refusal(start, text, position, f"cannot read {shown(found)}{hint}") from error


def _unexpected(start: Start, text: str, position: int, found: str) -> InvalidInput:
    before = _parser().parse_interactive(text[:position], start)
    before.exhaust_lexer()
    possible = before.accepts()
    expected = next(phrase for terminal, phrase in _EXPECTED.items() if terminal in possible)
    if "_OR" in possible and "RPAR" in possible:
        expected = "AND, OR or a closing parenthesis"
    if not found:
        return refusal(start, text, position, f"expected {expected}, found the end")
    hint = did_you_mean(respelled(found, [word.strip("_") for word in _KEYWORDS if word in possible]))
    return refusal(start, text, position, f"expected {expected}, found {shown(found)}{hint}")


def refusal(start: Start, text: str, position: int, message: str) -> InvalidInput:
    """What is wrong with a text at a place in it, from 0."""
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    place = f"column {column}" if line == 1 else f"line {line}, column {column}"
    return InvalidInput(f"{start}, {place}: {message}")


def shown(text: str) -> str:
    """A piece of a text in an error: one line, and not long."""
    return repr(str(text) if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}...")


def respelled(found: str, names: Iterable[str]) -> str:
    """The word or sign that was meant; empty where that is not clear."""
    return _SPELLINGS.get(found.upper()) or closest(found, names)


def did_you_mean(name: str) -> str:
    """A hint, where there is a name to give."""
    return f"; did you mean {name}?" if name else ""


def closest(word: str, names: Iterable[str]) -> str:
    """The name that a word is nearly; empty without one."""
    by_lower = {name.lower(): name for name in names}
    found = get_close_matches(word.lower()[:100], by_lower, 1)
    return by_lower[found[0]] if found else ""


@cache
def _parser() -> Any:
    from lark import Lark

    words = (rf"{word}.2: /{word.strip('_')}(?!\w)/i" for word in _KEYWORDS)
    return Lark(
        _GRAMMAR.replace("{keywords}", "\n".join(words)), start=["filter", "order"], parser="lalr", lexer="basic"
    )

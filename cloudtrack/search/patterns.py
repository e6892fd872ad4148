r"""RLIKE: whether a regular expression is found in a text, in time that grows with the text's length only. Pure.

Of RE2's syntax these, which mean the same to every engine: characters, ``.``, sets ``[a-z]`` and ``[^a-z]``,
``\d \w \s`` and ``\D \W \S`` (of ASCII), ``^ $ \b``, ``* + ? {n} {n,} {n,m}``, ``|``, ``( )`` and ``(?: )``. Python's
own engine takes time without bound for some of them; here all ways to go on are followed at once.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, TypeVar

from cloudtrack.errors import InvalidInput
from cloudtrack.search.pattern_grammar import parse_pattern

MAX_SIZE = 500
"""Of a pattern with its repetitions written out."""
_MAX_DEPTH = 20
_MOST_KNOWN = 500
"""Bounds the memory of a pattern at some megabytes."""

K = TypeVar("K")
V = TypeVar("V")
Ranges = list[tuple[str, str]]
"""Characters from one to another, both included."""
State = tuple[frozenset[int], str]
"""The steps that wait for the next character, and what kind of character is before it."""

_EDGE, _LETTER, _OTHER = "edge", "letter", "other"
_MET: State = frozenset([-1]), ""
_LETTERS = [("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")]
_CLASSES = {"d": [("0", "9")], "w": _LETTERS, "s": [("\t", "\n"), ("\f", "\r"), (" ", " ")]}
_CODES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_IN_SET = re.compile(
    r"\\(?P<kind>[dDwWsS])(?!-.)|(?P<first>\\[^dDwWsS]|[^\\])(?:-(?P<last>\\[^dDwWsS]|[^\\])|(?!-\\))",
    re.DOTALL,
)


class _Step(NamedTuple):
    """One instruction of a pattern."""

    does: str
    """char: read one of ``ranges``. edge: go on at such an edge. fork: go on at each of ``to``. met: the end."""
    ranges: Ranges = []
    edge: str = ""
    to: tuple[int, ...] = ()


class Pattern:
    """A compiled pattern. Any thread may use it."""

    def __init__(self, text: str) -> None:
        """Raises InvalidInput for what is no such pattern, or is too large."""
        self._steps: list[_Step] = []
        self._add(parse_pattern(text), 0, 1)
        self._steps.append(_Step("met"))
        self._met = len(self._steps) - 1
        self._next: dict[tuple[State, str], State] = {}
        self._readers: dict[str, frozenset[int]] = {}
        self._onward: dict[tuple[int, str, str], frozenset[int]] = {}

    def is_in(self, text: str) -> bool:
        """Whether some part of the text meets the pattern."""
        state: State = frozenset([0]), _EDGE
        for char in text:
            following = self._next.get((state, char))
            if following is None:
                following = self._read(state, char)
                _keep(self._next, (state, char), following)
            if following is _MET:
                return True
            state = following
        return self._met in self._reached(state, _EDGE)

    def _read(self, state: State, char: str) -> State:
        kind = _LETTER if _has(_LETTERS, char) else _OTHER
        reached = self._reached(state, kind)
        if self._met in reached:
            return _MET
        readers = self._readers.get(char)
        if readers is None:
            readers = frozenset(number for number, step in enumerate(self._steps) if _has(step.ranges, char))
            _keep(self._readers, char, readers)
        return frozenset([0, *(number + 1 for number in reached & readers)]), kind

    def _reached(self, state: State, after: str) -> frozenset[int]:
        """The steps that read a character where this kind of character follows, and the last where all is met."""
        waiting, before = state
        return frozenset[int]().union(*(self._from(number, before, after) for number in waiting))

    def _from(self, start: int, before: str, after: str) -> frozenset[int]:
        """The same from one step on."""
        known = self._onward.get((start, before, after))
        if known is not None:
            return known
        seen, reached, todo = set[int](), set[int](), [start]
        while todo:
            number = todo.pop()
            if number in seen:
                continue
            seen.add(number)
            step = self._steps[number]
            if step.does == "fork":
                todo += step.to
            elif step.does != "edge":
                reached.add(number)
            elif _is_at(step.edge, before, after):
                todo.append(number + 1)
        found = frozenset(reached)
        _keep(self._onward, (start, before, after), found)
        return found

    def _add(self, node: Any, depth: int, times: int) -> None:
        """Write the steps of a part of the tree, which comes so many times in all."""
        if depth > _MAX_DEPTH:
            raise InvalidInput(f"the pattern has groups more than {_MAX_DEPTH} deep")
        if len(self._steps) > MAX_SIZE:
            raise InvalidInput(f"the pattern is longer than {MAX_SIZE} characters with its repetitions written out")
        if isinstance(node, str):
            self._steps.append(_step(node))
        elif node.data == "repeated":
            self._add_repeated(*node.children, depth=depth, times=times)
        elif node.data == "sequence":
            for child in node.children:
                self._add(child, depth, times)
        else:
            self._add_choice(node.children, depth + 1, times)

    def _add_choice(self, sequences: list[Any], depth: int, times: int) -> None:
        ends = []
        for sequence in sequences[:-1]:
            fork = self._reserve()
            self._add(sequence, depth, times)
            ends.append(self._reserve())
            self._fork(fork, fork + 1, len(self._steps))
        self._add(sequences[-1], depth, times)
        for end in ends:
            self._fork(end, len(self._steps))

    def _add_repeated(self, node: Any, quantifier: str, *, depth: int, times: int) -> None:
        least, most = _bounds(quantifier)
        times *= max(least, most or 0, 1)
        if times > MAX_SIZE:
            raise InvalidInput(f"the pattern repeats something more than {MAX_SIZE} times")
        for _ in range(least):
            self._add(node, depth, times)
        if most is None:
            fork = self._reserve()
            self._add(node, depth, times)
            self._fork(self._reserve(), fork)
            self._fork(fork, fork + 1, len(self._steps))
            return
        forks = []
        for _ in range(most - least):
            forks.append(self._reserve())
            self._add(node, depth, times)
        for fork in forks:
            self._fork(fork, fork + 1, len(self._steps))

    def _reserve(self) -> int:
        self._steps.append(_Step("fork"))
        return len(self._steps) - 1

    def _fork(self, number: int, *to: int) -> None:
        self._steps[number] = _Step("fork", to=to)


def _keep(known: dict[K, V], key: K, value: V) -> None:
    """Remember a value; what was remembered goes once there is much of it."""
    if len(known) >= _MOST_KNOWN:
        known.clear()
    known[key] = value


def _step(token: Any) -> _Step:
    match token.type:
        case "EDGE":
            return _Step("edge", edge=str(token))
        case "DOT":
            return _Step("char", _all_but([("\n", "\n")]))
        case "CLASS":
            return _Step("char", _class(token[1]))
        case "SET":
            return _Step("char", _set(str(token)))
        case _:
            char = _unescaped(str(token))
            return _Step("char", [(char, char)])


def _set(text: str) -> Ranges:
    ranges: Ranges = []
    negated = text[1] == "^"
    inside, position = text[2 if negated else 1 : -1], 0
    while position < len(inside):
        item = _IN_SET.match(inside, position)
        if item is None:
            raise InvalidInput(f"the set {text[:30]!r} of the pattern has a range that ends in no character")
        position = item.end()
        if item["kind"]:
            ranges += _class(item["kind"])
            continue
        first = _unescaped(item["first"])
        last = _unescaped(item["last"] or item["first"])
        if last < first:
            raise InvalidInput(f"the range {item.group()!r} of the pattern is empty: it begins after its end")
        ranges.append((first, last))
    return _all_but(ranges) if negated else ranges


def _class(letter: str) -> Ranges:
    ranges = _CLASSES[letter.lower()]
    return _all_but(ranges) if letter.isupper() else ranges


def _all_but(ranges: Ranges) -> Ranges:
    others: Ranges = []
    start = 0
    for first, last in sorted(ranges):
        if ord(first) > start:
            others.append((chr(start), chr(ord(first) - 1)))
        start = max(start, ord(last) + 1)
    return [*others, (chr(start), "\U0010ffff")] if start <= 0x10FFFF else others


def _unescaped(text: str) -> str:
    return _CODES.get(text[1], text[1]) if text[0] == "\\" else text


def _bounds(quantifier: str) -> tuple[int, int | None]:
    """How often at least and at most; None for without end."""
    plain = quantifier[:1] if quantifier[0] in "*+?" else quantifier.rstrip("?")
    if plain in "*+?":
        return int(plain == "+"), 1 if plain == "?" else None
    least, comma, most = plain[1:-1].partition(",")
    if most and int(most) < int(least):
        raise InvalidInput(f"the pattern repeats {plain}: at most is less than at least")
    return int(least), int(most) if most else None if comma else int(least)


def _has(ranges: Ranges, char: str) -> bool:
    return any(first <= char <= last for first, last in ranges)


def _is_at(edge: str, before: str, after: str) -> bool:
    if edge == "^":
        return before == _EDGE
    if edge == "$":
        return after == _EDGE
    return (before == _LETTER) != (after == _LETTER)

"""The order of a search: the same in SQL and here, total, and able to go on after any row.

A key is a pair for each term of the order: how missing it is (0 a value, 1 NaN, 2 nothing), and the value, which is
neutral where there is none. Values come first, then NaN, then nothing, whatever the direction. The document's id
decides last.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from cloudtrack.errors import InvalidInput

Key = list[Any]
"""Missing and value of each term, one after another, then the id."""


@dataclass(frozen=True)
class Term:
    """One column that a search is ordered by."""

    column: str
    descending: bool
    is_number: bool


class Ranking:
    """An order of rows."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = list(terms)
        self.sort_key = cmp_to_key(self._compare)

    def key(self, values: dict[str, Any], document_id: str) -> Key:
        """The key of a row that is here."""
        key: Key = []
        for term in self.terms:
            value = values.get(term.column)
            if value is None:
                key += [2, 0.0 if term.is_number else ""]
            elif isinstance(value, float) and math.isnan(value):
                key += [1, 0.0]
            else:
                key += [0, float(value) if term.is_number else value]
        return [*key, document_id]

    def sql_keys(self, expressions: Sequence[str]) -> list[str]:
        """Expressions for the pairs, from one for each term."""
        pairs: list[str] = []
        for term, expression in zip(self.terms, expressions, strict=True):
            if term.is_number:
                number = f"CAST({expression} AS DOUBLE)"
                pairs += [
                    f"CASE WHEN {number} IS NULL THEN 2 WHEN isnan({number}) THEN 1 ELSE 0 END",
                    f"CASE WHEN {number} IS NULL OR isnan({number}) THEN 0.0 ELSE {number} END",
                ]
            else:
                pairs += [f"CASE WHEN {expression} IS NULL THEN 2 ELSE 0 END", f"coalesce({expression}, '')"]
        return pairs

    def sql_order(self, names: Sequence[str]) -> str:
        """ORDER BY, from the names of the pairs and of the id."""
        return ", ".join(
            f"{name} {'DESC' if down else 'ASC'}" for name, down in zip(names, self._directions, strict=True)
        )

    def sql_after(self, names: Sequence[str], after: Key) -> tuple[str, list[Any]]:
        """A condition, with its parameters, on rows that come after a key."""
        choices, parameters = [], []
        for position, down in enumerate(self._directions):
            same = [f"{name} = ?" for name in names[:position]]
            choices.append(" AND ".join([*same, f"{names[position]} {'<' if down else '>'} ?"]))
            parameters += after[: position + 1]
        return "(" + " OR ".join(f"({choice})" for choice in choices) + ")", parameters

    def is_after(self, key: Key, after: Key) -> bool:
        """Whether a row comes after a key."""
        return self._compare(key, after) > 0

    @property
    def _directions(self) -> list[bool]:
        return [down for term in self.terms for down in (False, term.descending)] + [False]

    def _compare(self, one: Key, other: Key) -> int:
        for a, b, down in zip(one, other, self._directions, strict=True):
            if a != b:
                return -1 if (a < b) != down else 1
        return 0


def token_of(key: Key, question: str) -> str:
    """An opaque token for the page after this row, good for the same question only."""
    return base64.urlsafe_b64encode(json.dumps([_digest(question), *key]).encode()).decode()


def key_of(token: str | None, question: str, ranking: Ranking) -> Key | None:
    """The key in a token; None without one. Raises InvalidInput for a token that this search never gave."""
    if not token:
        return None
    try:
        key: Key = json.loads(base64.urlsafe_b64decode(token))
        digest = key.pop(0)
    except (ValueError, TypeError, AttributeError, LookupError, binascii.Error) as error:
        raise InvalidInput("the page token is not one that a search has given") from error
    expected = [kind for term in ranking.terms for kind in (int, float if term.is_number else str)] + [str]
    typed = len(key) == len(expected) and all(
        isinstance(value, (int, float) if kind is float else kind) for value, kind in zip(key, expected, strict=True)
    )
    if digest != _digest(question) or not typed:
        raise InvalidInput("the page token is of another search: give the same filter and order with it")
    return key


def _digest(question: str) -> str:
    return hashlib.sha256(question.encode()).hexdigest()[:16]
